package main

import (
	"fmt"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/spf13/cobra"
)

func newConfig(a *app) *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use:   "config [MODEL]",
		Short: "Write a commented file of options to start from",
		Example: `  ganymede config dcgan > my.toml
  ganymede train ./pictures --config my.toml`,
		Args:              arguments(0, 1, "at most one model"),
		ValidArgsFunction: completeFirst(modelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "dcgan"
			if len(args) == 1 {
				name = args[0]
			}
			m, err := models.Find(name)
			if err != nil {
				return usageError{err}
			}
			if kind != "images" && kind != "points" {
				return usageError{fmt.Errorf("--data is %q; it must be images or points", kind)}
			}
			c, err := ganymede.Configure(m, kind)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "# Options of %s for ganymede train --config FILE. Only what is uncommented is set.\n\nmodel = %s\n\n# seed of everything that is drawn\n# seed = 0\n\n%s", m.Title, config.Notation(m.Name), c.Template())
			return nil
		},
	}
	cmd.Flags().StringVar(&kind, "data", "images", "kind of data: images or points")
	completeFlag(cmd, "data", func() []string { return []string{"images", "points"} })
	return cmd
}
