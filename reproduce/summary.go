package reproduce

import (
	"fmt"
	"slices"
	"strings"
)

// Summary says in short what the records of a system in an experiment say: what a round cost, and the figures that stand for the rest.
type Summary struct {
	Model      string  `json:"model"`
	Experiment string  `json:"experiment"`
	Seeds      int     `json:"seeds"`
	Rounds     int     `json:"rounds"`
	Round      float64 `json:"round_seconds"` // the median over the seeds
	Threads    int     `json:"threads"`
	Machine    string  `json:"machine"`
	Reached    int     `json:"reached"` // seeds that reached all bars
	Bars       int     `json:"bars"`    // how many bars there are
	Figures    []Range `json:"figures,omitempty"`
}

// Range is a figure over the seeds, beside the same of real data where that has it.
type Range struct {
	Name  string   `json:"name"`
	Least float64  `json:"least"`
	Most  float64  `json:"most"`
	Real  *float64 `json:"real,omitempty"`
}

// Summaries summarises the records in the folder that count, in the order of the experiments. A part tells of a system if it has its name:
// others are there to compare with, or compare settings.
func Summaries(folder string) (all []Summary, err error) {
	for _, e := range Table() {
		records, _, err := ReadRecords(folder, e)
		if err != nil {
			return nil, err
		}
		for _, p := range e.Parts {
			mine := slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.Part != p.Name })
			if p.Name == p.Model && len(mine) > 0 {
				all = append(all, e.summary(p, mine))
			}
		}
	}
	return all, nil
}

func (e Experiment) summary(p Part, records []*Record) Summary {
	s := Summary{
		Model: p.Model, Experiment: e.Name, Seeds: len(records), Rounds: p.Rounds, Threads: records[0].Threads, Machine: records[0].Machine, Bars: len(p.Bars),
	}
	var rounds []float64
	for _, r := range records {
		rounds = append(rounds, r.Seconds/float64(r.Rounds))
		if standing(p, r.Figures) == "reached" {
			s.Reached++
		}
	}
	slices.Sort(rounds)
	s.Round = rounds[len(rounds)/2]
	for _, name := range e.Judge.Headline {
		if figure, ok := rangeOf(records, name); ok {
			s.Figures = append(s.Figures, figure)
		}
	}
	return s
}

// rangeOf is a figure over records, of which all must have it.
func rangeOf(records []*Record, name string) (Range, bool) {
	figure := Range{Name: name}
	for i, r := range records {
		value, ok := r.Figures.Get(name)
		if !ok {
			return figure, false
		}
		if i == 0 {
			figure.Least, figure.Most = value, value
		}
		figure.Least, figure.Most = min(figure.Least, value), max(figure.Most, value)
	}
	if real, ok := records[0].Real.Get(name); ok {
		figure.Real = &real
	}
	return figure, true
}

// String is the summary in a line: "mnist: confident 0.97 (real 0.988), of the class 0.981 (real 0.994)".
func (s Summary) String() string {
	if len(s.Figures) == 0 {
		return ""
	}
	var parts []string
	for _, f := range s.Figures {
		text := fmt.Sprintf("%s %.3g", f.Name, f.Least)
		if f.Most != f.Least {
			text += fmt.Sprintf(" to %.3g", f.Most)
		}
		if f.Real != nil {
			text += fmt.Sprintf(" (real %.3g)", *f.Real)
		}
		parts = append(parts, text)
	}
	line := s.Experiment + ": " + strings.Join(parts, ", ")
	if s.Seeds > 1 {
		line += fmt.Sprintf(", %d seeds", s.Seeds)
	}
	if s.Bars > 0 && s.Reached < s.Seeds {
		line += fmt.Sprintf("; its bars reached in %d of %d", s.Reached, s.Seeds)
	}
	return line
}
