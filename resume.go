package ganymede

import (
	"context"
	"errors"
	"fmt"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// prepareResume reads what a run was, and refuses to go on with anything else.
func prepareResume(ctx context.Context, request Request) (*Plan, error) {
	folder, err := run.Open(request.Run)
	if err != nil {
		return nil, err
	}
	m := folder.Manifest
	if request.Data == "" {
		request.Data = m.Data.Path
	}
	if request.Model != "" && request.Model != m.Model {
		return nil, wrong{fmt.Errorf("%s trains %s; it cannot be resumed as %s", request.Run, m.Model, request.Model)}
	}
	request.Model, request.Seed = m.Model, m.Seed
	found, err := sets.Find(ctx, request.Data, images.ScanOptions{})
	if err != nil {
		return nil, err
	}
	plan := &Plan{Seed: m.Seed, request: request, resumed: folder, Dir: folder.Dir}
	if plan.Model, _, err = chooseModel(request, found); err != nil {
		return nil, err
	}
	if plan.Config, plan.options, err = configure(plan.Model, found.Kind); err != nil {
		return nil, err
	}
	split, err := readSplit(folder)
	if err != nil {
		return nil, err
	}
	if err := plan.settle(ctx, found, []config.Source{m.Source(), config.Flags(request.Set)}, split); err != nil {
		return nil, err
	}
	if err := plan.same(m); err != nil {
		return nil, err
	}
	plan.Time, plan.Rounds = request.Time, request.Rounds
	if plan.Rounds == 0 {
		plan.Rounds = plannedRounds(m)
	}
	if plan.Rounds == 0 {
		if plan.Rounds, err = plan.length(); err != nil {
			return nil, err
		}
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

// same refuses a resumed run whose data or options are not what they were, and shows the difference.
func (p *Plan) same(m run.Manifest) error {
	if now := p.Set.Origin.Hash; m.Data.SHA256 != now {
		return fmt.Errorf("%s: the data at %s is not what the run was trained on: %d records with hash %.12s then, %d with %.12s now; give the same data, or start a new run with --init",
			p.Dir, p.request.Data, m.Data.Count, m.Data.SHA256, p.Set.Origin.Records, now)
	}
	then, err := m.Values()
	if err != nil {
		return err
	}
	var changes []error
	for _, change := range p.Config.Diff(then) {
		if !change.Neutral {
			changes = append(changes, errors.New(change.String()))
		}
	}
	if len(changes) > 0 {
		return wrong{fmt.Errorf("%s cannot be resumed with other options; start a new run with --init %s:\n%w", p.Dir, p.Dir, errors.Join(changes...))}
	}
	return nil
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
