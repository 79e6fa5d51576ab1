package reproduce

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// remarks is the ending of a text file beside a record: what somebody who looked at the pictures says of them. It is shown under
// the table as it is.
const remarks = ".txt"

// Write collates the records in the folder into the page at the path (docs/results.md), and returns those that do not count.
func Write(page, folder string) ([]Omitted, error) {
	var b bytes.Buffer
	b.WriteString(head)
	var omitted []Omitted
	for _, e := range Table() {
		records, out, err := ReadRecords(folder, e)
		if err != nil {
			return nil, err
		}
		omitted = append(omitted, out...)
		at, err := filepath.Rel(filepath.Dir(page), folder)
		if err != nil {
			return nil, fmt.Errorf("reproduce: %w", err)
		}
		e.write(&b, records, path.Join(filepath.ToSlash(at), e.Name), filepath.Join(folder, e.Name))
	}
	return omitted, writeBytes(page, b.Bytes())
}

const head = `# Results

Written by ` + "`ganymede reproduce --table`" + ` from the records in [results](results); do not edit it. A record is in it only with its seed, the hash of its
configuration, its commit and its rounds (about 200 lines of the run's rounds.jsonl lie beside it). What did not reach its bar is printed with
the number that was reached. Samples are made with averaged weights and a fixed seed, and none is left out.
`

// write writes the experiment's section. at is the folder of its records as the page links it, folder as it is opened.
func (e Experiment) write(b *bytes.Buffer, records []*Record, at, folder string) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", e.Title, e.Claim)
	fmt.Fprintf(b, "\n    ganymede reproduce %s\n", e.Name)
	fmt.Fprintf(b, "\n%s\n", e.Judge.Protocol)
	if len(records) == 0 {
		b.WriteString("\nNo record counts yet.\n")
		return
	}
	names := columns(records)
	fmt.Fprintf(b, "\n| part | seed | %s | bars | rounds | time | record |\n|---|---|%s---|---|---|---|\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for _, r := range records {
		part, _ := e.Part(r.Part) // records of parts that are not there do not count
		fmt.Fprintf(b, "| %s | %d | %s | %s | %d | %s | [json](%s/%s.json) |\n", r.Part, r.Seed, cells(names, r.Figures), standing(part, r.Figures),
			r.Rounds, time.Duration(r.Seconds*float64(time.Second)).Round(time.Second), at, r.stem())
	}
	fmt.Fprintf(b, "| real data | | %s | | | | |\n", cells(names, records[0].Real))
	e.bars(b, records)
	e.details(b, records)
	for _, r := range records {
		r.show(b, at, folder)
	}
}

// columns are the names of all figures, in the order in which records have them.
func columns(records []*Record) (names []string) {
	for _, r := range records {
		for _, f := range append(slices.Clone(r.Figures), r.Real...) {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func cells(names []string, figures Figures) string {
	var cells []string
	for _, name := range names {
		cell := ""
		if value, ok := figures.Get(name); ok {
			cell = fmt.Sprintf("%.4g", value)
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, " | ")
}

// standing says whether all bars of a part are reached, and which are not.
func standing(p Part, figures Figures) string {
	if len(p.Bars) == 0 {
		return "none"
	}
	var missed []string
	for _, bar := range p.Bars {
		if !bar.Reached(figures) {
			value, _ := figures.Get(bar.Figure)
			missed = append(missed, fmt.Sprintf("%s %.4g (%s)", bar.Figure, value, bar.words()))
		}
	}
	if len(missed) == 0 {
		return "reached"
	}
	return "**missed**: " + strings.Join(missed, ", ")
}

func (b Bar) words() string {
	switch {
	case b.Most == 0:
		return fmt.Sprintf("at least %g", b.Least)
	case b.Least == 0:
		return fmt.Sprintf("at most %g", b.Most)
	default:
		return fmt.Sprintf("%g to %g", b.Least, b.Most)
	}
}

// bars says what each part had to reach, in how many seeds it did, and the worst of each figure.
func (e Experiment) bars(b *bytes.Buffer, records []*Record) {
	b.WriteString("\n")
	for _, p := range e.Parts {
		mine := slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.Part != p.Name })
		if len(p.Bars) == 0 || len(mine) == 0 {
			continue
		}
		reached := 0
		var bounds []string
		for _, r := range mine {
			if standing(p, r.Figures) == "reached" {
				reached++
			}
		}
		for _, bar := range p.Bars {
			bounds = append(bounds, fmt.Sprintf("%s %s (worst %.4g)", bar.Figure, bar.words(), bar.worst(mine)))
		}
		fmt.Fprintf(b, "- %s: %s. Reached in %d of %d seeds.\n", p.Name, strings.Join(bounds, "; "), reached, len(mine))
	}
}

// worst is the figure that is nearest to missing the bar, or misses it most.
func (b Bar) worst(records []*Record) float64 {
	values := make([]float64, len(records))
	for i, r := range records {
		values[i], _ = r.Figures.Get(b.Figure)
	}
	if b.Most > 0 && b.Least == 0 {
		return slices.Max(values)
	}
	return slices.Min(values)
}

// details says with what each part was made.
func (e Experiment) details(b *bytes.Buffer, records []*Record) {
	b.WriteString("\n")
	var said []string
	say := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !slices.Contains(said, line) {
			said = append(said, line)
			fmt.Fprintf(b, "- %s\n", line)
		}
	}
	for _, r := range records {
		say("%s: model %s, %s", r.Part, r.Model, strings.Join(r.Set, " "))
	}
	for _, r := range records {
		say("data: %s, %d to train on, %d held out, SHA-256 %.12s", r.Data.Name, r.Data.Train, r.Data.HeldOut, r.Data.SHA256)
		for _, note := range r.Notes {
			say("%s", note)
		}
		say("commit %.12s, %s, backend %s with %d threads, %s", r.Commit, r.Machine, r.Backend, r.Threads, r.Date)
	}
}

// show puts the record's pictures on the page, with what must be said under them.
func (r *Record) show(b *bytes.Buffer, at, folder string) {
	if len(r.Pictures) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s, seed %d:\n\n", r.Part, r.Seed)
	for _, file := range r.Pictures {
		title := strings.TrimPrefix(strings.TrimSuffix(file, ".png"), r.stem()+"-")
		fmt.Fprintf(b, "![%s](%s/%s \"%s\")\n", title, at, file, title)
	}
	if text, err := os.ReadFile(filepath.Join(folder, r.stem()+remarks)); err == nil {
		fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(string(text)))
	}
	if r.Data.Attribution != "" {
		fmt.Fprintf(b, "\nThe pictures derive from: %s.\n", r.Data.Attribution)
	}
}
