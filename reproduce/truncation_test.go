package reproduce

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/metrics"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/gobackend"
)

// What trades variety for fidelity reaches the bars: fewer spoilt pictures and less variety the smaller the threshold. Samples that are
// the same at every threshold, and a trade the other way round, do not.
func TestTheJudgeOfTruncation(t *testing.T) {
	ops.Register()
	cpu, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	studio := &Studio{Backend: cpu, Cache: t.TempDir(), Say: t.Logf}
	judge := func(of func(threshold float64) (spoilt, variety float64)) Verdict {
		t.Helper()
		verdict, err := judgeTruncation(context.Background(), Exhibit{Set: dotSet(t), Studio: studio, Truncate: func(_ context.Context, _ int64, _ int, threshold float64) (data.Batch, error) {
			spoilt, variety := of(threshold)
			return discs(400, spoilt, variety), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return verdict
	}
	part := truncation().Parts[0]
	trade := func(threshold float64) (spoilt, variety float64) {
		return min(threshold, 1.2) / 2, min(threshold, 1.2) / 1.2
	}
	verdict := judge(trade)
	if got := standing(part, verdict.Figures); got != "reached" {
		t.Errorf("a trade of variety for fidelity: %s of %v", got, verdict.Figures)
	}
	for _, name := range []string{"precision, none", "recall, none"} {
		if share, ok := verdict.Real.Get(name); !ok || share < 0.8 {
			t.Errorf("%s of real pictures is %v", name, share)
		}
	}
	sheet, err := png.Decode(bytes.NewReader(verdict.Pictures["truncation"]))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sheet.Bounds().Dy(), len(thresholds)*(8+images.Padding)+images.Padding; got != want {
		t.Errorf("the sheet is %d high; %d rows are %d", got, len(thresholds), want)
	}
	for name, of := range map[string]func(float64) (float64, float64){
		"the same samples at every threshold": func(float64) (float64, float64) { return 0.2, 0.5 },
		"a trade the other way round":         func(threshold float64) (float64, float64) { return trade(1.3 - min(threshold, 1.2)) },
	} {
		if got := judge(of).Figures; standing(part, got) == "reached" {
			t.Errorf("%s reached the bars: %v", name, got)
		}
	}
}

// discs are pictures as of dots: a share is spoilt by noise, and the discs lie within a share of the height.
func discs(n int, spoilt, variety float64) data.Batch {
	random := rand.New(rand.NewPCG(3, 1))
	pictures := data.Array{Shape: []int{n, 8, 8, 1}, Float: make([]float32, n*64)}
	for i := range n {
		noise := 0.1
		if random.Float64() < spoilt {
			noise = 1
		}
		cx, cy := float64(2+4*(i%2)), 4+4*variety*(random.Float64()-0.5)
		for k := range 64 {
			v := -0.8
			if math.Hypot(float64(k%8)-cx, float64(k/8)-cy) < 1.8 {
				v = 0.8
			}
			pictures.Float[i*64+k] = float32(v + noise*random.NormFloat64())
		}
	}
	return data.Batch{data.Pictures: pictures}
}

func TestShapeOfACurve(t *testing.T) {
	figures, err := shapeOf([]metrics.PrecisionRecall{{Precision: 0.5, Recall: 0.5}, {Precision: 0.75, Recall: 0.25}, {Precision: 0.625, Recall: 0.375}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{gained: 0.125, lost: 0.125, rises: 0.5, falls: 0.5} { // ranks 1, 3, 2
		if got, ok := figures.Get(name); !ok || math.Abs(got-want) > 1e-15 {
			t.Errorf("%s is %v; want %v", name, got, want)
		}
	}
}
