package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/cmd/ganymede/internal/terminal"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/train"
)

// screen tells of a training to people: on a terminal a block of lines that is kept up to date, with the samples above it;
// elsewhere a line every few seconds.
type screen struct {
	mutex    sync.Mutex
	out, err io.Writer
	live     bool
	graphics terminal.Graphics
	plan     *ganymede.Plan

	meter meter
	last  train.Event // the last round
	block []string    // the lines on the terminal now that are kept up to date
	told  int         // the round that was last written
	drawn time.Time   // when a line was last written
	shown time.Time   // when samples were last shown
	stop  func()      // ends the drawing by time; may be called again
}

// How often things are written.
const (
	liveEvery    = 100 * time.Millisecond
	plainEvery   = 5 * time.Second
	picturesEach = time.Second
)

func (a *app) newScreen(pictures bool) *screen {
	s := &screen{out: a.stdout, err: a.stderr, live: a.isLive(a.stdout), stop: func() {}}
	if s.live && pictures {
		s.graphics = terminal.Detect(a.getenv, terminal.AskSixel)
	}
	return s
}

func (a *app) isLive(out io.Writer) bool { return terminal.Is(out) && a.getenv("TERM") != "dumb" }

// newFollower is a screen on stderr for trainings that begin and end by themselves: figures, no pictures. It must be stopped.
func (a *app) newFollower() *screen {
	s := &screen{out: a.stderr, err: a.stderr, live: a.isLive(a.stderr), meter: meter{noun: "record"}}
	s.tick()
	return s
}

// tick draws the live block by time, so that it moves in rounds that take long and does not flicker in short ones.
func (s *screen) tick() {
	s.stop = func() {}
	if !s.live {
		return
	}
	done := make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(done) })
	go func() {
		ticker := time.NewTicker(liveEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				s.redraw(done)
			}
		}
	}()
}

// redraw draws unless the training ended meanwhile.
func (s *screen) redraw(done chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	select {
	case <-done:
	default:
		s.draw()
	}
}

func (s *screen) start(p *ganymede.Plan) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.plan = p
	s.meter = meter{planned: p.Rounds, limit: p.Time, began: time.Now(), round: p.Round, batch: p.Game.Batch, noun: noun(p)}
	describe(s.out, p)
	s.tick()
}

func (s *screen) idle(p *ganymede.Plan) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.stop()
	s.clear()
	played := fmt.Sprintf("all %s rounds are played", count(p.Rounds))
	if p.Round > p.Rounds {
		played = fmt.Sprintf("%s rounds are played, more than %s", count(p.Round), count(p.Rounds))
	}
	fmt.Fprintf(s.out, "nothing to do: %s; --rounds with a larger number, or --time, goes on\n", played)
}

func (s *screen) event(e train.Event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch e.Kind {
	case train.Played:
		s.last = e
		if s.plan == nil { // nobody said that it starts
			s.meter.follow(e)
		}
		s.meter.played(e.Result.Round, time.Now())
		if !s.live && time.Since(s.drawn) >= plainEvery {
			s.line()
		}
	case train.Sampled:
		s.show(e)
	case train.Warned:
		s.clear()
		fmt.Fprintf(s.err, "ganymede: %v\n", e.Warning)
	}
}

func (s *screen) note(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.clear()
	fmt.Fprintln(s.err, text)
}

// line writes the figures of the last round, if they are not written yet.
func (s *screen) line() {
	if s.last.Result.Round != s.told {
		s.told, s.drawn = s.last.Result.Round, time.Now()
		fmt.Fprintln(s.out, s.meter.line(s.drawn)+"  "+terms(s.last.Result, "  "))
	}
}

// draw brings the block on the terminal up to date. Of a training that nobody said would start there is nothing to draw before its
// first round and after its last.
func (s *screen) draw() {
	if s.plan == nil && s.meter.round >= s.meter.planned {
		return
	}
	columns, _ := terminal.Size(s.out)
	lines := []string{s.meter.bar(time.Now(), columns)}
	if len(s.last.Result.Terms) > 0 {
		lines = append(lines, strings.Split(terms(s.last.Result, "\n"), "\n")...)
	}
	lines = append(lines, "memory "+size(memoryInUse()))
	for i, line := range lines {
		lines[i] = cut(line, columns-1)
	}
	if slices.Equal(lines, s.block) {
		return
	}
	var b bytes.Buffer
	s.rewind(&b)
	for _, line := range lines {
		fmt.Fprintf(&b, "\r\x1b[2K%s\n", line)
	}
	s.block = lines
	s.out.Write(b.Bytes())
}

// rewind moves to the first line of the block.
func (s *screen) rewind(w io.Writer) {
	if n := len(s.block); n > 0 {
		fmt.Fprintf(w, "\x1b[%dA", n)
	}
}

// clear takes the block off the terminal.
func (s *screen) clear() {
	if len(s.block) > 0 {
		s.rewind(s.out)
		io.WriteString(s.out, "\r\x1b[J")
		s.block = nil
	}
}

// show puts samples on the terminal, above the block.
func (s *screen) show(e train.Event) {
	last := e.Result.Round == e.Rounds
	if s.graphics == terminal.None || e.Ext != "png" || !last && time.Since(s.shown) < picturesEach {
		return
	}
	img, err := png.Decode(bytes.NewReader(e.Content))
	if err != nil {
		return // the file is there all the same, and its path is told at the end
	}
	s.clear()
	columns, rows := terminal.Size(s.out)
	fmt.Fprintf(s.out, "round %s\n", count(e.Result.Round))
	s.graphics.Show(s.out, s.excerpt(img), min(columns, 100), max(rows/2, 8))
	s.shown = time.Now()
	s.draw()
}

// excerpt is as much of a sheet as is worth its room on a terminal: three rows of pictures, or the plot.
func (s *screen) excerpt(sheet image.Image) image.Image {
	codec, ok := ganymede.PictureCodec(s.plan.Set.Codec)
	part, can := sheet.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok || !can {
		return sheet
	}
	b := sheet.Bounds()
	b.Max.Y = min(b.Max.Y, b.Min.Y+images.Padding+3*(codec.Side+images.Padding))
	return part.SubImage(b)
}

func (s *screen) end(e ending) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.stop()
	if e.outcome == nil {
		s.clear()
		return
	}
	if s.live {
		s.draw()
		s.block = nil // it stays
	} else {
		s.line()
	}
	conclude(s.out, e)
}
