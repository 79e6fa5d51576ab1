//go:build xla

package ganymede

import (
	"context"
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/train"
)

// TestXLATrains plays rounds of a convolutional GAN through the plugin that GANYMEDE_XLA_PLUGIN names, and compares the first
// losses with the cpu backend's: the same seed gives the same weights and latents on every backend.
func TestXLATrains(t *testing.T) {
	if os.Getenv(XLAPlugin) == "" {
		t.Skipf("%s does not name a PJRT plugin", XLAPlugin)
	}
	losses := func(backend string) []float64 {
		var all []float64
		_, err := Train(context.Background(), Request{
			Data: "fashion", Model: "dcgan", Run: t.TempDir() + "/run", Rounds: 2, Seed: 1, Backend: backend,
			Set: []string{"filters=8", "optim.batch=16"},
			Observe: func(e train.Event) {
				if e.Kind == train.Played {
					for _, term := range e.Result.Terms {
						all = append(all, term.Value)
					}
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	ours, xlas := losses("cpu"), losses("xla")
	if len(ours) == 0 || len(ours) != len(xlas) {
		t.Fatalf("%d and %d losses", len(ours), len(xlas))
	}
	for i := range ours {
		if diff := ours[i] - xlas[i]; diff > 1e-3*(1+ours[i]) || diff < -1e-3*(1+ours[i]) {
			t.Errorf("loss %d: cpu %v, xla %v", i, ours[i], xlas[i])
		}
	}
}
