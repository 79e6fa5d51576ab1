package engine

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// BenchmarkSmall is what an execution costs beside its arithmetic: twenty small loops that cannot be joined.
func BenchmarkSmall(b *testing.B) {
	backend := newTest(b, "")
	e := compileFor(b, backend, func(f *Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 64, 8), nil))
		for range 20 {
			x = must(f.Div(x, must(f.ReduceMax(x, 0, 1))))
		}
		return []compute.Value{x}
	})
	in, err := backend.BufferFromFlatData(0, make([]float32, 512), shapes.Make(dtypes.Float32, 64, 8))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Execute([]compute.Buffer{in}, nil, 0); err != nil {
			b.Fatal(err)
		}
	}
}
