package main

import (
	"context"
	"errors"
	"time"

	"shutout/lab"
)

// containersVenue starts real servers for each case. Their accounts are made for
// it, so there is nobody to ask and nothing to put back.
type containersVenue struct {
	parallel int
	sweep    bool
	err      *terminal
}

func newContainersVenue(parallel int, sweep bool, err *terminal) *containersVenue {
	return &containersVenue{parallel, sweep, err}
}

func (*containersVenue) name() string   { return containersLab }
func (*containersVenue) twin() string   { return "dovecot-postfix-samba" }
func (v *containersVenue) workers() int { return max(1, v.parallel) }

func (v *containersVenue) choose(cases []*lab.Scenario, named bool) []*entry {
	return nil
}

func (*containersVenue) prepare(context.Context, []*lab.Scenario) error {
	return errors.New("there is no lab of containers in this version")
}

func (v *containersVenue) play(ctx context.Context, c *lab.Scenario, progress func(at, horizon time.Duration)) (*lab.RunResult, error) {
	return nil, errors.ErrUnsupported
}

func (*containersVenue) close() error { return nil }
