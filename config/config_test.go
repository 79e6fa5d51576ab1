package config

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

type penalties struct {
	R1    float64 `toml:"r1" default:"0" min:"0" help:"weight of R1"`
	Every int     `toml:"every" default:"1" min:"1" max:"64" help:"rounds between two penalties"`
}

type objective string

type options struct {
	Latent  int           `toml:"latent" default:"100" min:"1" help:"size of z"`
	Side    int           `toml:"side" default:"64" in:"16,28,32,64" help:"side of the pictures"`
	Rate    float64       `toml:"rate" default:"2e-4" above:"0" below:"1" help:"learning rate"`
	Loss    objective     `toml:"loss" default:"minimax" in:"minimax,hinge" help:"objective"`
	Flip    bool          `toml:"flip" default:"false" help:"mirror pictures"`
	Every   time.Duration `toml:"every" default:"10m" min:"1s" help:"time between checkpoints"`
	Widths  []int         `toml:"widths" default:"512,256" min:"1" help:"hidden sizes"`
	Betas   []float64     `toml:"betas" default:"0.5,0.999" min:"0" below:"1" help:"Adam's betas"`
	Tags    []string      `toml:"tags" default:"" free:"any words" help:"remarks"`
	Note    string        `toml:"note" default:"" free:"any text" help:"a remark"`
	Seed    int64         `toml:"seed-2" default:"1" min:"0" help:"a seed"`
	Penalty penalties     `toml:"penalty"`
	hidden  int           //lint:ignore U1000 an unexported field is no option
	Skipped chan int      `toml:"-"`
}

type engine struct {
	Threads int `toml:"threads" default:"0" min:"0" result:"same" help:"worker threads; 0: one a core"`
}

func mounted(t *testing.T) (*Config, *options, *engine) {
	t.Helper()
	var o options
	var e engine
	c, err := New(At("", &o), At("engine", &e))
	if err != nil {
		t.Fatal(err)
	}
	return c, &o, &e
}

func TestDefaults(t *testing.T) {
	want := options{Latent: 100, Side: 64, Rate: 2e-4, Loss: "minimax", Every: 10 * time.Minute, Widths: []int{512, 256},
		Betas: []float64{0.5, 0.999}, Tags: []string{}, Seed: 1, Penalty: penalties{Every: 1}}
	if got := Default[options](); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestLaterSourceWinsAndIsRemembered(t *testing.T) {
	c, o, e := mounted(t)
	path := filepath.Join(t.TempDir(), "my.toml")
	document := "latent = 1\nside = 16\nrate = 1\n# a remark\npenalty = { every = 2,\n r1 = 3 }\n[engine]\nthreads = 7\n[run]\nformat = 1\n"
	document = strings.Replace(document, "rate = 1\n", "rate = 0.5\n", 1)
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=/", "GANYMEDE_SET_SIDE=28", "GANYMEDE_SET_PENALTY_R1=4", "GANYMEDE_SET_SEED_2=9"}
	err := c.Load(File(path, "run"), c.Environment(env), Flags([]string{"penalty.r1=5", "widths=3, 4", "loss=hinge"}), Set("--threads", "engine.threads", "2"))
	if err != nil {
		t.Fatal(err)
	}
	if o.Latent != 1 || o.Side != 28 || o.Penalty.R1 != 5 || o.Penalty.Every != 2 || o.Seed != 9 || o.Loss != "hinge" ||
		!slices.Equal(o.Widths, []int{3, 4}) || e.Threads != 2 {
		t.Errorf("got %+v %+v", o, e)
	}
	for key, want := range map[string]string{"latent": path + ":1", "side": "GANYMEDE_SET_SIDE", "penalty.r1": "--set",
		"penalty.every": path + ":5", "engine.threads": "--threads", "note": "default"} {
		if got, _ := c.Option(key); got.Origin.String() != want {
			t.Errorf("%s came from %s, want %s", key, got.Origin, want)
		}
	}
}

// Keys that are somebody else's are passed over in every source, and that somebody reads them with Only, whatever the rest says.
func TestKeysOfSomebodyElse(t *testing.T) {
	c, o, _ := mounted(t)
	document, environ, settings := []byte("name = 'a'\nlatent = 3\n"), []string{"GANYMEDE_SET_NAME=b", "GANYMEDE_SET_SIDE=28"}, []string{"name=c", "rate=0.5"}
	if err := c.Load(TOML("f", document, "name"), c.Environment(environ, "name"), Flags(settings, "name")); err != nil {
		t.Fatal(err)
	}
	if o.Latent != 3 || o.Side != 28 || o.Rate != 0.5 {
		t.Errorf("got %+v", o)
	}
	var other struct {
		Name string `toml:"name" default:"" free:"any text" help:"a name"`
	}
	d, err := New(At("", &other))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a", "b", "c"} {
		sources := []Source{Only(TOML("f", document), "name"), Only(d.Environment(environ), "name"), Only(Flags(settings), "name")}
		if err := d.Load(sources[:i+1]...); err != nil || other.Name != want {
			t.Errorf("%d sources: %q (%v), want %q", i+1, other.Name, err, want)
		}
	}
}

