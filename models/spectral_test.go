package models_test

import (
	"math"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// matrixOf is a kernel as the matrix [everything else, outputs].
func matrixOf(t testing.TB, w *layers.Weights, path string) *mat.Dense {
	t.Helper()
	v := w.Get(path)
	single, err := tensors.CopyFlatData[float32](v.Value)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, len(single))
	for i, x := range single {
		values[i] = float64(x)
	}
	columns := v.Shape.Dimensions[v.Shape.Rank()-1]
	return mat.NewDense(len(values)/columns, columns, values)
}

// normalised returns the largest singular value, by SVD, of the weight that a layer sees: the kernel over |Wu|/|u|, with the vector u that
// training has followed.
func normalised(t testing.TB, w *layers.Weights, path string) float64 {
	t.Helper()
	kernel, u := matrixOf(t, w, path), matrixOf(t, w, path+"/u")
	var image mat.Dense
	image.Mul(kernel, u.T())
	estimate := mat.Norm(&image, 2) / mat.Norm(u, 2)
	var svd mat.SVD
	if !svd.Factorize(kernel, mat.SVDNone) {
		t.Fatal("the SVD does not converge")
	}
	return svd.Values(nil)[0] / estimate
}

// After a thousand rounds the one step of the power iteration a pass has kept up: every normalised matrix of the critic has a largest
// singular value within 2 % of 1, while the kernels themselves do not.
func TestSpectralNormKeepsUp(t *testing.T) {
	model, err := models.Find("sngan")
	if err != nil {
		t.Fatal(err)
	}
	s := figures(t, 16, 1, 64)
	game, err := configure(t, model, "filters=4", "critic-filters=8", "latent=4", "optim.batch=4", "optim.critic-steps=1").game(s.shape)
	if err != nil {
		t.Fatal(err)
	}
	tr := trainer(t, backend(t), game, s, 1000)
	run(t, tr, 1000)
	checked, raw := 0, 0.0
	for _, v := range tr.Weights.All("critic") {
		if !strings.HasSuffix(v.Path, "/u") {
			continue
		}
		path := strings.TrimSuffix(v.Path, "/u")
		if s := normalised(t, tr.Weights, path); math.Abs(s-1) > 0.02 {
			t.Errorf("%s: the largest singular value is %.4f", path, s)
		}
		raw = max(raw, math.Abs(mat.Norm(matrixOf(t, tr.Weights, path), 2)-1))
		checked++
	}
	// Two 3x3 in four blocks, two shortcuts, the last layer and the classes.
	if checked != 12 || raw < 0.1 {
		t.Errorf("%d matrices, want 12; the raw ones are at most %.2f off", checked, raw)
	}
}
