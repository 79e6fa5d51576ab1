package images

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
)

// Couple is pictures of two kinds, A and B. They are pairs if both have the same names.
type Couple struct {
	A, B *Survey

	halves       bool     // A and B are the left and the right halves of the same pictures
	pairs        [][2]int // entries of A and of B with one name
	onlyA, onlyB []string // names that the other has not
}

// NewCouple looks how the names of two surveys go together: paths in their folders, without the ending, or places in their arrays.
func NewCouple(a, b *Survey) *Couple {
	c := &Couple{A: a, B: b}
	places := map[string]int{}
	for j, name := range b.names() {
		places[name] = j
	}
	met := map[string]bool{}
	for i, name := range a.names() {
		j, ok := places[name]
		if !ok || met[name] {
			c.onlyA = append(c.onlyA, a.entries[i].name)
			continue
		}
		met[name] = true
		c.pairs = append(c.pairs, [2]int{i, j})
	}
	for j, name := range b.names() {
		if !met[name] || places[name] != j {
			c.onlyB = append(c.onlyB, b.entries[j].name)
		}
	}
	return c
}

// SideBySide tells whether every picture is twice as wide as high: two square pictures beside each other.
func (s *Survey) SideBySide() bool {
	return !slices.ContainsFunc(s.Sizes, func(z Size) bool { return z.Width != 2*z.Height })
}

// Halves makes pairs of the left and the right halves of the pictures.
func Halves(s *Survey) *Couple {
	c := &Couple{A: s, B: s, halves: true}
	for i := range s.entries {
		c.pairs = append(c.pairs, [2]int{i, i})
	}
	return c
}

// names are what entries are paired by.
func (s *Survey) names() []string {
	top, names := s.commonFolder(), make([]string, len(s.entries))
	for i, e := range s.entries {
		if e.block != nil {
			names[i] = fmt.Sprintf("%d#%d", e.split, e.index)
			continue
		}
		name := strings.TrimPrefix(e.name, top)
		names[i] = strings.TrimSuffix(name, path.Ext(name))
	}
	return names
}

// Paired tells whether every picture of either kind has its partner.
func (c *Couple) Paired() bool { return len(c.onlyA) == 0 && len(c.onlyB) == 0 }

// Partners is an error that names the pictures without a partner; nil if there are none.
func (c *Couple) Partners() error {
	if c.Paired() {
		return nil
	}
	var parts []string
	for _, alone := range []struct {
		of    *Survey
		names []string
	}{{c.A, c.onlyA}, {c.B, c.onlyB}} {
		if n := len(alone.names); n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d in %s have none (%s)", n, len(alone.of.entries), alone.of.Name, few(alone.names, 5)))
		}
	}
	return fmt.Errorf("data: pairs are pictures of one name in both folders, and not all have a partner: %s; give both the same names, or take cyclegan, which needs no pairs",
		strings.Join(parts, ", "))
}

