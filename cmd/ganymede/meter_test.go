package main

import (
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/train"
)

func TestMeterTellsRateAndTimeLeft(t *testing.T) {
	began := time.Now()
	m := meter{planned: 1000, batch: 64, noun: "picture", began: began}
	if got, want := m.line(began), "round 0 of 1,000  0.0 %"; got != want {
		t.Errorf("before the first round: %q, want %q", got, want)
	}
	for i := range 201 { // 10 rounds a second for 20 seconds, then 20
		m.played(i+1, began.Add(time.Duration(i)*100*time.Millisecond))
	}
	at := began.Add(20 * time.Second)
	if got, want := m.line(at), "round 201 of 1,000  20.1 %  10.0 rounds/s  640 pictures/s  1m19s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range 300 {
		m.played(202+i, at.Add(time.Duration(i+1)*50*time.Millisecond))
	}
	if rate := m.rate(at.Add(15 * time.Second)); rate < 19.5 || rate > 20.5 {
		t.Errorf("rate %v, want 20: what is over 10 s ago counts no more", rate)
	}
}

// A round that takes longer than the window still has a rate.
func TestMeterOfSlowRounds(t *testing.T) {
	m := meter{planned: 10}
	for i := range 3 {
		m.played(i+1, time.Unix(int64(60*i), 0))
	}
	for since, want := range map[time.Duration]time.Duration{0: 7 * time.Minute, 40 * time.Second: 7*time.Minute - 40*time.Second, 3 * time.Minute: 11 * time.Minute} {
		// After 3 minutes it would be 2 rounds in 4: 2 minutes each, and 7 of them from the start of the one that goes on.
		if left, known := m.left(time.Unix(120, 0).Add(since)); !known || left != want {
			t.Errorf("%v into the next round: %v left (%v), want %v", since, left, known, want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(7), "7"}, {count(1234), "1,234"}, {count(-1234567), "-1,234,567"}, {count(-123), "-123"},
		{figure(0.12345), "0.123"}, {figure(12.345), "12.3"}, {figure(-1234.5), "-1234"}, {figure(2e7), "2.0e+07"}, {figure(1e-5), "1.0e-05"}, {figure(0), "0.000"},
		{short(850 * time.Millisecond), "850ms"}, {short(12 * time.Second), "12s"}, {short(270 * time.Second), "4m30s"}, {short(125 * time.Minute), "2h05m"},
		{size(2048), "2 KiB"}, {size(300 << 20), "300 MiB"}, {size(5 << 29), "2.5 GiB"},
		{plural(1, "picture"), "1 picture"}, {plural(2, "class"), "2 classes"}, {plural(1000, "point"), "1,000 points"},
		{cut("abcdef", 4), "abc…"}, {cut("abc", 4), "abc"},
		{words([]string{"a", "b", "c"}), "a, b or c"}, {words([]string{"a"}), "a"},
		{terms(train.Result{Terms: []train.Value{{Name: "critic/slope/r1", Value: 1}, {Name: "critic/real", Value: .5}, {Name: "generator/loss", Value: 2}}}, "; "), "critic/slope r1 1.000; critic D(real) 0.500; generator loss 2.000"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
