package bench_test

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/bench"
)

// One row of ours, on one thread. With Peers and Pythons the same work is done by PyTorch too.
func Example() {
	report, err := bench.Run(context.Background(), bench.Options{Only: []string{"conv/dcgan64/d5/forward"}, Threads: []int{1}, Bursts: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range report.Rows {
		fmt.Println(row.Name, row.Threads, row.Seconds > 0)
	}
	// Output: conv/dcgan64/d5/forward 1 true
}
