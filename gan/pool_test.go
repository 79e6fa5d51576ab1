package gan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// imagePool is class ImagePool of the authors' code (junyanz/pytorch-CycleGAN-and-pix2pix, util/image_pool.py), line by line; the
// numbers that it draws are handed to it.
type imagePool struct {
	poolSize, numImgs int
	images            [][]float64
}

func (p *imagePool) query(images [][]float64, uniform func(i int) float64, randint func(i int) int) [][]float64 {
	if p.poolSize == 0 {
		return images
	}
	var returnImages [][]float64
	for i, image := range images {
		if p.numImgs < p.poolSize {
			p.numImgs++
			p.images = append(p.images, image)
			returnImages = append(returnImages, image)
			continue
		}
		if uniform(i) > 0.5 {
			randomID := randint(i)
			tmp := slices.Clone(p.images[randomID])
			p.images[randomID] = image
			returnImages = append(returnImages, tmp)
		} else {
			returnImages = append(returnImages, image)
		}
	}
	return returnImages
}

// pooling is a game whose critic sees [batch, 2] through a pool.
func pooling(batch, size int) *Game {
	return &Game{
		Batch: batch, Knobs: []Knob{{Name: "rate", Value: 0.1}}, Needs: []Need{Normal("x", 2)},
		Acts: []Act{{Moves: []Move{{
			Name: "critic", Owns: []string{"critic"}, Optimizer: SGD{}, Rate: "rate",
			Loss: func(r *Turn) *Node {
				seen := Pool(r, "fake", size, r.Need("x"))
				for i := range batch {
					for j := range 2 {
						r.Term(fmt.Sprint(i, " ", j), graph.Slice(seen, graph.AxisElem(i), graph.AxisElem(j)))
					}
				}
				return graph.ReduceAllMean(graph.Mul(seen, r.Net("critic").Weight("w", layers.Constant(1), 1, 2)))
			},
		}}}},
	}
}

func TestPoolIsTheAuthorsImagePool(t *testing.T) {
	for _, c := range []struct{ batch, size int }{{1, 4}, {3, 5}, {4, 2}, {2, 0}} {
		g := pooling(c.batch, c.size)
		p := play(t, g, dtypes.Float64)
		python := &imagePool{poolSize: c.size}
		swaps := 0
		for round := range 40 {
			terms := p.play()
			x := p.drawn["x critic 0"]
			chance := p.drawn["pool/fake critic 0"]
			var records [][]float64
			for i := range c.batch {
				records = append(records, x[2*i:2*i+2])
			}
			want := python.query(records, func(i int) float64 { return chance[2*i] },
				func(i int) int { return int(chance[2*i+1] * float64(c.size)) })
			for i, record := range want {
				if !slices.Equal(record, records[i]) {
					swaps++
				}
				near(t, fmt.Sprint("round ", round, ", record ", i), []float64{terms[fmt.Sprint("critic/", i, " 0")], terms[fmt.Sprint("critic/", i, " 1")]}, record, 0)
			}
			if round == 20 { // the memory is in the variables: another table goes on with them
				p = p.again()
			}
		}
		if total := 40*c.batch - c.size; c.size > 0 && (swaps < total/4 || swaps > 3*total/4) {
			t.Errorf("batch %d, size %d: %d of %d were swapped, and about half should be", c.batch, c.size, swaps, total)
		}
	}
}

// Leave: later moves see the value as it was before the step of the move that left it, turn by turn, and no gradient flows into it.
func TestLeave(t *testing.T) {
	weight := func(r *Turn, player string) *Node { return r.Net(player).Weight("w", layers.Constant(2)) }
	first := Move{Name: "first", Owns: []string{"a"}, Optimizer: SGD{}, Rate: "rate", Loss: func(r *Turn) *Node {
		made := graph.MulScalar(weight(r, "a"), 3)
		r.Leave("made", made)
		return made
	}}
	second := Move{Name: "second", Owns: []string{"a", "b"}, Optimizer: SGD{}, Rate: "rate", Times: 2, Loss: func(r *Turn) *Node {
		weight(r, "a") // met, so that a gradient could reach it
		return graph.Mul(r.Left("made", func() *Node { return graph.MulScalar(weight(r, "a"), 3) }), weight(r, "b"))
	}}
	game := func(moves ...Move) *Game {
		return &Game{Batch: 1, Knobs: []Knob{{Name: "rate", Value: 0.1}}, Acts: []Act{{Moves: moves}}}
	}
	p := play(t, game(first, second), dtypes.Float64)
	p.play()
	a := 2 - 0.1*3
	b := 2 - 0.1*(3*2) // the first turn sees what was made of the old a
	b -= 0.1 * (3 * a) // the second finds nothing left for it
	near(t, "a, b", slices.Concat(p.weight("a/w"), p.weight("b/w")), []float64{a, b}, 1e-15)

	p = play(t, game(second), dtypes.Float64) // alone it makes the value itself
	p.play()
	near(t, "a, b", slices.Concat(p.weight("a/w"), p.weight("b/w")), []float64{2, 2 - 2*0.1*6}, 1e-15)
}
