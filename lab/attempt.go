package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// attempt has a player try one of the things that the activity does.
func (p *play) attempt(ctx context.Context, pl *player, which int) {
	t := pl.tracks[which]
	clock := p.lab.Clock()
	begun := clock.Now()
	p.mu.Lock()
	pl.trying, pl.begun = t, begun.Sub(p.order)
	p.mu.Unlock()
	limited, done := p.limit(ctx)
	task, asked, err := p.try(limited, pl, t.Capability)
	done()
	if ctx.Err() != nil {
		return // the run is over; this attempt shows nothing
	}
	why := p.decisions(pl.activity.ID)
	if err != nil && t.Capability == Receive && !slices.ContainsFunc(why, func(d Decision) bool { return !d.Allowed }) {
		// Nobody refused the client, so it may be the message that was.
		_, explains := p.lab.(Explainer)
		if w, ok := p.lab.(MailTracker); ok && explains {
			w.Whereabouts(ctx, pl.activity.ID, task.Subject)
			why = append(why, p.decisions(pl.activity.ID)...)
		}
	}
	if k, ok := pl.client.(Keeper); ok && t.Capability == ReadLocal {
		why = append(why, keptDecision(k, pl.activity.From, begun))
	}
	answered := clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, ErrNotAvailable) && t.Attempts == 0 {
		t.Missing = err.Error()
		return
	}
	if p.runner.Transcribe && asked {
		pl.said[which].keep(pl.client, begun.Sub(p.order), failure(err))
	}
	t.Observe(begun.Sub(p.order), answered.Sub(p.order), failure(err), why)
}

// try makes one attempt's task and has the client, and where it takes more than
// a client to see it the lab, tell whether it worked. Asked is whether the client
// came to do anything.
func (p *play) try(ctx context.Context, pl *player, c Capability) (task Task, asked bool, err error) {
	if task, err = p.task(ctx, pl, c); err != nil {
		return task, false, err
	}
	err = p.await(ctx, pl.client, task)
	if err == nil && c == Reply {
		err = p.replied(ctx, pl.activity.ID, task)
	}
	if err == nil && c == Deliver {
		err = p.delivered(ctx, pl.activity.ID, task)
	}
	if f, ok := errors.AsType[*Failure](err); ok && f.Absent && p.pace.Delivery > 0 && !p.showsDelivery(pl.activity) {
		err = &Failure{Kind: Unknown, Stage: f.Stage, Text: f.Text + ", and no control receives mail, which would show whether it is held up"}
	}
	return task, true, err
}

// showsDelivery tells whether one of the controls that judge an activity
// receives mail. Where mail is on its way for as long as it takes, only that
// tells an inbox that nothing comes to from servers that are slow or broken.
func (p *play) showsDelivery(a *Activity) bool {
	receives := func(c *Activity) bool { return slices.Contains(c.Do, Receive) }
	if slices.ContainsFunc(p.s.Controls, func(c *Activity) bool { return c.Path == a.Path }) {
		return slices.ContainsFunc(p.s.Controls, func(c *Activity) bool { return c.Path == a.Path && receives(c) })
	}
	return slices.ContainsFunc(p.s.Controls, receives)
}

// lookAgain is the time between two looks for a message that is on its way.
const lookAgain = 250 * time.Millisecond

// lateStep is how late a step must begin to be worth telling.
const lateStep = 100 * time.Millisecond

// await has a client do a task. Where mail takes a while to arrive, one that
// does not see the message looks again.
func (p *play) await(ctx context.Context, client Client, t Task) error {
	begun := p.lab.Clock().Now()
	for {
		err := client.Do(ctx, t)
		f, failed := errors.AsType[*Failure](err)
		if !failed || !f.Absent {
			return err
		}
		if more, cut := p.waits(ctx, begun); cut != nil {
			return &Failure{Kind: Unknown, Stage: f.Stage, Text: f.Text + " so far: " + cut.Error()}
		} else if !more {
			return err
		}
	}
}

var errNoTime = errors.New("no time is left to look again")

// waits waits until it is time to look again for what is on its way since begun.
// It does so no more when that had its time; the error says that the attempt is
// over before.
func (p *play) waits(ctx context.Context, begun time.Time) (more bool, err error) {
	if p.lab.Clock().Now().Sub(begun)+lookAgain >= p.pace.Delivery {
		return false, nil
	}
	select {
	case <-ctx.Done():
		return false, errNoTime
	case <-time.After(lookAgain):
		return true, nil
	}
}

