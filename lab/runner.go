package lab

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Runner plays scenarios. The same runner serves every lab and every kind of
// case.
type Runner struct {
	// NewClient makes the wire client for an activity.
	NewClient func(Env) (Client, error)
	// Sweep has every case looked through, after the horizon, for what works
	// without a session.
	Sweep bool
	// Transcribe has clients write down what is said, of which the result keeps
	// the attempts that decide.
	Transcribe bool
	// Drive, if set, plays a case in the runner's place, which goes as fast as
	// the lab can. What it leaves is played after it.
	Drive func(context.Context, *Live) error
	// Describe, if set, writes a step's parameters as an SOP says them.
	Describe func(Action) string
	// Horizon, if set, is called at the end of the play, before the clients hang
	// up.
	Horizon func()
	// Progress, if set, is told now and then how far the play has come.
	Progress func(at, horizon time.Duration)
}

// Run plays s on l and judges what was seen. The order is given as late after
// the lab's present time as the earliest activity needs.
func (r *Runner) Run(ctx context.Context, l Lab, s *Scenario) (*RunResult, error) {
	p := &play{runner: r, lab: l, s: s, steps: []*StepResult{}}
	if paced, ok := l.(Paced); ok {
		p.pace = paced.Pace()
	}
	p.order = l.Clock().Now().Add(s.Lead())
	p.prepare()
	for _, a := range s.Activities {
		p.add(a)
	}
	for _, a := range s.Controls {
		p.add(a)
	}
	p.scheduleLedger() // which looks before the steps of an instant and after them
	for _, step := range s.SOP {
		p.schedule(step, false)
	}
	for _, pl := range p.players {
		p.next(pl, p.order.Add(pl.activity.Since))
	}
	wall := time.Now()
	if r.Drive != nil {
		if err := r.Drive(ctx, &Live{p: p}); err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID, err)
		}
	}
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.ID, err)
	}
	p.lookAtHorizon()
	res := p.finish()
	if r.Horizon != nil {
		r.Horizon()
	}
	if r.Sweep || s.Sweep {
		var err error
		if res.Sweep, err = p.sweep(ctx); err != nil {
			return nil, fmt.Errorf("%s: sweep: %w", s.ID, err)
		}
	}
	defer p.close() // after a failed run an attempt may be at work; it ends with the lab
	res.WallS = Seconds(time.Since(wall))
	return res, nil
}

// Lead is how long before the order the first activity begins, or the first
// step that was taken before it.
func (s *Scenario) Lead() time.Duration {
	var lead time.Duration
	for _, list := range [][]*Activity{s.Activities, s.Controls} {
		for _, a := range list {
			lead = max(lead, -a.Since)
		}
	}
	for _, step := range s.SOP {
		lead = max(lead, -step.At)
	}
	return lead
}

// play is one scenario being played.
type play struct {
	runner  *Runner
	lab     Lab
	s       *Scenario
	pace    Pace
	order   time.Time
	players []*player

	// mu guards what follows, the players' state and their tracks: where time is
	// real, attempts and steps run side by side and go on beyond the horizon. It
	// is not held while a client or the lab is at work.
	mu    sync.Mutex
	over  bool // the horizon has been reached: no attempt begins
	steps []*StepResult
	// byHand tells that somebody has done what the case does not foresee.
	byHand bool
	// missing says which mitigation this lab does not have.
	missing string
	// unset is what of the scene could not be set.
	unset []*SweepResult
	// ledger is what the lab knows to keep the leavers signed in; nil where it
	// cannot tell.
	ledger *LedgerResult
}

// schedule has a step carried out. One that is carried out by hand says nothing
// about whether the case exists in this lab.
func (p *play) schedule(step Step, byHand bool) *StepResult {
	res := &StepResult{AtS: Seconds(step.At), Do: step.Action.Name(), Outcome: Failed, Detail: "not reached"}
	if p.runner.Describe != nil {
		res.Params = p.runner.Describe(step.Action)
	}
	p.mu.Lock()
	at := len(p.steps)
	if byHand {
		if later := slices.IndexFunc(p.steps, func(s *StepResult) bool { return s.AtS > res.AtS }); later >= 0 {
			at = later
		}
	}
	p.steps = slices.Insert(p.steps, at, res)
	p.mu.Unlock()
	clock, due := p.lab.Clock(), p.order.Add(step.At)
	clock.At(due, ClassStep, "", func(ctx context.Context) {
		begun := clock.Now()
		p.mu.Lock()
		res.Detail = "not finished at the horizon"
		p.mu.Unlock()
		out := p.lab.Apply(ctx, step.Action)
		p.mu.Lock()
		defer p.mu.Unlock()
		res.Outcome, res.Detail = out.Result, out.Detail
		if _, paced := p.lab.(Paced); paced {
			res.TookS = Seconds(clock.Now().Sub(begun))
			if late := begun.Sub(due); late >= lateStep {
				res.LateS = Seconds(late)
			}
		}
		if out.Result == NotApplicable && p.s.SOPID == "" && !byHand {
			p.missing = res.lacking()
		}
	})
	return res
}

