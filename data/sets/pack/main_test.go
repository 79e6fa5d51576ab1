package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/shared"
)

// What is embedded is what the originals give. Compressed files are compared by what is in them, because a newer compressor may
// write it in other bytes.
func TestEmbeddedSetsAreWhatTheOriginalsGive(t *testing.T) {
	files, err := pack(shared.Dir(t, "data"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".gz") {
			got, want = gunzip(t, got), gunzip(t, want)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its originals give; run go generate ./data/sets", name)
		}
	}
}

func gunzip(t *testing.T, raw []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
