package augment_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/augment"
)

// The pipeline that Karras 2020 recommends changes places and colours.
func Example() {
	pipe := augment.Pipes()["bgc"]
	fmt.Println(pipe.Rotate, pipe.Hue, pipe.Noise)
	fmt.Println(pipe.Check([]int{32, 32, 6}))
	// Output:
	// 1 1 0
	// it changes pictures of 1 or 3 channels, and these have 6
}
