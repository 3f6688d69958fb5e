package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// sweepPace is the time between two attempts of a sweep.
	sweepPace = time.Second
	// sweepWatch is how long a sweep waits, after its attempts, for what leaves
	// later.
	sweepWatch = time.Hour
	// sweepSize is the body size, in bytes, of the mail that a stranger writes: a
	// size limit of 1 KB has to meet it.
	sweepSize = 2 << 10
)

// sweeping is a sweep under way. It begins when the horizon is over, so that no
// attempt of the case is disturbed, and its clients are new ones.
type sweeping struct {
	*play
	sweeper Sweeper // nil: the lab is none
	next    time.Time
	found   []*SweepResult
	later   []func(context.Context) // what is found out when the watch is over
	ended   bool                    // the watch is over: what is answered now comes too late
}

// sweep looks for what works without a session.
func (p *play) sweep(ctx context.Context) ([]*SweepResult, error) {
	w := &sweeping{play: p, next: p.order.Add(p.s.Horizon), found: slices.Clone(p.unset)}
	w.sweeper, _ = p.lab.(Sweeper)
	people := p.leavers()
	if people == nil {
		return []*SweepResult{}, nil
	}
	for _, id := range people {
		w.person(p.lab.Cast().People[id])
	}
	for _, until := range []time.Time{w.next, w.next.Add(w.watch())} {
		if err := p.lab.Clock().Run(ctx, until); err != nil {
			return nil, err
		}
	}
	w.mu.Lock() // where time is real, an attempt may still be at work
	defer w.mu.Unlock()
	w.ended = true
	for _, f := range w.later {
		f(ctx)
	}
	return settle(w.found, people, p.foreseen(), p.missing == ""), nil
}

// watch is how long to wait for what leaves later.
func (w *sweeping) watch() time.Duration { return cmp.Or(w.pace.Watch, sweepWatch) }

// leavers are the people of the organisation whose access has to end.
func (p *play) leavers() []string {
	var ids []string
	for _, a := range p.s.Activities {
		who := p.lab.Cast().People[a.Who]
		if who != nil && !who.Outsider() && a.Beside == "" && !slices.Contains(ids, who.ID) {
			ids = append(ids, who.ID)
		}
	}
	return ids
}

// person looks for all that concerns one person. What an administrator finds is
// read first: a sign-in may leave something behind itself.
func (w *sweeping) person(who *Person) {
	left := w.remains(who)
	w.devices(who, left.Devices)
	w.queued(who, left.Queued)
	w.mail(who, left.Forwards)
	for _, id := range left.Delegates {
		w.open(SweepDelegate, w.lab.Cast().People[id], who)
	}
	for _, id := range left.Shared {
		w.open(SweepShared, who, w.lab.Cast().People[id])
	}
	w.signIns(who)
}

// remains is what an administrator finds. Where nobody can look, nothing was
// found for that reason alone, and the sweep says so.
func (w *sweeping) remains(who *Person) Remains {
	if w.sweeper != nil {
		return w.sweeper.Remains(who)
	}
	for _, kind := range []SweepKind{SweepForward, SweepDelegate, SweepShared, SweepDevice, SweepQueue} {
		w.add(SweepResult{Kind: kind, Of: who.ID, Works: WorksNotAvailable, Shown: ShownListed, Detail: "nobody can look for it in this lab"})
	}
	return Remains{}
}

// add notes a finding whose answer is still to come.
func (w *sweeping) add(f SweepResult) *SweepResult {
	r := &f
	w.found = append(w.found, r)
	return r
}

// attempt makes one attempt with a new client, and notes in f what came of it.
// Passed gets the decision that let it in.
func (w *sweeping) attempt(f *SweepResult, a *Activity, of *Person, t Task, passed func(Decision)) {
	f.Works, f.Shown, f.Detail = WorksUnknown, ShownWire, "no answer"
	client, err := w.dial(a, of)
	if err != nil {
		f.Works, f.Detail = WorksNotAvailable, err.Error()
		return
	}
	w.lab.Clock().At(w.next, ClassAttempt, a.ID, func(ctx context.Context) {
		limited, done := w.limit(ctx)
		err := client.Do(limited, t)
		done()
		if ctx.Err() != nil {
			return
		}
		client.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.ended {
			return
		}
		var why []Decision
		if ex, ok := w.lab.(Explainer); ok {
			why = ex.Decisions(a.ID)
		}
		w.judgeAttempt(f, err, why, passed)
	})
	w.next = w.next.Add(sweepPace)
}

func (w *sweeping) judgeAttempt(f *SweepResult, err error, why []Decision, passed func(Decision)) {
	failed := failure(err)
	switch {
	case failed == nil:
		f.Works = WorksYes
	case errors.Is(err, ErrNotAvailable):
		f.Works = WorksNotAvailable
	case failed.Kind != Refused: // nobody was there to say no
		f.Works = WorksUnknown
	default:
		f.Works = WorksNo
	}
	d := deciding(why, failed == nil, w.order)
	if f.Kind == SweepDelegate || f.Kind == SweepShared { // the right is the question, not how they signed in
		for _, e := range why {
			if e.Layer == LayerMailboxInfo && e.Allowed == (failed == nil) {
				d = e
			}
		}
	}
	var r ActivityResult
	if d.Layer != "" {
		r.because([]Decision{d}, w.order)
		f.Detail = d.Describe(w.order)
	} else if failed != nil {
		f.Detail = failed.Error()
	}
	f.Because = r.Because
	if failed == nil && passed != nil {
		passed(d)
	}
}

