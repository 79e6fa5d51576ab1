package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Sampler runs a game's Generate. It is safe for concurrent use as long as nobody changes its weights.
type Sampler struct {
	game    *gan.Game
	weights *layers.Weights
	backend compute.Backend
	program *program
	once    *sync.Mutex // variables get their first values once
	shown   data.Batch  // what samples start from, of a game that starts from records

	truncation *float64 // psi; nil is the game's own, no truncation
	threshold  float64  // of Gaussian latents; 0 is none
}

// Truncates tells whether the game's samples can be truncated.
func (s *Sampler) Truncates() bool {
	return slices.ContainsFunc(s.program.draws, func(d *gan.Draw) bool { return d.Need.Name == gan.Truncation })
}

// Truncated is the same sampler for samples that are less various and more alike, by psi from 0 to 1, which is no truncation.
func (s *Sampler) Truncated(psi float64) *Sampler {
	truncated := *s
	truncated.truncation = &psi
	return &truncated
}

// NewSampler compiles the sampling graph; averaged reads the averaged weights where the game keeps some.
func NewSampler(backend compute.Backend, game *gan.Game, weights *layers.Weights, averaged bool) (*Sampler, error) {
	p, err := compile(backend, game, weights, "sample", func(turn *gan.Turn) (names []string, nodes []*graph.Node) {
		fields := turn.Sample(averaged)
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			nodes = append(nodes, fields[name])
		}
		return names, nodes
	})
	if err != nil {
		return nil, err
	}
	if len(p.changed) > 0 {
		return nil, fmt.Errorf("train: Generate changes %s; sampling must change nothing", p.changed[0].Path)
	}
	if len(p.knobs) > 0 {
		return nil, fmt.Errorf("train: Generate reads the knob %s; what it needs must be drawn, or be a weight", p.knobs[0])
	}
	return &Sampler{game: game, weights: weights, backend: backend, program: p, once: &sync.Mutex{}}, nil
}

// Finalize frees the compiled graph.
func (s *Sampler) Finalize() { s.program.graph.Finalize() }

// Asked are the names of the needs that say of which class a sample is to be; none of a game that is not conditional.
func (s *Sampler) Asked() (names []string) {
	for _, d := range s.program.draws {
		if d.Need.Kind == gan.Label {
			names = append(names, d.Need.Name)
		}
	}
	return names
}

// Codes are the codes that steer samples, in the game's order.
func (s *Sampler) Codes() []gan.Need { return s.game.Codes }

// Inputs are what one sample is made from: a need's numbers by its name, floats, or one label or code.
type Inputs struct {
	Floats map[string][]float32
	Labels map[string]int32
}

// Starts are the fields of records that samples are made from: those of a game that translates. Other games start from latents
// alone.
func (s *Sampler) Starts() (fields []string) {
	for _, d := range s.program.draws {
		if d.Need.Kind == gan.Record {
			fields = append(fields, d.Need.Name)
		}
	}
	return fields
}

// Show gives the records that samples start from: sample i from record i, and from the first again after the last.
func (s *Sampler) Show(records data.Batch) { s.shown = records }

// Latents returns the inputs of sample i of a seed. They depend on seed and i alone, and on the records shown. Sample i of a
// conditional game has class i modulo their number, so that a row of samples shows them all, and so has a code with values.
func (s *Sampler) Latents(seed int64, i int) Inputs {
	in := Inputs{Floats: map[string][]float32{}, Labels: map[string]int32{}}
	for _, d := range s.program.draws {
		if d.Need.Discrete() {
			in.Labels[d.Need.Name] = int32(i % d.Need.Classes)
			continue
		}
		values := make([]float32, size(d.Need.Shape))
		if d.Need.Kind == gan.Record {
			records := s.shown[d.Need.Name]
			if records.Len() == 0 {
				continue // told by the execution
			}
			copy(values, records.Float[i%records.Len()*len(values):])
			in.Floats[d.Need.Name] = values
			continue
		}
		random := layers.Stream(seed, "sample", d.Need.Name, strconv.Itoa(i))
		fill(random, d.Need, values)
		if d.Need.Kind == gan.Gaussian && s.threshold > 0 {
			truncate(random, values, s.threshold)
		}
		in.Floats[d.Need.Name] = values
	}
	if psi, ok := in.Floats[gan.Truncation]; ok && s.truncation != nil {
		psi[0] = float32(*s.truncation)
	}
	return in
}

// truncate draws those numbers again that lie beyond the threshold.
func truncate(random *rand.Rand, values []float32, threshold float64) {
	for i := range values {
		for math.Abs(float64(values[i])) > threshold {
			values[i] = float32(random.NormFloat64())
		}
	}
}

