package ganymede

import "testing"

// A place's picture is brightest where it looks, dark elsewhere, and marked where the place is.
func TestLitByAttention(t *testing.T) {
	picture := make([]float32, 8*8) // grey: 0 is half of the light
	maps := make([]float32, 16*4)   // a map of 4x4 places that look at 2x2
	copy(maps[(2*4+2)*4:], []float32{0.1, 0.2, 0.6, 0.1})
	out := lit(picture, []int{8, 8, 1}, maps, []int{16, 4}, [2]float64{0.5, 0.5})
	for _, c := range []struct {
		y, x int
		want float32
	}{
		{4, 4, 1}, {5, 5, 1}, // the place itself
		{7, 0, 0}, {6, 3, 0}, // at key 2, the most
		{0, 7, 0.15 + 0.85/3 - 1}, {0, 0, 0.15 + 0.85/6 - 1},
	} {
		if got := out[c.y*8+c.x]; got < c.want-1e-6 || got > c.want+1e-6 {
			t.Errorf("at %d, %d: %v, want %v", c.y, c.x, got, c.want)
		}
	}
}
