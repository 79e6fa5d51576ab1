package models_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
)

var update = flag.Bool("update", false, "write the tables of docs/combinations.md anew")

const document = "../docs/combinations.md"

// reasons are the letters of docs/combinations.md for the keys that are refused.
var reasons = map[string]string{"objective": "a", "penalty.gp": "b", "penalty.smoothing": "c", "optim.accumulate": "d", "technique.virtual-batch-norm": "j", "penalty.path": "k", "technique.minibatch": "l"}

// choice is a column or a row of the matrix: a name and the settings that it means.
type choice struct {
	name     string
	settings []string
}

// networks are all distinct networks of the table. dcgan's are lsgan's, wgan's and wgan-gp's too.
func networks() []struct {
	choice
	model string
	plane bool // points, not pictures
	mixes bool // batch norm in the critic
} {
	type network = struct {
		choice
		model        string
		plane, mixes bool
	}
	return []network{
		{choice{"perceptrons, points", nil}, "vanilla", true, false},
		{choice{"perceptrons, pictures", nil}, "vanilla", false, false},
		{choice{"conditional perceptrons, points", []string{"network=mlp"}}, "cgan", true, false},
		{choice{"conditional perceptrons, pictures", []string{"network=mlp"}}, "cgan", false, false},
		{choice{"dcgan, layer norm", []string{"critic-norm=layer"}}, "dcgan", false, false},
		{choice{"dcgan, no norm", []string{"critic-norm=none"}}, "dcgan", false, false},
		{choice{"dcgan, batch norm", []string{"critic-norm=batch"}}, "dcgan", false, true},
		{choice{"conditional dcgan, no norm", []string{"critic-norm=none"}}, "cgan", false, false},
		{choice{"conditional dcgan, batch norm", []string{"critic-norm=batch"}}, "cgan", false, true},
		{choice{"resnet, no norm", []string{"network=resnet", "critic-norm=none"}}, "wgan-gp", false, false},
		{choice{"resnet, layer norm", []string{"network=resnet", "critic-norm=layer"}}, "wgan-gp", false, false},
		{choice{"resnet, batch norm", []string{"network=resnet", "critic-norm=batch"}}, "wgan-gp", false, true},
		{choice{"residual, projection", nil}, "sngan", false, false},
	}
}

func objectives() (all []choice) {
	for _, o := range gan.Objectives() {
		all = append(all, choice{o.Name, []string{"objective=" + o.Name}})
	}
	return all
}

func penalties() []choice {
	return []choice{
		{"none", nil},
		{"gp", []string{"penalty.gp=10"}},
		{"gp, upper side", []string{"penalty.gp=10", "penalty.gp-side=upper"}},
		{"r1", []string{"penalty.r1=1"}},
		{"r2", []string{"penalty.r2=1"}},
		{"r1 and r2, lazy", []string{"penalty.r1=1", "penalty.r2=1", "penalty.every=2"}},
		{"dragan", []string{"penalty.dragan=10"}},
		{"clip", []string{"penalty.clip=0.01"}},
	}
}

// techniques are schedules, optimisers and what else every model takes.
func techniques() []choice {
	return []choice{
		{"schedule linear", []string{"optim.schedule=linear"}},
		{"schedule cosine, from half", []string{"optim.schedule=cosine", "optim.schedule-start=0.5"}},
		{"rmsprop", []string{"optim.algorithm=rmsprop"}},
		{"sgd with momentum", []string{"optim.algorithm=sgd", "optim.momentum=0.5"}},
		{"two rates (TTUR)", []string{"optim.critic-rate=0.0004"}},
		{"three critic steps", []string{"optim.critic-steps=3"}},
		{"pre-training", []string{"optim.pretrain=2"}},
		{"accumulation", []string{"optim.accumulate=2"}},
		{"20 critic steps of 7 parts", []string{"optim.critic-steps=20", "optim.accumulate=7"}},
		{"clipped gradients", []string{"optim.clip-gradient=0.5"}},
		{"averaged weights", []string{"optim.average=0.999"}},
		{"one batch for both players", []string{"optim.share-fake=true"}},
		{"one batch each", []string{"optim.share-fake=false"}},
		{"joint batch statistics", []string{"optim.batch-statistics=joint"}},
		{"label smoothing", []string{"penalty.smoothing=0.1"}},
		{"instance noise", []string{"penalty.noise=0.1"}},
		{"spectral norm of both players", []string{"technique.spectral=both"}},
		{"weight norm of both players", []string{"technique.weight-norm=both"}},
		{"orthogonal regularisation", []string{"technique.orthogonal=0.0001"}},
		{"historical averaging", []string{"technique.historical=0.001"}},
		{"feature matching", []string{"technique.feature-matching=true"}},
		{"top-k", []string{"technique.top-k=0.5"}},
		{"frozen layers", []string{"technique.freeze=1"}},
		{"self-attention", []string{"technique.attention=8"}},
	}
}

