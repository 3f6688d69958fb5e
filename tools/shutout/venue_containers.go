package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/containers"
	"shutout/lab/remote"
)

// containersVenue starts real servers for each case. Their accounts are made for
// it, so there is nobody to ask and nothing to put back.
type containersVenue struct {
	parallel int // 0: what this machine bears
	sweep    bool
	seed     uint64
	err      *terminal
}

func (*containersVenue) name() string { return containersLab }
func (*containersVenue) twin() string { return containers.Profile }

// workers is how many labs stand side by side. They mostly wait, but for their
// start.
func (v *containersVenue) workers() int {
	if v.parallel > 0 {
		return v.parallel
	}
	return min(4, 2*cores())
}

func (*containersVenue) choose(cases []*lab.Scenario, named bool) []*entry {
	return offer{containers.Offers, containers.Performs, containers.Profile}.choose(cases, named)
}

// prepare has the images built before the first case needs them.
func (v *containersVenue) prepare(ctx context.Context, cases []*lab.Scenario) error {
	if len(cases) == 0 {
		return nil
	}
	return containers.Images(ctx, v.err)
}

func (v *containersVenue) play(ctx context.Context, c *lab.Scenario, progress func(at, horizon time.Duration)) (res *lab.RunResult, err error) {
	cast := c.Cast.Clone()
	cast.SetPasswords(rand.New(rand.NewPCG(v.seed, 0)))
	cfg, stop, err := containers.Start(ctx, cast, containers.Options{ActiveSync: uses(c, lab.ActiveSync)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	l, err := remote.Open(ctx, cfg, remote.Options{Cast: cast})
	if err != nil {
		return nil, err
	}
	defer l.Close() // what is not put back goes away with the servers
	if err := warmUp(ctx, l, c); err != nil {
		return nil, err
	}
	return playReal(ctx, l, c, v.sweep, progress)
}

// bystander is somebody of every cast who does nothing in most cases.
const bystander = "postmaster"

// warmUp has a bystander sign in over each path of a case, so that servers that
// have just been started keep nobody waiting whose sign-in begins a term.
func warmUp(ctx context.Context, l *remote.Lab, c *lab.Scenario) error {
	for _, path := range []lab.Path{lab.IMAP, lab.POP3, lab.SMTPSubmission, lab.ActiveSync} {
		if !uses(c, path) {
			continue
		}
		if err := l.SignIn(ctx, bystander, path); err != nil {
			return fmt.Errorf("the servers are up, and %s cannot sign in over %s: %w", bystander, path, err)
		}
	}
	return nil
}

func (*containersVenue) close() error { return nil }

// uses tells whether anybody in a case uses an access path.
func uses(c *lab.Scenario, path lab.Path) bool {
	return slices.ContainsFunc(slices.Concat(c.Activities, c.Controls), func(a *lab.Activity) bool { return a.Path == path })
}
