package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/run"
)

// Options say what a run keeps of its training. None of them changes what is computed.
type Options struct {
	Log    int `toml:"log-every" default:"1" min:"1" result:"same" help:"rounds between two lines of rounds.jsonl"`
	Save   int `toml:"save-every" default:"0" min:"0" result:"same" help:"rounds between two checkpoints; 0 is once a minute"`
	Sample int `toml:"sample-every" default:"0" min:"0" result:"same" help:"rounds between two sheets of samples; 0 is after rounds 10, 20, 50, 100, 200, 500 and so on"`
	Keep   int `toml:"keep" default:"3" min:"0" result:"same" help:"checkpoints that are kept; 0 keeps all"`
	Count  int `toml:"samples" default:"64" min:"1" max:"1024" result:"same" help:"samples on a sheet"`
}

// Session plays a game in a run's folder, which must be locked: it records every round, saves, samples from fixed latents,
// tells the observer, and stops well.
type Session struct {
	Trainer *Trainer
	Sampler *Sampler
	Run     *run.Run
	Options Options
	Time    time.Duration // stop after so long; 0: when the trainer's rounds are played

	// Draw turns samples into a file of the run, with its extension.
	Draw    func(samples data.Batch) (content []byte, ext string, err error)
	Observe func(Event) // called from the goroutine that plays; may be nil

	log    *run.LogWriter
	events *run.Events
	saved  int
	began  time.Time
}

// Event is what an observer is told.
type Event struct {
	Kind    EventKind
	Result  Result        // Played: the round
	Rounds  int           // how many are planned
	Batch   int           // records in a batch
	Took    time.Duration // Played: what the round took
	Path    string        // Sampled, Saved: where
	Content []byte        // Sampled: the file
	Ext     string        // Sampled: its extension, such as png
	Warning error         // Warned
}

// EventKind says what happened.
type EventKind int

const (
	// Played is one round.
	Played EventKind = iota
	// Sampled is a sheet of samples from fixed latents.
	Sampled
	// Saved is a checkpoint.
	Saved
	// Warned is something that training goes on in spite of.
	Warned
)

// Play plays until the trainer's rounds are over, the time is up or the context is cancelled, and saves the last whole round.
// It returns context.Canceled in the last case, and a *NotFinite when a player diverged: then the last checkpoint stays as it was, and
// where there was none yet, the round before becomes it.
func (s *Session) Play(ctx context.Context) (err error) {
	s.began = time.Now()
	s.saved = s.Trainer.Round()
	if s.log, err = s.Run.AppendLog(run.RoundsFile); err != nil {
		return err
	}
	after := s.Trainer.Round()
	if after == 0 {
		after = -1 // nothing was played before
	}
	if s.events, err = s.Run.OpenEvents(after, s.began); err != nil {
		return errors.Join(err, s.log.Close())
	}
	defer func() { err = errors.Join(err, s.log.Close(), s.events.Close()) }()
	err = s.play(ctx)
	if diverged := new(NotFinite); errors.As(err, &diverged) {
		return errors.Join(err, s.keepGood(diverged))
	}
	return err
}