// Sample makes the records of samples first to first+n-1 of a seed, each the same to the bit whatever n is: the graph always
// runs on whole batches that start at multiples of the batch. label, if not nil, chooses the class of each.
func (s *Sampler) Sample(ctx context.Context, seed int64, first, n int, label func(i int) int) (data.Batch, error) {
	batch := s.game.Batch
	out := data.Batch{}
	for start := first / batch * batch; start < first+n; start += batch {
		inputs := make([]Inputs, batch)
		for i := range inputs {
			inputs[i] = s.Latents(seed, start+i)
			if label == nil || start+i < first || start+i >= first+n {
				continue
			}
			for _, name := range s.Asked() {
				inputs[i].Labels[name] = int32(label(start + i))
			}
		}
		made, err := s.batch(ctx, inputs)
		if err != nil {
			return nil, err
		}
		appendRows(out, made, max(first-start, 0), min(first+n-start, batch))
	}
	return out, nil
}

// Make makes one record of each of the inputs, such as points of a path through the latent space.
func (s *Sampler) Make(ctx context.Context, inputs []Inputs) (data.Batch, error) {
	batch, out := s.game.Batch, data.Batch{}
	for start := 0; start < len(inputs); start += batch {
		part := make([]Inputs, batch)
		live := copy(part, inputs[start:])
		for i := live; i < batch; i++ {
			part[i] = inputs[start] // padding
		}
		made, err := s.batch(ctx, part)
		if err != nil {
			return nil, err
		}
		appendRows(out, made, 0, live)
	}
	return out, nil
}

// batch runs the graph once.
func (s *Sampler) batch(ctx context.Context, inputs []Inputs) (data.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.materialise(); err != nil {
		return nil, err
	}
	drawn := make([]*tensors.Tensor, len(s.program.draws))
	for i, d := range s.program.draws {
		if err := given(inputs, d.Need); err != nil {
			return nil, err
		}
		drawn[i] = stack(inputs, d.Need, s.weights.DType)
	}
	outputs, err := s.program.run(ctx, s.backend, nil, s.weights, drawn, nil)
	if err != nil {
		return nil, fmt.Errorf("train: sampling: %w", err)
	}
	made := data.Batch{}
	for i, name := range s.program.outputs {
		made[name] = arrayOf(outputs[i])
		outputs[i].FinalizeAll()
	}
	return made, nil
}

func (s *Sampler) materialise() error {
	s.once.Lock()
	defer s.once.Unlock()
	for _, v := range s.program.variables {
		if err := s.weights.Materialise(v); err != nil {
			return err
		}
	}
	return nil
}

// given checks that every input has the numbers of a need.
func given(inputs []Inputs, need gan.Need) error {
	for _, in := range inputs {
		if have, want := len(in.Floats[need.Name]), size(need.Shape); !need.Discrete() && have != want {
			return fmt.Errorf("train: sampling starts from %q, %d numbers a sample, and %d are given", need.Name, want, have)
		}
	}
	return nil
}

// stack puts the inputs of a need one under the other.
func stack(inputs []Inputs, need gan.Need, dtype dtypes.DType) *tensors.Tensor {
	dims := append([]int{len(inputs)}, need.Shape...)
	if need.Discrete() {
		labels := make([]int32, len(inputs))
		for i, in := range inputs {
			labels[i] = in.Labels[need.Name]
		}
		return tensors.FromFlatDataAndDimensions(labels, dims...)
	}
	var values []float32
	for _, in := range inputs {
		values = append(values, in.Floats[need.Name]...)
	}
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(widen(values), dims...)
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// arrayOf copies a float tensor out.
func arrayOf(t *tensors.Tensor) data.Array {
	a := data.Array{Shape: slices.Clone(t.Shape().Dimensions)}
	t.MustConstFlatData(func(flat any) {
		switch values := flat.(type) {
		case []float32:
			a.Float = slices.Clone(values)
		case []float64:
			for _, x := range values {
				a.Float = append(a.Float, float32(x))
			}
		case []int32:
			a.Int = slices.Clone(values)
		}
	})
	return a
}

// appendRows appends rows from..to-1 of every field.
func appendRows(out, made data.Batch, from, to int) {
	for name, a := range made {
		row := size(a.Shape[1:])
		have := out[name]
		if have.Shape == nil {
			have.Shape = append([]int{0}, a.Shape[1:]...)
		}
		have.Shape[0] += to - from
		if a.Int != nil {
			have.Int = append(have.Int, a.Int[from*row:to*row]...)
		} else {
			have.Float = append(have.Float, a.Float[from*row:to*row]...)
		}
		out[name] = have
	}
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
