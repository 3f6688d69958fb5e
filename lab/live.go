package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Live is a play that somebody drives: it goes on only as far as it is told to,
// shows what has been found so far, and mitigations can be carried out in it
// that no SOP foresaw. It is used by one goroutine, in [Runner.Drive].
type Live struct {
	p    *play
	hand []Step // carried out by hand
}

// Scenario is what is played.
func (l *Live) Scenario() *Scenario { return l.p.s }

// Now is how far the play has come, relative to the order.
func (l *Live) Now() time.Duration { return l.p.now() }

// Until plays on to a moment, but not beyond the horizon.
func (l *Live) Until(ctx context.Context, at time.Duration) error {
	return l.p.lab.Clock().Run(ctx, l.p.order.Add(min(at, l.p.s.Horizon)))
}

// Do carries out a mitigation at the next full second, as a step of an SOP that
// had said so would be: before the attempts of that instant, so that the same
// can be played again. The play has come to that second when it returns. From
// then on nothing is predicted, since predictions are about the case as it was
// written.
func (l *Live) Do(ctx context.Context, a Action) (Outcome, error) {
	at := l.Now().Truncate(time.Second) + time.Second
	if at < 0 || at > l.p.s.Horizon {
		return Outcome{}, fmt.Errorf("%s is not carried out at %s: a step comes at the order or later, and before the horizon", a.Name(), Moment(at))
	}
	step := Step{At: at, Action: a}
	l.hand = append(l.hand, step)
	l.p.mu.Lock()
	l.p.byHand = true
	l.p.mu.Unlock()
	// Before the step and after it, and before the attempts of that instant.
	ledger, keeps := l.p.lab.(Ledgerer)
	if keeps = keeps && l.p.ledger != nil; keeps {
		l.p.look(ledger, at, ClassStep, BeforeStep)
	}
	res := l.p.schedule(step, true)
	if keeps {
		l.p.look(ledger, at, ClassStep, AfterStep)
	}
	if err := l.Until(ctx, at); err != nil {
		return Outcome{}, err
	}
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return Outcome{Result: res.Outcome, Detail: res.Detail}, nil
}

// Steps are the steps of the SOP and those that were carried out by hand, in
// the order of their times; nil if nothing was done by hand.
func (l *Live) Steps() []Step {
	if l.hand == nil {
		return nil
	}
	steps := slices.Concat(l.p.s.SOP, l.hand)
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return steps
}

// Result is what has been found so far. It shares nothing with the play.
func (l *Live) Result() *RunResult {
	now := min(l.Now(), l.p.s.Horizon)
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	res := l.p.result(now)
	if now < l.p.s.Horizon {
		res.Played = &now
	}
	return res
}

// now is how far the play has come.
func (p *play) now() time.Duration { return p.lab.Clock().Now().Sub(p.order) }

// foreseen is the case as it was written, which predicts nothing any more when
// somebody has done what it does not foresee. p.mu is held.
func (p *play) foreseen() *Scenario {
	if !p.byHand {
		return p.s
	}
	s := *p.s
	s.Forget()
	return &s
}
