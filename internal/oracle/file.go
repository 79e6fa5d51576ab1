package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
)

// Cases are the functions that a file has numbers for, by name.
type Cases map[string]Function

// File fails the test where a function disagrees with the numbers that another program wrote for it. The file is in the safetensors
// format, of float64 or float32 arrays, with these names for the case c:
//
//	c.input.0, c.input.1, ...   what goes in
//	c.value                     what comes out
//	c.gradient.0, ...           optional: the gradient of sum(value*value)/2 by input 0, ...
//	c.second.0, ...             optional: the gradient, by input 0, ..., of the sum of squares of all the above
//
// Every case of the file must have a function, and every function a case. The script that wrote the file lies beside it. A number
// may be off by [Tol] of the largest in its array, 1e-12 if not said.
func File(t *testing.T, path string, cases Cases, opts ...Option) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := judgeFile(data, cases, opts...)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(verdicts)) {
		t.Run(name, func(t *testing.T) {
			if err := verdicts[name]; err != nil {
				t.Error(err)
			}
		})
	}
}

// judgeFile returns, for every case of the file and of the test, what is wrong with it.
func judgeFile(data []byte, cases Cases, opts ...Option) (map[string]error, error) {
	arrays, err := decode(data)
	if err != nil {
		return nil, err
	}
	o := newOptions(append([]Option{Tol(1e-12)}, opts...))
	verdicts := map[string]error{}
	for name := range cases {
		verdicts[name] = errors.New("there is a function, but the file has no numbers for it")
	}
	for array := range arrays {
		name, _, _ := strings.Cut(array, ".")
		if _, ok := cases[name]; !ok {
			verdicts[name] = errors.New("the file has numbers for it, but there is no function")
		}
	}
	for name, fn := range cases {
		value, ok := arrays[name+".value"]
		if !ok {
			continue
		}
		gradients, seconds := numbered(arrays, name+".gradient."), numbered(arrays, name+".second.")
		want := slices.Concat([]Array{value}, gradients, seconds)
		verdicts[name] = compare(fn, numbered(arrays, name+".input."), want, len(gradients), len(seconds), o)
	}
	return verdicts, nil
}

// numbered returns the arrays called prefix0, prefix1, and so on.
func numbered(arrays map[string]Array, prefix string) []Array {
	var list []Array
	for {
		a, ok := arrays[fmt.Sprint(prefix, len(list))]
		if !ok {
			return list
		}
		list = append(list, a)
	}
}

// decode reads all arrays of a safetensors file.
func decode(data []byte) (map[string]Array, error) {
	file, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, err
	}
	arrays := map[string]Array{}
	for _, view := range file.Tensors() {
		var a Array
		for _, n := range view.TensorView.Shape() {
			a.Dims = append(a.Dims, int(n))
		}
		raw := view.TensorView.Data()
		switch view.TensorView.DType() {
		case safetensors.F64:
			for ; len(raw) > 0; raw = raw[8:] {
				a.Data = append(a.Data, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
			}
		case safetensors.F32:
			for ; len(raw) > 0; raw = raw[4:] {
				a.Data = append(a.Data, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
			}
		default:
			return nil, fmt.Errorf("%s is of type %s; it must be F64 or F32", view.Name, view.TensorView.DType())
		}
		arrays[view.Name] = a
	}
	return arrays, nil
}
