package began

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// noise is eight pictures of 16x16.
func noise(t *testing.T) (data.Field, data.Source) {
	t.Helper()
	random := layers.Stream(1, "pictures")
	pictures := make([]float32, 8*16*16)
	for i := range pictures {
		pictures[i] = 2*random.Float32() - 1
	}
	field := data.Field{Name: data.Pictures, Shape: []int{16, 16, 1}, Low: -1, High: 1}
	source, err := data.InMemory([]data.Field{field}, data.Batch{data.Pictures: {Shape: []int{8, 16, 16, 1}, Float: pictures}})
	if err != nil {
		t.Fatal(err)
	}
	return field, source
}

// The losses and k of section 3.4, from what each round reports.
func TestTheBalanceFollowsItsFormula(t *testing.T) {
	backend, err := engine.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	field, source := noise(t)
	o := &Options{Latent: 3, Filters: 2, Gamma: 0.7, Step: 0.5} // a step that is seen
	shared := config.Default[gan.Options]()
	shared.Optim.Batch = 4
	game, err := o.Game(gan.Data{Field: data.Pictures, Shape: field.Shape}, shared)
	if err != nil {
		t.Fatal(err)
	}
	trainer := &train.Trainer{Game: game, Weights: layers.NewWeights(1), Backend: backend, Source: source, Seed: 1, Rounds: 6}
	defer trainer.Finalize()
	k, moved := 0.0, false
	for range 6 {
		result, err := trainer.Play(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		get := func(name string) float64 {
			value, ok := result.Get(name)
			if !ok {
				t.Fatalf("%s is not reported; there are %v", name, result.Terms)
			}
			return value
		}
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-6 {
				t.Errorf("round %d: %s is %v, want %v", result.Round, what, got, want)
			}
		}
		real, fake := get("critic/real"), get("generator/loss")
		near("the critic's loss", get("critic/loss"), real-k*get("critic/fake"))
		near("the measure of convergence", get("generator/convergence"), real+math.Abs(o.Gamma*real-fake))
		k = max(0, min(1, k+o.Step*(o.Gamma*real-fake)))
		near("k", get("generator/k"), k)
		moved = moved || k > 0
	}
	if !moved {
		t.Error("k has not moved, so that nothing was tested")
	}
}

// The rates are halved when the running mean of the measure of convergence has not fallen by a hundredth for so many rounds: worked out
// here from the measure that each round reports. A step of gradient descent has the length that the halved rate gives it.
func TestRatesAreHalvedWhereConvergenceStalls(t *testing.T) {
	backend, err := engine.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	field, source := noise(t)
	o := &Options{Latent: 3, Filters: 2, Gamma: 0.5, Step: 0.001, Patience: 3}
	shared := config.Default[gan.Options]()
	shared.Optim.Batch, shared.Optim.Algorithm, shared.Optim.Rate = 4, "sgd", 0.01
	game, err := o.Game(gan.Data{Field: data.Pictures, Shape: field.Shape}, shared)
	if err != nil {
		t.Fatal(err)
	}
	trainer := &train.Trainer{Game: game, Weights: layers.NewWeights(1), Backend: backend, Source: source, Seed: 1, Rounds: 20}
	defer trainer.Finalize()
	critic := func() (values []float64) {
		for _, v := range trainer.Weights.All("critic") {
			if v.Value == nil {
				return nil
			}
			single, err := tensors.CopyFlatData[float32](v.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range single {
				values = append(values, float64(x))
			}
		}
		return values
	}
	mean, lowest, since, pace := 0.0, math.Inf(1), 0, 1.0
	for round := range 20 {
		before, used := critic(), pace
		result, err := trainer.Play(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if before != nil {
			length := 0.0
			for i, x := range critic() {
				length += (x - before[i]) * (x - before[i])
			}
			gradient, _ := result.Get("critic/gradient")
			if got, want := math.Sqrt(length), 0.01*used*gradient; math.Abs(got-want) > 1e-3*want {
				t.Errorf("round %d: the critic's step is %v long, want %v", result.Round, got, want)
			}
		}
		measure, _ := result.Get("generator/convergence")
		mean += (measure - mean) * max(1/float64(round+1), 0.01)
		since++
		if mean < 0.99*lowest {
			lowest, since = mean, 0
		}
		if since >= 3 {
			pace, lowest, since = pace/2, mean, 0
		}
		if got, _ := result.Get("generator/pace"); got != pace {
			t.Errorf("round %d: the pace is %v, want %v", result.Round, got, pace)
		}
	}
	if pace == 1 || pace < 1.0/64 {
		t.Errorf("the pace ends at %v: nothing was tested", pace)
	}
}

func TestWhatOwnLossesDoNotActOnIsRefused(t *testing.T) {
	shared := config.Default[gan.Options]()
	shared.Objective, shared.Penalty.R1 = "hinge", 1
	o := config.Default[Options]()
	if _, err := o.Game(gan.Data{Field: data.Pictures, Shape: []int{32, 32, 3}}, shared); err == nil {
		t.Error("an objective and a penalty are taken, and do nothing")
	}
}
