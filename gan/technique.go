package gan

import (
	"slices"

	"github.com/ganymede-gan/ganymede/layers"
)

// Technique holds what may be added to the players of any model. docs/techniques.md says what each is for.
type Technique struct {
	Spectral   string `toml:"spectral" default:"none" in:"none,critic,generator,both" help:"whose weights spectral normalisation divides by their largest singular value (Miyato 2018)"`
	WeightNorm string `toml:"weight-norm" default:"none" in:"none,critic,generator,both" help:"whose weights have a length of their own (Salimans and Kingma 2016)"`
}

// Hooks returns what stands between the layers and weights of a game's players: the scopes of its critics and of its generators.
func (t Technique) Hooks(critics, generators []string) map[string][]layers.Hook {
	hooks := map[string][]layers.Hook{}
	add := func(whose string, hook layers.Hook) {
		var scopes []string
		if whose == "critic" || whose == "both" {
			scopes = slices.Clone(critics)
		}
		if whose == "generator" || whose == "both" {
			scopes = append(scopes, generators...)
		}
		for _, scope := range scopes {
			hooks[scope] = append(hooks[scope], hook)
		}
	}
	add(t.WeightNorm, layers.WeightNorm{}.Hook)
	add(t.Spectral, layers.Spectral{}.Hook)
	return hooks
}
