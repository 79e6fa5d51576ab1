package sets_test

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
)

// A set that comes with the project is opened by its name; a folder or an archive would be by its path.
func Example() {
	ctx := context.Background()
	set, err := sets.Open(ctx, "fashion", sets.Options{Images: config.Default[images.Options]()})
	if err != nil {
		panic(err)
	}
	batch := data.Batch{}
	if err := set.Train.Read(ctx, []int{0, 1, 2}, batch); err != nil {
		panic(err)
	}
	fmt.Println(set.Train.Len(), set.HeldOut.Len(), batch[data.Pictures].Shape)
	for _, label := range batch[data.Labels].Int {
		fmt.Println(set.Codec.Classes()[label])
	}
	fmt.Println(set.Origin.Licence)
	// Output:
	// 10000 2000 [3 28 28 1]
	// Ankle boot
	// T-shirt/top
	// T-shirt/top
	// MIT
}
