package ganymede

import (
	"fmt"
	"strings"

	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// Engine are the options of the backend that computes.
type Engine struct {
	Conv string `toml:"conv" default:"balanced" in:"exact,balanced,fast" help:"how the cpu backend convolves: exact is direct, balanced takes faster algorithms whose error stays that of plain float32, fast also those with up to three times that"`
}

// opened is a backend and how to interrupt it.
type opened struct {
	compute   compute.Backend
	interrupt func() // nil where it cannot
}

// Backends lists the backends in this binary.
func Backends() []string {
	names := []string{"cpu", "go"}
	if openXLA != nil {
		names = append(names, "xla:PLUGIN")
	}
	return names
}

// XLAPlugin is the environment variable with the path of the PJRT plugin for --backend xla, in a binary built with the tag xla.
const XLAPlugin = "GANYMEDE_XLA_PLUGIN"

func backendName(name string) string {
	if name == "" {
		return "cpu"
	}
	return name
}

// openBackend opens the backend of that name. It also gives GoMLX the gradients that it lacks.
func openBackend(name string, threads int, o Engine) (*opened, error) {
	ops.Register()
	kind, plugin, _ := strings.Cut(backendName(name), ":")
	switch {
	case kind == "cpu":
		config := "conv=" + o.Conv
		if threads > 0 {
			config += fmt.Sprintf(",threads=%d", threads)
		}
		b, err := engine.New(config)
		if err != nil {
			return nil, err
		}
		return &opened{b, b.Interrupt}, nil
	case kind == "go":
		// Its parallel mode can wait for itself for ever in a large product.
		b, err := gobackend.New("ops_sequential")
		if err != nil {
			return nil, fmt.Errorf("backend go: %w", err)
		}
		return &opened{compute: b}, nil
	case kind == "xla" && openXLA != nil:
		b, err := openXLA(plugin)
		if err != nil {
			return nil, fmt.Errorf("backend %s: %w", name, err)
		}
		return &opened{compute: b}, nil
	case kind == "xla":
		return nil, fmt.Errorf("this binary has no XLA; build it with `CGO_ENABLED=1 go build -tags xla ./cmd/ganymede`, or take --backend cpu")
	default:
		return nil, fmt.Errorf("there is no backend %q; there are %s", name, strings.Join(Backends(), ", "))
	}
}
