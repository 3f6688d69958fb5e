package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/containers"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
	"shutout/sim"
)

// A venue is where cases are played: one kind of lab.
type venue interface {
	// name is the word that documents use.
	name() string
	// workers is how many cases are played at a time, at most.
	workers() int
	// twin is the profile of the simulation that is most like it; empty: none.
	twin() string
	// choose tells what becomes of each case here. Named says that somebody
	// asked for these cases and not for the whole catalogue.
	choose(cases []*lab.Scenario, named bool) []*entry
	// prepare looks whether everything is there that the cases need, and asks
	// whoever sits here. It changes nothing.
	prepare(ctx context.Context, cases []*lab.Scenario) error
	// play builds a lab for a case, plays it there and takes the lab down again.
	play(ctx context.Context, c *lab.Scenario, progress func(at, horizon time.Duration)) (*lab.RunResult, error)
	// close ends what prepare began. The error tells what is not as it was.
	close() error
}

// entry is a case and what becomes of it in a venue.
type entry struct {
	// Case is the case as it is played there.
	Case *lab.Scenario
	// Absent is the result of a case that has nothing to do there.
	Absent *lab.RunResult
	// TooLong says that the case would take too long to be played unasked.
	TooLong bool
}

// played lists the cases that are played.
func played(entries []*entry) (cases []*lab.Scenario) {
	for _, e := range entries {
		if e.Absent == nil && !e.TooLong {
			cases = append(cases, e.Case)
		}
	}
	return cases
}

// tooLong tells in one line which cases were left out, and how they are played.
func tooLong(entries []*entry, labWord string) string {
	var ids []string
	for _, e := range entries {
		if e.TooLong {
			ids = append(ids, e.Case.ID)
		}
	}
	if ids == nil {
		return ""
	}
	return fmt.Sprintf("left out, because each takes more than %s here: %s (shutout run --lab %s --horizon 3m --lead 20s --every 1s plays them cut short, shutout run --lab %s ID one of them as it is)",
		lab.Duration(unasked), strings.Join(ids, ", "), labWord, labWord)
}

// takesLong warns of a case that somebody named and that takes hours in real
// time.
func takesLong(entries []*entry, labWord string) string {
	if labWord == simLab {
		return ""
	}
	var longest time.Duration
	for _, c := range played(entries) {
		longest = max(longest, c.Lead()+c.Horizon)
	}
	if longest <= unasked {
		return ""
	}
	return fmt.Sprintf("this takes %s, because time is real here; --horizon 3m --lead 20s --every 1s cuts a case short", lab.Duration(longest))
}

// Words of --lab for labs that no file describes.
const (
	simLab        = lab.Simulation
	containersLab = containers.Name
)

// simVenue is the simulation, where a day passes in a second.
type simVenue struct{ how sim.PlayOptions }

func (*simVenue) name() string { return simLab }
func (*simVenue) twin() string { return "" }
func (*simVenue) workers() int { return cores() }

func (*simVenue) choose(cases []*lab.Scenario, _ bool) []*entry {
	entries := make([]*entry, len(cases))
	for i, c := range cases {
		entries[i] = &entry{Case: c}
	}
	return entries
}

func (*simVenue) prepare(context.Context, []*lab.Scenario) error { return nil }

func (v *simVenue) play(ctx context.Context, c *lab.Scenario, progress func(at, horizon time.Duration)) (*lab.RunResult, error) {
	how := v.how
	how.Progress = progress
	return sim.Play(ctx, c, how)
}

func (*simVenue) close() error { return nil }

// unasked is how long a case may take on the wall clock if nobody named it.
const unasked = 5 * time.Minute

// offer is what a lab of real servers has.
type offer struct {
	path       func(lab.Path) error // nil: it is there
	mitigation func(mitigation string) error
	profile    string // its simulated twin; empty: none
}

// choose tells what becomes of each case in real time.
func (o offer) choose(cases []*lab.Scenario, named bool) []*entry {
	entries := make([]*entry, len(cases))
	for i, c := range cases {
		if o.profile != "" {
			c = c.WithProfile(o.profile)
		} else {
			c = new(*c)
			c.Forget() // what is predicted is about the simulated version
		}
		e := &entry{Case: c}
		entries[i] = e
		if why := o.missing(c); why != nil {
			e.Absent = lab.Unavailable(c, time.Now().UTC().Truncate(time.Second), why)
		} else {
			e.TooLong = !named && c.Lead()+c.Horizon > unasked
		}
	}
	return entries
}

// missing tells for each activity why a case has nothing to do here; nil: it
// has.
func (o offer) missing(c *lab.Scenario) func(*lab.Activity) string {
	var first error
	if !slices.ContainsFunc(c.Activities, func(a *lab.Activity) bool {
		err := o.path(a.Path)
		if first == nil {
			first = err
		}
		return err == nil
	}) {
		return func(a *lab.Activity) string {
			if err := o.path(a.Path); err != nil {
				return err.Error()
			}
			return first.Error()
		}
	}
	// An SOP in the place of the case's own is played as far as it goes.
	for _, step := range c.SOP {
		if err := o.mitigation(step.Action.Name()); err != nil && c.SOPID == "" && errors.Is(err, lab.ErrNotAvailable) {
			return func(*lab.Activity) string { return step.Action.Name() + ": " + err.Error() }
		}
	}
	return nil
}

// playReal plays a case on real servers.
func playReal(ctx context.Context, l *remote.Lab, c *lab.Scenario, sweep bool, progress func(at, horizon time.Duration)) (*lab.RunResult, error) {
	r := &lab.Runner{NewClient: client.New, Progress: progress, Sweep: sweep, Transcribe: true, Describe: mitigation.Describe}
	return r.Run(ctx, l, c)
}
