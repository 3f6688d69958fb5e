package lab

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// A Scene is what people have set up before a case begins, and what needs no
// session to go on. People are named as in the cast.
type Scene struct {
	// Forwards are mailboxes that send their mail on, by a setting of the
	// mailbox, and keep a copy: to which address.
	Forwards map[string]string
	// Rules are people who have made an inbox rule, with a client of theirs, that
	// sends everything on: to which address.
	Rules map[string]string
	// Delegates are who has full access to a mailbox.
	Delegates map[string][]string
}

// A Preparer is a lab in which an administrator can set a [Scene]. What it does
// not have wraps [ErrNotAvailable].
type Preparer interface {
	// Forward has who's mailbox send its mail on to an address and keep a copy.
	Forward(who *Person, to string) error
	// Grant gives to full access to of's mailbox.
	Grant(of, to *Person) error
}

// prepare sets the scene. What cannot be set is told by the sweep.
func (p *play) prepare() {
	s, cast := p.s.Scene, p.lab.Cast()
	failed := func(kind SweepKind, of, what string, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.unset = append(p.unset, &SweepResult{Kind: kind, Of: of, What: what, Works: WorksNotAvailable, Shown: ShownListed,
			Detail: "the scene could not be set: " + err.Error()})
	}
	lab, can := p.lab.(Preparer)
	admin := func(kind SweepKind, of, what string, set func() error) {
		err := fmt.Errorf("%w: nobody can set it here", ErrNotAvailable)
		if can {
			err = set()
		}
		if err != nil {
			failed(kind, of, what, err)
		}
	}
	for _, of := range slices.Sorted(maps.Keys(s.Forwards)) {
		admin(SweepForward, of, "mail to "+s.Forwards[of], func() error { return lab.Forward(cast.People[of], s.Forwards[of]) })
	}
	for _, of := range slices.Sorted(maps.Keys(s.Delegates)) {
		for _, to := range s.Delegates[of] {
			admin(SweepDelegate, of, to, func() error { return lab.Grant(cast.People[of], cast.People[to]) })
		}
	}
	for _, who := range slices.Sorted(maps.Keys(s.Rules)) {
		a := &Activity{ID: "scene-rule-" + who, Who: who, From: p.hostOf(who), Path: EWS}
		set := func(ctx context.Context) error {
			c, err := p.dial(a, nil)
			if err != nil {
				return err
			}
			defer c.Close()
			return c.Do(ctx, Task{Capability: SetRule, To: s.Rules[who], Subject: "copy"})
		}
		p.lab.Clock().At(p.lab.Clock().Now(), ClassStep, a.ID, func(ctx context.Context) {
			if err := set(ctx); err != nil && ctx.Err() == nil {
				failed(SweepForward, who, "an inbox rule to "+s.Rules[who], err)
			}
		})
	}
}

// hostOf is where somebody sits: where an activity of theirs is, or else in the
// office.
func (p *play) hostOf(who string) string {
	for _, list := range [][]*Activity{p.s.Activities, p.s.Controls} {
		for _, a := range list {
			if a.Who == who {
				return a.From
			}
		}
	}
	return p.office()
}

// office is a computer in the office, or anywhere if there is none.
func (p *play) office() string {
	var any string
	hosts := p.lab.Cast().Hosts
	for _, id := range slices.Sorted(maps.Keys(hosts)) {
		if hosts[id].Zone == LAN {
			return id
		}
		any = cmp.Or(any, id)
	}
	return any
}
