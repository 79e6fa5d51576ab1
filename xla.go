//go:build xla

package ganymede

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
)

// openXLA opens XLA with the PJRT plugin at a path, or at the one that the variable XLAPlugin names. Nothing is searched for
// and nothing is downloaded.
var openXLA = func(plugin string) (compute.Backend, error) {
	if plugin == "" {
		plugin = os.Getenv(XLAPlugin)
	}
	if plugin == "" {
		return nil, fmt.Errorf("no plugin is named; give --backend xla:/path/to/plugin.so or set %s", XLAPlugin)
	}
	path, err := filepath.Abs(plugin)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the plugin cannot be read: %w", err)
	}
	xla.EnableAutoInstall(false)
	return xla.New(path)
}
