// Command ganymede trains generative adversarial networks and makes samples with them. Flags go in, each verb is one call of
// the front door, and what it returned is printed. It knows nothing that a Go program could not do with package ganymede.
//
// It exits with 0 if all went well, 1 if something failed, 2 if the command or an option is wrong, 3 if training diverged (the last
// good checkpoint is kept), and 130 if it was interrupted (the last whole round is saved).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/spf13/cobra"
)

// Exit codes, as documented above and by `ganymede help`.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiverged    = 3
	exitInterrupted = 130
)

func main() {
	ctx, stop := interruptible()
	defer stop()
	os.Exit(execute(ctx, &app{stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}, os.Args[1:]))
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels; the second ends the process at once.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		first := time.Now()
		for range signals {
			if time.Since(first) > echo {
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, cancel
}

// echo is how long a signal that comes again is the same one, from a shell or a supervisor that sends it to the process and to
// its group.
const echo = 200 * time.Millisecond

// app is what the verbs share: where to write, and the environment.
type app struct {
	stdout, stderr io.Writer
	environ        []string
}

// getenv looks a variable up.
func (a *app) getenv(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(a.environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// execute runs a command line and returns the exit code.
func execute(ctx context.Context, a *app, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	if err != nil && !errors.Is(err, errTold) && code != exitInterrupted {
		fmt.Fprintf(a.stderr, "ganymede: %v\n", err)
	}
	return code
}

// errTold is an error that was printed already.
var errTold = errors.New("told")

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func exitCode(ctx context.Context, err error) int {
	var diverged *train.NotFinite
	var options *config.Error
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return exitInterrupted
	case errors.As(err, &diverged):
		return exitDiverged
	case errors.As(err, &usage), errors.As(err, &options), errors.Is(err, ganymede.ErrRequest):
		return exitUsage
	}
	return exitFailed
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "ganymede",
		Short: "Train generative adversarial networks: point it at pictures, watch it learn, get new ones",
		Long: `Ganymede trains generative adversarial networks. Point it at pictures, watch it learn, get new pictures; stop and resume.

It exits with 0 if all went well, 1 if something failed, 2 if the command or an option is wrong, 3 if training diverged (the
last good checkpoint is kept), and 130 if it was interrupted (the last whole round is saved).`,
		Example: `  ganymede train fashion                    clothes, about a minute
  ganymede train ./my-pictures              a folder of your own; folders in it are classes
  ganymede sample runs/fashion-cgan-1       64 new pictures on a sheet
  ganymede train --resume runs/fashion-cgan-1 --rounds 5000`,
		SilenceUsage: true, SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{unknownCommand(cmd, args[0])}
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	root.AddCommand(newTrain(a), newSample(a), newInterpolate(a), newTranslate(a), newMix(a), newTraverse(a), newAttention(a), newModels(a), newInspect(a), newRuns(a), newConfig(a), newData(a), newReproduce(a), newBench(a), newVersion(a))
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint := ""
	if near := config.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Errorf("there is no command %q%s (commands: %s)", name, hint, strings.Join(names, ", "))
}

// arguments checks how many there are, and says what is wanted if it is not that.
func arguments(from, to int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= from && len(args) <= to {
			return nil
		}
		return usageError{fmt.Errorf("%s takes %s, and %d were given; see `%s --help`", cmd.CommandPath(), want, len(args), cmd.CommandPath())}
	}
}
