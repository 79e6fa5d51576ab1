package ganymede

import (
	"testing"

	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/gan"
)

func TestSideIsTheLargestThatTheDataFill(t *testing.T) {
	for _, c := range []struct {
		sides []int
		own   int
		want  int
	}{
		{[]int{16, 28, 32, 64}, 28, 28}, {[]int{16, 32, 64}, 28, 32}, {[]int{16, 32, 64}, 27, 16},
		{[]int{32, 64, 128}, 60, 64}, {[]int{32, 64}, 8, 32},
	} {
		found := &sets.Found{Survey: &images.Survey{Pictures: 1, Sizes: []images.Size{{Width: c.own, Height: c.own, Pictures: 1}}}}
		if got := chooseSide(gan.Model{Sides: c.sides}, 0, found); got != c.want {
			t.Errorf("pictures of %d, a model of %v: %d, want %d", c.own, c.sides, got, c.want)
		}
	}
}