// cell trains three rounds and returns "yes", or the letters of the reasons for a refusal.
func cell(t *testing.T, b compute.Backend, model string, s set, settings ...string) string {
	t.Helper()
	m, err := models.Find(model)
	if err != nil {
		t.Fatal(err)
	}
	// What the paper of the network's model chose is set back, so that a cell is what its names say.
	neutral := []string{"objective=nonsaturating", "penalty.gp=0", "penalty.clip=0", "penalty.r1=0", "penalty.r2=0", "penalty.path=0", "penalty.drift=0", "optim.critic-steps=1", "optim.algorithm=adam", "optim.average=0"}
	game, err := configure(t, m, slices.Concat(small(t, m), neutral, settings)...).game(s.shape)
	if err != nil {
		return refusal(t, err)
	}
	tr := trainer(t, b, game, s, 3)
	defer tr.Finalize()
	defer func() {
		for _, v := range tr.Weights.All("") {
			if v.Value != nil {
				v.Value.FinalizeAll()
			}
		}
	}()
	for round := range 3 {
		result, err := tr.Play(context.Background())
		if err != nil && round == 0 && errors.As(err, new(*config.Problem)) {
			return refusal(t, err) // told while the graph is built
		}
		if err != nil {
			t.Errorf("%s with %v: %v", model, settings, err)
			return "fails"
		}
		if _, ok := result.Get("critic/loss"); !ok {
			t.Errorf("%s with %v: the critic does not move", model, settings)
		}
	}
	return "yes"
}

// refusal is the letters of the reasons, sorted; a refusal without a key of the list is an error.
func refusal(t *testing.T, err error) string {
	t.Helper()
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	var letters []string
	for _, e := range list {
		var problem *config.Problem
		if !errors.As(e, &problem) || reasons[problem.Key] == "" {
			t.Errorf("refused for a reason that %s does not give: %v", document, e)
			return "fails"
		}
		letters = append(letters, reasons[problem.Key])
	}
	slices.Sort(letters)
	return strings.Join(slices.Compact(letters), " ")
}

// matrix is a table of the document.
type matrix struct {
	rows, columns []string
	cells         map[[2]string]string
}

func newMatrix(rows, columns []choice) *matrix {
	m := &matrix{cells: map[[2]string]string{}}
	for _, r := range rows {
		m.rows = append(m.rows, r.name)
	}
	for _, c := range columns {
		m.columns = append(m.columns, c.name)
	}
	return m
}

// put notes a cell; where several networks fill one table they must agree.
func (m *matrix) put(t *testing.T, who, row, column, value string) {
	t.Helper()
	at := [2]string{row, column}
	if have, ok := m.cells[at]; ok && have != value {
		t.Errorf("%s: %s with %s is %q, and %q for the networks before", who, row, column, value, have)
	}
	m.cells[at] = value
}

func (m *matrix) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s |\n|---%s|\n", strings.Join(m.columns, " | "), strings.Repeat("|:-:", len(m.columns)))
	for _, r := range m.rows {
		fmt.Fprintf(&b, "| %s", r)
		for _, c := range m.columns {
			fmt.Fprintf(&b, " | %s", m.cells[[2]string{r, c}])
		}
		b.WriteString(" |\n")
	}
	return b.String()
}

