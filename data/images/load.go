package images

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/data"
)

// Load makes the pictures ready to be trained on. A split stored by an earlier run is honoured; nil makes a new one.
//
// It is an error if more files are broken than o.MaxBroken, if fewer than two pictures are left, or if all of them show the same.
func (s *Survey) Load(ctx context.Context, o Options, stored *data.Split) (*data.Set, error) {
	form, err := o.form(s)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", s.Name, err)
	}
	ready, err := s.ready(ctx, o, form)
	if err != nil {
		return nil, err
	}
	if err := ready.enough(o); err != nil {
		return nil, err
	}
	codec := s.codec(form)
	split := ready.holdOut(o, stored)
	set := &data.Set{Name: s.Name, Codec: codec, Split: split, Defects: ready.defects, Notes: slices.Concat(s.Notes, ready.notes)}
	trainOn, heldOut := ready.divide(split)
	all := source{store: ready.store, form: form, fields: codec.Fields(), labels: ready.labels}
	set.Train, set.HeldOut = all.of(trainOn, o.Flip), all.of(heldOut, false)
	set.Origin = data.Origin{
		Name: s.Name, Hash: s.Hash, Records: len(ready.usable), Train: len(trainOn), HeldOut: len(heldOut), Bytes: s.Bytes,
		Licence: s.Licence, Attribution: s.Credit,
	}
	if len(trainOn) < 2 {
		return nil, tooFew(s.Name, trainOn, heldOut)
	}
	return set, nil
}

func tooFew(name string, trainOn, heldOut []int) error {
	return fmt.Errorf("data: %s: %d pictures are left to train on after %d were held out; lower data.holdout or add pictures",
		name, len(trainOn), len(heldOut))
}

// prepared is a survey whose pictures are made ready in one form.
type prepared struct {
	*Survey
	form    form
	store   *store
	usable  []int    // slots
	defects []Defect // by file
	labels  []int32  // of each entry; nil where there are no classes
	notes   []string
}

// ready makes every picture ready, and tells which could not be.
func (s *Survey) ready(ctx context.Context, o Options, f form) (*prepared, error) {
	st, note, err := s.openStore(ctx, o, f)
	if err != nil {
		return nil, err
	}
	p := &prepared{Survey: s, form: f, store: st, defects: slices.Clone(s.Defects), labels: s.labelNumbers()}
	if note != "" {
		p.notes = append(p.notes, note)
	}
	if colour := s.Kinds.colour(); o.Channels == 0 && colour > 0 && colour < s.Pictures {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d pictures are grey; all are taken in colour (data.channels=1 takes all in grey)", s.Pictures-colour, s.Pictures))
	}
	for i, slot := range st.slots {
		if slot.Hash == "" {
			p.defects = append(p.defects, Defect{File: s.entries[i].name, Problem: slot.Problem})
			continue
		}
		p.usable = append(p.usable, i)
	}
	slices.SortFunc(p.defects, func(a, b Defect) int { return cmp.Compare(a.File, b.File) })
	return p, nil
}

// enough refuses data that is broken beyond the limit, or from which nothing can be learned.
func (p *prepared) enough(o Options) error {
	s, st, usable, defects := p.Survey, p.store, p.usable, p.defects
	switch {
	case len(defects) > o.MaxBroken:
		return fmt.Errorf("data: %s: %d of %d files cannot be used (first: %s); the limit is %d; raise data.max-broken or replace the files",
			s.Name, len(defects), len(s.Defects)+len(s.entries), defects[0], o.MaxBroken)
	case len(usable) == 0:
		return fmt.Errorf("data: %s: no picture can be read (first: %s)", s.Name, defects[0])
	case len(usable) == 1:
		broken := ""
		if n := len(defects); n > 0 {
			broken = fmt.Sprintf(" (%d files cannot be used, first: %s)", n, defects[0])
		}
		return fmt.Errorf("data: %s: there is only one picture, %s%s; a model needs many to learn from", s.Name, s.entries[usable[0]].name, broken)
	}
	for _, i := range usable {
		if st.slots[i].Hash != st.slots[usable[0]].Hash {
			return nil
		}
	}
	return fmt.Errorf("data: %s: all %d pictures are the same (%s, %s, ...); a model needs different ones to learn from",
		s.Name, len(usable), s.entries[usable[0]].name, s.entries[usable[1]].name)
}

