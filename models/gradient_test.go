package models_test

import (
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/gomlx/gomlx/core/graph"
)

// The gradient by every weight of R1, which is a gradient through a gradient, against finite differences in float64, through every whole
// critic of the table. The oracle fails where it is zero.
func TestSlopesDifferentiateThroughWholeCritics(t *testing.T) {
	for _, c := range []struct {
		model    string
		settings []string
	}{
		{"vanilla", nil},
		{"cgan", []string{"network=mlp"}},
		{"cgan", []string{"critic-norm=layer"}},
		{"dcgan", nil},
		{"dcgan", []string{"critic-norm=layer"}},
		{"dcgan", []string{"critic-norm=none"}},
		{"wgan-gp", []string{"network=resnet"}},
		{"wgan-gp", []string{"network=resnet", "critic-norm=layer"}},
		{"sngan", nil},
		{"sagan", nil},
		{"biggan", nil},
		{"biggan-deep", nil},
		{"infogan", nil},
		{"progressive", nil},
		{"stylegan", []string{"conditional=true"}},
		{"stylegan2", []string{"conditional=true"}},
		{"r3gan", nil},
		{"stylegan2", []string{"critic-form=skip"}},
	} {
		name := c.model
		for _, s := range c.settings {
			name += " " + s
		}
		t.Run(name, func(t *testing.T) {
			model, err := models.Find(c.model)
			if err != nil {
				t.Fatal(err)
			}
			s := figures(t, 16, 1, 2)
			pair, err := configure(t, model, append(small(t, model), c.settings...)...).pair(s.shape)
			if err != nil {
				t.Fatal(err)
			}
			critic := func(net layers.Net, x *graph.Node) *graph.Node {
				var y *gan.Node
				if pair.Classes > 0 {
					y = graph.Const(x.Graph(), []int32{0, 1})
				}
				return pair.Critic(net, x, y)
			}
			open := nets.At(t, critic, layers.Batch, oracle.Normal(7, 2, 16, 16, 1))
			slopes := func(in []*graph.Node) *graph.Node {
				return gan.R1(func(x *graph.Node) *graph.Node { return open.Function(append([]*graph.Node{x}, in[1:]...)) }, in[0])
			}
			oracle.Gradients(t, slopes, open.Inputs, oracle.Order(1), oracle.Step(1e-5), oracle.Tol(5e-6), oracle.Elements(3))
		})
	}
}
