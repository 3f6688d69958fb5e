package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/results"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/scenarios/claims"
)

// compareFlags are the flags of compare as they were given.
type compareFlags struct {
	seed      uint64
	unexplain bool
	yes       string
	parallel  int

	app *app
}

func (a *app) compareCommand() *cobra.Command {
	f := &compareFlags{app: a}
	cmd := &cobra.Command{
		Use:   "compare A B [ID|FILE...]",
		Short: "Tell where two labs, or two results, differ",
		Long: `Compare holds two results of the same cases side by side. A and B are results, each a run folder or a result document, or
labs: sim, containers, or the file that describes one. A lab plays the cases of the other side, with the same SOP, limits
and intervals, and the simulation with the same profile and parameters. Where both are labs, the one of real servers plays
first, without ids every case that was made for it. Ids and files of cases choose among them; a case that is not in the
catalogue has to be given as its file.

Two results of a promise agree when the verdicts are the same and the cut-offs are not further apart than the time
between two attempts. Where they differ, it is told what decided on each side. If one of the two is the simulation, the
case is played there again with other values of the parameters that govern the deciding layers, then of the others, one at
a time, and those values are named with which it says what the other side says.

The exit status is 0 when they agree, 1 when something differs or nothing could be compared, and 2 when the input was
wrong.`,
		Example: `  shutout compare sim containers
  shutout compare sim runs/containers
  shutout compare sim containers.json our-case.yaml
  shutout compare runs/our-lab runs/containers session-open-before-disable`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) < 2 {
				return fmt.Errorf("compare takes two results or labs, found %s (%s --help)", lab.Count(len(args), "argument"), cmd.CommandPath())
			}
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			a.exit, err = f.run(ctx, args[0], args[1], args[2:])
			return err
		},
	}
	fs := cmd.Flags()
	f.seed = 1
	fs.Var((*numberFlag)(&f.seed), "seed", "the `NUMBER` that everything random in the simulation comes from")
	fs.BoolVar(&f.unexplain, "no-explanation", false, "do not look for parameters that would explain a difference")
	fs.IntVar(&f.parallel, "parallel", 0, "play `N` cases at a time in containers (default: what this machine bears)")
	fs.StringVar(&f.yes, "yes-this-is-a-lab", "", "in scripts: the `NAME` of the lab of a file, whose accounts may be changed")
	fs.SortFlags = false
	return cmd
}

// run compares, prints and returns the exit code.
func (f *compareFlags) run(ctx context.Context, a, b string, cases []string) (int, error) {
	known, err := namedCases(cases)
	if err != nil {
		return exitBad, err
	}
	words := [2]string{a, b}
	if a == simLab && b == simLab {
		return exitBad, errors.New("both sides are the simulation: play it twice, with what is to differ, and compare the results (shutout run --help)")
	}
	var docs [2]*lab.Document
	for i, word := range words {
		if isLab(word) {
			continue
		}
		if docs[i], err = report.Read(word); err != nil {
			if _, gone := os.Stat(word); errors.Is(gone, fs.ErrNotExist) {
				err = fmt.Errorf("%s: there is no such result, and no such lab: name a run folder or the %s in it, or a lab: %s, %s or the FILE.yaml that describes one",
					word, report.ResultFile, simLab, containersLab)
			}
			return exitBad, err
		}
		if err := choose(docs[i], word, cases, known); err != nil {
			return exitBad, err
		}
	}
	// Real servers say what there is to hold the simulation against.
	for _, i := range realFirst(words) {
		if docs[i] != nil {
			continue
		}
		if docs[i], err = f.play(ctx, words[i], docs[1-i], cases, known); err != nil {
			return exitBad, fmt.Errorf("%s: %w", words[i], err)
		}
	}
	g := results.Meet(docs[0], docs[1])
	if !f.unexplain {
		if err := f.explain(ctx, g, known); err != nil {
			return exitBad, err
		}
	}
	nameA, nameB := sideNames(words, docs)
	if err := report.Agreement(f.app.out, g, nameA, nameB, report.Style{Colour: f.app.out.Colour, Width: f.app.out.Width}); err != nil {
		return exitBad, err
	}
	if !g.Agrees() {
		return exitBroken, nil
	}
	return exitKept, nil
}

// sideNames are the labs, or where both are the same the arguments.
func sideNames(words [2]string, docs [2]*lab.Document) (a, b string) {
	if docs[0].Lab != docs[1].Lab {
		return docs[0].Lab, docs[1].Lab
	}
	return words[0], words[1]
}

// isLab tells whether an argument is a lab, and not a result. A folder of such a
// name is written as a path: ./sim.
func isLab(word string) bool {
	ext := strings.ToLower(filepath.Ext(word))
	return word == simLab || word == containersLab || ext == ".yaml" || ext == ".yml"
}

// realFirst is the order in which two sides are played.
func realFirst(words [2]string) []int {
	if words[0] == simLab {
		return []int{1, 0}
	}
	return []int{0, 1}
}