// Each line of a report: which key, where it came from, what was given, what is allowed, what to do.
func TestAllErrorsAtOnce(t *testing.T) {
	c, o, _ := mounted(t)
	before := *o
	document := "latent = 2.5\nlatnet = 3\nside = 63\nbetas = [0.5, 1.0]\nevery = 10\n[penalty]\nr1 = -1\nr11 = 2\n[peanlty]\nr1 = 1\n"
	err := c.Load(TOML("my.toml", []byte(document)),
		c.Environment([]string{"GANYMEDE_SET_LATTENT=7", "GANYMEDE_SET_FLIP=yes"}),
		Flags([]string{"rate=nan", "note", "r1=3", "penalty=3", "seed-2=99999999999999999999", "note=a\xffb", "widths=1,x"}))
	var wrong *Error
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v", err)
	}
	want := `config: 17 things are wrong:
	betas = [0.5, 1.0] (my.toml:4): each element must be at least 0, below 1
	every = 10 (my.toml:5): must be a duration such as "90s", "10m" or "1h30m"
	flip = yes (GANYMEDE_SET_FLIP): must be true or false
	7 (GANYMEDE_SET_LATTENT): sets no option; did you mean GANYMEDE_SET_LATENT?
	latent = 2.5 (my.toml:1): must be a whole number
	latnet = 3 (my.toml:2): there is no such option; did you mean latent?
	note (--set): must have the form key=value
	note = a` + "\xff" + `b (--set): must be UTF-8 text
	peanlty.r1 = 1 (my.toml:10): there is no such option; did you mean penalty.r1?
	penalty = 3 (--set): is a table, not an option; it has penalty.r1, penalty.every
	penalty.r1 = -1.0 (my.toml:7): must be at least 0
	penalty.r11 = 2 (my.toml:8): there is no such option; did you mean penalty.r1?
	r1 = 3 (--set): there is no such option; did you mean penalty.r1?
	rate = nan (--set): must be a finite number
	seed-2 = 99999999999999999999 (--set): does not fit in 64 bits
	side = 63 (my.toml:3): must be one of 16, 28, 32, 64
	widths = 1,x (--set): must be a list of integers`
	lines := strings.Split(err.Error(), "\n")
	slices.SortFunc(lines[1:], func(a, b string) int { return strings.Compare(trimValue(a), trimValue(b)) })
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !reflect.DeepEqual(*o, before) {
		t.Error("a refused configuration changed the options")
	}
	var one *Problem
	if !errors.As(err, &one) || one.Key != "every" {
		t.Errorf("errors.As found %+v", one)
	}
}

// trimValue sorts a report's lines by key, the nameless variable among the l.
func trimValue(s string) string { return strings.Replace(s, "\t7 (", "\tla7 (", 1) }

func TestFileThatIsNotThereOrNotTOML(t *testing.T) {
	c, _, _ := mounted(t)
	for _, s := range []struct {
		source Source
		want   string
	}{
		{File(filepath.Join(t.TempDir(), "none.toml")), "none.toml"},
		{TOML("a.toml", []byte("latent = 1\nside = = 2\n")), "a.toml:2: is not TOML"},
		{TOML("a.toml", []byte("latent = 1\nlatent = 2\n")), "a.toml:2: is not TOML"},
		{TOML("a.toml", []byte("[[penalty]]\nr1 = 2\n")), "penalty = "},
		{TOML("a.toml", []byte("latent = 2026-01-02\n")), "latent = 2026-01-02 (a.toml:1): must be a whole number"},
	} {
		if err := c.Load(s.source); err == nil || !strings.Contains(err.Error(), s.want) {
			t.Errorf("got %v, want %s", err, s.want)
		}
	}
}

