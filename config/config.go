// Package config declares options once. A struct whose fields carry tags goes in, with a file, the environment and flags that
// set it; out come the filled struct, its checks, the help, TOML and JSON. It does not know what any
// option means: that is for the struct's owner.
//
//	type Options struct {
//		Latent int     `toml:"latent" default:"100"  min:"1"        help:"size of z; the paper uses 100"`
//		Side   int     `toml:"side"   default:"64"   in:"16,28,32"  help:"side of the square pictures"`
//		Rate   float64 `toml:"rate"   default:"2e-4" above:"0"      help:"learning rate of both players"`
//		Note   string  `toml:"note"   default:""     free:"any text" help:"a remark, kept with the run"`
//	}
//
// The tags are
//
//	toml     the key: lower case letters, digits, - and _; "-" leaves a field out
//	default  the value when nobody says anything
//	help     one line for people
//	min, max, above, below   bounds, the first two inclusive; in a list they hold for each element
//	in       the values allowed, separated by commas
//	free     in words, what is allowed where no bound can say it
//	result   "same": changing it cannot change what is computed (threads, say); hashes and refusals pass over it
//
// A field is an int, int64, float64, bool, string, time.Duration, []int, []float64, []string, or a struct of such fields: a
// nested struct gives dotted keys (penalty.r1), an embedded one lends its own. Every field needs a key, a default that its
// bounds allow, a help and, unless it is a bool, a bound. [New] refuses a struct where one is missing, so that a single test
// calling [Check] keeps a package's options complete.
package config

import (
	"errors"
	"reflect"
	"slices"
	"strings"
)

// Config is a set of options, mounted from one or more structs. It holds pointers to the structs: [Config.Load] writes them.
// It is not safe for concurrent use while loading; after that nobody writes.
type Config struct {
	options  []*option // in the order of declaration, grouped by table
	byKey    map[string]*option
	checkers []checker
	choices  []choice
}

// Validator is what an options struct may implement to refuse what its bounds cannot express, such as two fields that
// disagree. It is called once the struct's own fields are within their bounds. Each error joined by errors.Join is reported
// by itself; [Refuse] ties one to a field.
type Validator interface{ Validate() error }

// Mount is a struct of options at a place among the keys.
type Mount struct {
	prefix  string
	options any
}

// At mounts options, a pointer to a struct, under prefix: with "optim" its field rate has the key optim.rate. An empty prefix
// leaves the keys bare.
func At(prefix string, options any) Mount { return Mount{prefix, options} }

// New gathers the options of all mounts and sets every field to its default. The error, an [*Error], lists each fault in the
// declaration.
func New(mounts ...Mount) (*Config, error) {
	c := &Config{byKey: map[string]*option{}}
	var faults []Problem
	for _, m := range mounts {
		v := reflect.ValueOf(m.options)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			faults = append(faults, Problem{Key: m.prefix, Want: "options must be a pointer to a struct"})
			continue
		}
		faults = append(faults, c.declare(m.prefix, v.Elem())...)
	}
	faults = append(faults, c.clashes()...)
	if len(faults) > 0 {
		return nil, &Error{Problems: faults, declaration: true}
	}
	c.group()
	return c, nil
}