// labelNumbers gives every entry the index of its class; nil where there are no classes.
func (s *Survey) labelNumbers() []int32 {
	if len(s.Classes) == 0 {
		return nil
	}
	index := map[label]int32{}
	for i, l := range s.labels() {
		index[l] = int32(i)
	}
	numbers := make([]int32, len(s.entries))
	for i, e := range s.entries {
		numbers[i] = index[e.label]
	}
	return numbers
}

// holdOut is the split: the stored one, the data's own, or one by content.
func (p *prepared) holdOut(o Options, stored *data.Split) data.Split {
	s, st, usable, labels := p.Survey, p.store, p.usable, p.labels
	if stored != nil {
		return *stored
	}
	if s.Test > 0 {
		split := data.Split{Rule: "the data's own test split"}
		for _, i := range usable {
			if s.entries[i].split == test {
				split.HeldOut = append(split.HeldOut, st.slots[i].Hash)
			}
		}
		slices.Sort(split.HeldOut)
		split.HeldOut = slices.Compact(split.HeldOut)
		return split
	}
	records := make([]data.Record, len(usable))
	for k, i := range usable {
		records[k] = data.Record{Hash: st.slots[i].Hash, Label: -1}
		if labels != nil {
			records[k].Label = int(labels[i])
		}
	}
	return data.HoldOut(records, o.Holdout)
}

// divide sends every picture to its side. A picture that equals a held-out one is not trained on, wherever it lies; one that is
// in the training part of data with a test split is not counted to the test split either, so that stays as its makers left it.
func (p *prepared) divide(split data.Split) (trainOn, heldOut []int) {
	held := split.Set()
	for _, i := range p.usable {
		where, equal := p.entries[i].split, held[p.store.slots[i].Hash]
		switch {
		case where == test, where == train && equal && p.Test == 0:
			heldOut = append(heldOut, i)
		case where == train && !equal:
			trainOn = append(trainOn, i)
		}
	}
	return trainOn, heldOut
}

// source hands out prepared pictures.
type source struct {
	store  *store
	form   form
	fields []data.Field
	slots  []int   // of each record
	labels []int32 // of each entry; nil where there are no classes
	flip   bool    // record n+i is the mirror image of record i
}

func (s source) of(slots []int, flip bool) source {
	s.slots, s.flip = slots, flip
	return s
}

func (s source) Fields() []data.Field { return s.fields }

func (s source) Len() int {
	if s.flip {
		return 2 * len(s.slots)
	}
	return len(s.slots)
}

func (s source) Read(ctx context.Context, indices []int, into data.Batch) error {
	if err := data.CheckIndices(indices, s.Len()); err != nil {
		return err
	}
	size := s.form.size()
	pictures := into.Floats(s.fields[0], len(indices))
	var buffer []byte
	if s.store.memory == nil {
		buffer = make([]byte, size)
	}
	for k, r := range indices {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := s.store.picture(s.slots[r%len(s.slots)], buffer)
		if err != nil {
			return err
		}
		if to := pictures[k*size : (k+1)*size]; r < len(s.slots) {
			toFloats(to, raw)
		} else {
			toMirrored(to, raw, s.form.Side, s.form.Channels)
		}
	}
	if s.labels == nil {
		return nil
	}
	labels := into.Ints(s.fields[1], len(indices))
	for k, r := range indices {
		labels[k] = s.labels[s.slots[r%len(s.slots)]]
	}
	return nil
}

// unit maps a byte to [-1, 1].
var unit = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i)/127.5 - 1
	}
	return t
}()

func toFloats(to []float32, from []byte) {
	for i, v := range from {
		to[i] = unit[v]
	}
}

func toMirrored(to []float32, from []byte, side, channels int) {
	for y := range side {
		for x := range side {
			at, mirrored := (y*side+x)*channels, (y*side+side-1-x)*channels
			toFloats(to[mirrored:mirrored+channels], from[at:at+channels])
		}
	}
}
