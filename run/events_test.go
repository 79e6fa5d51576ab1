package run

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// unframe is the reader that the format's description asks for.
func unframe(b []byte) (messages [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 12 {
			return messages, errors.New("torn length")
		}
		n := binary.LittleEndian.Uint64(b)
		if binary.LittleEndian.Uint32(b[8:]) != maskedCRC(b[:8]) {
			return messages, errors.New("wrong checksum of the length")
		}
		if b = b[12:]; uint64(len(b)) < n+4 {
			return messages, errors.New("torn message")
		}
		if binary.LittleEndian.Uint32(b[n:]) != maskedCRC(b[:n]) {
			return messages, errors.New("wrong checksum of the message")
		}
		messages = append(messages, b[:n])
		b = b[n+4:]
	}
	return messages, nil
}

// The checksum of "123456789" by CRC-32C is e3069283 (RFC 3720, appendix B.4 has its parameters; the check value is the
// catalogue's); masked by hand: rotated right by 15 it is 2507c60d, plus a282ead8.
func TestMaskedCRC(t *testing.T) {
	if got := maskedCRC([]byte("123456789")); got != 0xc78ab0e5 {
		t.Errorf("got %08x", got)
	}
}

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeEvents(t *testing.T, r *Run) {
	t.Helper()
	at := time.Unix(1_700_000_000, 500_000_000)
	e, err := r.OpenEvents(-1, at)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		fields := []Field{{"loss/generator", 0.5 * float64(round)}, {"n", 3}, {"text", "hello"}, {"ok", true}, {"wall_s", 1.0}}
		if err := e.Record(Record{Round: round, Fields: fields}, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(e.Image("samples", 0, pngOf(t, 5, 3), at), e.Image("samples", 3, pngOf(t, 5, 3), at), e.Close()); err != nil {
		t.Fatal(err)
	}
	// Killed within a message, as it happens.
	files, err := filepath.Glob(r.Path("events.out.tfevents.*"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(files[0], info.Size()-5); err != nil {
		t.Fatal(err)
	}
	// Resumed after round 1, in the same second: rounds 2 and 3 of the first file no longer count.
	if e, err = r.OpenEvents(1, at); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Record(Record{Round: 2, Fields: []Field{{"loss/generator", math.Inf(1)}, {"n", 4}}}, at), e.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestEventFilesAreFramed(t *testing.T) {
	r := locked(t)
	writeEvents(t, r)
	files, err := filepath.Glob(r.Path("events.out.tfevents.*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", err, files)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unframe(content)
	if err == nil || err.Error() != "torn message" || len(messages) != 2+4+1 {
		t.Fatalf("%v: %d messages", err, len(messages))
	}
	if !bytes.Contains(messages[0], []byte(fileVersion)) {
		t.Errorf("first message: %x", messages[0])
	}
	for _, m := range messages {
		for len(m) > 0 {
			_, _, n := protowire.ConsumeField(m)
			if n < 0 {
				t.Fatal(protowire.ParseError(n))
			}
			m = m[n:]
		}
	}
}

func TestPictureThatIsNoPNG(t *testing.T) {
	r := locked(t)
	e, err := r.OpenEvents(-1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Image("a", 1, []byte("GIF89a"), time.Now()); err == nil || !strings.Contains(err.Error(), "is not a PNG") {
		t.Errorf("got %v", err)
	}
}

// peersPython names a Python that has safetensors and tensorboard.
const peersPython = "GANYMEDE_PEERS_PYTHON"

// testdata/peers.py says what safetensors and TensorBoard themselves find in what we write.
func TestPeersReadWhatWeWrite(t *testing.T) {
	python := os.Getenv(peersPython)
	if python == "" {
		t.Skipf("%s names no Python with safetensors and tensorboard", peersPython)
	}
	r := locked(t)
	writeEvents(t, r)
	if err := WriteTensors(r.Path("go.safetensors"), TensorFile{Meta: map[string]string{"round": "7"}, Tensors: []Tensor{
		floats("w", true, 1, -2), {Name: "step", DType: "I64", Data: binary.LittleEndian.AppendUint64(nil, 7)},
		{Name: "none", DType: "F64", Shape: []int{0, 3}}, {Name: "ok", DType: "BOOL", Shape: []int{1, 2}, Data: []byte{1, 0}}}}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/peers.py", "read", r.Dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	want := fmt.Sprintf(`{"tensors": {"w": ["float32", [2], [1, -2]], "step": ["int64", [], 7], "none": ["float64", [0, 3], []],
			"ok": ["bool", [1, 2], [[true, false]]]},
		"metadata": {"ganymede.trainable": "[\"w\"]", "round": "7"},
		"events": {"version": 2,
			"scalars": {"loss/generator": [[1700000000.5, 0, 0], [1700000000.5, 1, 0.5], [1700000000.5, 2, "Infinity"]],
				"n": [[1700000000.5, 0, 3], [1700000000.5, 1, 3], [1700000000.5, 2, 4]]},
			"images": {"samples": [[0, 5, 3, %d]]}}}`, len(pngOf(t, 5, 3)))
	var got, wanted any
	text := strings.ReplaceAll(string(out), ": Infinity", `: "Infinity"`)
	text = strings.ReplaceAll(text, ", Infinity", `, "Infinity"`)
	if err := errors.Join(json.Unmarshal([]byte(text), &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !reflect.DeepEqual(got, wanted) {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

// Any message survives framing, and any flipped bit of the frame is noticed.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("message"), uint(3))
	f.Add([]byte{}, uint(0))
	f.Fuzz(func(t *testing.T, message []byte, bit uint) {
		framed := frame(message)
		got, err := unframe(append(bytes.Clone(framed), framed...))
		if err != nil || len(got) != 2 || !bytes.Equal(got[0], message) || !bytes.Equal(got[1], message) {
			t.Fatalf("%v: %q", err, got)
		}
		bit %= uint(len(framed)) * 8
		framed[bit/8] ^= 1 << (bit % 8)
		if _, err := unframe(framed); err == nil {
			t.Fatalf("bit %d", bit)
		}
	})
}
