package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/mitigation"
	"shutout/sim/profile"
)

// Order is when HR calls in every simulated run: a Thursday morning.
var Order = time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)

// PlayOptions change how a scenario is played.
type PlayOptions struct {
	Profile string   // instead of the scenario's own
	Set     []string // name=value, after those of the scenario
	Seed    uint64   // the same seed gives the same run
	Sweep   bool     // look for what works without a session, whatever the case says
	// Transcribe keeps what is said in the attempts that decide.
	Transcribe bool
	// Progress, if set, is told how far the run is; both are times from the
	// order, see [lab.Runner].
	Progress func(at, horizon time.Duration)
	// Drive, if set, plays the case instead of having it played as fast as it
	// goes, see [lab.Runner].
	Drive func(context.Context, *Organisation, *lab.Live) error
	// Inspect, if set, is given the organisation as it is at the horizon.
	Inspect func(*Organisation)
}

// Play builds an organisation for s, plays it there and takes it down again.
func Play(ctx context.Context, s *lab.Scenario, o PlayOptions) (*lab.RunResult, error) {
	if o.Profile != "" {
		s = s.WithProfile(o.Profile)
	}
	set := slices.Concat(s.Set, o.Set)
	p, err := profile.Load(s.Profile, set...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.ID, err)
	}
	org, err := New(Options{Profile: p, Cast: s.Cast.Clone(), Seed: o.Seed, Start: Order.Add(-s.Lead())})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.ID, err)
	}
	defer org.Close()
	r := &lab.Runner{NewClient: client.New, Progress: o.Progress, Sweep: o.Sweep, Transcribe: o.Transcribe, Describe: mitigation.Describe}
	if o.Drive != nil {
		r.Drive = func(ctx context.Context, live *lab.Live) error { return o.Drive(ctx, org, live) }
	}
	if o.Inspect != nil {
		r.Horizon = func() { o.Inspect(org) }
	}
	res, err := r.Run(ctx, org, s)
	if err != nil {
		return nil, err
	}
	res.Set = set
	return res, nil
}