// signIns tries every path with every password that the person knows.
func (w *sweeping) signIns(who *Person) {
	words := []string{"own"}
	for _, a := range w.s.Activities {
		if a.Who == who.ID && slices.Contains(a.Client.Passwords, "new") {
			words = append(words, "new")
			break
		}
	}
	for _, path := range Paths {
		if path == SMTPAnonymous || path == SMTPDirect {
			continue // nobody signs in there
		}
		if _, err := w.lab.Endpoint(who, path); err != nil {
			continue
		}
		for _, word := range words {
			what := string(path)
			if word == "new" {
				what += ", password told after the reset"
			}
			f := w.add(SweepResult{Kind: SweepSignIn, Of: who.ID, What: what, Broken: true})
			a := &Activity{
				ID: fmt.Sprintf("sweep-%s-%s-%s", who.ID, path, word), Who: who.ID, From: w.hostFor(who.ID, path), Path: path,
				Client: Behaviour{Passwords: []string{word}},
			}
			w.attempt(f, a, nil, Task{Capability: SignIn}, func(d Decision) { f.Ends = signInEnds(d.Layer) })
		}
	}
}

// hostFor is where somebody uses a path from.
func (p *play) hostFor(who string, path Path) string {
	for _, a := range p.s.Activities {
		if a.Who == who && a.Path == path {
			return a.From
		}
	}
	if path == OutlookRPC || path == Pickup { // which no firewall lets in from outside
		return p.office()
	}
	return p.hostOf(who)
}

// signInEnds are the mitigations that end a sign-in which a layer admitted.
func signInEnds(layer Layer) []string {
	switch layer {
	case LayerToken:
		return []string{"reset-iis"}
	case LayerOldPassword:
		return []string{"reset-password"}
	default:
		return []string{"disable-account", "reset-password"}
	}
}

// open has somebody read in the mailbox of somebody else, over web services or,
// where there are none, with an Outlook in the office. The finding is about
// whoever leaves, one of the two.
func (w *sweeping) open(kind SweepKind, who, of *Person) {
	f := SweepResult{Kind: kind, Of: who.ID, What: "the mailbox of " + of.ID, Broken: true, Ends: []string{"remove-delegates"}}
	if kind == SweepDelegate {
		f.Of, f.What, f.Broken = of.ID, who.ID, false
	}
	r := w.add(f)
	a := &Activity{ID: fmt.Sprintf("sweep-%s-opens-%s", who.ID, of.ID), Who: who.ID, From: w.hostOf(who.ID), Path: EWS}
	if _, err := w.lab.Endpoint(who, EWS); err != nil && of.MailboxDN != "" {
		a.Path, a.From = OutlookRPC, w.office()
	}
	r.What += " over " + string(a.Path)
	w.attempt(r, a, of, Task{Capability: Read}, nil)
	if r.Works == WorksNotAvailable { // no path to show it by
		r.Works, r.Shown, r.Detail = WorksUnknown, ShownListed, "holds full access; not tried: "+r.Detail
	}
}

// devices tells of partnerships, and of what the leaver's own clients keep.
func (w *sweeping) devices(who *Person, devices []Device) {
	for _, d := range devices {
		detail := "listed by the server, last seen " + Moment(d.LastSync.Sub(w.order))
		if d.Wipe != "" {
			detail += ", " + d.Wipe
		}
		w.add(SweepResult{Kind: SweepDevice, Of: who.ID, What: d.ID, Works: WorksYes, Shown: ShownListed, Detail: detail,
			Ends: []string{"remove-device"}})
	}
	for _, pl := range w.players {
		k, ok := pl.client.(Keeper)
		if !ok || pl.activity.Who != who.ID || pl.activity.Role != Threat {
			continue
		}
		kept, known := k.Kept()
		if !known {
			continue
		}
		f := w.add(SweepResult{Kind: SweepCopy, Of: who.ID, What: pl.activity.ID, Works: WorksNo, Shown: ShownListed, Broken: true,
			Detail: "nothing is on it"})
		switch {
		case kept.Erased:
			f.Detail = "it has wiped itself"
		case kept.Messages > 0:
			f.Works = WorksYes
			f.Detail = "it tells of " + Count(kept.Messages, "message") + " on it; "
			if pl.activity.Path == ActiveSync {
				f.Ends = []string{"wipe-device"}
				f.Detail += "a wipe comes with its next contact, and only while it is let in"
			} else {
				f.Detail += "nothing on the servers takes them back"
			}
			f.Because = []Reason{{AtS: Seconds(w.s.Horizon), Layer: LayerLocalCopy, Allowed: true, Detail: f.Detail}}
		}
	}
}
