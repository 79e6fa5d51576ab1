package augment

import (
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// drawn are the numbers that a test draws under a name; what is given takes their place.
type drawn struct {
	g     *graph.Graph
	given map[string][]float64
}

func (d drawn) numbers(flat bool, name string, dims []int) oracle.Array {
	seed := fnv.New64a()
	seed.Write([]byte(name))
	a := oracle.Normal(seed.Sum64(), dims...)
	if flat {
		a = oracle.Uniform(seed.Sum64(), 0, 1, dims...)
	}
	if given, ok := d.given[name]; ok {
		copy(a.Data, given)
	}
	return a
}

func (d drawn) node(a oracle.Array) *Node {
	return graph.Reshape(graph.Const(d.g, a.Data), a.Dims...)
}

func (d drawn) Normal(name string, dims ...int) *Node  { return d.node(d.numbers(false, name, dims)) }
func (d drawn) Uniform(name string, dims ...int) *Node { return d.node(d.numbers(true, name, dims)) }

// run changes pictures with the given draws.
func run(t *testing.T, p Pipe, strength float64, x oracle.Array, given map[string][]float64) oracle.Array {
	t.Helper()
	a, err := oracle.Run(func(in []*graph.Node) *graph.Node {
		return p.On(drawn{in[0].Graph(), given}, in[0], graph.Const(in[0].Graph(), strength))
	}, []oracle.Array{x})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func near(t *testing.T, name string, got, want oracle.Array, tolerance float64) {
	t.Helper()
	if fmt.Sprint(got.Dims) != fmt.Sprint(want.Dims) {
		t.Fatalf("%s: shape %v, want %v", name, got.Dims, want.Dims)
	}
	for i := range want.Data {
		if d := math.Abs(got.Data[i] - want.Data[i]); !(d <= tolerance) {
			t.Fatalf("%s: element %d is %v, want %v", name, i, got.Data[i], want.Data[i])
		}
	}
}

// place is element (record, row, column, channel) of pictures.
func place(a oracle.Array, n, i, j, c int) *float64 {
	return &a.Data[((n*a.Dims[1]+i)*a.Dims[2]+j)*a.Dims[3]+c]
}

func like(x oracle.Array) oracle.Array {
	return oracle.Array{Dims: x.Dims, Data: make([]float64, len(x.Data))}
}

// permuted reads every pixel from another place, mirror images beyond the edges.
func permuted(x oracle.Array, from func(n, i, j int) (row, column int)) oracle.Array {
	y := like(x)
	for n := range x.Dims[0] {
		for i := range x.Dims[1] {
			for j := range x.Dims[2] {
				row, column := from(n, i, j)
				for c := range x.Dims[3] {
					*place(y, n, i, j, c) = *place(x, n, mirror(row, x.Dims[1]), mirror(column, x.Dims[2]), c)
				}
			}
		}
	}
	return y
}

func mirror(i, n int) int {
	if i < 0 {
		i = -i
	}
	if i >= n {
		i = 2*(n-1) - i
	}
	return i
}

// Pictures go to twice the resolution and back. The filter's even shifts are orthogonal, so whole pixels are moved exactly, mirror images
// beyond the edges; mirrored and turned they are read through a filter that is almost symmetric.
func TestShiftsMoveWholePixels(t *testing.T) {
	x := oracle.Normal(1, 4, 8, 8, 3)
	got := run(t, Pipe{Shift: 1}, 0.5, x, map[string][]float64{
		"shift/x": {1, 0, 0.5, 0.75}, "shift/y": {0.5, 1, 0.5, 0}, "shift/chance": {0, 0.4, 0, 0.6},
	})
	near(t, "shift", got, permuted(x, func(n, i, j int) (int, int) {
		// An eighth of 8 pixels is one: to the right; to the left and down; not at all, twice, the last since its chance is not drawn.
		move := [][2]int{{0, 1}, {1, -1}, {0, 0}, {0, 0}}[n]
		return i - move[0], j - move[1]
	}), 1e-9)
}

// The authors' pipeline written another way, for one picture and one inverse matrix: margins as small as they make them, zeros between,
// two-dimensional filters, and every output read by itself.
func reference(x oracle.Array, n int, m [3][3]float64) oracle.Array {
	side, channels := x.Dims[1], x.Dims[3]
	middle := float64(side-1) / 2
	var far [4]float64 // left, top, right, bottom of what the corners read
	for k, corner := range [][2]float64{{-middle, -middle}, {middle, -middle}, {middle, middle}, {-middle, middle}} {
		u := m[0][0]*corner[0] + m[0][1]*corner[1] + m[0][2]
		v := m[1][0]*corner[0] + m[1][1]*corner[1] + m[1][2]
		for e, d := range []float64{-u, -v, u, v} {
			if k == 0 || d > far[e] {
				far[e] = d
			}
		}
	}
	var margin [4]int
	for e, d := range far {
		margin[e] = int(math.Ceil(min(max(d+6-middle, 0), float64(side-1))))
	}
	width, height := side+margin[0]+margin[2], side+margin[1]+margin[3]
	up := oracle.Array{Dims: []int{1, 2 * height, 2 * width, channels}, Data: make([]float64, 4*height*width*channels)}
	for i := range 2 * height {
		for j := range 2 * width {
			for s := range 12 {
				for r := range 12 {
					// upfirdn: element k of what has zeros between lies 6 behind, and the filter is turned round.
					row, column := i+s-6, j+r-6
					if row < 0 || column < 0 || row%2 != 0 || column%2 != 0 || row/2 >= height || column/2 >= width {
						continue
					}
					weight := 4 * lowpass[11-s] * lowpass[11-r]
					for c := range channels {
						*place(up, 0, i, j, c) += weight * *place(x, n, mirror(row/2-margin[1], side), mirror(column/2-margin[0], side), c)
					}
				}
			}
		}
	}
	larger := 2 * (side + 6)
	read := oracle.Array{Dims: []int{1, larger, larger, channels}, Data: make([]float64, larger*larger*channels)}
	for i := range larger {
		for j := range larger {
			// In pixels of the old resolution, from the middle of the new picture; an up-sampled pixel k lies at k/2 - 1/4.
			u, v := (float64(j)+0.5-float64(larger)/2)/2, (float64(i)+0.5-float64(larger)/2)/2
			// The authors' matrices put the middles of both resolutions half an up-sampled pixel apart, before and after.
			u, v = u+0.25, v+0.25
			a := m[0][0]*u + m[0][1]*v + m[0][2] - 0.25
			b := m[1][0]*u + m[1][1]*v + m[1][2] - 0.25
			column := 2*(a+float64(margin[0])-float64(width)/2+float64(side)/2) + float64(width) - 0.5
			row := 2*(b+float64(margin[1])-float64(height)/2+float64(side)/2) + float64(height) - 0.5
			left, top := math.Floor(column), math.Floor(row)
			for _, corner := range [][2]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
				r, q := int(top+corner[0]), int(left+corner[1])
				if r < 0 || q < 0 || r >= 2*height || q >= 2*width {
					continue
				}
				weight := math.Abs(1-corner[0]-(row-top)) * math.Abs(1-corner[1]-(column-left))
				for c := range channels {
					*place(read, 0, i, j, c) += weight * *place(up, 0, r, q, c)
				}
			}
		}
	}
	y := oracle.Array{Dims: []int{1, side, side, channels}, Data: make([]float64, side*side*channels)}
	for i := range side {
		for j := range side {
			for s := range 12 {
				for r := range 12 {
					for c := range channels {
						*place(y, 0, i, j, c) += lowpass[s] * lowpass[r] * *place(read, 0, 2*i+s+1, 2*j+r+1, c)
					}
				}
			}
		}
	}
	return y
}

func multiply(ms ...[3][3]float64) [3][3]float64 {
	all := [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for _, m := range ms {
		var next [3][3]float64
		for i := range 3 {
			for j := range 3 {
				for k := range 3 {
					next[i][j] += all[i][k] * m[k][j]
				}
			}
		}
		all = next
	}
	return all
}

func scaling(x, y float64) [3][3]float64 { return [3][3]float64{{x, 0, 0}, {0, y, 0}, {0, 0, 1}} }
func moving(x, y float64) [3][3]float64  { return [3][3]float64{{1, 0, x}, {0, 1, y}, {0, 0, 1}} }
func turning(a float64) [3][3]float64 {
	return [3][3]float64{{math.Cos(a), -math.Sin(a), 0}, {math.Sin(a), math.Cos(a), 0}, {0, 0, 1}}
}

// Each change of places reads pictures by its matrix, and all of them by the product in the paper's order. The authors' margins are a
// little too small for the filter's tails where pictures shrink and turn, which is 1e-6 here; ours are as large as any can be.
func TestGeometryIsItsMatrix(t *testing.T) {
	const side = 9
	x := oracle.Normal(1, 2, side, side, 1)
	for i := range x.Data { // smooth enough that what lies beyond the edges matters as much as what lies inside
		x.Data[i] += math.Sin(float64(i) / 5)
	}
	always := []float64{0, 0}
	scale, angle, stretch, move := []float64{0.8, -1.1}, []float64{0.55, 0.2}, []float64{-0.7, 0.9}, []float64{0.5, -1}
	theta := func(n int) float64 { return (2*angle[n] - 1) * math.Pi }
	for name, c := range map[string]struct {
		pipe   Pipe
		given  map[string][]float64
		matrix func(n int) [3][3]float64
	}{
		"flip": {Pipe{Flip: 1}, map[string][]float64{"flip": {0.6, 0.4}, "flip/chance": always}, func(n int) [3][3]float64 {
			return scaling([]float64{-1, 1}[n], 1)
		}},
		"turn": {Pipe{Turn: 1}, map[string][]float64{"turn": {0.3, 0.9}, "turn/chance": always}, func(n int) [3][3]float64 {
			return turning([]float64{1, 3}[n] * math.Pi / 2)
		}},
		"scale": {Pipe{Scale: 1}, map[string][]float64{"scale": scale, "scale/chance": always}, func(n int) [3][3]float64 {
			s := math.Exp2(0.2 * scale[n])
			return scaling(1/s, 1/s)
		}},
		"rotate": {Pipe{Rotate: 1}, map[string][]float64{
			"rotate/before": angle, "rotate/before/chance": always, "rotate/after": {0.5, 0.5}, "rotate/after/chance": always,
		}, func(n int) [3][3]float64 { return turning(theta(n)) }},
		"stretch": {Pipe{Stretch: 1}, map[string][]float64{"stretch": stretch, "stretch/chance": always}, func(n int) [3][3]float64 {
			s := math.Exp2(0.2 * stretch[n])
			return scaling(1/s, s)
		}},
		"move": {Pipe{Move: 1}, map[string][]float64{"move/x": move, "move/y": {1, 0.3}, "move/chance": always}, func(n int) [3][3]float64 {
			return moving(-move[n]*side/8, -[]float64{1, 0.3}[n]*side/8)
		}},
		"all": {Pipes()["bg"], map[string][]float64{
			"flip": {0.7, 0.1}, "flip/chance": always, "turn": {0.3, 0.6}, "turn/chance": always, "shift/x": {0.9, 0.1}, "shift/y": {0.1, 0.8}, "shift/chance": always,
			"scale": scale, "scale/chance": always, "rotate/before": angle, "rotate/before/chance": always, "stretch": stretch, "stretch/chance": always,
			"rotate/after": {0.3, 0.9}, "rotate/after/chance": always, "move/x": move, "move/y": {1, 0.3}, "move/chance": always,
		}, func(n int) [3][3]float64 {
			s, e := math.Exp2(0.2*scale[n]), math.Exp2(0.2*stretch[n])
			round := func(u float64) float64 { return math.RoundToEven((2*u - 1) * 0.125 * side) }
			return multiply(
				scaling([]float64{-1, 1}[n], 1), turning(math.Pi/2*float64(n+1)), moving(-round([]float64{0.9, 0.1}[n]), -round([]float64{0.1, 0.8}[n])),
				scaling(1/s, 1/s), turning(theta(n)), scaling(1/e, e), turning((2*[]float64{0.3, 0.9}[n]-1)*math.Pi),
				moving(-move[n]*side/8, -[]float64{1, 0.3}[n]*side/8))
		}},
	} {
		got := run(t, c.pipe, 1, x, c.given)
		for n := range 2 {
			want := reference(x, n, c.matrix(n))
			near(t, fmt.Sprint(name, " ", n), oracle.Array{Dims: want.Dims, Data: got.Data[n*side*side : (n+1)*side*side]}, want, 1e-5)
		}
	}
}

// Each change of colours is its 4x4 matrix, and a picture of one channel has the mean of the rows.
func TestColoursAreTheirMatrix(t *testing.T) {
	always := []float64{0}
	value := 0.7
	dot := func(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
	v := [3]float64{1 / math.Sqrt(3), 1 / math.Sqrt(3), 1 / math.Sqrt(3)}
	cases := map[string]struct {
		pipe   Pipe
		draw   string
		grey   bool
		change func(c [3]float64) [3]float64
	}{
		"brightness": {Pipe{Brightness: 1}, "brightness", true, func(c [3]float64) [3]float64 {
			return [3]float64{c[0] + 0.2*value, c[1] + 0.2*value, c[2] + 0.2*value}
		}},
		"contrast": {Pipe{Contrast: 1}, "contrast", true, func(c [3]float64) [3]float64 {
			s := math.Exp2(0.5 * value)
			return [3]float64{c[0] * s, c[1] * s, c[2] * s}
		}},
		"luma": {Pipe{Luma: 1}, "luma", true, func(c [3]float64) [3]float64 { // the mirror image at the plane across the grey axis
			d := dot(c, v)
			return [3]float64{c[0] - 2*d*v[0], c[1] - 2*d*v[1], c[2] - 2*d*v[2]}
		}},
		"hue": {Pipe{Hue: 1}, "hue", false, func(c [3]float64) [3]float64 { // Rodrigues: c cos + (v x c) sin + v (v.c)(1 - cos)
			a := (2*value - 1) * math.Pi
			cross := [3]float64{v[1]*c[2] - v[2]*c[1], v[2]*c[0] - v[0]*c[2], v[0]*c[1] - v[1]*c[0]}
			var out [3]float64
			for i := range out {
				out[i] = c[i]*math.Cos(a) + cross[i]*math.Sin(a) + v[i]*dot(v, c)*(1-math.Cos(a))
			}
			return out
		}},
		"saturation": {Pipe{Saturation: 1}, "saturation", false, func(c [3]float64) [3]float64 { // away from grey
			s, grey := math.Exp2(value), (c[0]+c[1]+c[2])/3
			return [3]float64{grey + s*(c[0]-grey), grey + s*(c[1]-grey), grey + s*(c[2]-grey)}
		}},
	}
	for name, c := range cases {
		given := map[string][]float64{c.draw: {value}, c.draw + "/chance": always}
		x := oracle.Normal(2, 1, 4, 4, 3)
		want := like(x)
		for p := range 16 {
			out := c.change([3]float64(x.Data[3*p : 3*p+3]))
			copy(want.Data[3*p:], out[:])
		}
		near(t, name, run(t, c.pipe, 1, x, given), want, 1e-12)
		x = oracle.Normal(3, 1, 4, 4, 1)
		want = like(x)
		for p, v := range x.Data {
			want.Data[p] = v
			if c.grey {
				out := c.change([3]float64{v, v, v})
				want.Data[p] = (out[0] + out[1] + out[2]) / 3
			}
		}
		near(t, name+" of grey", run(t, c.pipe, 1, x, given), want, 1e-12)
	}
	// In the paper's order.
	given := map[string][]float64{}
	for _, c := range cases {
		given[c.draw], given[c.draw+"/chance"] = []float64{value}, always
	}
	x := oracle.Normal(2, 1, 4, 4, 3)
	want := like(x)
	for p := range 16 {
		out := [3]float64(x.Data[3*p : 3*p+3])
		for _, name := range []string{"brightness", "contrast", "luma", "hue", "saturation"} {
			out = cases[name].change(out)
		}
		copy(want.Data[3*p:], out[:])
	}
	near(t, "all", run(t, Pipes()["color"], 1, x, given), want, 1e-11)
}

// The bank splits a signal into four bands whose sum is the signal, each an octave below the other, and a gain of 1 changes nothing.
func TestFilterBank(t *testing.T) {
	filters := bank()
	for i := range 2*filterReach + 1 {
		total := 0.0
		for _, taps := range filters {
			total += taps[i]
			if math.Abs(taps[i]-taps[2*filterReach-i]) > 1e-15 {
				t.Errorf("a filter is not symmetric at %d", i)
			}
		}
		want := 0.0
		if i == filterReach {
			want = 1
		}
		if math.Abs(total-want) > 1e-11 {
			t.Errorf("tap %d of all bands is %v, want %v", i, total, want)
		}
	}
	gain := func(band int, frequency float64) float64 {
		sum := 0.0
		for i, tap := range filters[band] {
			sum += tap * math.Cos(2*math.Pi*frequency*float64(i-filterReach))
		}
		return sum
	}
	// Band 0 holds up to 1/16 of a cycle a pixel, band 3 from 1/4 to 1/2 (figure 23 of the paper).
	for band, middle := range []float64{0, 3. / 32, 3. / 16, 0.5} {
		for other := range bands {
			if g := gain(other, middle); other == band && g < 0.7 || other != band && g > 0.3 {
				t.Errorf("at frequency %v band %d has the gain %.2f", middle, other, g)
			}
		}
	}
	x := oracle.Normal(1, 2, 44, 44, 1)
	near(t, "no chance", run(t, Pipe{Filter: 1}, 0, x, nil), x, 1e-10)

	// A picture of one frequency, amplified in its band: the gain over the power that pictures have.
	wave := like(oracle.Normal(1, 1, 64, 64, 1))
	for i := range 64 {
		for j := range 64 {
			*place(wave, 0, i, j, 0) = math.Cos(math.Pi * float64(j)) // the highest along one axis, constant along the other
		}
	}
	given := map[string][]float64{"filter/3": {1}, "filter/3/chance": {0}}
	for band := range 3 {
		given[fmt.Sprintf("filter/%d/chance", band)] = []float64{1}
	}
	got := run(t, Pipe{Filter: 1}, 1, wave, given)
	norm := math.Sqrt((12. + 4) / 13) // of gains 1, 1, 1, 2
	if want := 2 / norm / norm; math.Abs(*place(got, 0, 32, 32, 0)-want) > 1e-9 {
		t.Errorf("the highest band becomes %v, want %v", *place(got, 0, 32, 32, 0), want)
	}
}

func TestCorruptions(t *testing.T) {
	x := oracle.Normal(1, 2, 8, 8, 3)
	given := map[string][]float64{"noise/deviation": {-2, 1}, "noise/chance": {0, 1}}
	noise := drawn{given: given}.numbers(false, "noise", x.Dims)
	want := like(x)
	for i, v := range x.Data {
		want.Data[i] = v
		if i < 192 {
			want.Data[i] += 0.1 * 2 * noise.Data[i]
		}
	}
	near(t, "noise", run(t, Pipe{Noise: 1}, 1, x, given), want, 1e-12)

	// A square of half the side, around (0.25, 0.75) of the picture; of the second record none.
	given = map[string][]float64{"cutout/x": {0.25, 0.5}, "cutout/y": {0.75, 0.5}, "cutout/chance": {0, 1}}
	want = like(x)
	for n := range 2 {
		for i := range 8 {
			for j := range 8 {
				for c := range 3 {
					if n == 1 || !(i >= 4 && j < 4) {
						*place(want, n, i, j, c) = *place(x, n, i, j, c)
					}
				}
			}
		}
	}
	near(t, "cutout", run(t, Pipe{Cutout: 1}, 1, x, given), want, 0)
}

// A change happens by p times its multiplier, and of two rotations one at least by p.
func TestChancesFollowTheStrength(t *testing.T) {
	const n, p = 4000, 0.3
	x := oracle.Uniform(1, 1, 1, n, 1, 1, 1)
	got := run(t, Pipe{Brightness: 0.5}, p, x, nil)
	changed := 0
	for _, v := range got.Data {
		if v != 1 {
			changed++
		}
	}
	// The deviation of a share of 0.15 in 4000 draws is 0.006.
	if share := float64(changed) / n; math.Abs(share-p*0.5) > 0.025 {
		t.Errorf("%.3f of the records are changed, want %.3f", share, p*0.5)
	}
	angles, err := oracle.Run(func(in []*graph.Node) *graph.Node {
		a := &augmenter{Pipe: Pipe{Rotate: 1}, random: drawn{in[0].Graph(), nil}, strength: graph.Const(in[0].Graph(), p), batch: n, side: 8, channels: 1}
		return graph.Add(a.geometry(), graph.MulScalar(graph.ReduceAllSum(in[0]), 0))
	}, []oracle.Array{x})
	if err != nil {
		t.Fatal(err)
	}
	turned := 0
	for i := range n {
		if angles.Data[9*i] != 1 {
			turned++
		}
	}
	if share := float64(turned) / n; math.Abs(share-p) > 0.03 {
		t.Errorf("%.3f of the records are turned, want %.3f", share, p)
	}
}

// DiffAugment's three policies, as its authors' code has them.
func TestDiffAugmentIsTheAuthorsFormula(t *testing.T) {
	const side = 8
	x := oracle.Normal(1, 2, side, side, 3)
	diff := func(policy string, given map[string][]float64) oracle.Array {
		a, err := oracle.Run(func(in []*graph.Node) *graph.Node { return Diff(drawn{in[0].Graph(), given}, policy, in[0]) }, []oracle.Array{x})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	brightness, saturation, contrast := []float64{0.2, 0.9}, []float64{0.4, 0.7}, []float64{0.1, 0.8}
	want := like(x)
	for n := range 2 {
		mean := 0.0
		for p := range side * side {
			k := (n*side*side + p) * 3
			grey := (x.Data[k] + x.Data[k+1] + x.Data[k+2]) / 3
			for c := range 3 {
				want.Data[k+c] = (x.Data[k+c]-grey)*2*saturation[n] + grey + brightness[n] - 0.5
				mean += want.Data[k+c] / (side * side * 3)
			}
		}
		for k := range side * side * 3 {
			i := n*side*side*3 + k
			want.Data[i] = (want.Data[i]-mean)*(contrast[n]+0.5) + mean
		}
	}
	near(t, "color", diff("color", map[string][]float64{"brightness": brightness, "saturation": saturation, "contrast": contrast}), want, 1e-12)

	// Of 8 pixels up to one each way: draws in thirds.
	want = like(x)
	for n, move := range [][2]int{{-1, 1}, {0, -1}} {
		for i := range side {
			for j := range side {
				row, column := i+move[0], j+move[1]
				for c := range 3 {
					if row >= 0 && row < side && column >= 0 && column < side {
						*place(want, n, i, j, c) = *place(x, n, row, column, c)
					}
				}
			}
		}
	}
	near(t, "translation", diff("translation", map[string][]float64{"translation/x": {0.9, 0.1}, "translation/y": {0.2, 0.5}}), want, 1e-12)

	// A square of 4 whose middle is drawn from 0 to 8: of the first at a corner, a quarter of it is inside.
	want = like(x)
	for n := range 2 {
		top, left := []int{-2, 2}[n], []int{6, 1}[n]
		for i := range side {
			for j := range side {
				for c := range 3 {
					if i < top || i >= top+4 || j < left || j >= left+4 {
						*place(want, n, i, j, c) = *place(x, n, i, j, c)
					}
				}
			}
		}
	}
	near(t, "cutout", diff("cutout", map[string][]float64{"cutout/y": {0, 0.5}, "cutout/x": {0.99, 0.35}}), want, 0)
}

// A critic's slope goes through all changes, to second order: R1 needs it.
func TestAugmentationDifferentiates(t *testing.T) {
	fn := func(in []*graph.Node) *graph.Node {
		random := drawn{in[0].Graph(), nil}
		y := Pipes()["bgc"].On(random, in[0], graph.Const(in[0].Graph(), 0.9))
		y = Diff(random, "color,translation,cutout", y)
		return graph.Mul(y, graph.Square(y))
	}
	oracle.Gradients(t, fn, []oracle.Array{oracle.Normal(1, 1, 6, 6, 3)}, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(6))
}