// few lists some names and how many more there are.
func few(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// Name is a name for both.
func (c *Couple) Name() string {
	if c.halves {
		return c.A.Name
	}
	base := func(s *Survey) string { return filepath.Base(filepath.Clean(s.Name)) }
	return base(c.A) + "-to-" + base(c.B)
}

// Side is the side to train at if nobody says another.
func (c *Couple) Side() int {
	if !c.halves {
		return min(c.A.Side(), c.B.Side())
	}
	half := *c.A
	half.Sizes = slices.Clone(c.A.Sizes)
	for i := range half.Sizes {
		half.Sizes[i].Width /= 2
	}
	return half.Side()
}

// Load makes both kinds ready to be trained on, in one form: fields "a" and "b", together where they are paired, apart otherwise. What
// is held out of one kind is not trained on in the other either, and of pairs both are held out. A split stored by an earlier run
// is honoured; nil makes a new one.
func (c *Couple) Load(ctx context.Context, o Options, stored *data.Split) (*data.Set, error) {
	notes := slices.Concat(c.A.Notes, c.B.Notes)
	if c.halves {
		notes = slices.Clone(c.A.Notes)
	}
	if a, b := c.A.Channels(), c.B.Channels(); a != b && o.Channels == 0 {
		o.Channels = max(a, b)
		notes = append(notes, fmt.Sprintf("%s is grey and %s in colour; both are taken in colour (data.channels=1 takes both in grey)", c.grey().Name, c.coloured().Name))
	}
	if o.Side == 0 {
		o.Side = c.Side()
	}
	var kinds [2]*prepared
	for k, s := range []*Survey{c.A, c.B} {
		form, err := o.form(s)
		if err != nil {
			return nil, fmt.Errorf("data: %s: %w", s.Name, err)
		}
		if c.halves {
			form.Part = []part{left, right}[k]
		}
		if kinds[k], err = s.ready(ctx, o, form); err != nil {
			return nil, err
		}
		if err := kinds[k].enough(o); err != nil {
			return nil, err
		}
		notes = append(notes, kinds[k].notes...)
	}
	set := &data.Set{Name: c.Name(), Notes: notes, Defects: kinds[0].defects, Origin: c.origin()}
	if !c.halves {
		set.Defects = slices.Concat(kinds[0].defects, kinds[1].defects)
	}
	if c.Paired() {
		return set, c.loadPairs(set, kinds, o, stored)
	}
	return set, c.loadApart(set, kinds, o, stored)
}

func (c *Couple) grey() *Survey {
	if c.A.Channels() == 1 {
		return c.A
	}
	return c.B
}

func (c *Couple) coloured() *Survey {
	if c.A.Channels() == 1 {
		return c.B
	}
	return c.A
}

// loadPairs divides the pairs that can be read.
func (c *Couple) loadPairs(set *data.Set, kinds [2]*prepared, o Options, stored *data.Split) error {
	a, b := kinds[0], kinds[1]
	var usable [][2]int
	for _, pair := range c.pairs {
		if a.store.slots[pair[0]].Hash != "" && b.store.slots[pair[1]].Hash != "" {
			usable = append(usable, pair)
		}
	}
	hashes := func(pair [2]int) [2]string {
		return [2]string{a.store.slots[pair[0]].Hash, b.store.slots[pair[1]].Hash}
	}
	set.Split = holdOutPairs(a, usable, hashes, o, stored)
	held := set.Split.Set()
	var trainOn, heldOut [2][]int
	beside := 0
	for _, pair := range usable {
		hash, where := hashes(pair), a.entries[pair[0]].split
		to := &trainOn
		switch {
		case where == aside:
			continue
		case where == test, a.Test == 0 && held[hash[0]] && held[hash[1]]:
			to = &heldOut
		case held[hash[0]] || held[hash[1]]: // half of it is
			beside++
			continue
		}
		to[0], to[1] = append(to[0], pair[0]), append(to[1], pair[1])
	}
	if beside > 0 {
		set.Notes = append(set.Notes, fmt.Sprintf("%d pairs share a picture with a held-out pair and are left aside", beside))
	}
	if len(trainOn[0]) < 2 {
		return tooFew(set.Name, trainOn[0], heldOut[0])
	}
	set.Origin.Records, set.Origin.Train, set.Origin.HeldOut = len(usable), len(trainOn[0]), len(heldOut[0])
	sources := c.sources(set, kinds)
	var err error
	if set.Train, err = data.Together(sources[0].of(trainOn[0], o.Flip), sources[1].of(trainOn[1], o.Flip)); err != nil {
		return err
	}
	set.HeldOut, err = data.Together(sources[0].of(heldOut[0], false), sources[1].of(heldOut[1], false))
	return err
}

// holdOutPairs is the split of pairs: the stored one, the data's own, or one by content. It lists the pictures of either kind.
func holdOutPairs(a *prepared, usable [][2]int, hashes func([2]int) [2]string, o Options, stored *data.Split) data.Split {
	if stored != nil {
		return *stored
	}
	split := data.Split{Rule: "the data's own test split"}
	held := func(pair [2]int) bool { return a.entries[pair[0]].split == test }
	if a.Test == 0 {
		key := func(pair [2]int) string {
			both := hashes(pair)
			return fmt.Sprintf("%x", sha256.Sum256([]byte(both[0]+both[1])))
		}
		records := make([]data.Record, len(usable))
		for i, pair := range usable {
			records[i] = data.Record{Hash: key(pair), Label: -1}
		}
		chosen := data.HoldOut(records, o.Holdout)
		split.Rule = strings.Replace(chosen.Rule, "records", "pairs", 1)
		set := chosen.Set()
		held = func(pair [2]int) bool { return set[key(pair)] }
	}
	for _, pair := range usable {
		if held(pair) {
			both := hashes(pair)
			split.HeldOut = append(split.HeldOut, both[0], both[1])
		}
	}
	slices.Sort(split.HeldOut)
	split.HeldOut = slices.Compact(split.HeldOut)
	return split
}

// loadApart divides each kind by itself.
func (c *Couple) loadApart(set *data.Set, kinds [2]*prepared, o Options, stored *data.Split) error {
	if stored != nil {
		set.Split = *stored
	} else {
		a, b := kinds[0].holdOut(o, nil), kinds[1].holdOut(o, nil)
		set.Split = data.Split{Rule: a.Rule, HeldOut: slices.Concat(a.HeldOut, b.HeldOut)}
		if a.Rule != b.Rule {
			set.Split.Rule = fmt.Sprintf("a: %s; b: %s", a.Rule, b.Rule)
		}
		slices.Sort(set.Split.HeldOut)
		set.Split.HeldOut = slices.Compact(set.Split.HeldOut)
	}
	sources := c.sources(set, kinds)
	var trained, held []data.Source
	for k, kind := range kinds {
		trainOn, heldOut := kind.divide(set.Split)
		if len(trainOn) < 2 {
			return tooFew(kind.Name, trainOn, heldOut)
		}
		set.Origin.Records += len(kind.usable)
		set.Origin.Train += len(trainOn)
		set.Origin.HeldOut += len(heldOut)
		trained, held = append(trained, sources[k].of(trainOn, o.Flip)), append(held, sources[k].of(heldOut, false))
	}
	set.Train, set.HeldOut = data.Apart(trained...), data.Apart(held...)
	return nil
}

// sources are both kinds without a choice of records. The codec is settled on the way.
func (c *Couple) sources(set *data.Set, kinds [2]*prepared) (sources [2]source) {
	form := kinds[0].form
	codec := CoupleCodec{Codec: Codec{Side: form.Side, Channels: form.Channels, Low: -1, High: 1}, Paired: c.Paired()}
	set.Codec = codec
	for k, kind := range kinds {
		sources[k] = source{store: kind.store, form: kind.form, fields: codec.Fields()[k : k+1]}
	}
	return sources
}

// origin is what both are together.
func (c *Couple) origin() data.Origin {
	a, b := c.A, c.B
	if c.halves {
		return data.Origin{Name: a.Name, Hash: a.Hash, Bytes: a.Bytes, Licence: a.Licence, Attribution: a.Credit}
	}
	both := func(x, y string) string {
		if x == y || y == "" {
			return x
		}
		return cmp.Or(x, "not known") + "; " + y
	}
	return data.Origin{
		Name: a.Name + " to " + b.Name, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(a.Hash+" "+b.Hash))), Bytes: a.Bytes + b.Bytes,
		Licence: both(a.Licence, b.Licence), Attribution: both(a.Credit, b.Credit),
	}
}

