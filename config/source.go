package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Source gives values for options: [File], [TOML], [Environment], [Flags], [Set], or [Only] some of theirs.
type Source func() ([]assignment, []Problem)

// assignment is a value somewhere, not yet understood.
type assignment struct {
	key    string
	raw    any // text, or what a TOML parser returns
	origin Origin
}

func (a assignment) given() string {
	switch raw := a.raw.(type) {
	case text:
		return bare(string(raw))
	case []any:
		var parts []string
		for _, e := range raw {
			parts = append(parts, assignment{raw: e}.given())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case time.Time:
		return raw.Format(time.RFC3339)
	}
	return Notation(a.raw)
}

// Prefix starts the name of every environment variable that sets an option.
const Prefix = "GANYMEDE_SET_"

// Variable is the name of the environment variable that sets the option of that key: penalty.r1 is GANYMEDE_SET_PENALTY_R1.
func Variable(key string) string {
	return Prefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// File reads a TOML file. Top-level keys and tables named in skip are somebody else's.
func File(path string, skip ...string) Source {
	return func() ([]assignment, []Problem) {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, []Problem{{Want: err.Error(), Hint: "give a TOML file; `ganymede config MODEL` writes one to start from"}}
		}
		return TOML(path, content, skip...)()
	}
}

// TOML reads a TOML document; name says where it came from. Top-level keys and tables named in skip are somebody else's.
func TOML(name string, document []byte, skip ...string) Source {
	return func() ([]assignment, []Problem) {
		var tree map[string]any
		if err := toml.Unmarshal(document, &tree); err != nil {
			return nil, []Problem{notTOML(name, err)}
		}
		for _, key := range skip {
			delete(tree, key)
		}
		lines := keyLines(document)
		assignments := leaves("", tree)
		for i := range assignments {
			a := &assignments[i]
			a.origin = Origin{Kind: FromFile, Where: name}
			for key := a.key; key != ""; key = parent(key) {
				if line, ok := lines[key]; ok {
					a.origin.Where = fmt.Sprintf("%s:%d", name, line)
					break
				}
			}
		}
		return assignments, nil
	}
}

func notTOML(name string, err error) Problem {
	where := name
	var at *toml.DecodeError
	if errors.As(err, &at) {
		line, _ := at.Position()
		where = fmt.Sprintf("%s:%d", name, line)
	}
	return Problem{Origin: Origin{Kind: FromFile, Where: where}, Want: "is not TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
}

// leaves turns nested tables into dotted keys, in order.
func leaves(prefix string, tree map[string]any) (list []assignment) {
	for _, name := range sortedKeys(tree) {
		if sub, ok := tree[name].(map[string]any); ok {
			list = append(list, leaves(join(prefix, name), sub)...)
			continue
		}
		list = append(list, assignment{key: join(prefix, name), raw: tree[name]})
	}
	return list
}

// keyLines finds the line on which each dotted key of a valid document stands, tables included.
func keyLines(document []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(document)
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = note(&p, lines, "", e)
		case unstable.KeyValue:
			noteValue(&p, lines, table, e)
		}
	}
	return lines
}

func noteValue(p *unstable.Parser, lines map[string]int, table string, e *unstable.Node) {
	key := note(p, lines, table, e)
	if v := e.Value(); v.Kind == unstable.InlineTable {
		for it := v.Children(); it.Next(); {
			noteValue(p, lines, key, it.Node())
		}
	}
}

func note(p *unstable.Parser, lines map[string]int, table string, e *unstable.Node) string {
	key, line := table, 0
	for it := e.Key(); it.Next(); {
		key = join(key, string(it.Node().Data))
		line = p.Shape(it.Node().Raw).Start.Line
	}
	lines[key] = line
	return key
}

// Environment reads the variables that start with [Prefix] from a list such as os.Environ returns. Those of the keys named in skip
// are somebody else's.
func (c *Config) Environment(environ []string, skip ...string) Source {
	keys, others := map[string]string{}, map[string]bool{}
	for key := range c.byKey {
		keys[Variable(key)] = key
	}
	for _, key := range skip {
		others[Variable(key)] = true
	}
	return func() (assignments []assignment, problems []Problem) {
		for _, entry := range slices.Sorted(slices.Values(environ)) {
			name, value, _ := strings.Cut(entry, "=")
			if !strings.HasPrefix(name, Prefix) || others[name] {
				continue
			}
			origin := Origin{Kind: FromEnvironment, Where: name}
			if key, ok := keys[name]; ok {
				assignments = append(assignments, assignment{key, text(value), origin})
				continue
			}
			problems = append(problems, Problem{Origin: origin, Given: value, Want: "sets no option",
				Hint: didYouMean(name, sortedKeys(keys))})
		}
		return assignments, problems
	}
}

// Flags reads settings of the form key=value, as --set takes them. A list is written with commas. Keys named in skip are somebody
// else's.
func Flags(settings []string, skip ...string) Source {
	return func() (assignments []assignment, problems []Problem) {
		for _, s := range settings {
			key, value, ok := strings.Cut(s, "=")
			key = strings.TrimSpace(key)
			if !ok || key == "" {
				problems = append(problems, Problem{Origin: Origin{FromFlag, "--set"}, Given: s, Want: "must have the form key=value"})
				continue
			}
			if slices.Contains(skip, key) {
				continue
			}
			assignments = append(assignments, assignment{key, text(value), Origin{FromFlag, "--set"}})
		}
		return assignments, problems
	}
}

// Set gives one value, in the notation of flags; where says who gave it, such as "--threads".
func Set(where, key, value string) Source {
	return func() ([]assignment, []Problem) {
		return []assignment{{key, text(value), Origin{FromFlag, where}}}, nil
	}
}

// Only passes on what a source says of some keys. What is wrong with the rest is told where the rest is read.
func Only(read Source, keys ...string) Source {
	return func() ([]assignment, []Problem) {
		assignments, _ := read()
		return slices.DeleteFunc(assignments, func(a assignment) bool { return !slices.Contains(keys, a.key) }), nil
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