// Check reports every field of the structs (or pointers to structs) that lacks a key, a default, a help or a bound, or whose
// default is outside its bounds. It is meant for tests.
func Check(structs ...any) error {
	var errs []error
	for _, s := range structs {
		t := reflect.TypeOf(s)
		if t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil || t.Kind() != reflect.Struct {
			errs = append(errs, errors.New("config: Check takes structs"))
			continue
		}
		_, err := New(At("", reflect.New(t).Interface()))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Default returns a T with every field at its default. It panics where T is declared wrongly, which [Check] finds in a test.
func Default[T any]() T {
	var options T
	if _, err := New(At("", &options)); err != nil {
		panic(err)
	}
	return options
}

// Preset changes defaults: values by key, in the notation of flags, that owner (a model, say) prefers. Options that were set
// already keep their value. Nothing changes when a value is refused.
func (c *Config) Preset(owner string, values map[string]string) error {
	parsed, problems := c.defaults(owner, values)
	if len(problems) > 0 {
		return &Error{Problems: problems}
	}
	for o, v := range parsed {
		o.prefer(v)
	}
	return nil
}

// choice is an option whose value names a set of defaults.
type choice struct {
	by     *option
	sets   map[string]map[*option]standard
	before map[*option]standard // of every option in the sets, as it was without them
}

// standard is a default, and whose it is.
type standard struct {
	value any
	owner string
}

// Presets makes the text option of that key choose among sets of defaults: the set named as its value, if there is one, is
// applied as [Config.Preset] does, now and whenever [Config.Load] changes the choice. Nothing changes when a value is refused.
func (c *Config) Presets(key, owner string, sets map[string]map[string]string) error {
	by := c.byKey[key]
	if by == nil {
		return &Error{Problems: []Problem{*c.unknown(assignment{key: key, origin: Origin{Kind: FromDefault, Where: owner}})}}
	}
	if _, ok := by.get().(string); !ok {
		return &Error{Problems: []Problem{{Key: key, Want: "must be text to choose among defaults"}}}
	}
	made := choice{by: by, sets: map[string]map[*option]standard{}, before: map[*option]standard{}}
	var problems []Problem
	for _, name := range sortedKeys(sets) {
		values, wrong := c.defaults(owner+", "+key+"="+name, sets[name])
		problems = append(problems, wrong...)
		made.sets[name] = values
		for o := range values {
			made.before[o] = standard{o.standard, o.owner}
		}
	}
	if len(problems) > 0 {
		return &Error{Problems: problems}
	}
	c.choices = append(c.choices, made)
	c.choose()
	return nil
}

// choose gives the options the defaults of the sets that are chosen.
func (c *Config) choose() {
	for _, choice := range c.choices {
		chosen := choice.sets[choice.by.get().(string)]
		for o, without := range choice.before {
			if v, ok := chosen[o]; ok {
				o.prefer(v)
			} else {
				o.prefer(without)
			}
		}
	}
}

// defaults reads values by key that an owner prefers.
func (c *Config) defaults(owner string, values map[string]string) (map[*option]standard, []Problem) {
	var problems []Problem
	parsed := map[*option]standard{}
	for _, key := range sortedKeys(values) {
		a := assignment{key: key, raw: text(values[key]), origin: Origin{Kind: FromDefault, Where: owner}}
		o, v, p := c.resolve(a)
		if p == nil {
			p = o.outOfBounds(v, a.origin)
		}
		if p != nil {
			problems = append(problems, *p)
			continue
		}
		parsed[o] = standard{v, owner}
	}
	return parsed, problems
}

// prefer changes the option's default, and its value if nobody set it.
func (o *option) prefer(s standard) {
	o.standard, o.owner = s.value, s.owner
	if o.origin.Kind == FromDefault {
		o.set(s.value)
		o.origin.Where = s.owner
	}
}

// Load applies the sources in the order given, each over what came before, then validates everything. The usual order is a
// file, the environment, flags. The error, an [*Error], lists all that is wrong; after an error every option has the value
// that it had before.
func (c *Config) Load(sources ...Source) error {
	before := c.save()
	var problems []Problem
	for _, read := range sources {
		assignments, wrong := read()
		problems = append(problems, wrong...)
		for _, a := range assignments {
			o, v, p := c.resolve(a)
			if p != nil {
				problems = append(problems, *p)
				continue
			}
			o.set(v)
			o.origin = a.origin
		}
	}
	c.choose()
	problems = append(problems, c.validate()...)
	if len(problems) > 0 {
		c.restore(before)
		c.choose()
		return &Error{Problems: problems}
	}
	return nil
}

// Validate checks the values as they stand in the structs: the bounds first, then each struct's [Validator]. Load has done so
// already; it is for structs filled in by a program. The error is an [*Error].
func (c *Config) Validate() error {
	if problems := c.validate(); len(problems) > 0 {
		return &Error{Problems: problems}
	}
	return nil
}

func (c *Config) validate() []Problem {
	var outside []Problem
	for _, o := range c.options {
		if p := o.outOfBounds(o.get(), o.origin); p != nil {
			outside = append(outside, *p)
		}
	}
	problems := slices.Clone(outside)
	for _, check := range c.checkers {
		inside := func(p Problem) bool { return strings.HasPrefix(p.Key, check.prefix) }
		if !slices.ContainsFunc(outside, inside) {
			problems = append(problems, check.run(c)...)
		}
	}
	return problems
}

// resolve finds the option of an assignment and reads its value, without setting it.
func (c *Config) resolve(a assignment) (*option, any, *Problem) {
	o, ok := c.byKey[a.key]
	if !ok {
		return nil, nil, c.unknown(a)
	}
	v, err := convert(o.kind, a.raw)
	if err == nil {
		err = o.fits(v)
	}
	if err != nil {
		return nil, nil, &Problem{Key: a.key, Origin: a.origin, Given: a.given(), Want: err.Error()}
	}
	return o, v, nil
}

type state struct {
	value  any
	origin Origin
}

func (c *Config) save() []state {
	states := make([]state, len(c.options))
	for i, o := range c.options {
		states[i] = state{o.get(), o.origin}
	}
	return states
}

func (c *Config) restore(states []state) {
	for i, o := range c.options {
		o.set(states[i].value)
		o.origin = states[i].origin
	}
}

// Option is what there is to say about one option.
type Option struct {
	Key     string `json:"key"`
	Type    string `json:"type"`    // integer, number, boolean, text, duration, or a list of them
	Default any    `json:"default"` // int64, float64, bool, string (durations too), []int64, []float64 or []string
	Range   string `json:"range"`   // in words: "at least 1", "one of 16, 28, 32"
	Help    string `json:"help"`
	Value   any    `json:"value"`
	Origin  Origin `json:"origin"` // where Value came from
	Neutral bool   `json:"neutral,omitempty"`
}

// Options lists all options: bare keys first, then table by table, in the order of declaration.
func (c *Config) Options() []Option {
	list := make([]Option, len(c.options))
	for i, o := range c.options {
		list[i] = o.describe()
	}
	return list
}

// Option describes the option of that key, and says whether there is one.
func (c *Config) Option(key string) (Option, bool) {
	o, ok := c.byKey[key]
	if !ok {
		return Option{}, false
	}
	return o.describe(), true
}
