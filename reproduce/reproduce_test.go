package reproduce

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/gobackend"
)

func TestTheTableIsSound(t *testing.T) {
	for _, e := range Table() {
		if e.Title == "" || e.Claim == "" || (len(e.Data) == 0) == (e.Make == nil) || len(e.Parts) == 0 || e.Judge.Protocol == "" {
			t.Errorf("%s says too little of itself", e.Name)
		}
		names := map[string]bool{}
		for _, p := range e.Parts {
			if names[p.Name] || p.Rounds < 1 || len(p.Seeds) == 0 {
				t.Errorf("%s/%s is there twice, or has no rounds or no seeds", e.Name, p.Name)
			}
			names[p.Name] = true
			if _, err := models.Find(p.Model); err != nil {
				t.Errorf("%s/%s: %v", e.Name, p.Name, err)
			}
			for _, bar := range p.Bars {
				if bar.Least == 0 && bar.Most == 0 {
					t.Errorf("%s/%s: the bar of %s bounds nothing", e.Name, p.Name, bar.Figure)
				}
			}
		}
	}
}

func TestBars(t *testing.T) {
	figures := Figures{{"x", 0.5}}
	for _, c := range []struct {
		bar  Bar
		want bool
	}{
		{Bar{"x", 0.5, 0}, true}, {Bar{"x", 0.51, 0}, false}, {Bar{"x", 0, 0.5}, true}, {Bar{"x", 0, 0.49}, false},
		{Bar{"x", 0.4, 0.6}, true}, {Bar{"y", 0, 1}, false},
	} {
		if got := c.bar.Reached(figures); got != c.want {
			t.Errorf("x = 0.5: %s %s is reached: %v", c.bar.Figure, c.bar.words(), got)
		}
	}
	if bar := (Bar{"x", math.Inf(-1), 1}); bar.Reached(Figures{{"x", math.NaN()}}) {
		t.Error("NaN reached a bar")
	}
}

func TestFindSuggests(t *testing.T) {
	if _, err := Find("rnig"); err == nil || !strings.Contains(err.Error(), "did you mean ring?") {
		t.Errorf("got %v", err)
	}
	ring, err := Find("ring")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Part("dcgan"); err == nil || !strings.Contains(err.Error(), "it has wgan-gp, vanilla") {
		t.Errorf("got %v", err)
	}
}

