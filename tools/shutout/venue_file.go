package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
	"shutout/lab/remote/journal"
)

// fileVenue is a lab that a file describes. Its accounts are real, so they are
// touched only if the file, its allow-list and whoever gives the order say so,
// and everything is written to a journal first.
type fileVenue struct {
	cfg   *remote.Config
	sweep bool
	// Yes is what --yes-this-is-a-lab says.
	yes string
	in  lines
	err *terminal
	// wrap, if set, stands between the lab and its journal.
	wrap func(remote.Journal) remote.Journal

	journal *journal.File
	played  bool
}

func (v *fileVenue) name() string { return v.cfg.Name }
func (v *fileVenue) twin() string { return v.cfg.Profile }

// workers is one: the cases have the same accounts.
func (*fileVenue) workers() int { return 1 }

func (v *fileVenue) choose(cases []*lab.Scenario, named bool) []*entry {
	return offer{v.cfg.Offers, v.cfg.Performs, v.cfg.Profile}.choose(cases, named)
}

func (v *fileVenue) prepare(ctx context.Context, cases []*lab.Scenario) (err error) {
	if len(cases) == 0 {
		return nil
	}
	if err := remote.RemoveSecretFiles(); err != nil {
		return err
	}
	touched, err := v.permitted(ctx, cases)
	if err != nil {
		return err
	}
	folder, err := journal.Folder(v.cfg.Name)
	if err != nil {
		return err
	}
	if v.journal, err = journal.Create(folder, journal.Head{Lab: v.cfg.Name, File: v.cfg.File, Tool: version(), Servers: v.cfg.Servers()}); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.journal.Close())
			v.journal = nil
		}
	}()
	l, err := remote.Open(ctx, v.cfg, remote.Options{Cast: cases[0].Cast})
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.Check(ctx, everybodyIn(cases)); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	return confirm(ctx, v.in, v.err, v.cfg.Name, v.yes, v.question(touched))
}

// everybodyIn is a case in which everybody acts who does in one of the cases.
func everybodyIn(cases []*lab.Scenario) *lab.Scenario {
	all := &lab.Scenario{Cast: cases[0].Cast}
	for _, c := range cases {
		all.Activities = slices.Concat(all.Activities, c.Activities)
		all.Controls = slices.Concat(all.Controls, c.Controls)
	}
	return all
}

// question tells what somebody agrees to.
func (v *fileVenue) question(touched []string) string {
	accounts := "No account is changed."
	if len(touched) > 0 {
		accounts = "It changes, and puts back at the end: " + strings.Join(touched, ", ") + "."
	}
	return fmt.Sprintf("This plays on the real servers of the lab %s (%s). %s", v.cfg.Name, v.cfg.File, accounts)
}

// permitted tells which accounts the steps of the cases touch. The error names
// those that may not be touched.
func (v *fileVenue) permitted(ctx context.Context, cases []*lab.Scenario) (touched []string, err error) {
	var faults []error
	for _, c := range cases {
		l, err := remote.Open(ctx, v.cfg, remote.Options{Cast: c.Cast, Unsigned: true})
		if err != nil {
			return nil, err
		}
		for _, step := range c.SOP {
			accounts, err := l.Permits(step.Action)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: the step %s at %s: %w", c.ID, step.Action.Name(), lab.Moment(step.At), err))
			}
			touched = append(touched, accounts...)
		}
		l.Close() // nothing was changed, and nothing is open
	}
	if faults != nil {
		return nil, fmt.Errorf("nothing was changed: %w", errors.Join(faults...))
	}
	slices.Sort(touched)
	return slices.Compact(touched), nil
}

func (v *fileVenue) play(ctx context.Context, c *lab.Scenario, progress func(at, horizon time.Duration)) (res *lab.RunResult, err error) {
	if v.played { // servers remember what they were told in the case before
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(v.cfg.Timeouts.Settle):
		}
	}
	v.played = true
	var j remote.Journal = v.journal
	if v.wrap != nil {
		j = v.wrap(j)
	}
	l, err := remote.Open(ctx, v.cfg, remote.Options{Cast: c.Cast, Journal: j})
	if err != nil {
		return nil, err
	}
	defer func() {
		l.Close() // takes everything back; what that has come to stands in the journal
		if stuck := v.putBack(); stuck != nil {
			err = errors.Join(err, stuck)
		}
	}()
	return playReal(ctx, l, c, v.sweep, progress)
}

// putBack tells what is not as it was before the case. What cannot be taken
// back is told once.
func (v *fileVenue) putBack() error {
	var stuck []error
	for _, e := range v.journal.Content().Owed() {
		if e.Change.Undo == "" {
			fmt.Fprintf(v.err, "%s of %s stays: %s\n", e.Change.Mitigation, e.Change.Target, e.Change.Lasting)
			v.journal.Left(e.ID, e.Change.Lasting) // if it cannot be written, that is told below
			continue
		}
		stuck = append(stuck, fmt.Errorf("%s of %s is not taken back: %s", e.Change.Mitigation, e.Change.Target, e.Text))
	}
	if err := v.journal.Fault(); err != nil {
		stuck = append(stuck, fmt.Errorf("%w\nSo it does not tell what has been taken back, and that will be done again, which does no harm", err))
	}
	if stuck == nil {
		return nil
	}
	return errNotPutBack{fmt.Errorf("%w\nshutout revert %s tries it again", errors.Join(stuck...), v.cfg.Name)}
}

// errNotPutBack says that a lab is not as it was.
type errNotPutBack struct{ error }

func (v *fileVenue) close() error {
	if v.journal == nil {
		return nil
	}
	return v.journal.Close()
}

// loadLab reads a lab file. The journal of a run names it from the root.
func loadLab(path string) (*remote.Config, error) {
	cfg, err := remote.Load(path)
	if err != nil {
		return nil, err
	}
	cfg.File, err = filepath.Abs(path)
	return cfg, err
}
