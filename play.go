package ganymede

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// Train makes the run's folder, or opens it again, and plays. A cancelled context saves the last whole round and returns
// the outcome with context.Canceled. What is wrong with the game is told before anything is written.
func (p *Plan) Train(ctx context.Context) (outcome *Outcome, err error) {
	if p.Done() {
		return &Outcome{Dir: p.Dir, Round: p.Round, Finished: true}, nil
	}
	stage, err := p.stage()
	if err != nil {
		return nil, err
	}
	defer stage.close()
	if p.Backend == "go" {
		p.tellWarning(errors.New("the backend go is there for checks and is many times slower than cpu"))
	}
	outcome = &Outcome{Round: p.Round}
	if p.request.Init != "" {
		if err := p.adopt(stage.trainer.Weights, outcome); err != nil {
			return nil, err
		}
	}
	folder, err := p.folder()
	if err != nil {
		return nil, err
	}
	stale, err := folder.Lock()
	if err != nil {
		return nil, err
	}
	if stale.PID != 0 {
		p.tellWarning(fmt.Errorf("%s was left without notice by %s; it goes on from its last checkpoint", folder.Dir, stale))
	}
	outcome.Dir = folder.Dir
	status := run.Status{Condition: run.Failed, Reason: "the program panicked"} // if nothing better is known
	defer func() { err = errors.Join(err, folder.Finish(status)) }()
	err = p.trainIn(ctx, folder, stage, outcome)
	status = p.status(ctx, outcome, err)
	return outcome, err
}

// trainIn plays in a folder that is locked, and writes what is told of the run afterwards.
func (p *Plan) trainIn(ctx context.Context, folder *run.Run, stage *stage, outcome *Outcome) error {
	if p.resumed != nil {
		if err := p.restore(folder, stage.trainer); err != nil {
			return err
		}
		if err := p.amend(folder); err != nil {
			return err
		}
	}
	err := p.play(ctx, folder, stage)
	outcome.Round, outcome.Finished = stage.trainer.Round(), err == nil
	if err != nil && !cancelled(ctx, err) {
		return err
	}
	var undrawn error
	if outcome.Progress, undrawn = writeProgress(folder, p.Set.Codec); undrawn != nil {
		p.tellWarning(undrawn)
	}
	return errors.Join(err, folder.Write(run.CardFile, p.card(outcome.Round)))
}

// cancelled tells that an error is the context's, rather than what it kept from being done.
func cancelled(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err())
}

// status is how training ended, for the run's folder.
func (p *Plan) status(ctx context.Context, outcome *Outcome, err error) run.Status {
	status := run.Status{Condition: run.Finished, Round: outcome.Round, At: time.Now()}
	switch {
	case err == nil && outcome.Round < p.Rounds:
		status.Reason = "the time was up"
	case err != nil && cancelled(ctx, err):
		status.Condition, status.Reason = run.Stopped, "interrupted"
	case err != nil:
		status.Condition, status.Reason = run.Failed, err.Error()
	}
	return status
}

// stage is where a game is played: a backend with the first round and the sampling graph compiled for it.
type stage struct {
	backend *opened
	trainer *train.Trainer
	sampler *train.Sampler
}

// stage compiles the round that comes next. It writes nothing.
func (p *Plan) stage() (*stage, error) {
	backend, err := openBackend(p.Backend, p.request.Threads, p.options.engine)
	if err != nil {
		return nil, wrong{err}
	}
	s := &stage{backend: backend, trainer: &train.Trainer{
		Game: p.Game, Weights: layers.NewWeights(p.Seed), Backend: backend.compute, Source: p.Set.Train, Seed: p.Seed, Rounds: p.Rounds, Interrupt: backend.interrupt,
	}}
	s.trainer.SetRound(p.Round)
	if err = s.trainer.Build(); err == nil {
		s.sampler, err = train.NewSampler(backend.compute, p.Game, s.trainer.Weights, true)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) close() {
	s.trainer.Finalize()
	if s.sampler != nil {
		s.sampler.Finalize()
	}
	s.backend.compute.Finalize()
}

// play plays and records until the rounds are over, the time is up or the context is cancelled.
func (p *Plan) play(ctx context.Context, folder *run.Run, stage *stage) error {
	real, err := firstRecords(p.Set, p.options.train.Count)
	if err != nil {
		return err
	}
	if stage.sampler.Starts() != nil {
		stage.sampler.Show(real)
	}
	session := &train.Session{
		Trainer: stage.trainer, Sampler: stage.sampler, Run: folder, Options: p.options.train, Time: p.Time, Observe: p.request.Observe,
		Draw: func(samples data.Batch) ([]byte, string, error) { return drawSheet(p.Set.Codec, real, samples) },
	}
	return session.Play(ctx)
}

// tellWarning tells the observer of something that training goes on in spite of.
func (p *Plan) tellWarning(warning error) {
	if p.request.Observe != nil {
		p.request.Observe(train.Event{Kind: train.Warned, Warning: warning, Rounds: p.Rounds})
	}
}

// adopt starts from another run's newest weights, raw, and tells what was taken over.
func (p *Plan) adopt(weights *layers.Weights, o *Outcome) error {
	dir := p.request.Init
	from, err := run.Open(dir)
	if err != nil {
		return err
	}
	checkpoint, err := from.Load(run.Last, run.State)
	if err != nil {
		return err
	}
	if o.Adopted, o.Left, err = train.Adopt(weights, checkpoint.State); err != nil {
		return err
	}
	switch {
	case o.Adopted == 0:
		return wrong{fmt.Errorf("no weight of %s fits this model: it is a %s of other sizes (its first is %s)", dir, from.Manifest.Model, o.Left[0])}
	case len(o.Left) == 0:
		p.tellWarning(fmt.Errorf("all %d weights of %s are the start", o.Adopted, dir))
	default:
		p.tellWarning(fmt.Errorf("%d weights of %s are the start; %d fit nowhere here (first: %s)", o.Adopted, dir, len(o.Left), o.Left[0]))
	}
	return nil
}
