package main

import (
	"fmt"
	"time"

	"shutout/scenarios/strict"
	"shutout/sim/profile"
)

// durationFlag is a duration in the form of case files; set tells whether it
// was given.
type durationFlag struct {
	value time.Duration
	set   bool
}

func (f *durationFlag) String() string { return "" }
func (f *durationFlag) Type() string   { return "DURATION" }

func (f *durationFlag) Set(text string) error {
	d, err := strict.ParseDuration(text)
	if err != nil {
		return err
	}
	if d < 0 {
		return fmt.Errorf("the time is negative: expected one such as 15m")
	}
	f.value, f.set = d, true
	return nil
}

// or returns the given duration, or a negative one.
func (f *durationFlag) or() time.Duration {
	if !f.set {
		return -1
	}
	return f.value
}

// loadProfile returns a profile with some parameters set.
func loadProfile(name string, set []string) (*profile.Profile, error) {
	p, err := profile.Load(name)
	if err != nil {
		names := profile.Names()
		return nil, fmt.Errorf("unknown profile %s%s (shutout list profiles)", strict.Quote(name), strict.Expected(name, names))
	}
	for _, assignment := range set {
		if err := p.Set(assignment); err != nil {
			return nil, fmt.Errorf("--set: %w (shutout show %s)", err, name)
		}
	}
	return p, nil
}
