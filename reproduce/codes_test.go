package reproduce

import (
	"reflect"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

// Pictures are counted by their likeliest category; what stands behind the categories does not count.
func TestConfusionOfCodes(t *testing.T) {
	codes := data.Array{Shape: []int{4, 3}, Float: []float32{1, 2, 9, 3, 1, 9, 0, 1, 9, -1, -2, 9}}
	counts, err := confusion(codes, []int32{0, 1, 1, 1}, 2)
	if want := [][]int{{0, 2}, {1, 1}}; err != nil || !reflect.DeepEqual(counts, want) {
		t.Errorf("%v, %v; want %v", counts, err, want)
	}
	if _, err := confusion(codes, []int32{0, 1, 1}, 2); err == nil {
		t.Error("labels of other pictures are taken")
	}
	if _, err := confusion(codes, []int32{0, 1, 1, 3}, 4); err == nil {
		t.Error("fewer categories than classes are taken")
	}
}
