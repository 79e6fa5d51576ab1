package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// TOML writes every option with the value in effect. Loaded again it gives the same values, floats to the bit.
func (c *Config) TOML() []byte {
	var b bytes.Buffer
	c.tables(&b, func(o *option) { fmt.Fprintf(&b, "%s = %s\n", lastPart(o.key), Notation(o.get())) })
	return b.Bytes()
}

// Template writes a TOML file to start from: every option with its help, type and range above it, each commented out at its
// default, so that only what is uncommented is pinned.
func (c *Config) Template() []byte {
	var b bytes.Buffer
	c.tables(&b, func(o *option) {
		fmt.Fprintf(&b, "# %s (%s; %s)\n# %s = %s\n", o.help, o.kind, o.allowed(), lastPart(o.key), Notation(o.standard))
	})
	return b.Bytes()
}

// tables calls write for each option, with a table's heading before its first one.
func (c *Config) tables(b *bytes.Buffer, write func(*option)) {
	table := ""
	for _, o := range c.options {
		if o.table != table {
			table = o.table
			fmt.Fprintf(b, "\n[%s]\n", table)
		}
		write(o)
	}
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// Help writes the options for a terminal: each with its default, and under it what it does and what is allowed.
func (c *Config) Help() string {
	var b strings.Builder
	for _, o := range c.options {
		fmt.Fprintf(&b, "%s = %s\n    %s (%s; %s)\n", o.key, bare(o.standard), o.help, o.kind, o.allowed())
	}
	return b.String()
}

// Hash is the SHA-256, in hexadecimal, of all values that can change what is computed: of the lines "key = value" in TOML's
// notation, sorted by key. It does not depend on the order of declaration nor on where a value came from.
func (c *Config) Hash() string {
	var lines []string
	for _, o := range c.options {
		if !o.neutral {
			lines = append(lines, o.key+" = "+Notation(o.get())+"\n")
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// Values are the values of a configuration by key, in TOML's notation.
type Values map[string]string

// Values are the values in effect.
func (c *Config) Values() Values {
	values := Values{}
	for _, o := range c.options {
		values[o.key] = Notation(o.get())
	}
	return values
}

// ReadValues reads the values of a TOML document, such as [Config.TOML] wrote, without knowing the options. Top-level keys and
// tables named in skip are left out.
func ReadValues(name string, document []byte, skip ...string) (Values, error) {
	assignments, problems := TOML(name, document, skip...)()
	if len(problems) > 0 {
		return nil, &Error{Problems: problems}
	}
	values := Values{}
	for _, a := range assignments {
		values[a.key] = a.given()
	}
	return values, nil
}

// Change is an option that differs between two configurations. Then or Now is empty where there is no such option.
type Change struct {
	Key     string `json:"key"`
	Then    string `json:"then"`
	Now     string `json:"now"`
	Neutral bool   `json:"neutral,omitempty"` // it cannot change what is computed
}

// String is `latent: was 100, is 64`.
func (ch Change) String() string {
	shown := func(s string) string {
		if s == "" {
			return "not there"
		}
		return s
	}
	return fmt.Sprintf("%s: was %s, is %s", ch.Key, shown(ch.Then), shown(ch.Now))
}

// Diff lists what differs between the values of then and those in effect now, sorted by key.
func (c *Config) Diff(then Values) []Change {
	now := c.Values()
	var changes []Change
	for key := range now {
		if now[key] != then[key] {
			changes = append(changes, Change{key, then[key], now[key], c.byKey[key].neutral})
		}
	}
	for key := range then {
		if _, known := now[key]; !known {
			changes = append(changes, Change{Key: key, Then: then[key]})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Key, b.Key) })
	return changes
}
