package main

import (
	"errors"
	"fmt"
	"os"

	"shutout/lab/strict"
	"shutout/sim"
)

// inRealTime tells whether the lab is one of real servers.
func (f *runFlags) inRealTime() bool { return f.lab != simLab && f.lab != "" }

// fitTogether refuses flags that mean nothing in the lab that was named.
func (f *runFlags) fitTogether() error {
	file := f.inRealTime() && f.lab != containersLab
	switch {
	case file && !isFile(f.lab):
		return fmt.Errorf("there is no lab %s%s (a lab file's name ends in .yaml)",
			strict.Quote(f.lab), strict.Expected(f.lab, []string{simLab, containersLab}))
	case f.inRealTime() && (f.profile != "" || f.profiles != "" || len(f.set) > 0):
		return errors.New("--profile, --profiles and --set are about the simulation: a real lab is of the version that it is")
	case f.inRealTime() && f.advise:
		return errors.New("--advise plays each case many times over, which only the simulation can do: play it with --lab sim")
	case f.plan && !file:
		return errors.New("--plan is for a lab that a file describes (--lab FILE): nothing else has anything to lose")
	case f.yes != "" && !file:
		return errors.New("--yes-this-is-a-lab is for a lab that a file describes (--lab FILE)")
	case f.parallel != 0 && f.lab != containersLab:
		return errors.New("--parallel is for --lab containers: a lab of your own plays one case after the other, and the simulation takes all cores")
	case f.parallel < 0:
		return fmt.Errorf("--parallel is %d: expected 1 or more", f.parallel)
	}
	return nil
}

// venue returns the lab that --lab means.
func (f *runFlags) venue(a *app) (venue, error) {
	switch {
	case !f.inRealTime():
		return &simVenue{sim.PlayOptions{Set: f.set, Seed: f.seed, Sweep: f.sweep, Transcribe: true}}, nil
	case f.lab == containersLab:
		return &containersVenue{f.parallel, f.sweep, f.seed, a.err}, nil
	}
	cfg, err := loadLab(f.lab)
	if err != nil {
		return nil, err
	}
	return &fileVenue{cfg: cfg, sweep: f.sweep, yes: f.yes, in: newLines(os.Stdin), err: a.err, wrap: a.wrap}, nil
}
