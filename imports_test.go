package ganymede

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rules is the order of the rooms: a room may import those named after it, and no others of ours. Change it together with
// docs/architecture.md, never to make a build pass.
const rules = `
	config:
	ops:
	metrics:
	engine:
	data:             config
	run:              config
	layers:           ops
	augment:          ops
	gan:              config ops layers augment
	models:           config ops layers gan
	train:            config ops layers gan data run
	features:         config ops metrics layers gan data run train
	reproduce:        config ops metrics layers gan data run train features models
	ganymede:         config ops metrics layers gan data run train features models engine reproduce
	cmd:              config ops metrics layers gan data run train features models reproduce ganymede bench
	bench:            config ops layers gan models data train engine
	internal:         layers
`

const modulePath = "github.com/ganymede-gan/ganymede"

// room is the first folder of an import path of ours; the root package is "ganymede".
func room(path string) (string, bool) {
	rest, ours := strings.CutPrefix(path, modulePath)
	if !ours {
		return "", false
	}
	rest = strings.TrimPrefix(rest, "/")
	if rest == "" {
		return "ganymede", true
	}
	first, _, _ := strings.Cut(rest, "/")
	return first, true
}

func TestImportsGoOneWay(t *testing.T) {
	allowed := map[string][]string{}
	for line := range strings.Lines(rules) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok {
			allowed[name] = strings.Fields(rest)
		}
	}
	checked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "asm" || entry.Name() == "pack" || path != "." && strings.HasPrefix(entry.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := "ganymede"
		if dir := filepath.ToSlash(filepath.Dir(path)); dir != "." {
			from, _, _ = strings.Cut(dir, "/")
		}
		may, known := allowed[from]
		if !known {
			t.Errorf("%s: the room %q is not in the rules", path, from)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if imported == "github.com/gomlx/gomlx/backends/default" {
				t.Errorf("%s imports %s, which needs cgo", path, imported)
			}
			if to, ours := room(imported); ours && to != from && !slices.Contains(may, to) {
				t.Errorf("%s: %s may not import %s", path, from, to)
			}
			checked++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 100 {
		t.Fatalf("only %d imports were seen: the walk is broken", checked)
	}
}
