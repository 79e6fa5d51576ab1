package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/klauspost/cpuid/v2"
	"github.com/spf13/cobra"
)

// versionReport is what `ganymede version` tells.
type versionReport struct {
	Version  string   `json:"version"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	CPU      string   `json:"cpu"`
	CPUs     int      `json:"cpus"`
	Features []string `json:"features"` // of the CPU that the engine has code for
	Backends []string `json:"backends"`
}

func newVersion(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Say what this binary is and what it finds here",
		Example: "  ganymede version --json",
		Args:    arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v := versionReport{
				Version: ganymede.Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpuid.CPU.BrandName,
				CPUs: runtime.NumCPU(), Features: cpuFeatures(), Backends: ganymede.Backends(),
			}
			if asJSON {
				return a.printJSON(v)
			}
			features := strings.Join(v.Features, ", ")
			if features == "" {
				features = "none that the engine has code for; it runs portable Go"
			}
			fmt.Fprintf(a.stdout, "ganymede %s\n%s, %s\n%s, %s: %s\nbackends: %s\n", v.Version, v.Go, v.Platform, v.CPU, plural(v.CPUs, "CPU"), features, strings.Join(v.Backends, ", "))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// cpuFeatures are those of the CPU that the engine has code for.
func cpuFeatures() []string {
	features := []string{}
	for _, id := range []cpuid.FeatureID{cpuid.AVX512F, cpuid.AVX2, cpuid.FMA3} {
		if cpuid.CPU.Supports(id) {
			features = append(features, id.String())
		}
	}
	return features
}