// namedCases loads cases by id or file.
func namedCases(args []string) (map[string]*lab.Scenario, error) {
	known := map[string]*lab.Scenario{}
	if len(args) == 0 {
		return known, nil
	}
	cases, err := loadCases(args)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		known[c.ID] = c
	}
	return known, nil
}

// choose leaves those cases of a document that were named. Files only say what
// a case is, so they choose nothing that an id does not.
func choose(d *lab.Document, name string, args []string, known map[string]*lab.Scenario) error {
	if len(args) == 0 {
		return nil
	}
	var has []string
	for _, r := range d.Runs {
		has = append(has, r.Scenario)
	}
	for id := range known {
		if !slices.Contains(has, id) {
			return fmt.Errorf("%s has no case %s%s", name, strict.Quote(id), strict.Expected(id, has))
		}
	}
	d.Runs = slices.DeleteFunc(d.Runs, func(r *lab.RunResult) bool { return known[r.Scenario] == nil })
	return nil
}

// play plays in a lab what the other side's document shows; where there is none
// yet, the cases that were named, or those that were made for this lab.
func (f *compareFlags) play(ctx context.Context, word string, other *lab.Document, args []string, known map[string]*lab.Scenario) (*lab.Document, error) {
	flags := &runFlags{lab: word, seed: f.seed, yes: f.yes, parallel: f.parallel}
	if word != containersLab {
		flags.parallel = 0
	}
	if word == simLab || word == containersLab {
		flags.yes = ""
	}
	if err := flags.fitTogether(); err != nil {
		return nil, err
	}
	venue, err := flags.venue(f.app)
	if err != nil {
		return nil, err
	}
	o := &runOptions{Lab: word, Venue: venue, Named: true, Seed: f.seed, Stderr: f.app.err}
	switch {
	case other == nil && len(args) > 0:
		if o.Cases, err = loadCases(args); err != nil {
			return nil, err
		}
	case other == nil:
		o.Cases = madeFor(venue)
	default:
		for _, r := range other.Runs {
			c, err := caseOf(r, known)
			if err != nil {
				return nil, err
			}
			o.Cases = append(o.Cases, c)
		}
	}
	return o.playHere(ctx)
}

// madeFor lists the cases of the catalogue that were written for a lab.
func madeFor(v venue) []*lab.Scenario {
	return slices.DeleteFunc(scenarios.Catalogue(), func(c *lab.Scenario) bool { return c.Profile != v.twin() })
}

// caseOf makes the case that a result shows, so that it is played as it was
// there: with the profile, the SOP, the parameters, the limits and the
// intervals of the result.
func caseOf(r *lab.RunResult, known map[string]*lab.Scenario) (*lab.Scenario, error) {
	c := known[r.Scenario]
	if c == nil {
		found, ok := scenarios.Find(r.Scenario)
		if !ok {
			found, ok = claims.Load().Experiment(r.Scenario)
		}
		if !ok {
			return nil, fmt.Errorf("the case %s is not in the catalogue: name its file, too", strict.Quote(r.Scenario))
		}
		c = found
	}
	c = new(*c)
	if _, err := loadProfile(r.Profile, r.Set); err != nil {
		return nil, fmt.Errorf("the case %s: %w", strict.Quote(r.Scenario), err)
	}
	c = c.WithProfile(r.Profile)
	c.Set = r.Set
	c.Forget()
	played := func(list []*lab.Activity) (out []*lab.Activity) {
		for _, a := range list {
			out = append(out, asPlayed(a, r))
		}
		return out
	}
	c.Activities, c.Controls = played(c.Activities), played(c.Controls)
	if r.SOP != "" {
		sop, ok := scenarios.FindSOP(r.SOP) // never a file that a document names
		if !ok {
			return nil, fmt.Errorf("the case %s was played with the SOP %s, which does not come with shutout: play it with its file (shutout run --sop FILE), and compare the two results",
				strict.Quote(r.Scenario), strict.Quote(r.SOP))
		}
		c.SOP = nil
		if err := sop.Bind(c); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, s := range r.Steps {
		names = append(names, s.Do)
	}
	steps, err := scenarios.ChooseSteps(c, names)
	if err != nil {
		return nil, fmt.Errorf("the result is of another version of the case: %w", err)
	}
	c.SOP = steps
	return c, scenarios.SetTimes(c, duration(r.LimitS), duration(r.HorizonS))
}

// asPlayed is an activity with the times that it had in a result.
func asPlayed(a *lab.Activity, r *lab.RunResult) *lab.Activity {
	i := slices.IndexFunc(r.Activities, func(x *lab.ActivityResult) bool { return x.ID == a.ID })
	if i < 0 {
		return a
	}
	x := r.Activities[i]
	a = new(*a)
	if x.EveryS >= 1 {
		a.Every = duration(x.EveryS)
	}
	switch {
	case x.SinceS != nil:
		a.Since = duration(*x.SinceS)
	case len(x.Spans) > 0 && x.Spans[0].FromS < 0: // an older document; in real time the first attempt begins a little late
		if first := duration(x.Spans[0].FromS); (first - a.Since).Abs() >= a.Every {
			a.Since = first.Round(time.Second)
		}
	}
	return a
}

func duration(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
