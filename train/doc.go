// Package train plays games. In go a game, weights, data and a backend, out come rounds: their terms, changed weights,
// checkpoints in a run's folder and samples from fixed latents. It knows games, not models; it knows neither flags nor
// terminals.
package train
