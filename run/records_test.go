package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestRecordIsOneLineInTheOrderGiven(t *testing.T) {
	r := Record{Round: 3, Fields: []Field{{"loss/generator", 0.1}, {"loss/critic", math.NaN()}, {"a", math.Inf(1)}, {"b", math.Inf(-1)},
		{"n", 7}, {"ok", true}, {"text", "q\"\n<é>"}, {"zero", math.Copysign(0, -1)}, {"big", 1e300}, {"wall_s", 1.5}}}
	line, err := r.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"round":3,"loss/generator":0.1,"loss/critic":"NaN","a":"Infinity","b":"-Infinity","n":7,"ok":true,` +
		`"text":"q\"\n\u003cé\u003e","zero":-0,"big":1e+300,"wall_s":1.5}`
	if string(line) != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	if !json.Valid(line) {
		t.Error("it is not JSON")
	}
	again, err := parseRecord(line)
	if err != nil {
		t.Fatal(err)
	}
	if bytes2, _ := again.AppendJSON(nil); !bytes.Equal(bytes2, line) {
		t.Errorf("read and written again: %s", bytes2)
	}
	if v, ok := again.Number("loss/critic"); !ok || !math.IsNaN(v) {
		t.Errorf("NaN became %v", v)
	}
	if v, ok := again.Number("a"); !ok || !math.IsInf(v, 1) {
		t.Errorf("+Inf became %v", v)
	}
	if v, ok := again.Number("zero"); !ok || !math.Signbit(v) {
		t.Errorf("-0 became %v", v)
	}
	if _, ok := again.Number("text"); ok {
		t.Error("a text is a number")
	}
	if n := len(again.WithoutWall().Fields); n != len(r.Fields)-1 {
		t.Errorf("%d fields without the wall clock's", n)
	}
}

func TestRecordsThatCannotBeWritten(t *testing.T) {
	for want, f := range map[string][]Field{
		"has the type float32":   {{"a", float32(1)}},
		`"a" is there twice`:     {{"a", 1}, {"a", 2}},
		`"round" is there twice`: {{"round", 1}},
	} {
		if _, err := (Record{Fields: f}).AppendJSON(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func readAll(t *testing.T, path string) (rounds []int, err error) {
	t.Helper()
	for r, err := range ReadLog(path) {
		if err != nil {
			return rounds, err
		}
		rounds = append(rounds, r.Round)
	}
	return rounds, nil
}

func TestTornLastLineIsToleratedAnyOtherIsNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), RoundsFile)
	if rounds, err := readAll(t, path); err != nil || rounds != nil {
		t.Errorf("a log that is not there: %v %v", rounds, err)
	}
	for content, want := range map[string]string{
		"": "", "{\"round\":1}\n{\"rou": "", "{\"round\":1}\n{\"round\":2}": "",
		"{\"round\":1}\n{\"rou\n{\"round\":3}\n":       ":2 is damaged",
		"{\"round\":1}\n[]\n":                          ":2 is damaged: it is not a JSON object",
		"{\"a\":1}\n":                                  ":1 is damaged: it has no round",
		"{\"round\":1.5}\n":                            "its round is not a whole number",
		"{\"round\":1,\"a\":[1]}\n":                    "not a number, text or boolean",
		"{\"round\":1} 2\n":                            "something follows",
		"{\"round\":1,\"a\":null}\n":                   "not a number, text or boolean",
		"{\"round\":1}\n\x00\x00\x00\n{\"round\":2}\n": ":2 is damaged",
		"{\"round\":1,\"round\":2}\n":                  "its round",
	} {
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := readAll(t, path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
}

func TestAppendingGoesOnAfterTheLastWholeLine(t *testing.T) {
	r := locked(t)
	if err := os.WriteFile(r.Path(RoundsFile), []byte("{\"round\":1}\n{\"round\":2,\"los"), 0o666); err != nil {
		t.Fatal(err)
	}
	w, err := r.AppendLog(RoundsFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(Record{Round: 2, Fields: []Field{{"a", 1}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(Record{Round: 1}); err == nil || !strings.Contains(err.Error(), "cannot follow one of round 2") {
		t.Errorf("got %v", err)
	}
	if got, _ := r.Read(RoundsFile); string(got) != "{\"round\":1}\n{\"round\":2,\"a\":1}\n" { // before Close: readers see it at once
		t.Errorf("got %q", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// What a pulled plug may leave: garbage after the checkpoint, whole lines after it, none at all.
func TestCutLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), RoundsFile)
	for content, want := range map[string]string{
		"{\"round\":1}\n{\"round\":2}\n{\"round\":3}\n{\"ro":        "{\"round\":1}\n{\"round\":2}\n",
		"{\"round\":1}\n\x00\x00\n{\"round\":5}\n":                  "{\"round\":1}\n",
		"{\"round\":1}\n\x00\n{\"round\":2}\n\x00\n{\"round\":5}\n": "{\"round\":1}\n\x00\n{\"round\":2}\n",
		"{\"round\":7}\n": "",
		"":                "",
	} {
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := cutLog(path, 2); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
	}
	if err := cutLog(filepath.Join(t.TempDir(), "none"), 2); err != nil {
		t.Error(err)
	}
}

func TestLastRecordOfALongLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), RoundsFile)
	long := strings.Repeat("x", 20000)
	for content, want := range map[string]*Record{
		"": nil, "{\"ro": nil,
		"{\"round\":4}\n":       {Round: 4},
		"{\"round\":4}\n{\"rou": {Round: 4},
		strings.Repeat("{\"round\":4}\n", 9999) + "{\"round\":5}\n":               {Round: 5},
		"{\"round\":1}\n{\"round\":6,\"a\":\"" + long + "\"}\n{\"round\":7,\"b\"": {Round: 6, Fields: []Field{{"a", long}}},
	} {
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := lastRecord(path); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%.40q...: got %v (%v), want %v", content, got, err, want)
		}
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var d *DamagedError
	if _, err := lastRecord(path); !errors.As(err, &d) {
		t.Errorf("got %v", err)
	}
}

// What is read as a record is written again as the same record.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"round":3,"loss":"NaN","n":-7,"x":1e-5,"ok":true,"wall_s":1.5}`))
	f.Add([]byte(`{"round":0,"a":-0,"b":1e999,"c":123456789012345678901234567890}`))
	f.Add([]byte("{\"round\":1,\"\":\"\\u0000\\ud800\"} "))
	f.Add([]byte(`{"round":1,"a":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRecord(text)
		if err != nil {
			return
		}
		line, err := r.AppendJSON(nil)
		if err != nil {
			return // a name twice
		}
		again, err := parseRecord(line)
		if err != nil || bytes.ContainsRune(line, '\n') {
			t.Fatalf("%v: %s", err, line)
		}
		if !reflect.DeepEqual(again, r) {
			t.Fatalf("%+v became %+v", r, again)
		}
	})
}

// Cutting keeps a beginning of the log, ends at a line, and cutting twice is cutting once.
func FuzzLog(f *testing.F) {
	f.Add([]byte("{\"round\":1}\n{\"round\":2}\n{\"round\":3}\n{\"ro"), 2)
	f.Add([]byte("\n\x00\n{\"round\":1}\n\x00"), 1)
	f.Fuzz(func(t *testing.T, content []byte, round int) {
		path := filepath.Join(t.TempDir(), RoundsFile)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := cutLog(path, round); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.HasPrefix(content, got) || len(got) > 0 && got[len(got)-1] != '\n' {
				t.Fatalf("%v: %q", err, got)
			}
			content = got
		}
		if last, err := lastRecord(path); err != nil || last != nil && last.Round > round {
			t.Fatalf("%v: %v", err, last)
		}
	})
}
