// Package layers holds the blocks that own variables: dense, convolution, normalisation, residual. In go a place in the
// tree of weights (a Net) and nodes of a graph, out come nodes; the variables are made on the way, each from the seed of
// its path. It knows nothing of players, losses, data or files.
package layers
