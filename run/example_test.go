package run_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ganymede-gan/ganymede/run"
)

// A run is created, trained for some rounds, and taken up again by another process.
func Example() {
	parent, err := os.MkdirTemp("", "runs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	if err := errors.Join(train(parent), goOn(filepath.Join(parent, "fashion-dcgan-1"))); err != nil {
		fmt.Println(err)
	}
	runs, err := run.List(parent)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range runs {
		fmt.Println(r.Name, r.Model, r.Data, r.Condition, r.Round, r.Checkpoints)
	}
	// Output:
	// it is at round 2: [0 0 128 63]
	// fashion-dcgan-1 dcgan fashion finished 2 [1 2]
}

func train(parent string) error {
	r, err := run.CreateNext(parent, "fashion-dcgan", run.Manifest{Model: "dcgan", Seed: 1, Options: []byte("latent = 100\n"),
		Created: time.Now(), Data: run.DataIdentity{Name: "fashion", Count: 10000}})
	if err != nil {
		return err
	}
	if _, err := r.Lock(); err != nil {
		return err
	}
	log, err := r.AppendLog(run.RoundsFile)
	if err != nil {
		return err
	}
	weights := run.TensorFile{Tensors: []run.Tensor{{Name: "generator/w", DType: "F32", Data: []byte{0, 0, 128, 63}}}} // 1
	for round := range 3 {
		err := errors.Join(
			log.Append(run.Record{Round: round, Fields: []run.Field{{Name: "loss/generator", Value: 0.7}, {Name: run.Wall + "s", Value: 0.1}}}),
			log.Sync(),
			r.Save(round, weights, weights, 2))
		if err != nil {
			return err
		}
	}
	return errors.Join(log.Close(), r.Finish(run.Status{Condition: run.Finished, Round: 2, At: time.Now()}))
}

func goOn(dir string) error {
	r, err := run.Open(dir)
	if err != nil {
		return err
	}
	checkpoint, err := r.Load(run.Last, run.Weights)
	if err != nil {
		return err
	}
	for _, damage := range checkpoint.Damaged {
		fmt.Println("passed over:", damage)
	}
	fmt.Printf("it is at round %d: %v\n", checkpoint.Round, checkpoint.Weights.Tensors[0].Data)
	return nil
}
