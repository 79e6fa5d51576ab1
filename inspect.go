package ganymede

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/run"
)

// RunReport is what there is to say about a run.
type RunReport struct {
	run.Summary
	Format   int               `json:"format"`
	Versions map[string]string `json:"versions"`
	Origin   run.DataIdentity  `json:"origin"`
	Planned  int               `json:"planned"` // rounds
	Kind     string            `json:"kind"`    // of what it makes: "images" or "points"
	Shape    []int             `json:"shape"`   // of one record
	Classes  []string          `json:"classes,omitempty"`
	Players  []Player          `json:"players,omitempty"` // of the newest checkpoint
	Tensors  int               `json:"tensors,omitempty"` // in it
	Options  map[string]string `json:"options"`           // in TOML's notation
	Sheets   []int             `json:"sheets,omitempty"`  // rounds that have a sheet of samples
	Damaged  []string          `json:"damaged,omitempty"` // checkpoints that cannot be read, and why
}

// IsRun tells whether a path is a run's folder.
func IsRun(path string) bool {
	_, err := os.Stat(filepath.Join(path, run.ManifestFile))
	return err == nil
}

// InspectRun looks at everything that a run's folder holds, checkpoints read and verified.
func InspectRun(dir string) (*RunReport, error) {
	folder, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	m := folder.Manifest
	report := &RunReport{Summary: run.Summarise(dir), Format: m.Format, Versions: m.Versions, Origin: m.Data, Planned: plannedRounds(m)}
	if report.Options, err = m.Values(); err != nil {
		return nil, err
	}
	codec, err := codecOf(folder)
	if err != nil {
		return nil, err
	}
	report.Kind, report.Shape, report.Classes = codec.Kind(), codec.Fields()[0].Shape, codec.Classes()
	if report.Sheets, err = sheetRounds(folder.Path("samples")); err != nil {
		return nil, err
	}
	checkpoint, err := folder.Load(run.Last, run.State)
	if errors.Is(err, run.ErrNoCheckpoint) {
		return report, nil
	}
	if err != nil {
		return nil, err
	}
	for _, damaged := range checkpoint.Damaged {
		report.Damaged = append(report.Damaged, damaged.Error())
	}
	report.Tensors = len(checkpoint.State.Tensors)
	report.Players = playersIn(checkpoint.State)
	return report, nil
}

// playersIn counts the trainable numbers of a checkpoint by the scope they are in.
func playersIn(file *run.TensorFile) (all []Player) {
	for _, t := range file.Tensors { // sorted by name
		scope, _, _ := strings.Cut(t.Name, "/")
		if !t.Trainable {
			continue
		}
		size := 1
		for _, n := range t.Shape {
			size *= n
		}
		if n := len(all); n == 0 || all[n-1].Name != scope {
			all = append(all, Player{Name: scope})
		}
		all[len(all)-1].Parameters += size
	}
	return all
}

// InspectData looks at everything under a path, or in a set of that name, and decodes every picture.
func InspectData(ctx context.Context, nameOrPath string) (*sets.Found, error) {
	return sets.Find(ctx, nameOrPath, images.ScanOptions{Decode: true})
}
