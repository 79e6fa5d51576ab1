package gan

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// means is a pair whose critic's score is the mean of the picture, plus w.
func means() Pair {
	return Pair{
		Record: Records("pictures", 4, 4, 1), Latent: Normal("z", 2),
		Generator: func(net Net, z, _ *Node) *Node {
			shift := graph.Reshape(net.Weight("shift", layers.Constant(0.5)), 1, 1, 1, 1)
			return graph.BroadcastToDims(shift, z.Shape().Dimensions[0], 4, 4, 1)
		},
		Critic: func(net Net, x, _ *Node) *Node {
			return graph.Add(graph.ReduceMean(x, 1, 2, 3), net.Weight("w", layers.Constant(0)))
		},
	}
}

// Every four rounds p grows by batch x 4 / records where the mean sign of the scores of real records is above its target, falls below,
// and never under 0 (Karras 2020, section 3.1, and the authors' training loop).
func TestStrengthFollowsTheMeanSign(t *testing.T) {
	o := defaults(t)
	o.Technique.ADA, o.Technique.ADATarget, o.Technique.ADARecords, o.Technique.ADAEvery = "noise", 0.4, 64, 4
	o.Optim.Batch, o.Optim.Average, o.Optim.Rate = 4, 0, 1e-12
	table := play(t, game(t, means(), o), dtypes.Float64)
	picture := func(values ...float64) (all []float64) {
		for _, v := range values {
			for range 16 {
				all = append(all, v)
			}
		}
		return all
	}
	sets := [][]float64{picture(1, 1, 1, 1), picture(1, 1, 1, -1), picture(1, 1, -1, -1)} // mean signs 1, 0.5 and 0
	want, sum := 0.0, 0.0
	for round := range 24 {
		k := []int{0, 0, 1, 1, 2, 2}[round/4]
		if round%4 == 3 && round < 8 {
			k = 1 // signs 1, 1, 1, 0.5
		}
		table.given = map[string][]float64{"pictures": sets[k]}
		sum += []float64{1, 0.5, 0}[k]
		terms := table.play()
		if got := terms["critic/augmentation"]; math.Abs(got-want) > 1e-12 {
			t.Errorf("round %d is played with the strength %v, want %v", round+1, got, want)
		}
		if round%4 == 3 {
			if sum/4 > 0.4 {
				want += 4 * 4. / 64
			} else {
				want = max(0, want-4*4./64)
			}
			sum = 0
		}
		if got := flat(t, table.weights.Get(augmentStrength).Value)[0]; math.Abs(got-want) > 1e-12 {
			t.Errorf("after round %d the strength is %v, want %v", round+1, got, want)
		}
	}
	if want != 0.5 {
		t.Errorf("the strength ends at %v; the test was to go up four times and down twice", want)
	}
}

// Both players see changed pictures, real and generated ones each by draws of their own, and so does R1.
func TestEveryPassOfTheCriticIsAugmented(t *testing.T) {
	o := defaults(t)
	o.Technique.Diff, o.Penalty.R1, o.Optim.Batch = "color+cutout", 1, 4
	table := play(t, game(t, means(), o), dtypes.Float64)
	table.play()
	seen := map[string]int{}
	for _, d := range table.turn.Draws() {
		seen[d.Move+" "+d.Need.Name]++
	}
	for _, name := range []string{
		"critic augment/diff/brightness", "critic augment/diff/brightness#1", "critic augment/diff/brightness#2", "critic augment/diff/cutout/x", "generator augment/diff/brightness",
	} {
		if seen[name] != 1 {
			t.Errorf("%s is drawn %d times; drawn are %v", name, seen[name], seen)
		}
	}
}

func TestAugmentationNeedsPictures(t *testing.T) {
	pair := means()
	pair.Record = Records("points", 2)
	for key, set := range map[string]func(o *Options){
		"technique.ada": func(o *Options) { o.Technique.ADA = "bgc" }, "technique.diffaugment": func(o *Options) { o.Technique.Diff = "color" },
	} {
		o := defaults(t)
		set(&o)
		if _, err := pair.Game(o); err == nil || !contains(err, key) {
			t.Errorf("%s on points: %v", key, err)
		}
	}
}
