//go:build !xla

package ganymede

import "github.com/gomlx/compute"

// openXLA is nil in a binary built without the tag xla.
var openXLA func(plugin string) (compute.Backend, error)