type pair struct {
	Low   int    `toml:"low" default:"1" min:"0" help:"low end"`
	High  int    `toml:"high" default:"2" min:"0" help:"high end"`
	Inner nested `toml:"inner"`
}

type nested struct {
	A int `toml:"a" default:"1" min:"0" help:"a"`
}

func (p pair) Validate() error {
	if p.Low > p.High {
		return errors.Join(Refuse("low", "must not be above high, which is %d", p.High), errors.New("the pair is upside down"))
	}
	return nil
}

func (n *nested) Validate() error {
	if n.A == 13 {
		return Refuse("a", "must not be 13")
	}
	return nil
}

func TestCrossFieldChecksRunOnceBoundsHold(t *testing.T) {
	var p pair
	c, err := New(At("data", &p))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Load(Flags([]string{"data.low=3", "data.inner.a=13"}))
	want := "config: 3 things are wrong:\n\tdata.inner.a = 13 (--set): must not be 13\n\tdata.low = 3 (--set): must not be above high, which is 2\n\tdata: the pair is upside down"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	err = c.Load(Flags([]string{"data.low=3", "data.high=-1"}))
	if want := "config: data.high = -1 (--set): must be at least 0"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	p.Low = 5
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "data.low = 5: must not be above high") {
		t.Errorf("got %v", err)
	}
}

func TestPresetChangesDefaultsOnly(t *testing.T) {
	c, o, _ := mounted(t)
	if err := c.Load(Flags([]string{"latent=7"})); err != nil {
		t.Fatal(err)
	}
	if err := c.Preset("wgan-gp", map[string]string{"latent": "64", "betas": "0,0.9"}); err != nil {
		t.Fatal(err)
	}
	if latent, _ := c.Option("latent"); o.Latent != 7 || latent.Default != int64(64) {
		t.Errorf("latent %+v", latent)
	}
	if betas, _ := c.Option("betas"); !slices.Equal(o.Betas, []float64{0, 0.9}) || betas.Origin.String() != "default of wgan-gp" {
		t.Errorf("betas %+v", betas)
	}
	err := c.Preset("wgan-gp", map[string]string{"side": "63", "rate": "0.1"})
	if want := "config: side = 63 (default of wgan-gp): must be one of 16, 28, 32, 64"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if o.Rate != 2e-4 {
		t.Error("half of a refused preset was applied")
	}
}

