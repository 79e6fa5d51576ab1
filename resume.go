package ganymede

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// prepareResume reads what a run was, and refuses to go on with anything else.
func prepareResume(ctx context.Context, request Request, file []byte) (*Plan, error) {
	folder, err := run.Open(request.Run)
	if err != nil {
		return nil, err
	}
	m := folder.Manifest
	request.Environ = nil // what it said when the run was made stands in run.toml
	if err := request.identify(file); err != nil {
		return nil, err
	}
	switch {
	case request.Model != "" && request.Model != m.Model:
		return nil, wrong{fmt.Errorf("%s trains %s; it cannot be resumed as %s; leave --model out, or start a new run with --init %s, which takes the weights that fit", request.Run, m.Model, request.Model, request.Run)}
	case request.Seed != 0 && request.Seed != m.Seed:
		return nil, wrong{fmt.Errorf("%s has the seed %d; it cannot be resumed with %d; leave --seed out, or start a new run", request.Run, m.Seed, request.Seed)}
	}
	request.Model, request.Seed = m.Model, m.Seed
	if request.Data == "" {
		request.Data = m.Data.Path
	}
	if request.To == "" {
		request.To = m.Data.To
	}
	plan := &Plan{
		Data: request.Data, Seed: m.Seed, Time: request.Time, Rounds: request.Rounds, Dir: folder.Dir, request: request, resumed: folder,
	}
	found, err := plan.find(ctx)
	if err != nil {
		return nil, err
	}
	if err := sameKind(folder, found.Kind, request.Data); err != nil {
		return nil, err
	}
	split, err := readSplit(folder)
	if err != nil {
		return nil, err
	}
	sources := []config.Source{m.Source(), config.TOML(request.File, file, run.Reserved()...), config.Flags(request.Set, identityKeys...)}
	if err := plan.settle(ctx, found, sources, split); err != nil {
		return nil, err
	}
	if err := plan.same(m); err != nil {
		return nil, err
	}
	if err := plan.lengthen(plannedRounds(m)); err != nil {
		return nil, err
	}
	checkpoint, err := folder.Load(run.Last, run.State)
	if err != nil && !errors.Is(err, run.ErrNoCheckpoint) {
		return nil, err
	}
	if checkpoint != nil {
		plan.Round = checkpoint.Round
	}
	plan.tellChanges(m)
	return plan, nil
}

// tellChanges warns of what makes a resumed run differ from one in one go, and is not refused since it was asked for.
func (p *Plan) tellChanges(m run.Manifest) {
	if then := m.Versions["backend"]; then != "" && then != p.Backend {
		p.tellWarning(fmt.Errorf("%s was trained on the backend %s; on %s its rounds are no longer the same to the bit", p.Dir, then, p.Backend))
	}
	shared := p.options.shared
	scheduled := p.options.model != nil && (shared.Optim.Schedule != "constant" || shared.Penalty.Noise > 0)
	if then := plannedRounds(m); scheduled && then > 0 && then != p.Rounds {
		p.tellWarning(fmt.Errorf("%s was planned for %d rounds and its schedule is a share of the plan; with %d it jumps", p.Dir, then, p.Rounds))
	}
}

// sameKind refuses data of another kind than the run's, whose options would not even be known.
func sameKind(folder *run.Run, kind, path string) error {
	codec, err := codecOf(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the process ended before it was written
	}
	if err != nil {
		return err
	}
	was := codec.Kind()
	if was == "couples" {
		was = "images" // as they are found
	}
	if was != kind {
		return fmt.Errorf("%s was trained on %s, the data at %s, and %s are %s; give the same data, or start a new run", folder.Dir, was, folder.Manifest.Data.Path, path, kind)
	}
	return nil
}

// sameData refuses a resumed run whose data are not what they were, and shows the difference.
func (p *Plan) sameData(m run.Manifest) error {
	if now := p.Set.Origin.Hash; m.Data.SHA256 != now {
		return fmt.Errorf("%s: the data at %s is not what the run was trained on: %d records with hash %.12s then, %d with %.12s now%s; give the same data, or start a new run with --init %s",
			p.Dir, p.request.Data, m.Data.Count, m.Data.SHA256, p.Set.Origin.Records, now, p.otherClasses(), p.Dir)
	}
	return nil
}

// same refuses a resumed run whose options are not what they were, and shows the difference.
func (p *Plan) same(m run.Manifest) error {
	changes, err := p.changed(m)
	if err != nil {
		return err
	}
	var refused []error
	for _, change := range changes {
		if !change.Neutral {
			refused = append(refused, errors.New(change.String()))
		}
	}
	if len(refused) > 0 {
		return wrong{fmt.Errorf("%s cannot be resumed with other options; start a new run with --init %s:\n%w", p.Dir, p.Dir, errors.Join(refused...))}
	}
	return nil
}

// otherClasses says which classes the data of a resumed run had and has; nothing where they are the same.
func (p *Plan) otherClasses() string {
	codec, err := codecOf(p.resumed)
	if err != nil || slices.Equal(codec.Classes(), p.Set.Codec.Classes()) {
		return "" // the difference of the records is told
	}
	list := func(names []string) string {
		if len(names) == 0 {
			return "no classes"
		}
		if most := 12; len(names) > most {
			return fmt.Sprintf("%d classes: %s, ...", len(names), strings.Join(names[:most], ", "))
		}
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("; the classes were %s, and are %s", list(codec.Classes()), list(p.Set.Codec.Classes()))
}

// changed lists the options that are not what they were.
func (p *Plan) changed(m run.Manifest) ([]config.Change, error) {
	then, err := m.Values()
	if err != nil {
		return nil, err
	}
	return p.Config.Diff(then), nil
}

// restore brings a resumed run back to its last good checkpoint.
func (p *Plan) restore(folder *run.Run, trainer *train.Trainer) error {
	checkpoint, err := folder.Load(run.Last, run.State)
	if errors.Is(err, run.ErrNoCheckpoint) {
		trainer.SetRound(0)
		return folder.Rewind(0) // nothing was saved: from the start
	}
	if err != nil {
		return err
	}
	for _, damaged := range checkpoint.Damaged {
		p.tellWarning(damaged)
	}
	if err := train.Restore(trainer.Weights, checkpoint.State); err != nil {
		return err
	}
	trainer.SetRound(checkpoint.Round)
	return folder.Rewind(checkpoint.Round)
}

// amend lets run.toml tell the plan as it is now: how many rounds, and options that change no result.
func (p *Plan) amend(folder *run.Run) error {
	m := folder.Manifest
	changed, err := p.changed(m)
	if err != nil || len(changed) == 0 && plannedRounds(m) == p.Rounds {
		return err
	}
	m.Versions = maps.Clone(m.Versions)
	if m.Versions == nil {
		m.Versions = map[string]string{}
	}
	m.Versions[plannedKey], m.Options = strconv.Itoa(p.Rounds), p.Config.TOML()
	return folder.Amend(m)
}

// Done tells that a resumed run has all its rounds, and that nothing is left to be written after them: it may have been killed just
// then.
func (p *Plan) Done() bool {
	switch {
	case p.resumed == nil || p.Time > 0 || p.Round < p.Rounds:
		return false
	case p.Round > p.Rounds: // and more were planned once
		return true
	}
	return run.Summarise(p.Dir).Condition == run.Finished
}