func TestRealPointsPassTheJudgeOfModes(t *testing.T) {
	ctx := context.Background()
	d, _ := points.Find("grid")
	set, err := d.Load(ctx, points.Options{})
	if err != nil {
		t.Fatal(err)
	}
	indices := make([]int, pointsJudged)
	for i := range indices {
		indices[i] = i
	}
	samples := data.Batch{}
	if err := set.Train.Read(ctx, indices, samples); err != nil {
		t.Fatal(err)
	}
	verdict, err := judgeModes(ctx, Exhibit{Samples: samples, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	for _, figures := range []Figures{verdict.Figures, verdict.Real} {
		share, _ := figures.Get(good)
		n, _ := figures.Get(modes)
		rare, _ := figures.Get(rarest)
		// 2,500 points: 0.9889 with a deviation of 0.0021; a mode has 99 good points with a deviation of 10.
		if math.Abs(share-0.9889) > 0.0084 || n != 25 || rare < 0.55 || rare > 1 {
			t.Errorf("real points: %v", figures)
		}
	}
	collapsed := data.Batch{data.Points: {Shape: []int{2, 2}, Float: make([]float32, 4)}} // the centre of one mode
	verdict, err = judgeModes(ctx, Exhibit{Samples: collapsed, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	if kl, _ := verdict.Figures.Get(evenness); math.Abs(kl-math.Log(25)) > 1e-12 {
		t.Errorf("all samples on one mode of 25 are ln 25 from even, not %g", kl)
	}
}

// dots are pictures of 8x8 with a bright disc at the left (class 0) or the right (class 1), and noise.
func dots(n int, seed uint64, noise float64) data.Batch {
	random := rand.New(rand.NewPCG(seed, 1))
	pictures := data.Array{Shape: []int{n, 8, 8, 1}, Float: make([]float32, n*64)}
	labels := data.Array{Shape: []int{n}, Int: make([]int32, n)}
	for i := range n {
		labels.Int[i] = int32(i % 2)
		cx, cy := float64(2+4*(i%2)), 2+4*random.Float64()
		for k := range 64 {
			v := -0.8
			if math.Hypot(float64(k%8)-cx, float64(k/8)-cy) < 1.8 {
				v = 0.8
			}
			pictures.Float[i*64+k] = float32(v + noise*random.NormFloat64())
		}
	}
	return data.Batch{data.Pictures: pictures, data.Labels: labels}
}

func dotSet(t *testing.T) *data.Set {
	t.Helper()
	codec := images.Codec{Side: 8, Channels: 1, Low: -1, High: 1, ClassNames: []string{"left", "right"}}
	set := &data.Set{Name: "dots", Codec: codec, Origin: data.Origin{Hash: "dots"}}
	for i, source := range []*data.Source{&set.Train, &set.HeldOut} {
		made, err := data.InMemory(codec.Fields(), dots(600-400*i, uint64(i), 0.1))
		if err != nil {
			t.Fatal(err)
		}
		*source = made
	}
	return set
}

func TestTheJudgeOfClasses(t *testing.T) {
	ops.Register()
	cpu, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	studio := &Studio{Backend: cpu, Cache: t.TempDir(), Say: t.Logf}
	set := dotSet(t)
	judge := func(samples data.Batch) Figures {
		t.Helper()
		verdict, err := judgeClasses(context.Background(), Exhibit{Samples: samples, Asked: samples[data.Labels].Int, Set: set, Studio: studio})
		if err != nil {
			t.Fatal(err)
		}
		if share, _ := verdict.Real.Get(agreement); share < 0.99 {
			t.Errorf("the classifier knows %.3f of the real pictures; they are easy", share)
		}
		for _, name := range []string{"samples", real, "nearest"} {
			sheet, err := png.Decode(bytes.NewReader(verdict.Pictures[name]))
			if err != nil || sheet.Bounds().Dx() != 8*(8+images.Padding)+images.Padding {
				t.Errorf("the sheet %q is no sheet of 8 pictures a row: %v", name, err)
			}
		}
		return verdict.Figures
	}
	get := func(figures Figures, name string) float64 {
		value, ok := figures.Get(name)
		if !ok {
			t.Fatalf("there is no figure %q in %v", name, figures)
		}
		return value
	}

	more := judge(dots(100, 7, 0.1)) // more of the same
	if get(more, confident) < 0.95 || get(more, smallest) != 0.5 || get(more, agreement) < 0.99 || get(more, spread) < 0.8 || get(more, closest) == 0 {
		t.Errorf("other real pictures are judged %v", more)
	}

	collapsed := dots(100, 8, 0.1) // one picture a class
	pictures := collapsed[data.Pictures].Float
	for i := 2; i < 100; i++ {
		copy(pictures[i*64:(i+1)*64], pictures[i%2*64:])
	}
	if figures := judge(collapsed); get(figures, spread) != 0 {
		t.Errorf("one picture a class has the spread %g", get(figures, spread))
	}

	known := data.Batch{} // training pictures by heart, all of one class
	indices := make([]int, 50)
	for i := range indices {
		indices[i] = 2 * i
	}
	if err := set.Train.Read(context.Background(), indices, known); err != nil {
		t.Fatal(err)
	}
	known[data.Labels] = data.Array{Shape: []int{50}, Int: make([]int32, 50)}
	figures := judge(known)
	if get(figures, nearest) != 0 || get(figures, closest) != 0 {
		t.Errorf("training pictures are %g from the nearest training picture", get(figures, nearest))
	}
	if get(figures, smallest) != 0 || get(figures, largest) != 1 || get(figures, spread) != 0 {
		t.Errorf("pictures of one class are judged %v", figures)
	}
}

func TestThePageSaysWhatWasMissed(t *testing.T) {
	ring, _ := Find("ring")
	dir := t.TempDir()
	folder := filepath.Join(dir, "results")
	put := func(seed int64, share float64, files map[string]string) {
		t.Helper()
		p := ring.Parts[0]
		r := &Record{
			Experiment: "ring", Part: p.Name, Seed: seed, Model: p.Model, Set: append([]string{}, p.Set...), Config: strings.Repeat("a", 64), Rounds: p.Rounds,
			Logged: p.Rounds, Seconds: 61, Commit: "0123456789ab", Backend: "cpu", Figures: Figures{{good, share}, {modes, 8}}, Real: Figures{{good, 0.989}, {modes, 8}},
			Data: Data{Name: "ring", Attribution: "Somebody, CC BY"}, Pictures: []string{fmt.Sprintf("wgan-gp-%d-samples.png", seed)},
		}
		raw, err := r.marshal()
		if err != nil {
			t.Fatal(err)
		}
		files[r.stem()+".json"] = string(raw)
		files[r.stem()+".rounds.jsonl"] = fmt.Sprintf("{\"round\":%d}\n", p.Rounds)
		for name, content := range files {
			path := filepath.Join(folder, "ring", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(1, 0.97, map[string]string{"wgan-gp-1.txt": "The modes are a little narrow.\n"})
	put(2, 0.85, map[string]string{})
	page := filepath.Join(dir, "results.md")
	omitted, err := Write(page, folder)
	if err != nil || len(omitted) != 0 {
		t.Fatal(err, omitted)
	}
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| wgan-gp | 1 | 0.97 | 8 | reached | 8000 | 1m1s | [json](results/ring/wgan-gp-1.json) |",
		"| wgan-gp | 2 | 0.85 | 8 | **missed**: good 0.85 (at least 0.9) | 8000 |",
		"| real data | | 0.989 | 8 |",
		"good at least 0.9 (worst 0.85). Reached in 1 of 2 seeds.",
		"The modes are a little narrow.",
		"![samples](results/ring/wgan-gp-1-samples.png",
		"The pictures derive from: Somebody, CC BY.",
		"## MNIST", "No record counts yet.",
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestRecordsThatCannotBeWrittenAreErrors(t *testing.T) {
	r := &Record{Figures: Figures{{"x", math.NaN()}}}
	if _, err := r.marshal(); err == nil {
		t.Error("NaN was written as JSON")
	}
}

func ExampleFind() {
	ring, _ := Find("ring")
	for _, part := range ring.Parts {
		fmt.Println(part.Name, part.Rounds, "rounds,", len(part.Seeds), "seeds")
	}
	// Output:
	// wgan-gp 8000 rounds, 3 seeds
	// vanilla 8000 rounds, 3 seeds
}
