package run

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/ganymede-gan/ganymede/config"
)

// Manifest is what run.toml says: all it takes to start the run again. The options stand at the top of the file under their
// own names, so that it serves as a configuration file for another run; what is the run's own stands under the names in
// [Reserved].
type Manifest struct {
	Model    string
	Seed     int64
	Options  []byte // to Create, the configuration as [config.Config.TOML] writes it; from Open, all of run.toml, with them in it
	Created  time.Time
	Versions map[string]string // "ganymede", "go", and whatever else decides what is computed
	Data     DataIdentity
	Format   int // of the folder that was read; Create writes [Format]
}

// DataIdentity says what a run was trained on, so that resuming on something else is noticed.
type DataIdentity struct {
	Name    string `toml:"name" json:"name"`
	Path    string `toml:"path" json:"path"`
	To      string `toml:"to,omitempty" json:"to,omitempty"` // path of the second kind of pictures, where there are two
	SHA256  string `toml:"sha256" json:"sha256"`
	Count   int64  `toml:"count" json:"count"` // of samples
	Bytes   int64  `toml:"bytes" json:"bytes"`
	Licence string `toml:"licence" json:"licence"` // empty: not known
}

// Reserved are the top-level keys of run.toml that are no options.
func Reserved() []string { return []string{"format", "model", "seed", "run"} }

// header is run.toml without the options.
type header struct {
	Format int    `toml:"format"`
	Model  string `toml:"model"`
	Seed   int64  `toml:"seed"`
	Run    struct {
		Created  time.Time         `toml:"created"`
		Versions map[string]string `toml:"versions"`
		Data     DataIdentity      `toml:"data"`
	} `toml:"run"`
}

// Source gives the run's options to a configuration.
func (m Manifest) Source() config.Source {
	return config.TOML(ManifestFile, m.Options, Reserved()...)
}

// Values are the run's options as they were, to compare with (config.Config.Diff).
func (m Manifest) Values() (config.Values, error) {
	return config.ReadValues(ManifestFile, m.Options, Reserved()...)
}

func (m Manifest) document() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# A run of ganymede. As `--config` of another one it gives its options.\n\nformat = %d\nmodel = %s\nseed = %d\n\n",
		Format, config.Notation(m.Model), m.Seed)
	b.Write(bytes.TrimSpace(m.Options))
	fmt.Fprintf(&b, "\n\n[run]\ncreated = %s\n\n[run.versions]\n", m.Created.UTC().Format(time.RFC3339Nano))
	for _, name := range slices.Sorted(maps.Keys(m.Versions)) {
		fmt.Fprintf(&b, "%s = %s\n", config.Notation(name), config.Notation(m.Versions[name]))
	}
	d := m.Data
	fmt.Fprintf(&b, "\n[run.data]\nname = %s\npath = %s\nsha256 = %s\ncount = %d\nbytes = %d\nlicence = %s\n", config.Notation(d.Name),
		config.Notation(d.Path), config.Notation(d.SHA256), d.Count, d.Bytes, config.Notation(d.Licence))
	if d.To != "" {
		fmt.Fprintf(&b, "to = %s\n", config.Notation(d.To))
	}
	if _, err := config.ReadValues(ManifestFile, b.Bytes(), Reserved()...); err != nil {
		return nil, fmt.Errorf("run: the configuration cannot stand in %s: %w; no option may be called %v", ManifestFile, err, Reserved())
	}
	return b.Bytes(), nil
}

func readManifest(path string) (Manifest, error) {
	document, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("run: %w in %s (no %s); `ganymede runs` lists those there are", ErrNotRun, filepath.Dir(path), ManifestFile)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("run: %w", err)
	}
	// A newer format may have changed everything but its number and where it says who wrote it.
	var stamp struct {
		Format *int `toml:"format"`
		Run    any  `toml:"run"`
	}
	if err := toml.Unmarshal(document, &stamp); err != nil {
		return Manifest{}, &DamagedError{Path: path, What: tomlError(err)}
	}
	switch {
	case stamp.Format == nil || *stamp.Format < 1:
		return Manifest{}, &DamagedError{Path: path, What: "it has no number of a format"}
	case *stamp.Format > Format:
		return Manifest{}, &NewerError{Path: path, Format: *stamp.Format, Ganymede: writer(stamp.Run), Supported: Format}
	}
	var h header
	if err := toml.Unmarshal(document, &h); err != nil {
		return Manifest{}, &DamagedError{Path: path, What: tomlError(err)}
	}
	m := Manifest{Model: h.Model, Seed: h.Seed, Options: document, Created: h.Run.Created, Versions: h.Run.Versions, Data: h.Run.Data,
		Format: h.Format}
	if _, err := m.Values(); err != nil { // the parser looks closely only at what it is asked for
		return Manifest{}, &DamagedError{Path: path, What: err.Error()}
	}
	return m, nil
}

func tomlError(err error) string {
	var at *toml.DecodeError
	if errors.As(err, &at) {
		line, _ := at.Position()
		return fmt.Sprintf("line %d: %s", line, at.Error())
	}
	return err.Error()
}

// writer is run.versions.ganymede, if it is where it is today.
func writer(run any) string {
	for _, key := range []string{"versions", "ganymede"} {
		table, ok := run.(map[string]any)
		if !ok {
			return ""
		}
		run = table[key]
	}
	version, _ := run.(string)
	return version
}
