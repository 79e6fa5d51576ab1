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
	"time"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/train"
)

// Request says what to train. Only Data is needed, or Run with Resume.
type Request struct {
	Data    string     // a path, or the name of a set
	To      string     // the second kind of pictures, of a model that translates: a path or a name
	Model   string     // "": as File, Environ or Set say, else one that fits the data
	Custom  *gan.Model // a model of the program's own, in place of Model
	Game    GameFunc   // a whole game of the program's own, in place of a model's; Custom, without Options, may give its name
	Run     string     // the run's folder; "" takes the next free name in Runs
	Runs    string     // where runs lie; "" is "runs"
	Rounds  int        // 0: the model's default length
	Time    time.Duration
	Seed    int64    // 0: as File, Environ or Set say, else 0
	File    string   // a TOML file of options; model and seed may stand in it too
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
