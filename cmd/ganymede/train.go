package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/spf13/cobra"
)

// trainFlags are the flags of the verb.
type trainFlags struct {
	request    ganymede.Request
	dry        bool
	quiet      bool
	json       bool
	noPictures bool
}

func newTrain(a *app) *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train DATA",
		Short: "Train a model on pictures or points, or go on with a run",
		Long: `Train makes a run in the folder runs/ and trains a model in it: on a folder of pictures (folders in it are classes), an archive
of one, MNIST's, CIFAR-10's or NumPy's files, or a set by name (ganymede data list). Without --model it chooses one that fits
the data and says why.

With --to it learns to translate pictures of DATA into those of the second folder: cyclegan without pairs and both ways, pix2pix from
pairs, which have the same names in both folders; a folder of side-by-side pictures needs no --to. ganymede translate uses the run.

Options of the model and of everything else are set by --set key=value, by environment variables such as GANYMEDE_SET_OPTIM_RATE, or
by a TOML file (--config): flags win over the environment, which wins over the file. ganymede models NAME lists them.

Ctrl-C finishes the round and saves; a second one stops at once and keeps the last checkpoint.`,
		Example: `  ganymede train fashion
  ganymede train ./pictures --model dcgan --set data.side=64 --set data.flip=true --time 2h
  ganymede train ring --set objective=hinge --set penalty.r1=1 --rounds 20000
  ganymede train ./horses --to ./zebras --model cyclegan
  ganymede train ./pictures --dry-run
  ganymede train --resume runs/pictures-dcgan-1 --rounds 20000
  ganymede train ./more-pictures --init runs/pictures-dcgan-1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.request.Resume {
				return arguments(0, 1, "a run to resume, as argument or by --run")(cmd, args)
			}
			return arguments(1, 1, "one set of data: a path, or a name of `ganymede data list`")(cmd, args)
		},
		ValidArgsFunction: completeData,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.read(a, args); err != nil {
				return err
			}
			return a.train(cmd.Context(), &f)
		},
	}
	r := &f.request
	flags := cmd.Flags()
	flags.StringVar(&r.Model, "model", "", "model (ganymede models); chosen from the data if not given")
	flags.StringVar(&r.To, "to", "", "the second kind of pictures, to translate between: a `path` or a set")
	flags.StringVar(&r.Run, "run", "", "folder of the run; default is the next free name in runs/")
	flags.IntVar(&r.Rounds, "rounds", 0, "how many rounds; default is the model's length")
	flags.DurationVar(&r.Time, "time", 0, "how long instead, such as 90s, 10m or 2h")
	flags.Func("seed", "`number` that all that is drawn depends on; default 0", f.readSeed)
	flags.StringArrayVar(&r.Set, "set", nil, "an option, `key=value`; may be given many times")
	flags.StringVar(&r.File, "config", "", "TOML `file` of options (ganymede config writes one; a run.toml is one)")
	flags.StringVar(&r.Backend, "backend", "cpu", "what computes: cpu, go (slow, for checks), or xla:PLUGIN in a binary built for it")
	flags.IntVar(&r.Threads, "threads", 0, "threads of the cpu backend; 0 is one a CPU. The result does not depend on it")
	flags.BoolVar(&r.Resume, "resume", false, "go on with the run given as argument or by --run")
	flags.StringVar(&r.Init, "init", "", "start from the weights of that `run`")
	flags.IntVar(&r.Keep, "keep", 0, "checkpoints to keep; default 3 (--set train.keep=0 keeps all)")
	flags.BoolVar(&f.dry, "dry-run", false, "say what would be done, and how long a round takes; write nothing")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but errors")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line: start, round, sample, checkpoint, warning, end")
	flags.BoolVar(&f.noPictures, "no-pictures", false, "show no samples in the terminal")
	completeFlag(cmd, "model", modelNames)
	completeFlag(cmd, "backend", func() []string { return ganymede.Backends() })
	completeFlag(cmd, "init", runPaths)
	completeFlag(cmd, "set", optionKeys(&r.Model))
	return cmd
}

// readSeed sets the seed over a file's and the environment's, 0 too.
func (f *trainFlags) readSeed(text string) error {
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return errors.New("it must be a whole number")
	}
	f.request.Set = append(f.request.Set, "seed="+text)
	return nil
}

// read makes the request of flags and arguments.
func (f *trainFlags) read(a *app, args []string) error {
	r := &f.request
	r.Environ = a.environ
	switch {
	case r.Rounds < 0 || r.Time < 0 || r.Threads < 0 || r.Keep < 0:
		return usageError{errors.New("--rounds, --time, --threads and --keep cannot be negative")}
	case r.Rounds > 0 && r.Time > 0:
		return usageError{errors.New("--rounds and --time both say how long; give one")}
	case r.Resume && r.Init != "":
		return usageError{errors.New("--resume goes on with a run and --init starts a new one; give one")}
	case f.quiet && f.json:
		return usageError{errors.New("--quiet prints nothing and --json prints every round; give one")}
	case !r.Resume:
		r.Data = args[0]
	case r.Run == "" && len(args) == 1:
		r.Run = args[0]
	case r.Run == "":
		return usageError{errors.New("--resume needs the run to go on with: ganymede train --resume RUN")}
	case len(args) == 1:
		r.Data = args[0]
	}
	return nil
}

// train prepares, tells what will be done, does it, and tells what to do next.
func (a *app) train(ctx context.Context, f *trainFlags) error {
	began := time.Now()
	show := a.newDisplay(f)
	f.request.Observe = show.event
	plan, err := ganymede.Prepare(ctx, f.request)
	if err != nil {
		return err
	}
	if f.dry {
		return a.dryRun(ctx, plan, f.json)
	}
	show.start(plan)
	if plan.Done() {
		show.idle(plan)
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		show.note("finishing the round, then saving; Ctrl-C again stops at once and keeps the last checkpoint")
	})
	defer stop()
	outcome, err := plan.Train(ctx)
	show.end(ending{plan: plan, outcome: outcome, err: err, took: time.Since(began), interrupted: ctx.Err() != nil && errors.Is(err, ctx.Err())})
	return err
}

// ending is how training ended.
type ending struct {
	plan        *ganymede.Plan
	outcome     *ganymede.Outcome // nil if it never began
	err         error
	took        time.Duration
	interrupted bool
}

// state is the ending in a word, as run.Condition has it.
func (e ending) state() string {
	switch {
	case e.interrupted:
		return "stopped"
	case e.err != nil:
		return "failed"
	}
	return "finished"
}

// diverged is how a player diverged, if one did and a good checkpoint is there; else nil.
func (e ending) diverged() *train.NotFinite {
	diverged := new(train.NotFinite)
	if !errors.As(e.err, &diverged) || diverged.Good < 0 {
		return nil
	}
	return diverged
}

// display tells of a training as it goes on. note may be called from another goroutine.
type display interface {
	start(*ganymede.Plan)
	idle(*ganymede.Plan) // there is nothing left to do
	event(train.Event)
	note(string)
	end(ending)
}

// newDisplay chooses how to tell.
func (a *app) newDisplay(f *trainFlags) display {
	switch {
	case f.json:
		return &jsonDisplay{out: a.stdout}
	case f.quiet:
		return &quietDisplay{app: a}
	}
	return a.newScreen(!f.noPictures)
}

// quietDisplay tells of warnings alone.
type quietDisplay struct{ *app }

func (quietDisplay) start(*ganymede.Plan) {}
func (quietDisplay) idle(*ganymede.Plan)  {}
func (quietDisplay) note(string)          {}
func (quietDisplay) end(ending)           {}

func (q quietDisplay) event(e train.Event) {
	if e.Kind == train.Warned {
		fmt.Fprintf(q.stderr, "ganymede: %v\n", e.Warning)
	}
}
