package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// queued watches what waits of the leaver's mail.
func (w *sweeping) queued(who *Person, list []Queued) {
	if len(list) == 0 {
		return
	}
	f := w.add(SweepResult{Kind: SweepQueue, Of: who.ID, What: Count(len(list), "message"), Shown: ShownListed, Broken: true,
		Ends: []string{"remove-queued-mail", "freeze-outbound"}})
	w.later = append(w.later, func(context.Context) {
		f.Works = WorksNo
		counts, examples := map[Works]int{}, map[Works]string{}
		for _, q := range list {
			state, arrived := w.sweeper.Trace(q.ID)
			works := WorksNo
			switch {
			case arrived:
				works = WorksYes
			case strings.HasPrefix(state, "queued"):
				works = WorksUnknown
			}
			counts[works]++
			if examples[works] == "" {
				examples[works] = fmt.Sprintf("that to %s, which waited since %s (%s), is %s", q.To, Moment(q.Since.Sub(w.order)), q.State, state)
			}
			if slices.Index(WorksWords, works) < slices.Index(WorksWords, f.Works) {
				f.Works = works
			}
		}
		var parts []string
		for _, c := range []struct {
			works Works
			text  string
		}{{WorksYes, "left within " + Duration(w.watch()) + " after the horizon"}, {WorksUnknown, "still there"}, {WorksNo, "did not arrive"}} {
			if counts[c.works] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", counts[c.works], c.text))
			}
		}
		f.Detail = strings.Join(parts, ", ") + "; " + examples[f.Works] + " (as queues and tracking log have it)"
	})
}

// mail has a stranger write to the leaver, and sees whether the message is sent
// on and whether it is answered.
func (w *sweeping) mail(who *Person, listed []Onward) {
	forwards := make([]*SweepResult, len(listed))
	for i, o := range listed {
		forwards[i] = w.add(SweepResult{Kind: SweepForward, Of: who.ID, What: "to " + o.To, Works: WorksUnknown, Shown: ShownWire,
			Broken: w.serves(who, o.To), Ends: forwardEnds(o.How), Detail: o.How})
	}
	reply := w.add(SweepResult{Kind: SweepReply, Of: who.ID, What: "a stranger's mail", Works: WorksUnknown, Shown: ShownWire,
		Ends: []string{"set-out-of-office", "limit-replies"}})
	stranger, host := w.stranger()
	if stranger == nil {
		reply.Works, reply.Detail = WorksNotAvailable, "the cast has nobody outside who could write"
		return
	}
	_, domain, _ := strings.Cut(stranger.Mail, "@")
	a := &Activity{ID: "sweep-mail-" + who.ID, Who: stranger.ID, From: host, Path: SMTPAnonymous, To: who.ID}
	t := Task{
		Capability: Send, To: who.Mail, From: "sweep-" + who.ID + "@" + domain, Subject: "sweep for " + who.ID,
		MessageID: "sweep." + who.ID + "@" + domain, Size: sweepSize,
	}
	handed := &SweepResult{}
	w.attempt(handed, a, nil, t, nil)
	w.later = append(w.later, func(ctx context.Context) {
		if handed.Works != WorksYes { // no mail comes in, so nothing follows from it
			for _, f := range append(forwards, reply) {
				f.Works, f.Detail = handed.Works, "a stranger's mail is not taken: "+handed.Detail
			}
			return
		}
		w.answered(ctx, reply, a.ID, t.MessageID)
		if w.sweeper != nil {
			w.wentOn(forwards, listed, w.sweeper.Onward(a.ID, t.MessageID))
		}
	})
}

// stranger is somebody outside whose mail server works, and where that is.
func (w *sweeping) stranger() (*Person, string) {
	cast := w.lab.Cast()
	for _, id := range slices.Sorted(maps.Keys(cast.People)) {
		p := cast.People[id]
		_, domain, _ := strings.Cut(p.Mail, "@")
		if !p.Outsider() || cast.Domains[domain] != GoodDomain {
			continue
		}
		var host string
		for _, h := range slices.Sorted(maps.Keys(cast.Hosts)) {
			switch {
			case cast.Hosts[h].Zone != Internet:
			case cast.Hosts[h].MX == domain:
				return p, h
			default:
				host = cmp.Or(host, h)
			}
		}
		if host != "" {
			return p, host
		}
	}
	return nil, ""
}

// answered tells whether the stranger was answered.
func (w *sweeping) answered(ctx context.Context, f *SweepResult, owner, messageID string) {
	watch, ok := w.lab.(ReplyWatcher)
	if !ok {
		f.Works, f.Detail = WorksNotAvailable, "nobody can see automatic replies"
		return
	}
	state, made, err := watch.AutomaticReply(ctx, owner, messageID)
	f.Works, f.Detail = WorksNo, state
	switch {
	case errors.Is(err, ErrNotAvailable):
		f.Works, f.Detail = WorksNotAvailable, err.Error()
	case err != nil:
		f.Works, f.Detail = WorksUnknown, err.Error()
	case made:
		f.Works = WorksYes
	}
	f.Because = w.reasons(owner)
}

// wentOn compares what an administrator finds with where the message went.
func (w *sweeping) wentOn(forwards []*SweepResult, listed, went []Onward) {
	for i, f := range forwards {
		f.Works, f.Detail = WorksNo, listed[i].How+": the message was not sent on"
		for _, o := range went {
			if !strings.EqualFold(o.To, listed[i].To) || o.How != listed[i].How {
				continue
			}
			f.Detail = o.How + ": " + o.State
			if o.Arrived {
				f.Works = WorksYes
			} else if strings.HasPrefix(o.State, "queued") {
				f.Works = WorksUnknown
			}
			var r ActivityResult
			r.because([]Decision{o.Why}, w.order)
			f.Because = r.Because
		}
	}
}

// reasons are the decisions that were recorded for owner.
func (w *sweeping) reasons(owner string) []Reason {
	ex, ok := w.lab.(Explainer)
	if !ok {
		return nil
	}
	var r ActivityResult
	r.because(slices.DeleteFunc(slices.Clone(ex.Decisions(owner)), func(d Decision) bool { return d.Layer == "" }), w.order)
	return r.Because
}

// serves tells whether mail to an address reaches whoever leaves: it is outside,
// or their own.
func (w *sweeping) serves(who *Person, to string) bool {
	_, domain, _ := strings.Cut(to, "@")
	return !strings.EqualFold(domain, w.lab.Cast().Organisation.Domain) || strings.EqualFold(to, who.Mail)
}

// forwardEnds are the mitigations that end a forwarding.
func forwardEnds(how string) []string {
	switch {
	case strings.HasPrefix(how, "inbox rule"):
		return []string{"remove-inbox-rules", "block-auto-forward"}
	case strings.HasPrefix(how, "ForwardingSmtpAddress"):
		return []string{"remove-forwarding", "block-auto-forward"}
	default:
		return []string{"remove-forwarding"}
	}
}
