package engine

import (
	"testing"

	"github.com/gomlx/compute/support/backendtest"
)

// newTest makes a backend that checks graphs after every pass and goes with the test.
func newTest(t testing.TB, config string) *Backend {
	t.Helper()
	b, err := New("verify," + config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// TestBackendSuite runs the suite that compute has for all backends.
func TestBackendSuite(t *testing.T) {
	backendtest.RunAll(t, newTest(t, "threads=2"), nil)
}
