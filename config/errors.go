package config

import (
	"fmt"
	"strings"
)

// Kind is the sort of place that a value came from.
type Kind int

// The kinds, in the order in which they override each other.
const (
	FromDefault Kind = iota
	FromFile
	FromEnvironment
	FromFlag
)

// Origin is where a value came from.
type Origin struct {
	Kind  Kind
	Where string // of a default: whose, if not the declaration's; else file:line, variable or flag
}

// String is what an error says in brackets: "run.toml:3", "GANYMEDE_SET_LATENT", "--set", "default", "default of dcgan".
func (o Origin) String() string {
	switch {
	case o.Kind != FromDefault:
		return o.Where
	case o.Where != "":
		return "default of " + o.Where
	}
	return "default"
}

// MarshalText makes an origin a string in JSON.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Problem is one thing that is wrong: which option, where its value came from, what was given, what it must be, what to do.
// What is not known is empty.
type Problem struct {
	Key    string
	Origin Origin
	Given  string
	Want   string
	Hint   string
}

// Error is one line: `latent = 0 (run.toml:3): must be at least 1; the paper uses 100`.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Key)
	if p.Given != "" {
		if p.Key != "" {
			b.WriteString(" = ")
		}
		b.WriteString(p.Given)
	}
	if where := p.Origin.String(); where != "default" {
		if b.Len() == 0 {
			b.WriteString(where)
		} else {
			b.WriteString(" (" + where + ")")
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(p.Want)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Refuse is for a [Validator]: it ties what is wrong to a field of the struct, by its key within it.
//
//	return config.Refuse("side", "must be 28 or a power of two for this network")
func Refuse(key, format string, args ...any) error {
	return &Problem{Key: key, Want: fmt.Sprintf(format, args...)}
}

// Error is everything that is wrong with a configuration. errors.As finds each [*Problem] too.
type Error struct {
	Problems    []Problem
	declaration bool
}

// Error has one line if one thing is wrong, else a line each.
func (e *Error) Error() string {
	what := "config: "
	if e.declaration {
		what = "config: declaration: "
	}
	if len(e.Problems) == 1 {
		return what + e.Problems[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%d things are wrong:", what, len(e.Problems))
	for i := range e.Problems {
		b.WriteString("\n\t" + e.Problems[i].Error())
	}
	return b.String()
}

// Unwrap gives each problem.
func (e *Error) Unwrap() []error {
	list := make([]error, len(e.Problems))
	for i := range e.Problems {
		list[i] = &e.Problems[i]
	}
	return list
}

// unknown says what may have been meant by a key that is no option.
func (c *Config) unknown(a assignment) *Problem {
	p := &Problem{Key: a.key, Origin: a.origin, Given: a.given(), Want: "there is no such option"}
	var inside, all []string
	for _, o := range c.options {
		all = append(all, o.key)
		if strings.HasPrefix(o.key, dot(a.key)) {
			inside = append(inside, o.key)
		}
	}
	if inside != nil {
		p.Want, p.Hint = "is a table, not an option", "it has "+strings.Join(inside, ", ")
		return p
	}
	p.Hint = didYouMean(a.key, all)
	return p
}

// didYouMean names the candidate nearest to what was given, if any is near enough to be a slip: a third of its letters.
func didYouMean(given string, candidates []string) string {
	best, distance := "", max(2, len(given)/3)+1
	for _, c := range candidates {
		d := editDistance(given, c)
		if last := c[len(parent(c)):]; last == "."+given {
			d = 1 // the table was forgotten
		}
		if d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// Nearest is the candidate that given is most likely a slip of, or "" if none is near.
func Nearest(given string, candidates []string) string {
	return strings.TrimSuffix(strings.TrimPrefix(didYouMean(given, candidates), "did you mean "), "?")
}

// editDistance counts the letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