// A choice that a later source changes changes the defaults with it, and leaves what was set.
func TestPresetsFollowTheirOption(t *testing.T) {
	c, o, _ := mounted(t)
	if err := c.Preset("biggan", map[string]string{"latent": "120"}); err != nil {
		t.Fatal(err)
	}
	sets := map[string]map[string]string{"minimax": {"latent": "7", "side": "16"}, "hinge": {"rate": "0.1"}}
	if err := c.Presets("loss", "biggan", sets); err != nil {
		t.Fatal(err)
	}
	if o.Latent != 7 || o.Side != 16 || o.Rate != 2e-4 {
		t.Errorf("the default choice gives %+v", o)
	}
	if err := c.Load(Flags([]string{"loss=hinge", "seed-2=3"})); err != nil {
		t.Fatal(err)
	}
	if latent, _ := c.Option("latent"); o.Latent != 120 || o.Side != 64 || o.Rate != 0.1 || latent.Default != int64(120) || latent.Origin.String() != "default of biggan" {
		t.Errorf("the other choice gives %+v, latent from %s", o, latent.Origin)
	}
	if rate, _ := c.Option("rate"); rate.Origin.String() != "default of biggan, loss=hinge" {
		t.Errorf("rate is from %s", rate.Origin)
	}
	if err := c.Load(Flags([]string{"loss=minimax", "rate=7"})); err == nil || o.Latent != 120 || o.Rate != 0.1 {
		t.Errorf("%v: a refused source left %+v", err, o)
	}
	if err := c.Load(Flags([]string{"loss=minimax", "side=32"})); err != nil || o.Latent != 7 || o.Side != 32 {
		t.Errorf("%v: %+v", err, o)
	}
	for _, wrong := range []map[string]map[string]string{{"hinge": {"side": "63"}}, {"hinge": {"sidde": "64"}}} {
		if err := c.Presets("loss", "biggan", wrong); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
	if err := c.Presets("loss2", "biggan", sets); err == nil {
		t.Error("a key that is not there is taken")
	}
}

// Every value that can be set survives being written and read, floats to the bit.
func TestTOMLRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	notes := []string{"", "plain", "q\"\\\n\t\r\x00\x1f\x7f", "<&>", "\u2028 é 你 \U0001F600", "'''"}
	for i := range 300 {
		c, o, _ := mounted(t)
		*o = options{Latent: 1 + random.IntN(math.MaxInt32), Side: 16, Rate: random.Float64(), Loss: "hinge", Flip: i%2 == 0,
			Every: time.Second + time.Duration(random.Int64N(math.MaxInt64/2)), Widths: make([]int, i%3),
			Betas: []float64{random.Float64() * 1e-300, math.SmallestNonzeroFloat64}, Tags: notes[:i%len(notes)], Note: notes[i%len(notes)],
			Seed: math.MaxInt64, Penalty: penalties{R1: math.MaxFloat64 * random.Float64(), Every: 1}}
		for j := range o.Widths {
			o.Widths[j] = 1 + j
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		again, o2, _ := mounted(t)
		if err := again.Load(TOML("run.toml", c.TOML())); err != nil {
			t.Fatalf("%v\n%s", err, c.TOML())
		}
		if !reflect.DeepEqual(o, o2) && len(o.Tags)+len(o2.Tags) > 0 {
			t.Fatalf("wrote %+v\nread %+v", o, o2)
		}
		values, err := ReadValues("run.toml", c.TOML())
		if err != nil {
			t.Fatal(err)
		}
		if d := again.Diff(values); len(d) != 0 || again.Hash() != c.Hash() {
			t.Fatalf("differs: %v", d)
		}
	}
}

func TestTemplateUncommentedIsTheDefaults(t *testing.T) {
	c, _, _ := mounted(t)
	template := string(c.Template())
	if err := c.Load(TOML("template", []byte(template))); err != nil {
		t.Fatalf("%v\n%s", err, template)
	}
	var uncommented []string
	for line := range strings.Lines(template) {
		key, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), " = ")
		if strings.HasPrefix(line, "# ") && !strings.Contains(key, " ") {
			line = strings.TrimPrefix(line, "# ")
		}
		uncommented = append(uncommented, line)
	}
	if err := c.Load(TOML("template", []byte(strings.Join(uncommented, "")))); err != nil {
		t.Fatal(err)
	}
	for _, o := range c.Options() {
		if o.Origin.Kind != FromFile || !reflect.DeepEqual(o.Default, o.Value) {
			t.Errorf("%+v", o)
		}
	}
}

func TestHashAndDiff(t *testing.T) {
	c, o, e := mounted(t)
	then, hash := c.Values(), c.Hash()
	e.Threads = 3
	if c.Hash() != hash {
		t.Error("a neutral option changed the hash")
	}
	o.Latent = 64
	if c.Hash() == hash {
		t.Error("an option did not change the hash")
	}
	delete(then, "note")
	then["gone"] = "1"
	want := []Change{{"engine.threads", "0", "3", true}, {"gone", "1", "", false}, {"latent", "100", "64", false}, {"note", "", `""`, false}}
	if got := c.Diff(then); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := want[1].String(); got != "gone: was 1, is not there" {
		t.Error(got)
	}
}

