package pages

import (
	"bytes"
	"os"
	"testing"
)

// The system may have no large page left, so nothing can be demanded; -v says what there was.
func TestLarge(t *testing.T) {
	mem := Make(32 * page)
	for i := range mem {
		mem[i] = 1
	}
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	for line := range bytes.Lines(maps) {
		if bytes.HasPrefix(line, []byte("AnonHugePages:")) && !bytes.Contains(line, []byte(" 0 kB")) {
			t.Logf("%s", bytes.TrimSpace(line))
		}
	}
	if mem[len(mem)-1] != 1 {
		t.Error("memory was lost")
	}
}
