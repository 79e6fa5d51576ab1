package ganymede

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/reproduce"
)

// docs/faithfulness.md names tests, scripts and experiments that exist.
func TestWhatShowsFaithfulnessExists(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("docs", "faithfulness.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			there[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 50 {
		t.Fatalf("the page names %d tests", len(named))
	}
	for _, name := range named {
		if !there[name[1]] {
			t.Errorf("docs/faithfulness.md names %s, which is no test", name[1])
		}
	}
	for _, name := range regexp.MustCompile(`scripts? (\w+)`).FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(filepath.Join("cmd", "ganymede", "testdata", "script", name[1]+".txtar")); err != nil {
			t.Errorf("docs/faithfulness.md names the script %s: %v", name[1], err)
		}
	}
	for _, found := range regexp.MustCompile("`ganymede reproduce ([a-z-]+)`").FindAllStringSubmatch(string(page), -1) {
		if _, err := reproduce.Find(found[1]); err != nil {
			t.Errorf("docs/faithfulness.md: %v", err)
		}
	}
}
