package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
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
		p.schedule(step)
	}
	for _, pl := range p.players {
		p.next(pl, p.order.Add(pl.activity.Since))
	}
	wall := time.Now()
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.ID, err)
	}
	p.lookAtHorizon()
	res := p.result()
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
	order   time.Time
	players []*player
	steps   []*StepResult
	// missing says which mitigation this lab does not have.
	missing string
	// unset is what of the scene could not be set.
	unset []*SweepResult
	// ledger is what the lab knows to keep the leavers signed in; nil where it
	// cannot tell.
	ledger *LedgerResult
}

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

func (p *play) add(a *Activity) {
	pl := &player{activity: a}
	for _, c := range a.Do {
		pl.tracks = append(pl.tracks, &Track{Activity: a, Capability: c, Order: p.order})
	}
	pl.said = make([]dialogue, len(pl.tracks))
	p.players = append(p.players, pl)
	if err := p.connect(pl); err != nil {
		for _, t := range pl.tracks {
			t.Missing = err.Error()
		}
	}
}

func (p *play) connect(pl *player) error {
	var err error
	pl.client, err = p.dial(pl.activity, nil)
	return err
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
			User: who.Mail, Address: who.Mail, Passwords: who.known(a.Client.Passwords), MailboxDN: who.MailboxDN,
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

func (p *play) schedule(step Step) {
	res := &StepResult{AtS: Seconds(step.At), Do: step.Action.Name(), Outcome: Failed, Detail: "not reached"}
	if p.runner.Describe != nil {
		res.Params = p.runner.Describe(step.Action)
	}
	p.steps = append(p.steps, res)
	p.lab.Clock().At(p.order.Add(step.At), ClassStep, "", func(ctx context.Context) {
		out := p.lab.Apply(ctx, step.Action)
		res.Outcome, res.Detail = out.Result, out.Detail
		if out.Result == NotApplicable && p.s.SOPID == "" {
			p.missing = step.Action.Name() + ": " + out.Detail
		}
	})
}

// next schedules the player's attempt at t. The one after it is due an interval
// later, or, when the answers took longer than that, at the first interval that
// is still to come: nobody begins anew while an attempt waits.
func (p *play) next(pl *player, t time.Time) {
	if pl.client == nil || t.After(p.order.Add(p.s.Horizon)) {
		return
	}
	p.lab.Clock().At(t, ClassAttempt, pl.activity.ID, func(ctx context.Context) {
		pl.inFlight = true
		pl.number++
		for i := range pl.tracks {
			p.attempt(ctx, pl, i)
		}
		if ctx.Err() != nil {
			return // the lab has been closed
		}
		pl.inFlight = false
		if k, ok := pl.client.(Keeper); ok {
			pl.kept, _ = k.Kept()
		}
		every := pl.activity.Every
		missed := (p.lab.Clock().Now().Sub(t) - 1) / every
		p.next(pl, t.Add((missed+1)*every))
	})
}

func (p *play) attempt(ctx context.Context, pl *player, which int) {
	t := pl.tracks[which]
	clock := p.lab.Clock()
	begun := clock.Now()
	pl.trying, pl.begun = t, begun.Sub(p.order)
	task, err := p.task(ctx, pl, t.Capability)
	asked := err == nil
	if asked {
		err = pl.client.Do(ctx, task)
	}
	if err == nil && t.Capability == Reply {
		err = p.replied(pl.activity.ID, task)
	}
	if err == nil && t.Capability == Deliver {
		err = p.delivered(pl.activity.ID, task)
	}
	if ctx.Err() != nil {
		return // the run is over; this attempt shows nothing
	}
	why := p.decisions(pl.activity.ID)
	if err != nil && t.Capability == Receive && !slices.ContainsFunc(why, func(d Decision) bool { return !d.Allowed }) {
		// Nobody refused the client, so it may be the message that was.
		if w, ok := p.lab.(MailTracker); ok {
			w.Whereabouts(pl.activity.ID, task.Subject)
			why = append(why, p.decisions(pl.activity.ID)...)
		}
	}
	if k, ok := pl.client.(Keeper); ok && t.Capability == ReadLocal {
		why = append(why, keptDecision(k, pl.activity.From, begun))
	}
	if errors.Is(err, ErrNotAvailable) && t.Attempts == 0 {
		t.Missing = err.Error()
		return
	}
	if p.runner.Transcribe && asked {
		pl.said[which].keep(pl.client, begun.Sub(p.order), failure(err))
	}
	t.Observe(begun.Sub(p.order), clock.Now().Sub(p.order), failure(err), why)
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
		if err != nil {
			return t, &Failure{Kind: Unreachable, Stage: "probe", Text: err.Error()}
		}
		t.Subject = subject
	}
	return t, nil
}

// replied asks the lab whether the mailbox answered the task's message.
func (p *play) replied(owner string, t Task) error {
	w, ok := p.lab.(ReplyWatcher)
	if !ok {
		return fmt.Errorf("%w: nobody can see automatic replies", ErrNotAvailable)
	}
	if state, made := w.AutomaticReply(owner, t.MessageID); !made {
		return &Failure{Kind: Refused, Stage: "reply", Text: state}
	}
	return nil
}

// delivered asks the lab whether the task's message arrived.
func (p *play) delivered(owner string, t Task) error {
	w, ok := p.lab.(MailTracker)
	if !ok {
		return fmt.Errorf("%w: nobody can see where mail goes", ErrNotAvailable)
	}
	if state, arrived := w.Whereabouts(owner, t.Subject); !arrived {
		return &Failure{Kind: Refused, Stage: "deliver", Text: state}
	}
	return nil
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
	for _, pl := range p.players {
		if pl.client != nil && !pl.inFlight { // what is in flight ends with the lab
			pl.client.Close()
		}
	}
}

// hangs tells whether an attempt has waited for its answer at the horizon for
// so long that the next one was due. One that began only then shows nothing yet.
func (pl *player) hangs(horizon time.Duration) bool {
	return pl.inFlight && horizon-pl.begun >= pl.activity.Every
}

func (p *play) result() *RunResult {
	s := p.s
	res := &RunResult{
		Scenario: s.ID, Title: s.Title, Sources: s.Sources, Profile: s.Profile, Set: s.Set,
		LimitS: Seconds(s.Within), HorizonS: Seconds(s.Horizon), Order: p.order,
		Steps: p.steps, Ledger: p.ledgerResult(), VirtualS: Seconds(s.Lead() + s.Horizon),
	}
	var controls []*Track
	for _, pl := range p.players {
		if pl.hangs(s.Horizon) {
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
			ar := summarise(t, j, s.Predicts(pl.activity.ID, t.Capability, p.missing == "" && j.Verdict != NotAvailable), p.order)
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
