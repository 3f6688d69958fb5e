package main

import (
	"context"
	"errors"
	"fmt"

	"shutout/lab"
	"shutout/lab/remote"
)

// planCases tells what the steps of each case would change in the lab of a file,
// and touches nothing.
func planCases(ctx context.Context, o *runOptions) (exit int, err error) {
	v := o.Venue.(*fileVenue)
	entries := v.choose(o.Cases, o.Named)
	o.leftOut(entries)
	cases := played(entries)
	if _, err := v.permitted(ctx, cases); err != nil {
		return exitBad, err
	}
	t := o.Stdout
	var faults []error
	for i, c := range cases {
		if i > 0 {
			fmt.Fprintln(t)
		}
		if err := planCase(ctx, t, v.cfg, c); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", c.ID, err))
		}
	}
	for _, e := range entries {
		if e.Absent != nil {
			fmt.Fprintf(t, "%s is not played here: %s\n", e.Case.ID, e.Absent.Activities[0].Note)
		}
	}
	if len(cases) > 0 {
		t.paragraph("", "The values are those of now: a step after others finds what they have left. Nothing was touched.")
	}
	if faults != nil {
		return exitBad, errors.Join(faults...)
	}
	return exitKept, nil
}

func planCase(ctx context.Context, t *terminal, cfg *remote.Config, c *lab.Scenario) error {
	l, err := remote.Open(ctx, cfg, remote.Options{Cast: c.Cast, Unsigned: true})
	if err != nil {
		return err
	}
	defer l.Close()
	t.heading("%s on %s", c.ID, cfg.Name)
	if len(c.SOP) == 0 {
		fmt.Fprintln(t, "  changes nothing")
	}
	var faults []error
	for _, step := range c.SOP {
		ch, err := l.Plan(ctx, step.Action)
		switch {
		case errors.Is(err, lab.ErrNotAvailable):
			t.hanging("  "+lab.Moment(step.At)+"  "+step.Action.Name()+"  ", "        ", "is not done here: "+err.Error())
		case err != nil:
			t.hanging("  "+lab.Moment(step.At)+"  "+step.Action.Name()+"  ", "        ", "cannot be told: "+err.Error())
			faults = append(faults, fmt.Errorf("%s: %w", step.Action.Name(), err))
		default:
			fmt.Fprintf(t, "  %s  %s  %s\n", lab.Moment(step.At), ch.Mitigation, ch.Target)
			tellChange(t, ch)
		}
	}
	return errors.Join(faults...)
}

// tellChange writes what a change does and how it is undone.
func tellChange(t *terminal, c *remote.Change) {
	line := func(head, text string) {
		if text != "" {
			t.hanging("        "+head, "               ", text)
		}
	}
	line("does   ", c.Do)
	undo := c.Undo
	if undo == "" && c.Lasting == "" {
		undo = "nothing stays behind"
	}
	line("undo   ", undo)
	line("stays  ", c.Lasting)
}
