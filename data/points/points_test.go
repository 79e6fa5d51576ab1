package points

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"image/png"
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

func find(t testing.TB, name string) Distribution {
	t.Helper()
	d, ok := Find(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return d
}

// A draw of a Gaussian in the plane is within 3 sigma of its centre with probability 1 - exp(-9/2) = 98.9 %; of 20,000 the standard
// deviation is 0.07 %.
func TestMixturesLieAtTheirModes(t *testing.T) {
	for name, modes := range map[string]int{"ring": 8, "grid": 25} {
		d := find(t, name)
		if len(d.Modes) != modes {
			t.Fatalf("%s has %d modes", name, len(d.Modes))
		}
		const n = 20000
		p := d.Draw(3, "test", n).Float
		good, count := 0, map[int]int{}
		for i := 0; i < len(p); i += 2 {
			best, at := math.Inf(1), 0
			for m, c := range d.Modes {
				if r := math.Hypot(float64(p[i])-c[0], float64(p[i+1])-c[1]); r < best {
					best, at = r, m
				}
			}
			count[at]++
			if best <= 3*d.Sigma {
				good++
			}
		}
		if share := float64(good) / n; math.Abs(share-0.9889) > 0.003 {
			t.Errorf("%s: %.4f within 3 sigma, want 0.9889", name, share)
		}
		for m := range d.Modes {
			want := float64(n) / float64(modes)
			if math.Abs(float64(count[m])-want) > 5*math.Sqrt(want) {
				t.Errorf("%s: mode %d has %d points, want about %.0f", name, m, count[m], want)
			}
		}
	}
}

func TestRingAndGridAreWhereTheyShouldBe(t *testing.T) {
	for _, m := range find(t, "ring").Modes {
		if math.Abs(math.Hypot(m[0], m[1])-1) > 1e-12 {
			t.Errorf("ring: %v is not on the circle", m)
		}
	}
	seen := map[[2]float64]bool{}
	for _, m := range find(t, "grid").Modes {
		seen[m] = true
	}
	for x := -4.0; x <= 4; x += 2 {
		for y := -4.0; y <= 4; y += 2 {
			if !seen[[2]float64{x, y}] {
				t.Errorf("grid: no mode at %g, %g", x, y)
			}
		}
	}
}

func TestCurvesKeepTheirShape(t *testing.T) {
	roll := find(t, "swissroll")
	p := roll.Draw(1, "test", 5000).Float
	for i := 0; i < len(p); i += 2 {
		// On the spiral the radius is the angle plus whole turns.
		r, angle := math.Hypot(float64(p[i]), float64(p[i+1])), math.Atan2(float64(p[i+1]), float64(p[i]))
		turns := math.Round((r - angle) / (2 * math.Pi))
		if off := math.Abs(r - angle - 2*math.Pi*turns); off > 6*roll.Sigma || r < 1.5*math.Pi-1.5 || r > 4.5*math.Pi+1.5 {
			t.Fatalf("swissroll: point %d is %.2f off the spiral at radius %.2f", i/2, off, r)
		}
	}
	both := find(t, "moons")
	p = both.Draw(1, "test", 5000).Float
	for i := 0; i < len(p); i += 2 {
		x, y := float64(p[i]), float64(p[i+1])
		upper, lower := math.Abs(math.Hypot(x, y)-1), math.Abs(math.Hypot(x-1, y-0.5)-1)
		if min(upper, lower) > 6*both.Sigma {
			t.Fatalf("moons: (%g, %g) is on neither", x, y)
		}
	}
}

func TestDrawDependsOnSeedAndStreamAlone(t *testing.T) {
	for _, d := range Distributions() {
		long := d.Draw(5, "a", 100)
		if short := d.Draw(5, "a", 10); !reflect.DeepEqual(short.Float, long.Float[:20]) {
			t.Errorf("%s: fewer points are not the beginning of more", d.Name)
		}
		if reflect.DeepEqual(long, d.Draw(6, "a", 100)) || reflect.DeepEqual(long, d.Draw(5, "b", 100)) {
			t.Errorf("%s: another seed or stream gives the same points", d.Name)
		}
	}
}

// The points of a seed are part of what a run records; they must not change.
func TestDrawStaysWhatItWas(t *testing.T) {
	want := map[string]string{"ring": "[0.0225 -0.9821 1.0024 0.0239]", "grid": "[-2.0268 -0.0671 -4.0119 -4.0279]", "swissroll": "[12.5741 1.6009 9.9747 8.7715]", "moons": "[-1.0034 0.1431 0.0740 1.0419]"}
	for _, d := range Distributions() {
		p := d.Draw(0, "train", 2).Float
		if got := fmt.Sprintf("%.4f", p); got != want[d.Name] {
			t.Errorf("%s: %s, want %s", d.Name, got, want[d.Name])
		}
	}
}

func TestLoadScalesToAboutOne(t *testing.T) {
	for _, d := range Distributions() {
		set, err := d.Load(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, set.Train.Len())
		for i := range all {
			all[i] = i
		}
		b := data.Batch{}
		if err := set.Train.Read(context.Background(), all, b); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range b[data.Points].Float {
			sum += float64(v) * float64(v)
		}
		if rms := math.Sqrt(sum / float64(len(b[data.Points].Float))); rms < 0.7 || rms > 1.3 {
			t.Errorf("%s: the root of the mean square is %.2f", d.Name, rms)
		}
		own, err := set.Codec.(Codec).Decode(b[data.Points])
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range d.Draw(0, "train", 100).Float {
			if math.Abs(float64(v-own.Float[i])) > 1e-5 {
				t.Fatalf("%s: decoded %g, drawn %g", d.Name, own.Float[i], v)
			}
		}
		if set.HeldOut.Len() != 5000 || set.Train.Len() != 20000 {
			t.Errorf("%s: %d + %d points", d.Name, set.Train.Len(), set.HeldOut.Len())
		}
	}
	if _, err := find(t, "ring").Load(context.Background(), Options{Count: 3}); err == nil {
		t.Error("three points are too few")
	}
}

func TestWriteCSV(t *testing.T) {
	c := Codec{Distribution: "moons", Shift: [2]float64{0.5, 0.25}, Scale: 2, Low: -2, High: 2}
	var out bytes.Buffer
	if err := c.WriteCSV(&out, data.Array{Shape: []int{2, 2}, Float: []float32{0, 0, 1, -1}}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][0] != "x" {
		t.Fatalf("%v, %v", rows, err)
	}
	for i, want := range []float64{0.5, 0.25, 2.5, -1.75} {
		if got, err := strconv.ParseFloat(rows[1+i/2][i%2], 64); err != nil || got != want {
			t.Errorf("number %d is %s, want %g", i, rows[1+i/2][i%2], want)
		}
	}
	for name, a := range map[string]data.Array{
		"shape": {Shape: []int{4}, Float: make([]float32, 4)}, "not a number": {Shape: []int{1, 2}, Float: []float32{0, float32(math.NaN())}},
	} {
		if err := c.WriteCSV(&out, a); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestScatterShowsBoth(t *testing.T) {
	c := Codec{Distribution: "ring", Scale: 1, Low: -1, High: 1}
	real := data.Array{Shape: []int{4, 2}, Float: []float32{-1, -1, -1, 1, 1, -1, 1, 1}}
	made := data.Array{Shape: []int{2, 2}, Float: []float32{0, 0, 50, 0}} // the second is far outside
	raw, err := c.ScatterPNG(real, made, 240)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	// The frame goes from -1.2 to 1.2, so a unit is 100 pixels.
	for name, at := range map[string][2]int{"real": {20, 20}, "real below": {20, 220}, "generated": {120, 120}, "outside": {238, 120}} {
		if r, g, b, _ := img.At(at[0], at[1]).RGBA(); r == 0xffff && g == 0xffff && b == 0xffff {
			t.Errorf("%s: nothing is drawn at %v", name, at)
		}
	}
	if r, g, b, _ := img.At(70, 70).RGBA(); r != 0xffff || g != 0xffff || b != 0xffff {
		t.Error("something is drawn where there is no point")
	}
	if _, err := c.Scatter(real, made, 3); err == nil {
		t.Error("a plot of three pixels")
	}
}

func Example() {
	ring, _ := Find("ring")
	set, err := ring.Load(context.Background(), Options{Count: 1000, HeldOut: 100})
	if err != nil {
		panic(err)
	}
	batch := data.Batch{}
	if err := set.Train.Read(context.Background(), []int{0, 1, 2}, batch); err != nil {
		panic(err)
	}
	own, err := set.Codec.(Codec).Decode(batch[data.Points]) // back to the ring's own units
	if err != nil {
		panic(err)
	}
	for i := range 3 {
		fmt.Printf("%.2f from the middle\n", math.Hypot(float64(own.Float[2*i]), float64(own.Float[2*i+1])))
	}
	// Output:
	// 0.98 from the middle
	// 1.00 from the middle
	// 0.99 from the middle
}
