package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/results"
)

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what became better or worse from one result to another",
		Long: `Diff compares two results, each a run folder or a result document, promise by promise: what is newly failing, worse, still
failing, fixed, gone and added, and how many minutes of access were gained or lost. A case is compared with the one that was
played with the same profile, SOP and parameters; where there is none, with the one of the same name, so that two SOPs or
two versions can be compared.

Worse is

  - a promise that is broken now, and was kept before or was not there;
  - one that was broken before and now lasts longer, by more than the time between two attempts, or has a worse verdict
    (open, then late, unknown, invalid);
  - a way to mail without a session that serves whoever left, and was not there before.

A promise that is still kept is not worse, however much later access ends within its limit; that is told. What is gone,
or is not available in the lab any more, is told and is not worse either.

The exit status is 0 when nothing is worse, 1 when something is, and 2 when the input was wrong. To have a run compared at
once, give it --baseline.`,
		Example: `  shutout diff runs/last-week runs/today
  shutout diff naive.json thorough.json
  shutout run --baseline runs/last-week`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("diff takes two results, the older first, found %s (%s --help)", lab.Count(len(args), "argument"), cmd.CommandPath())
			}
			before, err := report.Read(args[0])
			if err != nil {
				return err
			}
			now, err := report.Read(args[1])
			if err != nil {
				return err
			}
			d := results.Compare(before, now)
			if d.Worse() {
				a.exit = exitBroken
			}
			return report.Diff(a.out, d, report.Style{Colour: a.out.Colour, Width: a.out.Width})
		},
	}
}
