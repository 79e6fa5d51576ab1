package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Wall starts the names of fields that tell the time by the clock on the wall: all that may differ between two runs of one
// seed.
const Wall = "wall_"

// Field is a named value of a record: a float64, int, string or bool.
type Field struct {
	Name  string
	Value any
}

// Record is a line of a log: its round, and fields in the order in which they were written.
//
// On disk it is a JSON object whose first member is "round". JSON has no numbers for what is not finite, and hiding it would
// hide divergence: NaN, +Inf and -Inf are the strings "NaN", "Infinity" and "-Infinity", which Python's float() and
// JavaScript's Number() understand.
type Record struct {
	Round  int
	Fields []Field
}

// Number is the field of that name as a number, NaN and infinities included, and whether there is one.
func (r Record) Number(name string) (float64, bool) {
	for _, f := range r.Fields {
		if f.Name == name {
			return number(f.Value)
		}
	}
	return 0, false
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case string:
		switch v {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
	}
	return 0, false
}

// WithoutWall is the record without its wall-clock fields: the part that a seed determines.
func (r Record) WithoutWall() Record {
	out := Record{Round: r.Round}
	for _, f := range r.Fields {
		if !strings.HasPrefix(f.Name, Wall) {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// AppendJSON appends the record as one line, without its end. Equal records give equal bytes.
func (r Record) AppendJSON(line []byte) ([]byte, error) {
	line = append(line, `{"round":`...)
	line = strconv.AppendInt(line, int64(r.Round), 10)
	seen := map[string]bool{"round": true}
	for _, f := range r.Fields {
		if seen[f.Name] || !utf8.ValidString(f.Name) {
			return nil, fmt.Errorf("record of round %d: field %q is there twice or is not UTF-8", r.Round, f.Name)
		}
		seen[f.Name] = true
		line = appendString(append(line, ','), f.Name)
		line = append(line, ':')
		switch v := f.Value.(type) {
		case float64:
			line = appendFloat(line, v)
		case int:
			line = strconv.AppendInt(line, int64(v), 10)
		case bool:
			line = strconv.AppendBool(line, v)
		case string:
			line = appendString(line, v)
		default:
			return nil, fmt.Errorf("record of round %d: field %q has the type %T, want float64, int, string or bool", r.Round, f.Name, v)
		}
	}
	return append(line, '}'), nil
}

func appendFloat(line []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(line, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(line, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(line, `"-Infinity"`...)
	}
	return strconv.AppendFloat(line, v, 'g', -1, 64)
}

func appendString(line []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string cannot fail
	return append(line, b...)
}

// parseRecord reads one line.
func parseRecord(line []byte) (Record, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Record{}, errors.New("it is not a JSON object")
	}
	r := Record{Round: -1}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return Record{}, err
		}
		value, err := d.Token()
		if err != nil {
			return Record{}, err
		}
		v, err := scalar(value)
		if err != nil {
			return Record{}, fmt.Errorf("field %q: %w", name, err)
		}
		if name == "round" {
			round, ok := v.(int)
			if !ok || round < 0 || r.Round >= 0 {
				return Record{}, errors.New("its round is not a whole number")
			}
			r.Round = round
			continue
		}
		r.Fields = append(r.Fields, Field{name.(string), v})
	}
	if _, err := d.Token(); err != nil {
		return Record{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return Record{}, errors.New("something follows the object")
	}
	if r.Round < 0 {
		return Record{}, errors.New("it has no round")
	}
	return r, nil
}

// scalar turns whole numbers into int and other numbers into float64.
func scalar(token json.Token) (any, error) {
	switch t := token.(type) {
	case string, bool:
		return t, nil
	case json.Number:
		if n, err := strconv.Atoi(t.String()); err == nil && t != "-0" {
			return n, nil
		}
		return t.Float64()
	}
	return nil, errors.New("it is not a number, text or boolean")
}

// ReadLog yields the records of a log, in order. A last line without its end was being written when the process ended, or is
// being written now: it is left out. Any other line that is no record is yielded as an error, once, and ends the reading. A
// log that is not there is empty.
func ReadLog(path string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for line, err := range lines(path) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			r, err := parseRecord(line.text)
			if err != nil {
				yield(Record{}, &DamagedError{Path: fmt.Sprintf("%s:%d", path, line.number), What: err.Error()})
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Log yields the records of [RoundsFile] or [EvalFile].
func (r *Run) Log(name string) iter.Seq2[Record, error] { return ReadLog(r.Path(name)) }

type line struct {
	number int    // from 1
	start  int64  // offset in the file
	text   []byte // without its end
}

// lines yields the whole lines of a file.
func lines(path string) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(line{}, fmt.Errorf("run: %w", err))
			return
		}
		defer f.Close()
		in := bufio.NewReader(f)
		at := int64(0)
		for n := 1; ; n++ {
			text, err := in.ReadBytes('\n')
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(line{}, fmt.Errorf("run: %s: %w", path, err))
				return
			}
			if !yield(line{n, at, text[:len(text)-1]}, nil) {
				return
			}
			at += int64(len(text))
		}
	}
}

