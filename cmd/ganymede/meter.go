package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ganymede-gan/ganymede/train"
)

// meter knows how far a training is and how fast it goes.
type meter struct {
	planned int           // rounds
	limit   time.Duration // instead of rounds; 0: none
	began   time.Time
	batch   int
	noun    string // of a record: "picture"
	round   int    // that was played last
	marks   []mark // of the last seconds
}

type mark struct {
	round int
	at    time.Time
}

// window is how far back the rate looks.
const window = 10 * time.Second

// follow takes the plan from what happens: a training began if the round is not the next.
func (m *meter) follow(e train.Event) {
	if e.Result.Round != m.round+1 || e.Rounds != m.planned {
		m.marks, m.began = nil, time.Now()
	}
	m.planned, m.batch = e.Rounds, e.Batch
}

// played notes a round.
func (m *meter) played(round int, now time.Time) {
	m.round = round
	m.marks = append(m.marks, mark{round, now})
	old := 0
	for old < len(m.marks)-2 && now.Sub(m.marks[old].at) > window {
		old++
	}
	m.marks = m.marks[old:]
}

// rate is in rounds a second, 0 if it is not known yet. A round that takes longer than those before it slows the rate down while it
// goes on.
func (m *meter) rate(now time.Time) float64 {
	if len(m.marks) < 2 {
		return 0
	}
	first, last := m.marks[0], m.marks[len(m.marks)-1]
	rounds, took := float64(last.round-first.round), last.at.Sub(first.at)
	if so := now.Sub(first.at); so.Seconds()*rounds > took.Seconds()*(rounds+1) { // slower, even if the round ended now
		rounds, took = rounds+1, so
	}
	return rounds / max(took.Seconds(), 1e-9)
}

// done is the share that is over, in [0, 1].
func (m *meter) done(now time.Time) float64 {
	if m.limit > 0 {
		return min(1, float64(now.Sub(m.began))/float64(m.limit))
	}
	return min(1, float64(m.round)/float64(max(m.planned, 1)))
}

// left is the time left, and whether it is known.
func (m *meter) left(now time.Time) (time.Duration, bool) {
	if m.limit > 0 {
		return max(0, m.limit-now.Sub(m.began)), true
	}
	rate := m.rate(now)
	if rate == 0 {
		return 0, false
	}
	whole := time.Duration(float64(m.planned-m.round) / rate * float64(time.Second))
	return max(0, whole-now.Sub(m.marks[len(m.marks)-1].at)), true
}

// line is "round 120 of 5,000  2.4 %  18.1 rounds/s  1,158 pictures/s  4m30s left".
func (m *meter) line(now time.Time) string {
	text := "round " + count(m.round)
	if m.limit == 0 {
		text += " of " + count(m.planned)
	}
	text += fmt.Sprintf("  %.1f %%", 100*m.done(now))
	rate := m.rate(now)
	if rate > 0 {
		text += fmt.Sprintf("  %s rounds/s  %s %ss/s", figure(rate), count(int(rate*float64(m.batch))), m.noun)
	}
	switch left, known := m.left(now); {
	case known && left > 0:
		text += fmt.Sprintf("  %s left", short(left))
	case !known && now.Sub(m.began) >= time.Second:
		text += fmt.Sprintf("  %s gone", short(now.Sub(m.began)))
	}
	return text
}

// bar is the line with a bar before it, if there is room.
func (m *meter) bar(now time.Time, columns int) string {
	line := m.line(now)
	room := min(columns-utf8.RuneCountInString(line)-3, 30)
	if room < 8 {
		return line
	}
	full := int(m.done(now) * float64(room))
	return strings.Repeat("█", full) + strings.Repeat("░", room-full) + "  " + line
}

// fieldNames are how the trainer's terms are shown.
var fieldNames = map[string]string{"real": "D(real)", "fake": "D(fake)", "gradient": "|gradient|"}

// terms shows a round's figures, those of each move together, with sep between moves.
func terms(result train.Result, sep string) string {
	var b strings.Builder
	before := ""
	for _, t := range result.Terms {
		i := strings.LastIndexByte(t.Name, '/')
		move, name := t.Name[:max(i, 0)], t.Name[i+1:]
		if move != before {
			if before != "" {
				b.WriteString(sep)
			}
			b.WriteString(move)
			before = move
		}
		if shown, ok := fieldNames[name]; ok {
			name = shown
		}
		fmt.Fprintf(&b, " %s %s", name, figure(t.Value))
	}
	return b.String()
}

// figure writes a number in about four digits.
func figure(x float64) string {
	switch {
	case x != x || x > 1e300 || x < -1e300:
		return fmt.Sprint(x)
	case x >= 1e6 || x <= -1e6:
		return fmt.Sprintf("%.1e", x)
	case x >= 100 || x <= -100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10 || x <= -10:
		return fmt.Sprintf("%.1f", x)
	case x != 0 && x < 0.001 && x > -0.001:
		return fmt.Sprintf("%.1e", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// count writes a whole number with commas: 10,000.
func count(n int) string {
	text := fmt.Sprint(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(text) - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// plural is "1 picture" or "2 pictures".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "ss") {
		noun += "e"
	}
	return count(n) + " " + noun + "s"
}

// short writes a duration without more digits than matter: 4m30s, 2h05m, 850ms.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// size writes bytes for people.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.0f KiB", float64(bytes)/(1<<10))
}

// cut shortens a line to so many characters.
func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns || columns < 1 {
		return line
	}
	return string([]rune(line)[:columns-1]) + "…"
}
