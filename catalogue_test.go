package ganymede

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/models"
)

// The table of the README says what the program says; .ci holds both against the committed records.
func TestTheReadmeHasTheCatalogue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	reports, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), tableBegins+modelsTable(reports)+tableEnds) {
		t.Error("the README's table of models is not the catalogue's; `ganymede reproduce --table` writes both")
	}
}

// Records are collated by model, into the file and between the marks of the page, and nothing else of the page changes.
func TestTheCatalogueIsMadeOfRecords(t *testing.T) {
	dir := t.TempDir()
	page, file := filepath.Join(dir, "page.md"), filepath.Join(dir, "models.json")
	if err := os.WriteFile(page, []byte("before\n"+tableBegins+"old\n"+tableEnds+"\nafter\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := WriteCatalogue(filepath.Join("docs", "results"), file, page); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var reports []ModelReport
	if err := json.Unmarshal(raw, &reports); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(page); err != nil || string(text) != "before\n"+tableBegins+modelsTable(reports)+tableEnds+"\nafter\n" {
		t.Errorf("the page is %s (%v)", text, err)
	}
	vanilla := reports[0]
	if cost, known := vanilla.Cost(); !known || cost.Round <= 0 || len(vanilla.Measured()) < 2 || !strings.Contains(vanilla.Measured()[0], "ring: modes") {
		t.Errorf("of vanilla it says %v at %v", vanilla.Measured(), cost)
	}
	if err := os.WriteFile(page, []byte("no marks"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := WriteCatalogue(filepath.Join("docs", "results"), file, page); err == nil || !strings.Contains(err.Error(), "has no table of models") {
		t.Errorf("a page without marks: %v", err)
	}
}

// The papers' configurations have the parameters that their authors' codes have, at the papers' own sizes.
func TestTheCatalogueCountsThePapersConfigurations(t *testing.T) {
	reports, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]int{ // generator and critic
		"sngan": {4_304_387, 1_055_105}, "biggan": {70_433_988, 87_982_370}, "biggan-deep": {50_244_484, 34_590_210},
		"progressive": {23_079_115, 23_087_249}, "stylegan": {26_219_627, 23_087_249 - (3*512 + 512)}, "stylegan2": {30_370_060, 29_012_513}, "stylegan2-ada": {30_370_060, 29_012_513},
		"r3gan": {20_781_952, 21_280_512}, "cyclegan": {11_378_179, 2_764_737}, "pix2pix": {54_413_955, 2_768_705}, "dcgan": {3_576_704, 2_765_568},
	}
	for i, m := range models.Table() {
		r := reports[i]
		if r.Name != m.Name || r.Paper != m.Paper || r.Year < 2014 {
			t.Errorf("the catalogue has %s, %s, %d, where the table has %s", r.Name, r.Paper, r.Year, m.Name)
		}
		for _, p := range r.Full {
			who := 0
			if strings.HasPrefix(p.Name, "critic") {
				who = 1
			}
			if n, ok := want[m.Name]; ok && p.Parameters != n[who] {
				t.Errorf("%s: %s has %d parameters, want %d", m.Name, p.Name, p.Parameters, n[who])
			}
		}
		if raw, err := json.Marshal(r); err != nil || len(r.Full) < 2 || len(r.Players) < 2 {
			t.Errorf("%s: %s (%v)", m.Name, raw, err)
		}
	}
}
