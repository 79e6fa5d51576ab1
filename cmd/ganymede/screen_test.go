package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ganymede-gan/ganymede/train"
)

// follow starts a screen on a terminal that is a buffer.
func follow(out *bytes.Buffer) *screen {
	s := &screen{out: out, err: out, live: true, meter: meter{noun: "record"}}
	s.tick()
	return s
}

// drawn takes what was written since the last time.
func drawn(s *screen, out *bytes.Buffer) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer out.Reset()
	return out.String()
}

func played(round, of int) train.Event {
	return train.Event{Kind: train.Played, Rounds: of, Batch: 64, Result: train.Result{Round: round, Terms: []train.Value{{Name: "critic/loss", Value: float64(round)}}}}
}

// Short rounds do not flicker: the block is drawn ten times a second at most, however many are played.
func TestBlockIsDrawnByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := follow(&out)
		for round := range 2000 {
			time.Sleep(time.Millisecond)
			s.event(played(round+1, 10000))
		}
		s.stop()
		if n := strings.Count(drawn(s, &out), "critic loss"); n < 15 || n > 20 {
			t.Errorf("the block was drawn %d times in 2 s, want nearly 20", n)
		}
	})
}

// In a round that takes long the time that is left goes on falling, and then the rate does.
func TestBlockMovesInALongRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := follow(&out)
		for round := range 5 {
			time.Sleep(10 * time.Second)
			s.event(played(round+1, 10))
		}
		time.Sleep(1050 * time.Millisecond)
		drawn(s, &out)
		time.Sleep(25 * time.Second)
		s.stop()
		text := drawn(s, &out)
		left := slices.Compact(regexp.MustCompile(`\S+ left`).FindAllString(text, -1))
		if left[0] == "49s left" { // drawn again within the second, as the line of memory changed
			left = left[1:]
		}
		if got, want := strings.Join(left[:min(len(left), 9)], ", "), "48s left, 47s left, 46s left, 45s left, 44s left, 43s left, 42s left, 41s left, 40s left"; got != want {
			t.Errorf("in a long round: %s; want %s", got, want)
		}
		rates := regexp.MustCompile(`[\d.]+ rounds/s`).FindAllString(text, -1)
		if first, last := rates[0], rates[len(rates)-1]; first != "0.100 rounds/s" || last >= first {
			t.Errorf("rates from %s to %s, want from 0.100 down", first, last)
		}
	})
}

// What ended is not drawn again, and a note stands where the block was.
func TestNothingIsDrawnAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := follow(&out)
		s.event(played(1, 10))
		time.Sleep(150 * time.Millisecond)
		s.note("judging")
		if text := drawn(s, &out); !strings.HasSuffix(text, "\x1b[3A\r\x1b[Jjudging\n") {
			t.Errorf("a note on %q", text)
		}
		s.event(played(10, 10)) // the last
		s.stop()
		drawn(s, &out)
		time.Sleep(time.Second)
		if text := drawn(s, &out); text != "" {
			t.Errorf("drawn after the end: %q", text)
		}
	})
}
