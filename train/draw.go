package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// draw makes the inputs that a round draws. Records come in an order of their own for each move, latents from a stream
// of their own for each turn: both depend on seed and round alone, so a resumed run needs no state.
func (t *Trainer) draw(ctx context.Context, p *program, act, within int) ([]*tensors.Tensor, error) {
	drawn := make([]*tensors.Tensor, len(p.draws))
	moves := map[string]gan.Move{}
	for _, move := range t.Game.Acts[act].Moves {
		moves[move.Name] = move
	}
	loaded, batch := "", t.Game.Records(act)
	for i, d := range p.draws {
		if d.Need.Kind != gan.Record {
			random := layers.Stream(t.Seed, "draw", d.Need.Name, d.Move, strconv.Itoa(t.round), strconv.Itoa(d.Turn))
			drawn[i] = sample(random, d.Need, batch, t.Weights.DType)
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
		drawn[i] = tensorOf(field, t.Weights.DType)
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

// tensorOf copies an array into a tensor.
func tensorOf(a data.Array, dtype dtypes.DType) *tensors.Tensor {
	switch {
	case a.Int != nil:
		return tensors.FromFlatDataAndDimensions(a.Int, a.Shape...)
	case dtype == dtypes.Float64:
		return tensors.FromFlatDataAndDimensions(widen(a.Float), a.Shape...)
	default:
		return tensors.FromFlatDataAndDimensions(a.Float, a.Shape...)
	}
}

func widen(single []float32) []float64 {
	double := make([]float64, len(single))
	for i, x := range single {
		double[i] = float64(x)
	}
	return double
}

// sample draws a need for a batch.
func sample(random *rand.Rand, need gan.Need, batch int, dtype dtypes.DType) *tensors.Tensor {
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
		return tensors.FromFlatDataAndDimensions(labels, dims...)
	}
	values := make([]float32, size)
	fill(random, need, values)
	return tensorOf(data.Array{Shape: dims, Float: values}, dtype)
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
