package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Print writes rows as lines for people.
func Print(w io.Writer, rows []Row) {
	for _, r := range rows {
		fmt.Fprintf(w, "%-34s %d  %s\n", r.Name, r.Threads, strings.Join(r.texts(), "  "))
	}
}

// texts are the figures of a row.
func (r Row) texts() (texts []string) {
	if r.Seconds > 0 {
		texts = append(texts, seconds(r.Seconds))
	}
	if r.GFLOPS > 0 {
		texts = append(texts, fmt.Sprintf("%6.1f GFLOP/s", r.GFLOPS))
	}
	if r.OfPeak > 0 {
		texts = append(texts, fmt.Sprintf("%3.0f%% of peak", 100*r.OfPeak))
	}
	if r.Bytes > 0 {
		texts = append(texts, megabytes(r.Bytes))
	}
	if r.Value > 0 {
		texts = append(texts, fmt.Sprintf("%.3f", r.Value))
	}
	if r.Algorithm != "" {
		texts = append(texts, r.Algorithm)
	}
	if r.Error != nil {
		texts = append(texts, fmt.Sprintf("error %.2f, largest %.2f of direct's", r.Error.RMS, r.Error.Max))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Peers)) {
		texts = append(texts, r.Peers[name].text(name))
	}
	return texts
}

// text is "0.61 of torch (0.60 to 0.63; 0.21 s, channels_last)".
func (p Peer) text(name string) string {
	var details []string
	if p.High > 0 {
		details = append(details, fmt.Sprintf("%.2f to %.2f", p.Low, p.High))
	}
	if p.Seconds > 0 {
		details = append(details, seconds(p.Seconds))
	}
	if p.Bytes > 0 {
		details = append(details, megabytes(p.Bytes))
	}
	if p.Layout != "" {
		details = append(details, p.Layout)
	}
	text := fmt.Sprintf("%.2f of %s", p.Ratio, name)
	if len(details) > 0 {
		text += " (" + strings.Join(details, "; ") + ")"
	}
	return text
}

func seconds(s float64) string {
	switch {
	case s >= 1:
		return fmt.Sprintf("%.2f s", s)
	case s >= 1e-3:
		return fmt.Sprintf("%.2f ms", 1e3*s)
	default:
		return fmt.Sprintf("%.1f us", 1e6*s)
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
