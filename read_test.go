package ganymede

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

// A run's critic reads the codes of pictures, each by itself; a generator without its critic, and a critic that only scores, say that they
// cannot.
func TestCriticReadsCodes(t *testing.T) {
	ctx := context.Background()
	train := func(model string, set ...string) string {
		dir := filepath.Join(t.TempDir(), model)
		r := Request{Data: "fashion", Model: model, Run: dir, Rounds: 2, Set: append(set, "data.side=16", "filters=2", "latent=4", "optim.batch=4")}
		if _, err := Train(ctx, r); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	open := func(dir string, critic bool) *Generator {
		g, err := Open(dir, OpenOptions{Critic: critic})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Close)
		return g
	}
	dir := train("infogan", "hidden=8", "categories=3")
	reader := open(dir, true)
	samples, err := reader.Sample(ctx, SampleOptions{N: 6, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	pictures := samples[data.Pictures]
	all, err := reader.Read(ctx, pictures)
	if err != nil {
		t.Fatal(err)
	}
	if codes := all["codes"]; !slices.Equal(codes.Shape, []int{6, 3 + 2}) {
		t.Fatalf("codes of shape %v", codes.Shape)
	}
	size := len(pictures.Float) / 6
	last, err := reader.Read(ctx, data.Array{Shape: append([]int{1}, pictures.Shape[1:]...), Float: pictures.Float[5*size:]})
	if err != nil || !slices.Equal(last["codes"].Float, all["codes"].Float[25:]) {
		t.Errorf("a picture by itself has the codes %v, among others %v (%v)", last["codes"].Float, all["codes"].Float[25:], err)
	}
	for name, g := range map[string]*Generator{"without critic": open(dir, false), "only scores": open(train("dcgan"), true)} {
		if _, err := g.Read(ctx, pictures); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
