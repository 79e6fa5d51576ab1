package ganymede

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/run"
)

// codecOf reads how a run's data are made ready.
func codecOf(folder *run.Run) (data.Codec, error) {
	raw, err := folder.Read(run.CodecFile)
	if err != nil {
		return nil, err
	}
	codec, err := sets.UnmarshalCodec(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder.Path(run.CodecFile), err)
	}
	return codec, nil
}

// plannedKey is the entry of run.toml's versions that tells how many rounds were planned.
const plannedKey = "rounds"

func (p *Plan) versions() map[string]string {
	return map[string]string{"ganymede": Version(), "go": runtime.Version(), "backend": p.Backend, plannedKey: strconv.Itoa(p.Rounds)}
}

// plannedRounds is how many rounds the run was made for, 0 if it does not say.
func plannedRounds(m run.Manifest) int {
	n, err := strconv.Atoi(m.Versions[plannedKey])
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Version is the module's version and commit, as the build recorded them.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	if commit := Commit(); commit != "" {
		version += " " + commit
	}
	return version
}

// Commit is the start of the hash of the commit that was built, with "+changes" if files had changed since; "" if the build did not
// record it, as `go run` does not.
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	commit, changes := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case "vcs.modified":
			if s.Value == "true" {
				changes = "+changes"
			}
		}
	}
	return commit + changes
}

func marshalSplit(split data.Split) ([]byte, error) { return json.MarshalIndent(split, "", " ") }

// readSplit reads what a run holds out; nil if nothing was trained and nothing was written yet.
func readSplit(folder *run.Run) (*data.Split, error) {
	raw, err := folder.Read(run.SplitFile)
	if errors.Is(err, fs.ErrNotExist) {
		if rounds, err := folder.Checkpoints(); err != nil || len(rounds) > 0 {
			return nil, errors.Join(err, fmt.Errorf("%s is not there, so nobody knows what the run was never trained on; put it back", folder.Path(run.SplitFile)))
		}
		return nil, nil // nothing was trained yet: it is made anew
	}
	if err != nil {
		return nil, err
	}
	split := new(data.Split)
	if err := json.Unmarshal(raw, split); err != nil {
		return nil, fmt.Errorf("%s: %w", folder.Path(run.SplitFile), err)
	}
	return split, nil
}

// card is the model card after so many rounds: what was trained on what, and what must be shown with it.
func (p *Plan) card(round int) []byte {
	var b bytes.Buffer
	origin := p.Set.Origin
	fmt.Fprintf(&b, "# %s on %s\n\n", p.Model.Title, p.Set.Name)
	fmt.Fprintf(&b, "A generator of synthetic %s, trained by ganymede %s with the seed %d.\n\n", p.shape.Field, Version(), p.Seed)
	fmt.Fprintf(&b, "- model: %s\n", p.Model.Paper)
	fmt.Fprintf(&b, "- data: %s, %d records to train on, %d held out (%s), SHA-256 %s\n", origin.Name, origin.Train, origin.HeldOut, p.Set.Split.Rule, origin.Hash)
	if origin.Licence != "" {
		fmt.Fprintf(&b, "- licence of the data: %s\n", origin.Licence)
	}
	if origin.Attribution != "" {
		fmt.Fprintf(&b, "- to be shown beside what is made: %s\n", origin.Attribution)
	}
	fmt.Fprintf(&b, "- played: %d of %d planned rounds of %d records\n\nWhat it makes is synthetic. It may repeat what it was trained on: compare with the nearest training records before you share.\n", round, p.Rounds, p.Game.Batch)
	return b.Bytes()
}

// folder makes the run's folder with all that is known before the first round, or returns the resumed one.
func (p *Plan) folder() (*run.Run, error) {
	if p.resumed != nil {
		// A kill between run.toml and what stands beside it leaves a run in which nothing was trained: it is completed here.
		if _, err := os.Stat(p.resumed.Path(run.SplitFile)); errors.Is(err, fs.ErrNotExist) {
			return p.resumed, p.describe(p.resumed)
		}
		return p.resumed, nil
	}
	manifest := p.manifest()
	var folder *run.Run
	var err error
	if p.request.Run != "" {
		folder, err = run.Create(p.request.Run, manifest)
	} else {
		folder, err = run.CreateNext(runsDir(p.request.Runs), nameOf(p.Set.Name)+"-"+p.Model.Name, manifest)
	}
	if err != nil {
		return nil, err
	}
	p.Dir = folder.Dir
	return folder, p.describe(folder)
}

// describe writes what stands beside run.toml before the first round; the split, which says that it is whole, last.
func (p *Plan) describe(folder *run.Run) error {
	codec, err := data.MarshalCodec(p.Set.Codec)
	if err != nil {
		return err
	}
	split, err := marshalSplit(p.Set.Split)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{{run.CodecFile, codec}, {run.CardFile, p.card(0)}, {run.SplitFile, split}} {
		if err := folder.Write(file.name, file.content); err != nil {
			return err
		}
	}
	return nil
}

// nameOf is what a run on that data is called after: the last element of a path, which "." does not show.
func nameOf(set string) string {
	if absolute, err := filepath.Abs(set); err == nil {
		set = absolute
	}
	return filepath.Base(set)
}

func runsDir(dir string) string {
	if dir == "" {
		return "runs"
	}
	return dir
}

// manifest is what run.toml says.
func (p *Plan) manifest() run.Manifest {
	origin := p.Set.Origin
	return run.Manifest{
		Model: p.Model.Name, Seed: p.Seed, Options: p.Config.TOML(), Created: time.Now(), Versions: p.versions(),
		Data: run.DataIdentity{
			Name: p.Set.Name, Path: absolute(p.request.Data), To: absolute(p.request.To), SHA256: origin.Hash, Count: int64(origin.Records), Bytes: origin.Bytes, Licence: origin.Licence,
		},
	}
}

// absolute is a path that is there, from the root; a set's name stays as it is.
func absolute(path string) string {
	if _, err := os.Stat(path); err == nil {
		if whole, err := filepath.Abs(path); err == nil {
			return whole
		}
	}
	return path
}
