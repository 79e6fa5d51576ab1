package ganymede

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/reproduce"
)

//go:generate go run ./cmd/ganymede reproduce --table --quiet

// catalogueFile holds what was counted and measured of every model, collated from the committed records.
//
//go:embed docs/models.json
var catalogueFile []byte

// ModelReport is what there is to say about a model: its paper, its size, what a round costs and what was measured.
type ModelReport struct {
	Name    string              `json:"name"`
	Title   string              `json:"title"`
	Paper   string              `json:"paper"`
	Year    int                 `json:"year"`
	For     string              `json:"for"`
	Sides   []int               `json:"sides,omitempty"` // of pictures; empty: any
	At      []int               `json:"at"`              // the shape that Players are counted at, with ten classes where it has some
	Players []Player            `json:"players"`         // by default, which is a small preset where the model has one
	Home    []int               `json:"paper_at"`        // the shape that Full are counted at
	Classes int                 `json:"paper_classes"`   // and the classes there; 0: none
	Full    []Player            `json:"full"`            // in the paper's configuration
	Rounds  int                 `json:"rounds"`          // by default
	Results []reproduce.Summary `json:"results,omitempty"`
}

var (
	years  = regexp.MustCompile(`\b(?:19|20)\d\d\b`)
	arxivs = regexp.MustCompile(`\d{4}\.\d{4,5}$`)
)

// Report counts a model's parameters: by default and in its paper's configuration. Nothing is computed.
func Report(m gan.Model) (ModelReport, error) {
	shape, home := DefaultShape(m), m.Home.Data
	r := ModelReport{Name: m.Name, Title: m.Title, Paper: m.Paper, For: m.For, Sides: m.Sides, At: shape.Shape, Rounds: m.Length(shape), Home: home.Shape, Classes: home.Classes}
	r.Year, _ = strconv.Atoi(years.FindString(m.Paper))
	var err error
	if r.Players, err = CountParameters(m, shape); err != nil {
		return r, err
	}
	set := m.Home.Set
	if m.Small != nil {
		set = append([]string{"preset=paper"}, set...)
	}
	r.Full, err = CountParameters(m, home, set...)
	return r, err
}

// Catalogue is the report of every model, with what the project's records say of it.
func Catalogue() (reports []ModelReport, err error) {
	err = json.Unmarshal(catalogueFile, &reports)
	return reports, err
}

// MakeCatalogue counts all models anew and collates the records in a folder.
func MakeCatalogue(records string) (reports []ModelReport, err error) {
	summaries, err := reproduce.Summaries(records)
	if err != nil {
		return nil, err
	}
	for _, m := range models.Table() {
		r, err := Report(m)
		if err != nil {
			return nil, err
		}
		for _, s := range summaries {
			if s.Model == m.Name {
				r.Results = append(r.Results, s)
			}
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// Cost is the record that tells what a round of the model costs: that of the family, where all stand side by side, or the first there is.
func (r ModelReport) Cost() (cost reproduce.Summary, known bool) {
	for _, s := range r.Results {
		if s.Experiment == "family" {
			return s, true
		}
	}
	if len(r.Results) == 0 {
		return cost, false
	}
	return r.Results[0], true
}

// Measured are the results, a line an experiment.
func (r ModelReport) Measured() (lines []string) {
	for _, s := range r.Results {
		if line := s.String(); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// The marks between which the README has the table of models.
const (
	tableBegins = "<!-- models: written by ganymede reproduce --table -->\n"
	tableEnds   = "<!-- end of models -->"
)

// WriteCatalogue makes the catalogue of the records in a folder, and writes it into a file and as a table into a page, between its marks.
func WriteCatalogue(records, file, page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("%s has no table of models: it stands between the lines %q and %q", page, strings.TrimSpace(tableBegins), tableEnds)
	}
	reports, err := MakeCatalogue(records)
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(reports, "", "  ")
	if err != nil {
		return err
	}
	table := modelsTable(reports)
	return errors.Join(os.WriteFile(file, append(raw, '\n'), 0o666), os.WriteFile(page, []byte(before+tableBegins+table+tableEnds+after), 0o666))
}

// modelsTable is the catalogue as a table of Markdown.
func modelsTable(reports []ModelReport) string {
	var b bytes.Buffer
	b.WriteString("| model | paper | for | parameters by default; in the paper | a round | measured here |\n|---|---|---|---|---|---|\n")
	for _, r := range reports {
		cost, measured := "", strings.Join(r.Measured(), "<br>")
		if s, known := r.Cost(); known {
			cost = fmt.Sprintf("%.2g s (%s)", s.Round, s.Experiment)
		}
		if measured == "" {
			measured = "trained in the tests; no record yet"
		}
		size, full := playersLine(r.Players)+" at "+shapeLine(r.At, 0), playersLine(r.Full)+" at "+shapeLine(r.Home, r.Classes)
		if full != size {
			size += "; " + full
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Name, cited(r), r.For, size, cost, measured)
	}
	return b.String()
}

// cited is the paper in short, "Radford 2015", with a link.
func cited(r ModelReport) string {
	first, _, _ := strings.Cut(r.Paper, " ")
	short := fmt.Sprintf("%s %d", strings.TrimSuffix(first, ","), r.Year)
	if id := arxivs.FindString(r.Paper); id != "" {
		return fmt.Sprintf("[%s](https://arxiv.org/abs/%s)", short, id)
	}
	return short
}

// playersLine is "critic 2,765,568, generator 3,576,704".
func playersLine(players []Player) string {
	var parts []string
	for _, p := range players {
		parts = append(parts, p.Name+" "+thousands(p.Parameters))
	}
	return strings.Join(parts, ", ")
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// shapeLine is "64x64x3", with the classes where there are some.
func shapeLine(shape []int, classes int) string {
	var parts []string
	for _, n := range shape {
		parts = append(parts, strconv.Itoa(n))
	}
	text := strings.Join(parts, "x")
	if classes > 0 {
		text += fmt.Sprintf(", %s classes", thousands(classes))
	}
	return text
}
