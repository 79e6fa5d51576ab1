package features_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

func TestOptionsAreDeclared(t *testing.T) {
	if err := config.Check(features.Options{}); err != nil {
		t.Fatal(err)
	}
}

func backend(t testing.TB) compute.Backend {
	t.Helper()
	ops.Register()
	b, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bars are pictures of 8x8 with one bright line and noise: class 0 lies, class 1 stands.
func bars(n int, seed uint64) (pictures data.Array, labels data.Array) {
	random := rand.New(rand.NewPCG(seed, 0))
	pictures = data.Array{Shape: []int{n, 8, 8, 1}, Float: make([]float32, n*64)}
	labels = data.Array{Shape: []int{n}, Int: make([]int32, n)}
	for i := range n {
		p := pictures.Float[i*64 : (i+1)*64]
		for k := range p {
			p[k] = float32(-0.8 + 0.2*random.NormFloat64())
		}
		at := random.IntN(8)
		labels.Int[i] = int32(random.IntN(2))
		for k := range 8 {
			if labels.Int[i] == 0 {
				p[at*8+k] = 0.9
			} else {
				p[k*8+at] = 0.9
			}
		}
	}
	return pictures, labels
}

func barSet(t testing.TB) *data.Set {
	t.Helper()
	codec := images.Codec{Side: 8, Channels: 1, Low: -1, High: 1, ClassNames: []string{"lying", "standing"}}
	set := &data.Set{Name: "bars", Codec: codec, Origin: data.Origin{Hash: "bars"}}
	for i, to := range []*data.Source{&set.Train, &set.HeldOut} {
		pictures, labels := bars(400-200*i, uint64(i))
		source, err := data.InMemory(codec.Fields(), data.Batch{data.Pictures: pictures, data.Labels: labels})
		if err != nil {
			t.Fatal(err)
		}
		*to = source
	}
	return set
}

// small is a classifier that learns bars in a second.
var small = features.Options{Filters: 8, Features: 16, Batch: 25, Epochs: 5, Rate: 0.01, Average: 0.9, Seed: 3}

func TestTheClassifierLearns(t *testing.T) {
	rounds := 0
	c, err := features.Train(context.Background(), backend(t), barSet(t), small, func(r train.Result, of int) {
		rounds++
		if r.Round != rounds || of != 80 { // 5 epochs of 400 pictures in batches of 25
			t.Errorf("told of round %d of %d after %d", r.Round, of, rounds)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if rounds != 80 || c.Tested != 200 || c.Accuracy < 0.97 {
		t.Errorf("after %d rounds %.1f %% of %d are right; wanted 97 %% of 200 after 80", rounds, 100*c.Accuracy, c.Tested)
	}
}

func TestFeaturesDoNotDependOnTheNeighbours(t *testing.T) {
	c, err := features.Train(context.Background(), backend(t), barSet(t), small, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pictures, _ := bars(40, 9) // more than a batch
	all, err := c.Judge(context.Background(), pictures)
	if err != nil {
		t.Fatal(err)
	}
	if all.Features.Size != 16 || all.Features.Len() != 40 || all.Logits.Size != 2 || all.Logits.Len() != 40 {
		t.Fatalf("40 pictures give features [%d, %d] and logits [%d, %d]", all.Features.Len(), all.Features.Size, all.Logits.Len(), all.Logits.Size)
	}
	alone, err := c.Judge(context.Background(), data.Array{Shape: []int{1, 8, 8, 1}, Float: pictures.Float[33*64 : 34*64]})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(alone.Features.Values, all.Features.Row(33)) || !slices.Equal(alone.Logits.Values, all.Logits.Row(33)) {
		t.Error("picture 33 is judged otherwise when it is alone")
	}
	if slices.Min(all.Features.Values) < 0 || math.IsNaN(float64(slices.Max(all.Features.Values))) {
		t.Error("features should come out of a ReLU")
	}
}

func TestTheCacheGivesTheSameClassifier(t *testing.T) {
	ctx, dir, set, cpu := context.Background(), t.TempDir(), barSet(t), backend(t)
	pictures, _ := bars(5, 8)
	rounds := 0
	get := func(o features.Options) (*features.Classifier, []float32) {
		t.Helper()
		c, err := features.Cached(ctx, dir, cpu, set, o, func(train.Result, int) { rounds++ })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		judged, err := c.Judge(ctx, pictures)
		if err != nil {
			t.Fatal(err)
		}
		return c, judged.Logits.Values
	}
	trained, logits := get(small)
	if rounds != 80 {
		t.Fatalf("%d rounds were played; wanted 80", rounds)
	}
	cached, again := get(small)
	if rounds != 80 {
		t.Error("it was trained again")
	}
	if !slices.Equal(logits, again) || trained.Accuracy != cached.Accuracy || trained.Tested != cached.Tested {
		t.Error("the classifier out of the cache is another one")
	}
	other := small
	other.Seed++
	if get(other); rounds != 160 {
		t.Errorf("with another seed %d rounds were played; wanted 80 more", rounds)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("the cache holds %v (%v); wanted two files", files, err)
	}
	for _, file := range files { // damaged files are made again
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)-3] ^= 1
		if err := os.WriteFile(file, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, healed := get(small); rounds != 240 || !slices.Equal(logits, healed) {
		t.Error("a damaged file was not replaced by the same classifier")
	}
}

func TestPicturesOfAnotherSizeAreRefused(t *testing.T) {
	c, err := features.Train(context.Background(), backend(t), barSet(t), features.Options{Filters: 1, Features: 2, Batch: 10, Epochs: 0.1, Rate: 0.01}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Judge(context.Background(), data.Array{Shape: []int{1, 9, 9, 1}, Float: make([]float32, 81)}); err == nil {
		t.Error("a picture of 9x9 was judged by a classifier of 8x8")
	}
}

func TestDataWithoutClassesOrTestPicturesIsRefused(t *testing.T) {
	unlabelled := barSet(t)
	unlabelled.Codec = images.Codec{Side: 8, Channels: 1, Low: -1, High: 1}
	untested := barSet(t)
	untested.HeldOut = data.Empty(untested.Codec.Fields())
	for what, set := range map[string]*data.Set{"no classes": unlabelled, "nothing held out": untested} {
		if _, err := features.Train(context.Background(), backend(t), set, small, nil); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func Example() {
	ctx := context.Background()
	ops.Register()
	cpu, _ := gobackend.New("ops_sequential")
	set := barSet(new(testing.T))
	classifier, _ := features.Train(ctx, cpu, set, small, nil)
	defer classifier.Close()

	pictures, _ := bars(1, 12)
	judged, _ := classifier.Judge(ctx, pictures)
	calls, _ := metrics.Call(judged.Logits)
	fmt.Println(set.Codec.Classes()[calls.Labels[0]], calls.Confidence[0] > 0.9)
	// Output: lying true
}