// next schedules the player's attempt at t. The one after it is due an interval
// later, or, when the answers took longer than that, at the first interval that
// is still to come: nobody begins anew while an attempt waits.
func (p *play) next(pl *player, t time.Time) {
	if pl.client == nil || t.After(p.order.Add(p.s.Horizon)) {
		return
	}
	p.lab.Clock().At(t, ClassAttempt, pl.activity.ID, func(ctx context.Context) {
		p.mu.Lock()
		if p.over {
			p.mu.Unlock()
			return // begun as the horizon was reached
		}
		pl.inFlight = true
		pl.number++
		p.mu.Unlock()
		for i := range pl.tracks {
			p.attempt(ctx, pl, i)
		}
		if ctx.Err() != nil {
			return // the lab has been closed
		}
		p.mu.Lock()
		pl.inFlight = false
		if k, ok := pl.client.(Keeper); ok {
			pl.kept, _ = k.Kept()
		}
		p.mu.Unlock()
		every := pl.activity.Every
		missed := (p.lab.Clock().Now().Sub(t) - 1) / every
		p.next(pl, t.Add((missed+1)*every))
	})
}

// run plays to the horizon in slices, so that progress can be told.
func (p *play) run(ctx context.Context) error {
	const parts = 100
	from := p.lab.Clock().Now()
	whole := p.order.Add(p.s.Horizon).Sub(from)
	for i := 1; i <= parts; i++ {
		until := from.Add(whole / parts * time.Duration(i))
		if i == parts {
			until = from.Add(whole)
		}
		if err := p.lab.Clock().Run(ctx, until); err != nil {
			return err
		}
		if p.runner.Progress != nil {
			p.runner.Progress(until.Sub(p.order), p.s.Horizon)
		}
	}
	return nil
}

func (p *play) close() {
	var idle []Client
	p.mu.Lock()
	for _, pl := range p.players {
		if pl.client != nil && !pl.inFlight { // what is in flight ends with the lab
			idle = append(idle, pl.client)
		}
	}
	p.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

// finish ends the play: no attempt begins any more, and none that is still at
// work changes what was found.
func (p *play) finish() *RunResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	return p.result(p.s.Horizon)
}

// result is what has been found when the play has come to a moment. p.mu is held.
func (p *play) result(played time.Duration) *RunResult {
	s := p.s
	res := &RunResult{
		Scenario: s.ID, Title: s.Title, Sources: s.Sources, Profile: s.Profile, Set: s.Set,
		LimitS: Seconds(s.Within), HorizonS: Seconds(s.Horizon), Order: p.order.Truncate(time.Millisecond),
		VirtualS: Seconds(s.Lead() + s.Horizon), Steps: []*StepResult{}, Ledger: p.ledgerResult(),
	}
	for _, step := range p.steps {
		res.Steps = append(res.Steps, new(*step))
	}
	var controls []*Track
	for _, pl := range p.players {
		for _, t := range pl.tracks {
			t.Pending = nil // what was waiting at an earlier look
		}
		if pl.hangs(played) {
			pl.trying.Pending = &pl.begun
		}
		if pl.activity.Role == Control {
			controls = append(controls, pl.tracks...)
		}
	}
	var threats []*ActivityResult
	for _, pl := range p.players {
		for i, t := range pl.tracks {
			if said := pl.said[i].transcript(t); said != nil {
				res.Transcripts = append(res.Transcripts, said)
			}
			j := p.judge(pl, t, controls)
			ar := summarise(t, j, p.foreseen().Predicts(pl.activity.ID, t.Capability, p.missing == "" && j.Verdict != NotAvailable), p.order)
			res.Activities = append(res.Activities, ar)
			if pl.activity.Role == Threat {
				threats = append(threats, ar)
			}
		}
	}
	res.SOP = s.SOPID
	res.Verdict = worst(threats)
	return res
}

// judge gives the verdict on one track. A case of which the lab could not carry
// out a step does not exist there, so access that went on says nothing about it.
// An SOP that took the place of the case's own is judged as it is: a step that
// does nothing on this version has ended nothing.
func (p *play) judge(pl *player, t *Track, controls []*Track) Judgement {
	if pl.activity.Role == Control {
		return JudgeControl(t)
	}
	j := Judge(t, controls, p.s.Within)
	if p.missing != "" && j.Verdict != Ended {
		return Judgement{Verdict: NotAvailable, Note: p.missing}
	}
	return j
}
