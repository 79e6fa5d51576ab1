// Package ganymede trains generative adversarial networks and makes samples with them: the front door of the toolkit. In
// goes a Request (data, model, settings), out comes a run's folder, and from a run a Generator. It wires the rooms and
// knows nothing of flags, terminals or HTTP.
//
//	outcome, err := ganymede.Train(ctx, ganymede.Request{Data: "fashion"})
//	...
//	generator, err := ganymede.Open(outcome.Dir, ganymede.OpenOptions{})
//	samples, err := generator.Sample(ctx, ganymede.SampleOptions{N: 64, Seed: 1})
package ganymede

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/pelletier/go-toml/v2"
)

// Request says what to train. Only Data is needed, or Run with Resume.
type Request struct {
	Data    string     // a path, or the name of a set
	Model   string     // "" chooses one that fits the data
	Custom  *gan.Model // a model of the program's own, in place of Model
	Game    GameFunc   // a whole game of the program's own, in place of a model's; Custom, without Options, may give its name
	Run     string     // the run's folder; "" takes the next free name in Runs
	Runs    string     // where runs lie; "" is "runs"
	Rounds  int        // 0: the model's default length
	Time    time.Duration
	Seed    int64
	File    string   // a TOML file of options
	Set     []string // key=value, over the file and the environment
	Environ []string // as os.Environ(); nil: none is read
	Backend string   // "cpu" (the default), "go", or "xla:PLUGIN" in a binary built with the tag xla
	Threads int      // of the cpu backend; 0: one a CPU
	Resume  bool     // go on with the run in Run
	Init    string   // a run whose weights are the start
	Keep    int      // checkpoints to keep; 0: as the options say

	Observe func(train.Event) // called from the goroutine that trains; may be nil
}

// GameFunc makes a game for data of a shape. What it does not draw from the data's records it must list as needs.
type GameFunc func(gan.Data) (*gan.Game, error)

// ErrRequest marks errors that lie in the request itself (an unknown model, an option, a combination that makes no sense)
// rather than in files, data or the training.
var ErrRequest = errors.New("the request cannot be met")

// wrong marks an error as lying in the request, without changing what it says.
type wrong struct{ error }

func (w wrong) Is(target error) bool { return target == ErrRequest }
func (w wrong) Unwrap() error        { return w.error }

// options are all that configure a run, as one struct a prefix.
type options struct {
	model  gan.Builder // nil for a whole game of the program's own
	shared gan.Options
	images images.Options
	points points.Options
	train  train.Options
	engine Engine
}

// configure mounts the options for a model and a kind of data.
func configure(model gan.Model, kind string) (*config.Config, *options, error) {
	o := &options{}
	var mounts []config.Mount
	if model.Options != nil {
		o.model = model.Options()
		mounts = append(mounts, config.At("", o.model), config.At("", &o.shared))
	}
	mounts = append(mounts, config.At("train", &o.train), config.At("engine", &o.engine))
	if kind == "points" {
		mounts = append(mounts, config.At("data", &o.points))
	} else {
		mounts = append(mounts, config.At("data", &o.images))
	}
	c, err := config.New(mounts...)
	if err != nil {
		return nil, nil, err
	}
	presets := maps.Clone(model.Shared)
	if kind == "points" {
		if presets == nil {
			presets = map[string]string{}
		}
		maps.Copy(presets, model.Points)
	}
	return c, o, c.Preset(model.Name, presets)
}

// Configure returns the options of a model for a kind of data ("images" or "points") at their defaults, to list or to
// write a file to start from.
func Configure(model gan.Model, kind string) (*config.Config, error) {
	c, _, err := configure(model, kind)
	return c, err
}

// Plan is a training run that is settled and checked, and not begun.
type Plan struct {
	Model   gan.Model
	Why     string // how the model was chosen; "" if it was asked for
	Config  *config.Config
	Set     *data.Set
	Game    *gan.Game
	Rounds  int
	Time    time.Duration
	Seed    int64
	Backend string
	Dir     string // of the run; "" before Train makes one
	Round   int    // already played, of a resumed run

	request Request
	options *options
	shape   gan.Data
	resumed *run.Run
}

// Prepare opens the data, chooses the model, reads the options and builds the game. It writes nothing.
func Prepare(ctx context.Context, request Request) (plan *Plan, err error) {
	if request.Resume {
		return prepareResume(ctx, request)
	}
	if request.Data == "" {
		return nil, wrong{errors.New("there is no data to train on; give a folder, a file or the name of a set (ganymede data list)")}
	}
	if request.Model == "" && request.File != "" {
		if request.Model, err = modelInFile(request.File); err != nil {
			return nil, err
		}
	}
	found, err := sets.Find(ctx, request.Data, images.ScanOptions{})
	if err != nil {
		return nil, err
	}
	plan = &Plan{Seed: request.Seed, request: request}
	if plan.Model, plan.Why, err = chooseModel(request, found); err != nil {
		return nil, err
	}
	var sources []config.Source
	if request.File != "" {
		sources = append(sources, config.File(request.File, run.Reserved()...))
	}
	if plan.Config, plan.options, err = configure(plan.Model, found.Kind); err != nil {
		return nil, err
	}
	if request.Environ != nil {
		sources = append(sources, plan.Config.Environment(request.Environ))
	}
	if err := plan.settle(ctx, found, append(sources, config.Flags(request.Set)), nil); err != nil {
		return nil, err
	}
	plan.Time, plan.Rounds = request.Time, request.Rounds
	if plan.Rounds == 0 {
		plan.Rounds, err = plan.length()
	}
	return plan, err
}

