package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// dtypeNames are the safetensors names of the types that variables have.
var dtypeNames = map[dtypes.DType]string{dtypes.Float32: "F32", dtypes.Float64: "F64"}

// State returns every variable, as a checkpoint keeps it.
func State(w *layers.Weights) (run.TensorFile, error) {
	var file run.TensorFile
	for _, v := range w.All("") {
		t, err := stored(w, v, v.Path)
		if err != nil {
			return file, err
		}
		file.Tensors = append(file.Tensors, t)
	}
	return file, nil
}

// Shown returns the weights that sampling needs, under their own paths: the averaged values where the game keeps averages.
func Shown(w *layers.Weights, game *gan.Game) (run.TensorFile, error) {
	file := run.TensorFile{Meta: map[string]string{"weights": "raw"}}
	prefix := ""
	if game.Averaged {
		prefix, file.Meta["weights"] = gan.AveragePrefix, "averaged"
	}
	for _, scope := range game.Shown {
		for _, v := range w.All(prefix + scope) {
			t, err := stored(w, v, strings.TrimPrefix(v.Path, prefix))
			if err != nil {
				return file, err
			}
			t.Trainable = w.Get(t.Name).Trainable
			file.Tensors = append(file.Tensors, t)
		}
	}
	return file, nil
}

// stored copies a variable out, under a name.
func stored(w *layers.Weights, v *layers.Variable, name string) (t run.Tensor, err error) {
	if err := w.Materialise(v); err != nil {
		return t, err
	}
	t = run.Tensor{Name: name, DType: dtypeNames[v.Shape.DType], Shape: slices.Clone(v.Shape.Dimensions), Trainable: v.Trainable}
	err = v.Value.ConstBytes(func(data []byte) { t.Data = slices.Clone(data) })
	return t, err
}

// Restore puts the tensors of a checkpoint into the weights.
func Restore(w *layers.Weights, file *run.TensorFile) error {
	for _, t := range file.Tensors {
		value, err := tensorFrom(t)
		if err != nil {
			return err
		}
		if err := w.Put(t.Name, value, t.Trainable); err != nil {
			return err
		}
	}
	return nil
}

// Adopt puts those tensors into the weights that fine-tuning can start from: trainable weights and statistics that exist
// here in the same shape. Moments and averages stay behind: optimisers start anew, and averages are born equal to what was
// adopted. It returns how many it took and the names of those that fit nowhere.
func Adopt(w *layers.Weights, file *run.TensorFile) (taken int, left []string, err error) {
	for _, t := range file.Tensors {
		if layers.Under(t.Name, "moves") || strings.HasPrefix(t.Name, gan.AveragePrefix) {
			continue
		}
		v := w.Get(t.Name)
		if v == nil || !slices.Equal(v.Shape.Dimensions, t.Shape) {
			left = append(left, t.Name)
			continue
		}
		value, err := tensorFrom(t)
		if err != nil {
			return taken, left, err
		}
		v.Value = value
		taken++
	}
	return taken, left, nil
}

func tensorFrom(t run.Tensor) (*tensors.Tensor, error) {
	for dtype, name := range dtypeNames {
		if name != t.DType {
			continue
		}
		value := tensors.FromShape(shapes.Make(dtype, t.Shape...))
		return value, value.MutableBytes(func(data []byte) { copy(data, t.Data) })
	}
	return nil, fmt.Errorf("train: tensor %s is of type %s; checkpoints hold F32 or F64", t.Name, t.DType)
}
