package main

import (
	"strconv"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/spf13/cobra"
)

// completion offers names, with a description after a tab, to the shell.
type completion = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completeFirst offers names for the first argument.
func completeFirst(names func() []string) completion {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(), cobra.ShellCompDirectiveNoFileComp
	}
}

func completeFlag(cmd *cobra.Command, flag string, names func() []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return names(), cobra.ShellCompDirectiveNoFileComp
	}))
}

// must is for flags that do not exist: the first test finds them.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// runPaths are the runs where runs are by default.
func runPaths() (paths []string) {
	all, _ := run.List("runs") // no list, no suggestions
	for _, s := range all {
		paths = append(paths, s.Dir+"\t"+s.Model+" on "+s.Data)
	}
	return paths
}

// completeOfRun offers what the run named as first argument has.
func completeOfRun(cmd *cobra.Command, flag string, names func(folder *run.Run) []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		folder, err := run.Open(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(folder), cobra.ShellCompDirectiveNoFileComp
	}))
}

func checkpointNames(folder *run.Run) []string {
	names := []string{"last"}
	rounds, _ := folder.Checkpoints()
	for _, round := range rounds {
		names = append(names, strconv.Itoa(round))
	}
	return names
}

func classNames(folder *run.Run) []string {
	raw, err := folder.Read(run.CodecFile)
	if err != nil {
		return nil
	}
	codec, err := sets.UnmarshalCodec(raw)
	if err != nil {
		return nil
	}
	return codec.Classes()
}

func setNames() (names []string) {
	for _, s := range sets.List() {
		names = append(names, s.Name+"\t"+s.What)
	}
	return names
}

// completeRuns offers runs, and folders, since a run may be anywhere.
func completeRuns(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return offer(args, runPaths)
}

// completeData offers sets and files; after --resume, runs.
func completeData(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if resume, _ := cmd.Flags().GetBool("resume"); resume {
		return offer(args, runPaths)
	}
	return offer(args, setNames)
}

func completeRunsAndData(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return offer(args, func() []string { return append(runPaths(), setNames()...) })
}

func offer(args []string, names func() []string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names(), cobra.ShellCompDirectiveDefault
}

// optionKeys offers the options of the model that was named so far, or of the first.
func optionKeys(model *string) func() []string {
	return func() (keys []string) {
		m, err := models.Find(*model)
		if err != nil {
			m = models.Table()[0]
		}
		c, err := ganymede.Configure(m, "images")
		if err != nil {
			return nil
		}
		for _, o := range c.Options() {
			keys = append(keys, o.Key+"=\t"+strings.ReplaceAll(o.Help, "\n", " "))
		}
		return keys
	}
}
