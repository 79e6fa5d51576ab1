package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// draw makes the inputs that a round draws. Records come in an order of their own for each move, latents from a stream
// of their own for each turn: both depend on seed and round alone, so a resumed run needs no state.
func (t *Trainer) draw(ctx context.Context, p *program, act, within int) (drawn []*tensors.Tensor, err error) {
	drawn = make([]*tensors.Tensor, len(p.draws))
	moves := map[string]gan.Move{}
	for _, move := range t.Game.Acts[act].Moves {
		moves[move.Name] = move
	}
	loaded, batch := "", t.Game.Records(act)
	for i, d := range p.draws {
		if d.Need.Kind != gan.Record {
			random := layers.Stream(t.Seed, "draw", d.Need.Name, d.Move, strconv.Itoa(t.round), strconv.Itoa(d.Turn))
			a := t.sample(random, d.Need, batch)
			if drawn[i], err = onDevice(t.Backend, a, t.Weights.DType); err != nil {
				return nil, err
			}
			continue
		}
		// All fields of a turn's records come from the same records, unless a need is drawn apart; draws of one turn mostly follow each other.
		order, source, turn := t.Game.Acts[act].Name+"/"+d.Move, t.Source, moves[d.Move].Made(within)+d.Turn
		if d.Need.Apart {
			order, source = order+"/"+d.Need.Name, data.Part(t.Source, d.Need.Name)
		}
		if from := order + " " + strconv.Itoa(turn); from != loaded {
			if err := t.load(ctx, source, order, turn, batch); err != nil {
				return nil, err
			}
			loaded = from
		}
		field, ok := t.batch[d.Need.Name]
		if !ok {
			return nil, fmt.Errorf("train: the game needs the field %q, and the data has none of that name", d.Need.Name)
		}
		if drawn[i], err = onDevice(t.Backend, field, t.Weights.DType); err != nil {
			return nil, err
		}
	}
	return drawn, nil
}

// load reads the records of the turn-th batch of a source in the order of that name.
func (t *Trainer) load(ctx context.Context, source data.Source, name string, turn, batch int) error {
	order := t.orders[name]
	if order == nil {
		order = data.NewOrder(uint64(t.Seed), name, source.Len())
		if t.orders == nil {
			t.orders, t.batch = map[string]*data.Order{}, data.Batch{}
		}
		t.orders[name] = order
	}
	return source.Read(ctx, order.Indices(int64(turn)*int64(batch), batch), t.batch)
}

// onDevice copies an array to the backend, and nowhere else on the way.
func onDevice(backend compute.Backend, a data.Array, dtype dtypes.DType) (*tensors.Tensor, error) {
	var flat any = a.Float
	switch {
	case a.Int != nil:
		flat, dtype = a.Int, dtypes.Int32
	case dtype == dtypes.Float64:
		flat = widen(a.Float)
	}
	buffer, err := backend.BufferFromFlatData(0, flat, shapes.Make(dtype, a.Shape...))
	if err != nil {
		return nil, err
	}
	return tensors.FromBuffer(buffer)
}

func widen(single []float32) []float64 {
	double := make([]float64, len(single))
	for i, x := range single {
		double[i] = float64(x)
	}
	return double
}

// sample draws a need for a batch. The numbers are good until the next sample.
func (t *Trainer) sample(random *rand.Rand, need gan.Need, batch int) data.Array {
	dims := append([]int{batch}, need.Shape...)
	size := 1
	for _, d := range dims {
		size *= d
	}
	if need.Discrete() {
		labels := make([]int32, size)
		for i := range labels {
			labels[i] = int32(random.IntN(need.Classes))
		}
		return data.Array{Shape: dims, Int: labels}
	}
	t.drawn = slices.Grow(t.drawn[:0], size)[:size]
	fill(random, need, t.drawn)
	return data.Array{Shape: dims, Float: t.drawn}
}

// fill draws the numbers of a need.
func fill(random *rand.Rand, need gan.Need, values []float32) {
	for i := range values {
		switch need.Kind {
		case gan.Gaussian:
			values[i] = float32(random.NormFloat64())
		case gan.Given:
			values[i] = float32(need.Value)
		default:
			values[i] = random.Float32()
		}
	}
}
