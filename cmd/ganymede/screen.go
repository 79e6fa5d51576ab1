package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
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
	block int         // lines of the live block on the terminal now
	told  int         // the round that was last written
	drawn time.Time   // when the block, or a line, was last written
	shown time.Time   // when samples were last shown
}

// How often things are written.
const (
	liveEvery    = 100 * time.Millisecond
	plainEvery   = 5 * time.Second
	picturesEach = time.Second
)

func (a *app) newScreen(pictures bool) *screen {
	s := &screen{out: a.stdout, err: a.stderr, live: terminal.Is(a.stdout) && a.getenv("TERM") != "dumb"}
	if s.live && pictures {
		s.graphics = terminal.Detect(a.getenv, terminal.AskSixel)
	}
	return s
}

// newFollower is a screen on stderr for trainings that begin and end by themselves: figures, no pictures.
func (a *app) newFollower() *screen {
	return &screen{out: a.stderr, err: a.stderr, live: terminal.Is(a.stderr) && a.getenv("TERM") != "dumb", meter: meter{noun: "record"}}
}

func (s *screen) start(p *ganymede.Plan) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.plan = p
	s.meter = meter{planned: p.Rounds, limit: p.Time, began: time.Now(), from: p.Round, batch: p.Game.Batch, noun: noun(p)}
	describe(s.out, p)
}

func (s *screen) idle(p *ganymede.Plan) {
	fmt.Fprintf(s.out, "nothing to do: all %s rounds are played; --rounds with a larger number, or --time, goes on\n", count(p.Rounds))
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
		s.refresh(false)
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

// refresh writes the figures of the last round, if it is time.
func (s *screen) refresh(now bool) {
	every := plainEvery
	if s.live {
		every = liveEvery
	}
	if round := s.last.Result.Round; round == 0 || !now && time.Since(s.drawn) < every || !s.live && round == s.told {
		return
	}
	s.told = s.last.Result.Round
	s.drawn = time.Now()
	if !s.live {
		fmt.Fprintln(s.out, s.meter.line()+"  "+terms(s.last.Result, "  "))
		return
	}
	columns, _ := terminal.Size(s.out)
	lines := append([]string{s.meter.bar(columns)}, strings.Split(terms(s.last.Result, "\n"), "\n")...)
	lines = append(lines, "memory "+size(memoryInUse()))
	var b bytes.Buffer
	s.rewind(&b)
	for _, line := range lines {
		fmt.Fprintf(&b, "\r\x1b[2K%s\n", cut(line, columns-1))
	}
	s.block = len(lines)
	s.out.Write(b.Bytes())
}

// rewind moves to the first line of the block.
func (s *screen) rewind(w io.Writer) {
	if s.block > 0 {
		fmt.Fprintf(w, "\x1b[%dA", s.block)
	}
}

// clear takes the block off the terminal.
func (s *screen) clear() {
	if s.block > 0 {
		s.rewind(s.out)
		io.WriteString(s.out, "\r\x1b[J")
		s.block = 0
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
	s.refresh(true)
}

// excerpt is as much of a sheet as is worth its room on a terminal: three rows of pictures, or the plot.
func (s *screen) excerpt(sheet image.Image) image.Image {
	codec, ok := s.plan.Set.Codec.(images.Codec)
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
	if e.outcome == nil {
		return
	}
	s.refresh(true)
	s.block = 0 // it stays
	conclude(s.out, e)
}
