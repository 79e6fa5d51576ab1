package bench

import (
	"os"
	"runtime"
	"strings"

	"github.com/ganymede-gan/ganymede/engine/kernel"
	"github.com/klauspost/cpuid/v2"
)

// Machine is where a report was made.
type Machine struct {
	CPU    string `json:"cpu"`
	Family int    `json:"family"`
	Model  int    `json:"model"`
	CPUs   int    `json:"cpus"`
	Level  string `json:"level"` // of instructions that the engine takes
	System string `json:"system"`
	Kernel string `json:"kernel,omitempty"`
	Go     string `json:"go"`
}

func thisMachine() Machine {
	m := Machine{
		CPU: cpuid.CPU.BrandName, Family: cpuid.CPU.Family, Model: cpuid.CPU.Model, CPUs: runtime.NumCPU(),
		Level: kernel.Best().String(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil { // Linux tells
		m.Kernel = strings.TrimSpace(string(release))
	}
	return m
}

// peakNow is what a core does in fused multiply-adds at this moment, in GFLOP/s; 0 where the engine runs portable Go.
func peakNow() float64 { return kernel.Peak(kernel.Auto) / 1e9 }