// TestCombinations walks every cell of networks x objective x penalty and of networks x technique, and on the smallest networks of
// technique x objective and technique x penalty. Three rounds are trained, or the cell is refused for a reason that the document gives;
// the document lists which.
func TestCombinations(t *testing.T) {
	b := backend(t)
	plane, pictures := ring(t, 16), figures(t, 16, 1, 16)
	free, mixing := newMatrix(objectives(), penalties()), newMatrix(objectives(), penalties())
	technical := newMatrix(techniques(), objectives())
	for _, n := range networks() {
		s, m := pictures, free
		if n.plane {
			s = plane
		}
		if n.mixes {
			m = mixing
		}
		for _, o := range objectives() {
			for _, p := range penalties() {
				m.put(t, n.name, o.name, p.name, cell(t, b, n.model, s, slices.Concat(n.settings, o.settings, p.settings)...))
			}
		}
		for _, k := range techniques() {
			want := "yes"
			if strings.HasPrefix(k.name, "20 ") {
				want = "d"
			}
			if got := cell(t, b, n.model, s, slices.Concat(n.settings, k.settings)...); got != want {
				t.Errorf("%s with %s: %q, want %q", n.name, k.name, got, want)
			}
		}
	}
	for _, k := range techniques() {
		for _, o := range objectives() { // with the penalty that lets every objective train
			technical.put(t, "", k.name, o.name, cell(t, b, "vanilla", plane, slices.Concat(o.settings, k.settings, []string{"penalty.gp=1"})...))
		}
		for _, p := range penalties() { // a technique refuses no penalty
			want := technical.cells[[2]string{k.name, "nonsaturating"}]
			if got := cell(t, b, "vanilla", plane, slices.Concat(p.settings, k.settings)...); got != want {
				t.Errorf("%s, %s: %q, want %q", p.name, k.name, got, want)
			}
		}
	}
	compare(t, "critics without batch norm", free)
	compare(t, "critics with batch norm", mixing)
	compare(t, "techniques", technical)
}

// TestModelsAndData asks every network for every kind of data; the document says which are refused, and why.
func TestModelsAndData(t *testing.T) { compare(t, "data", dataMatrix(t)) }

// modern are the networks with styles and those of their line: small, and where they grow with a stage a round, so that three rounds go
// through a smallest network, a fading one and a larger one.
func modern() (all []struct {
	choice
	model string
}) {
	for _, c := range [][]string{
		{"progressive", "progressive", "stage-records=2"},
		{"stylegan", "stylegan", "stage-records=2", "stage-sizes=false", "conditional=true"},
		{"stylegan2", "stylegan2", "conditional=true"},
		{"r3gan", "r3gan", "network=resnet"},
	} {
		all = append(all, struct {
			choice
			model string
		}{choice{c[0], c[2:]}, c[1]})
	}
	return all
}

// additions are what has a word with networks of styles: every penalty, every objective beside one, and the techniques.
func additions() []choice {
	list := slices.Concat(penalties(), []choice{{"path length", []string{"penalty.path=2", "penalty.path-every=2"}}})
	for _, o := range objectives() {
		list = append(list, choice{o.name + ", gp", slices.Concat(o.settings, []string{"penalty.gp=1"})})
	}
	for _, k := range techniques() {
		switch k.name {
		case "accumulation", "joint batch statistics", "instance noise", "spectral norm of both players", "weight norm of both players",
			"orthogonal regularisation", "historical averaging", "feature matching", "top-k", "frozen layers", "self-attention":
			list = append(list, k)
		}
	}
	return append(list,
		choice{"ada", []string{"technique.ada=bgc"}}, choice{"diffaugment", []string{"technique.diffaugment=color+translation+cutout"}},
		choice{"consistency", []string{"technique.consistency=10"}}, choice{"minibatch discrimination", []string{"technique.minibatch=5"}},
		choice{"minibatch discrimination, gp", []string{"technique.minibatch=5", "penalty.gp=1"}},
		choice{"unrolled", []string{"technique.unrolled=1"}}, choice{"unrolled, r1", []string{"technique.unrolled=1", "penalty.r1=1"}},
		choice{"virtual batch norm", []string{"technique.virtual-batch-norm=both"}},
	)
}

// TestCombinationsOfModernNetworks walks networks with styles, networks that grow and R3GAN's, each with every addition.
func TestCombinationsOfModernNetworks(t *testing.T) {
	b, s := backend(t), figures(t, 16, 1, 16)
	m := &matrix{cells: map[[2]string]string{}}
	for _, n := range modern() {
		m.columns = append(m.columns, n.name)
		for _, a := range additions() {
			m.put(t, n.name, a.name, n.name, cell(t, b, n.model, s, slices.Concat(n.settings, a.settings)...))
		}
	}
	for _, a := range additions() {
		m.rows = append(m.rows, a.name)
	}
	compare(t, "modern networks", m)
}

