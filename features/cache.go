package features

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
)

// form is the number of the network's form: a change of forward or of the training makes it another one, and files of the old
// one are passed over.
const form = 1

// identity is all that a trained classifier depends on.
type identity struct {
	Form    int     `json:"form"`
	Options Options `json:"options"`
	Shape   []int   `json:"shape"`
	Classes int     `json:"classes"`
	Origin  string  `json:"origin"`
	Backend string  `json:"backend"`
}

// tested is what was measured when it was trained.
type tested struct {
	Accuracy float64 `json:"accuracy"`
	Tested   int     `json:"tested"`
}

// The keys of the file's metadata.
const (
	identityKey = "classifier"
	testedKey   = "test"
)

func (c *Classifier) identity(backend compute.Backend) (text string, err error) {
	raw, err := json.Marshal(identity{form, c.Options, c.Shape, c.Classes, c.Origin, backend.Name()})
	return string(raw), err
}

// Key is a short name for all that the classifier depends on: options, shape, classes, data and the backend that trained it.
func (c *Classifier) Key(backend compute.Backend) (string, error) {
	text, err := c.identity(backend)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16], err
}

// Cached is Train for those who come again: the classifier is kept as a safetensors file in the folder dir, under a name that
// tells its options and data apart, and read from there the next time. A damaged file is replaced.
func Cached(ctx context.Context, dir string, backend compute.Backend, set *data.Set, o Options, observe func(result train.Result, rounds int)) (*Classifier, error) {
	c, err := blank(set, o)
	if err != nil {
		return nil, err
	}
	key, err := c.Key(backend)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "classifier-"+key+".safetensors")
	damaged := new(run.DamagedError)
	switch err := c.load(path, backend); {
	case err == nil:
		return c, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &damaged):
		return nil, err
	}
	if c, err = Train(ctx, backend, set, o, observe); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return c, c.save(path, backend)
}

// save writes the averaged weights and what was measured with them.
func (c *Classifier) save(path string, backend compute.Backend) error {
	file, err := train.Shown(c.weights, c.game)
	if err != nil {
		return err
	}
	measured, err := json.Marshal(tested{c.Accuracy, c.Tested})
	if err != nil {
		return err
	}
	file.Meta[testedKey] = string(measured)
	if file.Meta[identityKey], err = c.identity(backend); err != nil {
		return err
	}
	return run.WriteTensors(path, file)
}

// load reads what save wrote into a blank classifier.
func (c *Classifier) load(path string, backend compute.Backend) error {
	file, err := run.ReadTensors(path)
	if err != nil {
		return err
	}
	want, err := c.identity(backend)
	if err != nil {
		return err
	}
	var measured tested
	if file.Meta[identityKey] != want || json.Unmarshal([]byte(file.Meta[testedKey]), &measured) != nil {
		return &run.DamagedError{Path: path, What: "it is not the classifier that its name promises"}
	}
	if err := train.Restore(c.weights, file); err != nil {
		return err
	}
	c.Accuracy, c.Tested = measured.Accuracy, measured.Tested
	c.game.Averaged = false // the averages stand under the weights' own paths
	return c.open(backend)
}