// CoupleCodec turns what a translator makes into pictures: those of both kinds look alike.
type CoupleCodec struct {
	Codec
	Paired bool // record i of "a" belonged to record i of "b"
}

// coupleJSON is how a CoupleCodec lies in a run.
type coupleJSON struct {
	codecJSON
	Paired bool `json:"paired"`
}

func (c CoupleCodec) MarshalJSON() ([]byte, error) {
	return json.Marshal(coupleJSON{codecJSON{c.Side, c.Channels, c.Low, c.High, nil}, c.Paired})
}

func (c *CoupleCodec) UnmarshalJSON(raw []byte) error {
	if err := c.Codec.UnmarshalJSON(raw); err != nil {
		return err
	}
	var j coupleJSON
	err := json.Unmarshal(raw, &j)
	c.Paired = j.Paired
	return err
}

// Kind is "couples".
func (c CoupleCodec) Kind() string { return "couples" }

// Fields are "a" and "b", [side, side, channels] each.
func (c CoupleCodec) Fields() []data.Field {
	shape := []int{c.Side, c.Side, c.Channels}
	return []data.Field{{Name: data.A, Shape: shape, Low: c.Low, High: c.High}, {Name: data.B, Shape: shape, Low: c.Low, High: c.High}}
}

// Prepare makes the pictures ready in the form of the codec, without dividing them, with their names. What cannot be read is told.
func (s *Survey) Prepare(ctx context.Context, o Options, c Codec) (names []string, pictures data.Source, defects []Defect, err error) {
	o.Side, o.Channels = c.Side, c.Channels
	form, err := o.form(s)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("data: %s: %w", s.Name, err)
	}
	ready, err := s.ready(ctx, o, form)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, i := range ready.usable {
		names = append(names, s.entries[i].name)
	}
	all := source{store: ready.store, form: form, fields: Codec{Side: c.Side, Channels: c.Channels, Low: c.Low, High: c.High}.Fields()}
	return names, all.of(ready.usable, false), ready.defects, nil
}
