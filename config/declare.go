package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// option is one field: its declaration and the place of its value.
type option struct {
	key      string
	table    string // the key without its last part
	kind     kind
	standard any    // the default
	owner    string // whose default it is; "" is the declaration's
	help     string
	limits   limits
	neutral  bool
	origin   Origin
	field    reflect.Value
}

// checker is a mounted or nested struct that validates itself.
type checker struct {
	prefix    string
	validator Validator
}

var keyPart = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// declare adds the fields of a struct, sets them to their defaults and returns what is wrong with the declaration.
func (c *Config) declare(prefix string, v reflect.Value) (faults []Problem) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, tagged := f.Tag.Lookup("toml")
		switch {
		case f.Anonymous && !tagged && f.Type.Kind() == reflect.Struct && f.IsExported():
			faults = append(faults, c.declare(prefix, v.Field(i))...)
		case !f.IsExported() || name == "-":
		case !keyPart.MatchString(name):
			faults = append(faults, Problem{Key: join(prefix, f.Name), Given: name,
				Want: `needs a toml tag of lower case letters, digits, - and _, or "-"`})
		case f.Type.Kind() == reflect.Struct:
			faults = append(faults, c.declare(join(prefix, name), v.Field(i))...)
		default:
			o, err := newOption(prefix, name, f, v.Field(i))
			if err != nil {
				faults = append(faults, Problem{Key: join(prefix, name), Want: err.Error()})
				continue
			}
			c.options = append(c.options, o)
		}
	}
	if validator, ok := v.Addr().Interface().(Validator); ok {
		c.checkers = append(c.checkers, checker{dot(prefix), validator})
	}
	return faults
}

func newOption(prefix, name string, f reflect.StructField, field reflect.Value) (*option, error) {
	k, ok := kindOf(f.Type)
	if !ok {
		return nil, fmt.Errorf("has the type %s, which cannot be an option", f.Type)
	}
	o := &option{key: join(prefix, name), table: prefix, kind: k, help: f.Tag.Get("help"), field: field}
	var err error
	if o.limits, err = parseLimits(k, f.Tag); err != nil {
		return nil, err
	}
	if o.help == "" {
		return nil, errors.New("needs a help tag")
	}
	if o.limits.none() && k.element != reflect.Bool {
		return nil, errors.New("needs bounds: min, max, above, below, in, or free with words")
	}
	standard, ok := f.Tag.Lookup("default")
	if !ok {
		return nil, errors.New("needs a default tag")
	}
	if o.standard, err = convert(k, text(standard)); err == nil {
		err = o.fits(o.standard)
	}
	if err != nil {
		return nil, fmt.Errorf("default %q %w", standard, err)
	}
	if p := o.outOfBounds(o.standard, Origin{}); p != nil {
		return nil, fmt.Errorf("default %q %s", standard, p.Want)
	}
	switch result := f.Tag.Get("result"); result {
	case "", "same":
		o.neutral = result == "same"
	default:
		return nil, fmt.Errorf(`result tag %q must be "same" or absent`, result)
	}
	o.set(o.standard)
	return o, nil
}

// clashes indexes the options and finds keys that cannot be told apart in a file or in the environment.
func (c *Config) clashes() (faults []Problem) {
	variables := map[string]string{}
	for _, o := range c.options {
		if _, twice := c.byKey[o.key]; twice {
			faults = append(faults, Problem{Key: o.key, Want: "is declared twice"})
			continue
		}
		c.byKey[o.key] = o
		if other, taken := variables[Variable(o.key)]; taken {
			faults = append(faults, Problem{Key: o.key, Want: "has the same environment variable as " + other})
		}
		variables[Variable(o.key)] = o.key
	}
	for _, o := range c.options {
		for table := o.table; table != ""; table = parent(table) {
			if _, both := c.byKey[table]; both {
				faults = append(faults, Problem{Key: table, Want: "is both an option and a table (of " + o.key + ")"})
			}
		}
	}
	return faults
}

// group orders the options so that each table's are together, bare keys first, as TOML needs them.
func (c *Config) group() {
	rank := map[string]int{"": -1}
	for i, o := range c.options {
		if _, seen := rank[o.table]; !seen {
			rank[o.table] = i
		}
	}
	slices.SortStableFunc(c.options, func(a, b *option) int { return rank[a.table] - rank[b.table] })
}

func (o *option) get() any  { return o.kind.read(o.field) }
func (o *option) set(v any) { o.kind.write(o.field, v) }

// fits says whether the field can hold v at all: a large int64 does not fit an int of 32 bits, TOML has no bytes that are
// not UTF-8.
func (o *option) fits(v any) error { return o.kind.fits(o.field.Type(), v) }

func (o *option) outOfBounds(v any, from Origin) *Problem {
	if o.limits.allow(v) {
		return nil
	}
	must := "must be "
	if o.kind.list {
		must = "each element must be "
	}
	return &Problem{Key: o.key, Origin: from, Given: Notation(v), Want: must + o.limits.words(o.kind)}
}

// allowed is the range in words, for tables.
func (o *option) allowed() string {
	if o.kind.list {
		return "each " + o.limits.words(o.kind)
	}
	return o.limits.words(o.kind)
}

func (o *option) describe() Option {
	return Option{Key: o.key, Type: o.kind.String(), Default: plain(o.standard), Range: o.allowed(), Help: o.help,
		Value: plain(o.get()), Origin: o.origin, Neutral: o.neutral}
}

// run calls the validator and ties what it says to keys.
func (ch checker) run(c *Config) (problems []Problem) {
	for _, err := range flatten(ch.validator.Validate()) {
		p := Problem{Key: strings.TrimSuffix(ch.prefix, "."), Want: err.Error()}
		var refused *Problem
		if errors.As(err, &refused) {
			p = *refused
			p.Key = ch.prefix + p.Key
		}
		if o, ok := c.byKey[p.Key]; ok {
			p.Origin, p.Given = o.origin, Notation(o.get())
		}
		problems = append(problems, p)
	}
	return problems
}

// flatten takes apart what errors.Join put together.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func join(prefix, name string) string { return dot(prefix) + name }

func dot(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + "."
}

func parent(key string) string {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		return key[:i]
	}
	return ""
}

var duration = reflect.TypeFor[time.Duration]()