// length is how many rounds are played if nobody says.
func (p *Plan) length() (int, error) {
	if p.Model.Length == nil {
		return 0, wrong{fmt.Errorf("%s has no default length; say how many rounds, or how long", p.Model.Name)}
	}
	return p.Model.Length(p.shape), nil
}

// modelInFile returns the model that a configuration file names, or "".
func modelInFile(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", wrong{fmt.Errorf("config: %w; give a TOML file, such as `ganymede config MODEL` writes", err)}
	}
	var head struct {
		Model string `toml:"model"`
	}
	if err := toml.Unmarshal(content, &head); err != nil {
		return "", nil // the options in it are read next, and the error there names the line
	}
	return head.Model, nil
}

// settle loads options and data, and builds the game.
func (p *Plan) settle(ctx context.Context, found *sets.Found, sources []config.Source, split *data.Split) (err error) {
	if err := p.Config.Load(sources...); err != nil {
		return wrong{err}
	}
	if p.request.Keep > 0 {
		p.options.train.Keep = p.request.Keep
	}
	p.options.images.Side = chooseSide(p.Model, p.options.images.Side, found)
	if p.Set, err = found.Load(ctx, sets.Options{Images: p.options.images, Points: p.options.points, Split: split}); err != nil {
		return err
	}
	p.shape = shapeOf(p.Set)
	if p.Game, err = makeGame(p.Model, p.options, p.request.Game, p.shape); err != nil {
		return wrong{err}
	}
	if n := p.Set.Train.Len(); n < 1 {
		return fmt.Errorf("%s: no records are left to train on", p.Set.Name)
	}
	p.Backend = backendName(p.request.Backend)
	return nil
}

// makeGame makes the game of a model with its options, or the program's own.
func makeGame(model gan.Model, o *options, own GameFunc, shape gan.Data) (game *gan.Game, err error) {
	if own != nil {
		game, err = own(shape)
	} else {
		var pair gan.Pair
		if pair, err = o.model.Pair(shape); err == nil {
			game, err = pair.Game(o.shared)
		}
	}
	if err == nil {
		err = game.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", model.Name, err)
	}
	return game, nil
}

// shapeOf is what a model must know of a set.
func shapeOf(set *data.Set) gan.Data {
	var d gan.Data
	for _, field := range set.Train.Fields() {
		if field.Name == data.Labels {
			d.Classes = int(field.High) + 1
			continue
		}
		d.Field, d.Shape = field.Name, field.Shape
	}
	return d
}

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

// Outcome is how training ended.
type Outcome struct {
	Dir      string
	Round    int
	Finished bool     // all planned rounds are played, or the time is up
	Adopted  int      // of --init: weights taken over
	Left     []string // of --init: weights of that run that fit nowhere here
	Progress string   // path of a picture with the same latents after ever more rounds; "" if there are fewer than two sheets
}

// Train prepares a request and trains it.
func Train(ctx context.Context, request Request) (*Outcome, error) {
	plan, err := Prepare(ctx, request)
	if err != nil {
		return nil, err
	}
	return plan.Train(ctx)
}

// Train makes the run's folder, or opens it again, and plays. A cancelled context saves the last whole round and returns
// the outcome with context.Canceled. What is wrong with the game is told before anything is written.
func (p *Plan) Train(ctx context.Context) (outcome *Outcome, err error) {
	stage, err := p.stage()
	if err != nil {
		return nil, err
	}
	defer stage.close()
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
	status := run.Status{Condition: run.Failed}
	defer func() {
		if status.Condition == run.Failed && err != nil {
			status.Reason = err.Error()
		}
		status.Round, status.At = outcome.Round, time.Now()
		err = errors.Join(err, folder.Finish(status))
	}()
	if p.resumed != nil {
		if err := p.restore(folder, stage.trainer); err != nil {
			return outcome, err
		}
		outcome.Round = stage.trainer.Round()
	}
	err = p.play(ctx, folder, stage)
	outcome.Round = stage.trainer.Round()
	outcome.Finished = err == nil
	switch {
	case err == nil && outcome.Round >= p.Rounds:
		status.Condition = run.Finished
	case err == nil:
		status.Condition, status.Reason = run.Finished, "the time was up"
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		status.Condition, status.Reason = run.Stopped, "interrupted"
	default:
		return outcome, err
	}
	if outcome.Progress, err = writeProgress(folder, p.Set.Codec); err != nil {
		p.tellWarning(err)
	}
	return outcome, errors.Join(ctx.Err(), folder.Write(run.CardFile, p.card(outcome.Round)))
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
	session := &train.Session{
		Trainer: stage.trainer, Sampler: stage.sampler, Run: folder, Options: p.options.train, Time: p.Time, Observe: p.request.Observe,
		Draw: func(samples data.Batch) ([]byte, string, error) { return drawSheet(p.Set.Codec, real, samples) },
	}
	return session.Play(ctx)
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
		folder, err = run.CreateNext(runsDir(p.request.Runs), filepath.Base(p.Set.Name)+"-"+p.Model.Name, manifest)
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

func runsDir(dir string) string {
	if dir == "" {
		return "runs"
	}
	return dir
}

// manifest is what run.toml says.
func (p *Plan) manifest() run.Manifest {
	origin := p.Set.Origin
	path := p.request.Data
	if _, err := os.Stat(path); err == nil {
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
	}
	return run.Manifest{
		Model: p.Model.Name, Seed: p.Seed, Options: p.Config.TOML(), Created: time.Now(), Versions: p.versions(),
		Data: run.DataIdentity{
			Name: p.Set.Name, Path: path, SHA256: origin.Hash, Count: int64(origin.Records), Bytes: origin.Bytes, Licence: origin.Licence,
		},
	}
}
