package layers

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Variable is one tensor that outlives a graph: a weight, a running statistic, a moment of an optimiser.
type Variable struct {
	Path      string // "critic/conv1/kernel"
	Shape     shapes.Shape
	Out       int             // the axis of a weight that counts the outputs of its layer
	Trainable bool            // an optimiser may change it; statistics and moments are not trainable
	Value     *tensors.Tensor // nil until the first execution that needs it, see Weights.Materialise
	init      Init
	copyOf    *Variable // born equal to that one
}

// Weights is the memory of a game: its variables by path. It is not safe for concurrent use.
type Weights struct {
	Seed      int64
	DType     dtypes.DType // of everything that layers make; float32, or float64 where a test wants it
	variables map[string]*Variable
}

// NewWeights returns an empty memory whose variables will take their first values from the seed and their path, so
// that neither the order in which graphs are built nor the backend changes them.
func NewWeights(seed int64) *Weights {
	return &Weights{Seed: seed, DType: dtypes.Float32, variables: map[string]*Variable{}}
}

// Get returns the variable at the path, or nil.
func (w *Weights) Get(path string) *Variable { return w.variables[path] }

// All returns the variables whose path lies under the scope ("" for every one), sorted by path.
func (w *Weights) All(scope string) []*Variable {
	var all []*Variable
	for path, v := range w.variables {
		if Under(path, scope) {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b *Variable) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// Under tells whether the path is the scope or lies inside it.
func Under(path, scope string) bool {
	return scope == "" || path == scope || strings.HasPrefix(path, scope+"/")
}

// Count returns how many numbers the trainable variables under the scope hold: the parameter count that papers print.
func (w *Weights) Count(scope string) int {
	n := 0
	for _, v := range w.All(scope) {
		if v.Trainable {
			n += v.Shape.Size()
		}
	}
	return n
}

// Put sets a variable with its value, replacing what was there: loading a checkpoint.
func (w *Weights) Put(path string, value *tensors.Tensor, trainable bool) error {
	if old := w.variables[path]; old != nil {
		if !old.Shape.Equal(value.Shape()) {
			return fmt.Errorf("layers: variable %s has shape %s here and %s in what is loaded", path, old.Shape, value.Shape())
		}
		old.Value, old.Trainable = value, trainable // graphs that read it hold on to it
		return nil
	}
	w.variables[path] = &Variable{Path: path, Shape: value.Shape(), Trainable: trainable, Value: value}
	return nil
}

// Clone returns a memory with variables of its own that have the same values: setting one changes nothing here.
func (w *Weights) Clone() *Weights {
	clone := &Weights{Seed: w.Seed, DType: w.DType, variables: map[string]*Variable{}}
	for path, v := range w.variables {
		own := *v
		clone.variables[path] = &own
	}
	return clone
}

// Remove forgets a variable.
func (w *Weights) Remove(path string) { delete(w.variables, path) }

// Materialise gives the variable its first value if it has none.
func (w *Weights) Materialise(v *Variable) (err error) {
	if v.Value != nil {
		return nil
	}
	if v.copyOf != nil {
		if err := w.Materialise(v.copyOf); err != nil {
			return err
		}
		v.Value, err = v.copyOf.Value.LocalClone()
		return err
	}
	values := make([]float64, v.Shape.Size())
	v.init.fill(Stream(w.Seed, "init", v.Path), values, v.Shape.Dimensions)
	switch v.Shape.DType {
	case dtypes.Float64:
		v.Value = tensors.FromFlatDataAndDimensions(values, v.Shape.Dimensions...)
	default:
		single := make([]float32, len(values))
		for i, x := range values {
			single[i] = float32(x)
		}
		v.Value = tensors.FromFlatDataAndDimensions(single, v.Shape.Dimensions...)
	}
	return nil
}

// Stream returns a source of random numbers that depends on the seed and the names alone. Equal arguments give equal
// numbers on every machine and backend.
func Stream(seed int64, names ...string) *rand.Rand {
	hash := sha256.New()
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], uint64(seed))
	hash.Write(word[:])
	for _, name := range names {
		hash.Write([]byte(name))
		hash.Write([]byte{0})
	}
	sum := hash.Sum(nil)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))
}
