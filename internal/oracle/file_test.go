package oracle

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/nlpodyssey/safetensors"
)

// encode writes a safetensors file.
func encode(t testing.TB, arrays map[string]Array) []byte {
	t.Helper()
	views := map[string]safetensors.TensorView{}
	for name, a := range arrays {
		var shape []uint64
		for _, n := range a.Dims {
			shape = append(shape, uint64(n))
		}
		var raw []byte
		for _, v := range a.Data {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
		}
		view, err := safetensors.NewTensorView(safetensors.F64, shape, raw)
		if err != nil {
			t.Fatal(err)
		}
		views[name] = view
	}
	data, err := safetensors.Serialize(views, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// cubes are numbers of y = x*x*x: y, y*y', and the derivative 2*y*y'*(y*y')' of the latter's square.
func cubes(name string) map[string]Array {
	return map[string]Array{
		name + ".input.0":    Of([]int{2}, 1, 2),
		name + ".value":      Of([]int{2}, 1, 8),
		name + ".gradient.0": Of([]int{2}, 3, 96),              // 3x^5
		name + ".second.0":   Of([]int{2}, 2*3*15, 2*96*15*16), // 2 * 3x^5 * 15x^4
	}
}

func cube(in []*graph.Node) *graph.Node { return graph.Mul(in[0], graph.Mul(in[0], in[0])) }

func TestFileFindsWhatDisagrees(t *testing.T) {
	change := func(name string, a Array) map[string]Array {
		arrays := cubes("c")
		arrays[name] = a
		return arrays
	}
	for name, c := range map[string]struct {
		arrays map[string]Array
		cases  Cases
		want   string
	}{
		"right":         {cubes("c"), Cases{"c": cube}, ""},
		"value":         {change("c.value", Of([]int{2}, 1, 8.001)), Cases{"c": cube}, "value: 8 at [1], want 8.00"},
		"shape":         {change("c.value", Of([]int{2, 1}, 1, 8)), Cases{"c": cube}, "value: shape [2], want [2 1]"},
		"gradient":      {change("c.gradient.0", Of([]int{2}, 3, 95)), Cases{"c": cube}, "gradient by input 0: 96 at [1], want 95"},
		"second":        {change("c.second.0", Of([]int{2}, 0, 46080)), Cases{"c": cube}, "second gradient by input 0: 90 at [0], want 0"},
		"no function":   {cubes("c"), Cases{}, "there is no function"},
		"no numbers":    {cubes("d"), Cases{"c": cube, "d": cube}, "the file has no numbers"},
		"not a number":  {cubes("c"), Cases{"c": func(in []*graph.Node) *graph.Node { return graph.Sqrt(graph.Neg(in[0])) }}, "NaN"},
		"does not fit":  {change("c.input.0", Of([]int{1}, 1)), Cases{"c": cube}, "shape [1]"},
		"does not work": {cubes("c"), Cases{"c": func(in []*graph.Node) *graph.Node { return graph.Reshape(in[0], 3) }}, "on Go Backend: failed during graph construction"},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts, err := judgeFile(encode(t, c.arrays), c.cases)
			if err != nil {
				t.Fatal(err)
			}
			got := verdicts["c"]
			switch {
			case c.want == "" && got != nil:
				t.Error(got)
			case c.want != "" && (got == nil || !strings.Contains(got.Error(), c.want)):
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestDecodeRefusesOtherTypes(t *testing.T) {
	view, err := safetensors.NewTensorView(safetensors.I64, []uint64{1}, make([]byte, 8))
	if err != nil {
		t.Fatal(err)
	}
	data, err := safetensors.Serialize(map[string]safetensors.TensorView{"c.value": view}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(data); err == nil || !strings.Contains(err.Error(), "must be F64 or F32") {
		t.Errorf("%v, want a refusal", err)
	}
}

func FuzzDecode(f *testing.F) {
	good := encode(f, cubes("c"))
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		arrays, err := decode(data)
		if err != nil {
			return
		}
		for name, a := range arrays {
			if len(a.Data) != size(a.Dims) {
				t.Errorf("%s: %d numbers for %v", name, len(a.Data), a.Dims)
			}
		}
	})
}
