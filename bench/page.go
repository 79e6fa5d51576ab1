package bench

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notes is the heading under which the page is written by hand and kept.
const notes = "\n## Notes\n"

// PrintSummary writes what was reached of what is required, as far as it was measured.
func (r *Report) PrintSummary(w io.Writer) {
	fmt.Fprintf(w, "\n%s, %d CPUs, %s; peak %.1f GFLOP/s a core; %.0f s\n", r.Machine.CPU, r.Machine.CPUs, r.Machine.Level, r.Peak, r.Seconds)
	for _, b := range bars() {
		if figure, threads := b.worst(r); !math.IsNaN(figure) {
			fmt.Fprintf(w, "%8s  required %s, aim %s: %s  %s (%d threads)\n", b.text(figure), b.text(b.required), b.text(b.aim), b.verdict(figure), b.work, threads)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Missing)) {
		fmt.Fprintf(w, "not measured: %s: %s\n", strings.Join(r.Missing[reason], ", "), reason)
	}
}

// text is a figure in the bar's unit.
func (b bar) text(figure float64) string {
	switch b.unit {
	case "%":
		return fmt.Sprintf("%.0f %%", 100*figure)
	case "":
		return fmt.Sprintf("%.2f", figure)
	default:
		return fmt.Sprintf("%.2f %s", figure, b.unit)
	}
}

// verdict says what was reached.
func (b bar) verdict(figure float64) string {
	switch {
	case math.IsNaN(figure):
		return "not measured"
	case b.reaches(figure, b.aim):
		return "aim"
	case b.reaches(figure, b.required):
		return "yes"
	default:
		return "no"
	}
}

// WritePage writes a page of docs, as benchmarks.md. What an earlier page says under the heading Notes is kept.
func (r *Report) WritePage(path string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("bench: %w", err)
	}
	_, kept, _ := strings.Cut(string(old), notes)
	return replace(path, []byte(r.page(filepath.Base(path))+notes+kept))
}

// page is the page of a name up to the notes.
func (r *Report) page(name string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Benchmarks\n")
	line("Written by the command below from the report beside this page (`ganymede bench --from docs/%s.json --doc docs/%s` writes it again);", strings.TrimSuffix(name, filepath.Ext(name)), name)
	line("only the notes at the end are by hand.\n")
	line("    %s\n", r.Command)
	line("%s, on %s (family %d, model %d), %d CPUs, the engine on %s, %s %s, %s, in %.0f s. %s. The FMA peak of a core, measured beside the rows, is %.1f GFLOP/s.\n",
		r.Date, r.Machine.CPU, r.Machine.Family, r.Machine.Model, r.Machine.CPUs, r.Machine.Level, r.Machine.System, r.Machine.Kernel, r.Machine.Go, r.Seconds, r.Version, r.Peak)
	for _, name := range slices.Sorted(maps.Keys(r.Programs)) {
		line("- %s: %s", name, r.Programs[name])
	}
	line("\nAll is float32. Both sides do the same work on the same threads, in turn, in bursts; times are medians of bursts, ratios are ours / theirs, pair by")
	line("pair, with quartiles: under 1 is faster. PyTorch has the faster of NCHW and channels-last. Of one and two threads the worse counts.\n")
	line("## What is required\n")
	line("| work | required | aim | measured | on threads | reached |\n|---|---|---|---|---|---|")
	for _, bar := range bars() {
		figure, threads := bar.worst(r)
		if math.IsNaN(figure) {
			line("| %s | %s | %s | | | not measured |", bar.work, bar.text(bar.required), bar.text(bar.aim))
			continue
		}
		line("| %s | %s | %s | %s | %d | %s |", bar.work, bar.text(bar.required), bar.text(bar.aim), bar.text(figure), threads, bar.verdict(figure))
	}
	line("\n## All rows\n")
	line("| row | threads | time | GFLOP/s | of peak | algorithm | beside |\n|---|---|---|---|---|---|---|")
	for _, row := range r.Rows {
		line("%s", row.markdown())
	}
	if len(r.Missing) > 0 {
		line("\nNot measured:\n")
		for _, reason := range slices.Sorted(maps.Keys(r.Missing)) {
			line("- %s: %s", strings.Join(r.Missing[reason], ", "), reason)
		}
	}
	return b.String()
}

// markdown is a row of the table.
func (r Row) markdown() string {
	figure := ""
	switch {
	case r.Bytes > 0:
		figure = megabytes(r.Bytes)
	case r.Value > 0:
		figure = fmt.Sprintf("%.3f", r.Value)
	case r.Seconds > 0:
		figure = seconds(r.Seconds)
	}
	rate, share := "", ""
	if r.GFLOPS > 0 {
		rate = fmt.Sprintf("%.1f", r.GFLOPS)
	}
	if r.OfPeak > 0 {
		share = fmt.Sprintf("%.0f %%", 100*r.OfPeak)
	}
	var beside []string
	if r.Error != nil {
		beside = append(beside, fmt.Sprintf("error %.2f, largest %.2f of direct's", r.Error.RMS, r.Error.Max))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Peers)) {
		beside = append(beside, r.Peers[name].text(name))
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %s |", r.Name, r.Threads, figure, rate, share, r.Algorithm, strings.Join(beside, "; "))
}
