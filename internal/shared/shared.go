// Package shared finds the real data that lies beside a checkout, for tests. A checkout without it still builds and
// passes: the test skips and says so. It knows nothing of what the data is.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Require is the environment variable that turns "not there, skipped" into a failure; continuous integration sets it to 1.
const Require = "GANYMEDE_REQUIRE_SHARED"

// Dir returns the path of ../shared/ELEM..., seen from the root of the module. Where it is missing the test is skipped, or
// fails if Require is set.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{filepath.Dir(root(t)), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv(Require) != "" {
			t.Fatalf("%s is set, and %s is not there: %v", Require, path, err)
		}
		t.Skipf("no %s beside the checkout", filepath.Join(append([]string{"..", "shared"}, elem...)...))
	}
	return path
}

// root walks up from the test's folder to the one that holds go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