func (s *Session) play(ctx context.Context) error {
	if s.Trainer.Round() == 0 {
		if err := s.sample(ctx); err != nil {
			return err
		}
	}
	lastSave := time.Now()
	for !s.over() {
		if err := s.round(ctx); err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		due := s.Options.Save > 0 && s.Trainer.Round()%s.Options.Save == 0 || s.Options.Save == 0 && time.Since(lastSave) > time.Minute
		if due && !s.over() {
			if err := s.save(); err != nil {
				return err
			}
			lastSave = time.Now()
		}
		if ctx.Err() != nil {
			break
		}
	}
	if s.saved != s.Trainer.Round() || s.Trainer.Round() == 0 {
		if err := s.save(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// keepGood finds the last good checkpoint of a run that diverged. If there is none, the last whole round becomes it, where its
// weights are finite.
func (s *Session) keepGood(diverged *NotFinite) error {
	rounds, err := s.Run.Checkpoints()
	if err != nil {
		return err
	}
	if len(rounds) == 0 {
		if s.Trainer.Finite() != nil {
			return nil // nothing good is left to keep
		}
		if err := s.save(); err != nil {
			return err
		}
		rounds = []int{s.saved}
	}
	diverged.Good = rounds[len(rounds)-1]
	return nil
}

// over tells that all planned rounds are played, or that the time is up.
func (s *Session) over() bool {
	if s.Time > 0 {
		return time.Since(s.began) >= s.Time
	}
	return s.Trainer.Round() >= s.Trainer.Rounds
}

// round plays one round and records it.
func (s *Session) round(ctx context.Context) error {
	start := time.Now()
	result, err := s.Trainer.Play(ctx)
	took := time.Since(start)
	if diverged := new(NotFinite); err != nil && !errors.As(err, &diverged) {
		return err
	}
	if record := recordOf(result, took); result.Round%s.Options.Log == 0 || err != nil {
		if err := errors.Join(s.log.Append(record), s.events.Record(record, time.Now())); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	s.tell(Event{Kind: Played, Result: result, Took: took})
	if s.samplesDue(result.Round) {
		return s.sample(context.WithoutCancel(ctx))
	}
	return nil
}

func recordOf(result Result, took time.Duration) run.Record {
	record := run.Record{Round: result.Round}
	for _, term := range result.Terms {
		record.Fields = append(record.Fields, run.Field{Name: term.Name, Value: term.Value})
	}
	record.Fields = append(record.Fields, run.Field{Name: run.Wall + "seconds", Value: took.Seconds()})
	return record
}

// samplesDue tells whether a sheet is due after a round.
func (s *Session) samplesDue(round int) bool {
	if s.over() { // the last sheet is what a user looks at first
		return true
	}
	if s.Options.Sample > 0 {
		return round%s.Options.Sample == 0
	}
	leading := round
	for leading > 9 && leading%10 == 0 {
		leading /= 10
	}
	return round >= 10 && (leading == 1 || leading == 2 || leading == 5)
}

// sample draws a sheet from the run's fixed latents.
func (s *Session) sample(ctx context.Context) error {
	samples, err := s.Sampler.Sample(ctx, s.Trainer.Seed, 0, s.Options.Count, nil)
	if err != nil {
		return err
	}
	content, ext, err := s.Draw(samples)
	if err != nil {
		return fmt.Errorf("train: round %d: the samples cannot be drawn: %w", s.Trainer.Round(), err)
	}
	path, err := s.Run.WriteSample(s.Trainer.Round(), ext, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	if ext == "png" {
		if err := s.events.Image("samples", s.Trainer.Round(), content, time.Now()); err != nil {
			return err
		}
	}
	s.tell(Event{Kind: Sampled, Path: path, Content: content, Ext: ext})
	return nil
}

// save writes a checkpoint of the last whole round.
func (s *Session) save() error {
	if err := s.Trainer.Finite(); err != nil {
		return err
	}
	state, err := State(s.Trainer.Weights)
	if err != nil {
		return err
	}
	shown, err := Shown(s.Trainer.Weights, s.Trainer.Game)
	if err != nil {
		return err
	}
	if err := s.log.Sync(); err != nil {
		return err
	}
	if err := s.Run.Save(s.Trainer.Round(), shown, state, s.Options.Keep); err != nil {
		return err
	}
	s.saved = s.Trainer.Round()
	s.tell(Event{Kind: Saved, Path: s.Run.Path("checkpoints", fmt.Sprintf("round-%d", s.saved))})
	return nil
}

func (s *Session) tell(e Event) {
	if s.Observe == nil {
		return
	}
	e.Rounds, e.Batch = s.Trainer.Rounds, s.Trainer.Game.Batch
	e.Result.Round = s.Trainer.Round()
	s.Observe(e)
}