// The hash is part of committed results: this number changes only with the options of the test.
func TestHashIsStable(t *testing.T) {
	var p penalties
	c, err := New(At("penalty", &p))
	if err != nil {
		t.Fatal(err)
	}
	// printf 'penalty.every = 1\npenalty.r1 = 0.0\n' | sha256sum
	if got, want := c.Hash(), "e3bb6da7e72ae49cc06ba0388ed6e72ba0db98719c641d6377154fbc4194dc45"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	if err := Check(options{}, &engine{}, pair{}); err != nil {
		t.Error(err)
	}
	for want, s := range map[string]any{
		"needs a help tag": struct {
			A int `toml:"a" default:"1" min:"0"`
		}{},
		"needs a default tag": struct {
			A int `toml:"a" help:"h" min:"0"`
		}{},
		"needs bounds": struct {
			A int `toml:"a" default:"1" help:"h"`
		}{},
		"needs a toml tag": struct {
			A int `default:"1" help:"h"`
		}{},
		`default "0" must be at least 1`: struct {
			A int `toml:"a" default:"0" help:"h" min:"1"`
		}{},
		`default "x" must be a whole number`: struct {
			A int `toml:"a" default:"x" help:"h" min:"1"`
		}{},
		"has the type chan int": struct {
			A chan int `toml:"a" default:"x" help:"h" min:"1"`
		}{},
		`bound min:"x" must be a whole number`: struct {
			A int `toml:"a" default:"1" help:"h" min:"x"`
		}{},
		"cannot have the bound max": struct {
			A string `toml:"a" default:"1" help:"h" max:"3"`
		}{},
		"is declared twice": struct {
			A int `toml:"a" default:"1" help:"h" min:"0"`
			B int `toml:"a" default:"1" help:"h" min:"0"`
		}{},
		"same environment variable as a-b": struct {
			A int `toml:"a-b" default:"1" help:"h" min:"0"`
			B int `toml:"a_b" default:"1" help:"h" min:"0"`
		}{},
		"both an option and a table": struct {
			A int    `toml:"b" default:"1" help:"h" min:"0"`
			B nested `toml:"b"`
		}{},
		`must be "same" or absent`: struct {
			A int `toml:"a" default:"1" help:"h" min:"0" result:"x"`
		}{},
	} {
		if err := Check(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := New(At("x", options{})); err == nil {
		t.Error("a struct that is no pointer was mounted")
	}
}

func TestEmbeddedStructLendsItsKeys(t *testing.T) {
	type Base struct {
		Latent int `toml:"latent" default:"100" min:"1" help:"size of z"`
	}
	var o struct {
		Base
		Classes int `toml:"classes" default:"10" min:"2" help:"classes"`
	}
	c, err := New(At("", &o))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Load(Flags([]string{"latent=3"})); err != nil || o.Latent != 3 || o.Classes != 10 {
		t.Errorf("%v %+v", err, o)
	}
}

func TestOptionsAsJSONAndTables(t *testing.T) {
	c, _, _ := mounted(t)
	b, err := json.Marshal(c.Options())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"key":"every","type":"duration","default":"10m","range":"at least 1s","help":"time between checkpoints","value":"10m","origin":"default"}`
	if !strings.Contains(string(b), want) {
		t.Errorf("%s\nlacks %s", b, want)
	}
	if help := c.Help(); !strings.Contains(help, "\npenalty.every = 1\n    ") {
		t.Error(help)
	}
}

func TestNearest(t *testing.T) {
	models := []string{"dcgan", "wgan-gp", "wgan", "lsgan"}
	for given, want := range map[string]string{"dcagn": "dcgan", "wgangp": "wgan-gp", "DCGAN-64-by-hand": "", "": ""} {
		if got := Nearest(given, models); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	// Levenshtein's standard example, and a swap counted once.
	if editDistance("kitten", "sitting") != 3 || editDistance("latnet", "latent") != 1 || editDistance("", "abc") != 3 {
		t.Error("edit distance")
	}
}

// Any document is read or refused, and what is accepted keeps to the bounds.
func FuzzTOML(f *testing.F) {
	f.Add([]byte("latent = 1\n[penalty]\nr1 = 2.0\n"))
	f.Add([]byte("widths = [1, 2]\ntags = ['a', \"b\\u0000\"]\npenalty = {r1 = 1}\n"))
	f.Add([]byte("[[penalty]]\n[penalty.r1]\n\"a.b\" = 1\nevery = 07:32:00\n"))
	f.Fuzz(func(t *testing.T, document []byte) {
		var o options
		c, err := New(At("", &o))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Load(TOML("fuzz", document)); err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := c.Load(TOML("again", c.TOML())); err != nil {
			t.Fatal(err)
		}
	})
}