// seen looks for what becomes of a message that has just been taken.
func (p *play) seen(ctx context.Context, look func() (state string, seen bool, err error)) (state string, seen bool, err error) {
	begun := p.lab.Clock().Now()
	for more := true; more && err == nil; {
		if state, seen, err = look(); seen || err != nil {
			return state, seen, err
		}
		more, err = p.waits(ctx, begun)
	}
	return state, false, err
}

// limit gives an attempt the time that it may take.
func (p *play) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.pace.Attempt == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, p.pace.Attempt)
}

// decisions takes what the lab recorded about an activity since it was asked
// last.
func (p *play) decisions(owner string) []Decision {
	if ex, ok := p.lab.(Explainer); ok {
		return ex.Decisions(owner)
	}
	return nil
}

// keptDecision tells what lets somebody read on without any server, or what
// has put an end to it (layer L11).
func keptDecision(keeper Keeper, host string, now time.Time) Decision {
	k, _ := keeper.Kept()
	d := Decision{At: now, Layer: LayerLocalCopy, Server: host, Allowed: k.Messages > 0}
	switch {
	case k.Erased:
		d.Reason = "the mail was wiped"
	case k.Messages == 0:
		d.Reason = "no mail is kept"
	default:
		d.Since = k.Since
		d.Reason = "the program's own store" // how much it holds would make each decision another one
	}
	return d
}

func failure(err error) *Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Kind: Unknown, Stage: "client", Text: err.Error()}
}

// task makes one attempt's work: who writes to whom, and what to look for.
func (p *play) task(ctx context.Context, pl *player, c Capability) (Task, error) {
	a := pl.activity
	cast := p.lab.Cast()
	who := cast.People[a.Who]
	t := Task{
		Capability: c, From: who.Mail, To: a.To, Size: a.Size,
	}
	if c == Deliver {
		t.Capability = Send // all that the client does about it
	}
	if c == Send || c == Reply || c == Deliver {
		t.Subject = fmt.Sprintf("%s %s %d", a.ID, c, pl.number)
		t.MessageID = fmt.Sprintf("%s.%s.%d@%s", a.ID, c, pl.number, cast.Organisation.Domain)
	}
	if to := cast.People[a.To]; to != nil {
		t.To = to.Mail
	}
	if a.Sender != "" {
		t.From = strings.ReplaceAll(a.Sender, "{n}", strconv.Itoa(pl.number))
	}
	if c == Receive {
		subject, err := p.lab.Probe(ctx, who)
		if f, ok := errors.AsType[*Failure](err); ok {
			return t, f
		}
		if errors.Is(err, ErrNotAvailable) {
			return t, err
		}
		if err != nil {
			return t, &Failure{Kind: Unreachable, Stage: "probe", Text: err.Error()}
		}
		t.Subject = subject
	}
	return t, nil
}

// replied asks the lab whether the mailbox answered the task's message.
func (p *play) replied(ctx context.Context, owner string, t Task) error {
	w, ok := p.lab.(ReplyWatcher)
	if !ok {
		return fmt.Errorf("%w: nobody can see automatic replies", ErrNotAvailable)
	}
	state, made, err := p.seen(ctx, func() (string, bool, error) { return w.AutomaticReply(ctx, owner, t.MessageID) })
	switch {
	case err != nil:
		return notSeen("reply", err)
	case made:
		return nil
	}
	if m, ok := p.lab.(MailTracker); ok && p.pace.Delivery > 0 {
		// Nobody answers what does not arrive.
		where, arrived, err := m.Whereabouts(ctx, owner, t.Subject)
		if err != nil && !errors.Is(err, ErrNotAvailable) {
			return notSeen("reply", err)
		}
		if err == nil && !arrived {
			return notSeen("reply", errors.New("the message that was to be answered: "+where))
		}
	}
	return &Failure{Kind: Refused, Stage: "reply", Text: state}
}

// delivered asks the lab whether the task's message arrived.
func (p *play) delivered(ctx context.Context, owner string, t Task) error {
	w, ok := p.lab.(MailTracker)
	if !ok {
		return fmt.Errorf("%w: nobody can see where mail goes", ErrNotAvailable)
	}
	state, arrived, err := p.seen(ctx, func() (string, bool, error) { return w.Whereabouts(ctx, owner, t.Subject) })
	switch {
	case err != nil:
		return notSeen("deliver", err)
	case !arrived:
		return &Failure{Kind: Refused, Stage: "deliver", Text: state}
	}
	return nil
}

// notSeen is the failure of an attempt that may have worked: its mail was taken,
// and nobody could see what became of it.
func notSeen(stage string, err error) error {
	if errors.Is(err, ErrNotAvailable) {
		return err
	}
	return &Failure{Kind: Unknown, Stage: stage, Text: err.Error()}
}