// TestWhoseBatchNormCanBeVirtual builds every model with virtual batch norm of either player.
func TestWhoseBatchNormCanBeVirtual(t *testing.T) {
	b := backend(t)
	players := []choice{{"generator", []string{"technique.virtual-batch-norm=generator"}}, {"critic", []string{"technique.virtual-batch-norm=critic"}}}
	m := newMatrix(nil, players)
	for _, model := range models.Table() {
		s := figures(t, 16, 1, 16)
		if model.Domains != gan.One {
			s = negatives(t, 32, 1, 16)
		}
		list := values(t, model, "network")
		if list == nil {
			list = []string{""}
		}
		for _, network := range list {
			row, settings := model.Name, small(t, model)
			if network != "" {
				row, settings = model.Name+", "+network, append(settings, "network="+network)
			}
			m.rows = append(m.rows, row)
			for _, player := range players {
				game, err := configure(t, model, append(slices.Clone(settings), player.settings...)...).game(s.shape)
				if err == nil {
					_, err = train.Outline(b, game)
				}
				value := "yes"
				if err != nil {
					value = refusal(t, err)
				}
				m.put(t, row, row, player.name, value)
			}
		}
	}
	compare(t, "virtual batch norm", m)
}

// dataMatrix asks every network for every kind of data.
func dataMatrix(t *testing.T) *matrix {
	kinds := []struct {
		name string
		d    gan.Data
	}{
		{"points", gan.Data{Field: "points", Shape: []int{2}}},
		{"points, classes", gan.Data{Field: "points", Shape: []int{2}, Classes: 2}},
		{"20x20", gan.Data{Field: "pictures", Shape: []int{20, 20, 1}, Classes: 2}},
		{"28x28", gan.Data{Field: "pictures", Shape: []int{28, 28, 1}, Classes: 2}},
		{"64x64, no classes", gan.Data{Field: "pictures", Shape: []int{64, 64, 3}}},
		{"64x64, classes", gan.Data{Field: "pictures", Shape: []int{64, 64, 3}, Classes: 2}},
		{"64x32", gan.Data{Field: "pictures", Shape: []int{64, 32, 3}, Classes: 2}},
		{"512x512", gan.Data{Field: "pictures", Shape: []int{512, 512, 3}, Classes: 2}},
		{"64x64, two kinds", gan.Data{Field: "a", To: "b", Shape: []int{64, 64, 3}}},
		{"64x64, pairs", gan.Data{Field: "a", To: "b", Paired: true, Shape: []int{64, 64, 3}}},
	}
	letters := map[string]string{"convolutions need pictures": "e", "the pictures are": "f", "a conditional model needs": "g", "it translates": "h", "it makes more of one kind": "h", "it learns from pairs": "i"}
	m := &matrix{cells: map[[2]string]string{}}
	for _, k := range kinds {
		m.columns = append(m.columns, k.name)
	}
	for _, model := range models.Table() {
		list := values(t, model, "network")
		if list == nil {
			list = []string{""}
		}
		for _, network := range list {
			row, settings := model.Name, []string(nil)
			if network != "" {
				row, settings = model.Name+", "+network, []string{"network=" + network}
			}
			m.rows = append(m.rows, row)
			for _, k := range kinds {
				value := "yes"
				if _, err := configure(t, model, settings...).game(k.d); err != nil {
					value = "fails"
					for start, letter := range letters {
						if strings.HasPrefix(err.Error(), start) {
							value = letter
						}
					}
					if value == "fails" {
						t.Errorf("%s: %s: refused for a reason that %s does not give: %v", row, k.name, document, err)
					}
				}
				m.put(t, row, row, k.name, value)
			}
		}
	}
	return m
}

// compare holds the document's table of that name against what was found, or writes it.
func compare(t *testing.T, name string, m *matrix) {
	t.Helper()
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- table: "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(content), begin)
	table, after, closed := strings.Cut(rest, end)
	switch {
	case !ok || !closed:
		t.Errorf("%s has no table %q", document, name)
	case *update:
		if err := os.WriteFile(document, []byte(before+begin+m.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case table != m.String():
		t.Errorf("%s: the table %q is not what happens; go test ./models -run Combinations -update writes:\n%s", document, name, m)
	}
}
