package bench

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
)

// Profile is how rounds of a game spend their time.
type Profile struct {
	Name    string  `json:"name"`
	Threads int     `json:"threads"`
	Rounds  int     `json:"rounds"`
	Round   float64 `json:"seconds"`     // of one, the median
	Peak    float64 `json:"peak_gflops"` // of one core
	Lines   []Line  `json:"kernels"`     // the longest first

	calls []engine.Call
}

// Line is what the calls of one kernel took in all rounds together.
type Line struct {
	Kernel    string  `json:"kernel"` // what it does, with shapes
	Method    string  `json:"method,omitempty"`
	Calls     int     `json:"calls"`
	Seconds   float64 `json:"seconds"`
	Share     float64 `json:"share"` // of the time of all kernels
	GFLOPS    float64 `json:"gflops"`
	OfPeak    float64 `json:"of_peak"`
	Bytes     int64   `json:"bytes"`     // of operands and results, each counted once a call
	Intensity float64 `json:"intensity"` // operations a byte
}

// RoundOptions say whose rounds are looked at.
type RoundOptions struct {
	Model    string
	Side     int      // of the pictures; 0: 64 if the model can do it, else the smallest from 28
	Channels int      // of the pictures; 0: 3, or 1 below 64
	Classes  int      // of the pictures
	Set      []string // key=value
	Threads  int
	Rounds   int // after two that are not counted
}

// game makes the game, and its name.
func (o RoundOptions) game() (*gan.Game, string, error) {
	m, err := models.Find(o.Model)
	if err != nil {
		return nil, "", err
	}
	shape := smallest(m)
	if slices.Contains(m.Sides, 64) {
		shape.Shape = []int{64, 64, 3}
	}
	if o.Side > 0 {
		shape.Shape[0], shape.Shape[1] = o.Side, o.Side
	}
	if o.Channels > 0 {
		shape.Shape[2] = o.Channels
	}
	if o.Classes > 0 {
		shape.Classes = o.Classes
	}
	game, err := lastAct(makeGame(m, shape, o.Set))
	return game, fmt.Sprintf("%s %dx%dx%d", m.Name, shape.Shape[0], shape.Shape[1], shape.Shape[2]), err
}

// ProfileRound plays rounds of a model on random pictures, of its last act, and returns how they spend their time.
func ProfileRound(ctx context.Context, o RoundOptions) (*Profile, error) {
	game, name, err := o.game()
	if err != nil {
		return nil, err
	}
	p, err := profileGame(ctx, game, o.Threads, max(o.Rounds, 1))
	if err != nil {
		return nil, err
	}
	p.Name = fmt.Sprintf("%s, batch %d", name, game.Batch)
	return p, nil
}

// profileGame plays two rounds, and then those that count.
func profileGame(ctx context.Context, game *gan.Game, threads, rounds int) (*Profile, error) {
	t, err := sit(game, threads)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if _, err := t.burst(ctx, 2); err != nil {
		return nil, err
	}
	peak := peakNow()
	profile, stop := t.backend.(*engine.Backend).Profile()
	seconds, err := t.burst(ctx, rounds)
	stop()
	if err != nil {
		return nil, err
	}
	p := &Profile{Threads: threads, Rounds: rounds, Round: median(seconds), Peak: max(peak, peakNow()), calls: profile.Calls()}
	total := 0.0
	for _, r := range profile.Rows() {
		total += r.Time.Seconds()
	}
	for _, r := range profile.Rows() {
		s := max(r.Time.Seconds(), 1e-9)
		l := Line{Kernel: r.Kernel, Method: r.Method, Calls: r.Calls, Seconds: r.Time.Seconds(), Share: r.Time.Seconds() / total,
			GFLOPS: float64(r.Flops) / s / 1e9, Bytes: r.Bytes, Intensity: float64(r.Flops) / float64(max(r.Bytes, 1))}
		if p.Peak > 0 {
			l.OfPeak = l.GFLOPS / p.Peak / float64(threads)
		}
		p.Lines = append(p.Lines, l)
	}
	return p, nil
}

// share is the part of the kernels' time that is spent in some of them.
func (p *Profile) share(in func(l Line) bool) (share float64) {
	for _, l := range p.Lines {
		if in(l) {
			share += l.Share
		}
	}
	return share
}

// Print writes the table. Convolutions are counted as direct ones, so that those by faster algorithms may exceed the peak.
func (p *Profile) Print(w io.Writer) {
	kernels := 0.0
	for _, l := range p.Lines {
		kernels += l.Seconds
	}
	fmt.Fprintf(w, "%s, %d threads: %.4f s a round (median of %d), %.4f s of it in kernels; peak %.1f GFLOP/s a core\n", p.Name, p.Threads, p.Round, p.Rounds, kernels/float64(p.Rounds), p.Peak)
	fmt.Fprintf(w, "%.1f%% of the kernels' time is spent under %d operations a byte\n\n", 100*p.share(func(l Line) bool { return l.Intensity < fewFlops }), fewFlops)
	fmt.Fprintf(w, "%6s %10s %6s %9s %7s %9s %8s  %s\n", "calls", "ms", "share", "GFLOP/s", "of peak", "MB", "flop/B", "kernel")
	for _, l := range p.Lines {
		fmt.Fprintf(w, "%6d %10.2f %5.1f%% %9.1f %6.0f%% %9.1f %8.1f  %s\n", l.Calls, 1e3*l.Seconds, 100*l.Share, l.GFLOPS, 100*l.OfPeak,
			float64(l.Bytes)/1e6, l.Intensity, kernelText(l.Kernel, l.Method))
	}
}

func kernelText(kernel, method string) string {
	if method == "" {
		return kernel
	}
	return kernel + " " + method
}