// cutLog keeps everything up to the last record that is not past a round. What follows goes, readable or not: it was written
// after the checkpoint, and a pulled plug may have garbled it.
func cutLog(path string, round int) error {
	end := int64(0)
	for line, err := range lines(path) {
		if err != nil {
			return err
		}
		switch r, err := parseRecord(line.text); {
		case err != nil:
			continue
		case r.Round <= round:
			end = line.start + int64(len(line.text)) + 1
		}
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if info.Size() == end {
		return nil
	}
	return WriteFile(path, func(w io.Writer) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.CopyN(w, f, end)
		return err
	})
}

// LogWriter appends records to a log.
type LogWriter struct {
	file *os.File
	path string
	end  int64 // of the last whole line
	err  error // the first failure of a write; after it nothing is written
	last int
}

// AppendLog opens [RoundsFile] or [EvalFile] to append to it, cutting off a line that was never finished. The lock must be
// held.
func (r *Run) AppendLog(name string) (*LogWriter, error) {
	if err := r.mustHold(); err != nil {
		return nil, err
	}
	path := r.Path(name)
	w := &LogWriter{path: path, last: -1}
	for line, err := range lines(path) {
		if err != nil {
			return nil, err
		}
		w.end = line.start + int64(len(line.text)) + 1
		if rec, err := parseRecord(line.text); err == nil {
			w.last = rec.Round
		}
	}
	var err error
	if w.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666); err != nil {
		return nil, fmt.Errorf("run: %w", advise(err))
	}
	if err := errors.Join(w.file.Truncate(w.end), syncDir(r.Dir)); err != nil {
		w.file.Close()
		return nil, fmt.Errorf("run: %w", advise(err))
	}
	return w, nil
}

// Append writes one record as one line, for anyone to read at once. Rounds never go back. If the disk fails, what was written
// of the line is cut off again.
func (w *LogWriter) Append(r Record) error {
	if w.err != nil {
		return w.err
	}
	if r.Round < 0 || r.Round < w.last {
		return fmt.Errorf("run: %s: a record of round %d cannot follow one of round %d", w.path, r.Round, w.last)
	}
	line, err := r.AppendJSON(nil)
	if err != nil {
		return fmt.Errorf("run: %s: %w", w.path, err)
	}
	line = append(line, '\n')
	if _, err := w.file.WriteAt(line, w.end); err != nil {
		w.err = fmt.Errorf("run: %s: %w", w.path, advise(err))
		return errors.Join(w.err, w.file.Truncate(w.end))
	}
	w.end += int64(len(line))
	w.last = r.Round
	return nil
}

// Sync makes what was written survive a power cut. Call it before a checkpoint is saved.
func (w *LogWriter) Sync() error {
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("run: %s: %w", w.path, advise(err))
	}
	return nil
}

// Close syncs and closes.
func (w *LogWriter) Close() error { return errors.Join(w.Sync(), w.file.Close()) }
