package lab

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// player acts out one activity.
type player struct {
	activity *Activity
	tracks   []*Track
	said     []dialogue // by track
	client   Client
	number   int // of the attempt
	inFlight bool
	trying   *Track        // what is being tried
	begun    time.Duration // since when
	kept     LocalCopy     // what its client has taken along, as of its last attempt
}

// enlist adds somebody who acts out an activity.
func (p *play) enlist(a *Activity) *player {
	pl := &player{activity: a, said: make([]dialogue, len(a.Do))}
	for _, c := range a.Do {
		pl.tracks = append(pl.tracks, &Track{Activity: a, Capability: c, Order: p.order})
	}
	p.players = append(p.players, pl)
	return pl
}

func (p *play) add(a *Activity) {
	pl := p.enlist(a)
	var err error
	if pl.client, err = p.dial(a, nil); err != nil {
		for _, t := range pl.tracks {
			t.Missing = err.Error()
		}
	}
}

// dial makes the client for an activity; of is somebody else, whose mailbox it
// opens, or nil.
func (p *play) dial(a *Activity, of *Person) (Client, error) {
	cast := p.lab.Cast()
	who := cast.People[a.Who]
	if who == nil {
		return nil, fmt.Errorf("%w: nobody is called %q here", ErrNotAvailable, a.Who)
	}
	if in, ok := p.lab.(Introducer); ok {
		in.Introduce(a.ID, who)
	}
	target := who
	if a.Path == SMTPAnonymous || a.Path == SMTPDirect {
		if to := cast.People[a.To]; to != nil {
			target = to
		}
	}
	if of != nil && a.Path == OutlookRPC {
		target = of // Outlook connects to the server that holds the mailbox
	}
	ep, err := p.lab.Endpoint(target, a.Path)
	if err != nil {
		return nil, err
	}
	if err := p.mayWrite(a); err != nil {
		return nil, err
	}
	env := Env{
		Endpoint: ep,
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return p.lab.Dial(ctx, a.ID, a.From, addr)
		},
		Now: p.lab.Clock().Now, Activity: a, Domain: cast.Organisation.Domain, Transcribe: p.runner.Transcribe,
	}
	if d, ok := p.lab.(Desktops); ok {
		env.Desktop = func() Desktop { return d.Desktop(a.From) }
	}
	if !who.Outsider() {
		env.Login = Login{
			User: cmp.Or(who.User, who.Mail), Address: who.Mail, Passwords: who.known(a.Client.Passwords), MailboxDN: who.MailboxDN,
		}
	}
	if slices.Contains(a.Client.Passwords, Overheard) {
		e, ok := p.lab.(Eavesdropper)
		if !ok {
			return nil, fmt.Errorf("%w: nobody can listen to what others send", ErrNotAvailable)
		}
		env.Login.Overheard = e.Eavesdrop(a.From, who)
	}
	if of != nil {
		env.Mailbox = of.Mail
		env.Login.MailboxDN = of.MailboxDN
	}
	return p.runner.NewClient(env)
}

// mayWrite asks a lab that lets mail go to some addresses only. An activity that
// writes to somebody whom the lab does not have would write to a mere word.
func (p *play) mayWrite(a *Activity) error {
	g, guarded := p.lab.(Guarded)
	if !guarded {
		return nil
	}
	var all []string
	if a.To != "" {
		to := a.To
		if who := p.lab.Cast().People[to]; who != nil {
			to = who.Mail
		} else if !strings.Contains(to, "@") {
			return fmt.Errorf("%w: nobody is called %q here", ErrNotAvailable, to)
		}
		all = append(all, to)
	}
	if a.Sender != "" { // who gets the answers
		all = append(all, a.Sender)
	}
	for _, address := range all {
		if err := g.MayWriteTo(address); err != nil {
			return err
		}
	}
	return nil
}

// known lists the passwords that somebody knows, in the order of use.
func (p *Person) known(words []string) []string {
	if len(words) == 0 {
		return []string{p.Password}
	}
	var out []string
	for _, w := range words {
		switch w {
		case "new":
			out = append(out, p.NewPassword)
		case "own":
			out = append(out, p.Password)
		}
	}
	return out
}

// hangs tells whether an attempt has waited for its answer at the horizon for
// so long that the next one was due. One that began only then shows nothing yet.
func (pl *player) hangs(horizon time.Duration) bool {
	return pl.inFlight && horizon-pl.begun >= pl.activity.Every
}
