package web

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim"
)

// Played is a play that has come to its end, for whoever keeps it.
type Played struct {
	Case   *lab.Scenario // as it was played
	SOP    string        // the SOP that was chosen for it: one of the catalogue's, [NoSOP], or empty for the case's own
	Steps  []lab.Step    // the SOP's and those that were carried out by hand; nil if none was
	Seed   uint64
	Result *lab.RunResult
}

// NoSOP is the choice to do everything by hand.
const NoSOP = "none"

// AsFastAsItGoes is the speed of a play that waits for nobody.
const AsFastAsItGoes = 0

// play is one case that is played while people look on. A goroutine of its own
// plays it; it is asked and told under its lock.
type play struct {
	id   string // another one for each play
	sc   *lab.Scenario
	sop  string
	seed uint64
	keep func(*Played) (string, error)

	orders chan *order
	cancel context.CancelFunc
	done   chan struct{}
	opened chan struct{} // closed when the lab is built

	mu       sync.Mutex
	speed    float64 // virtual seconds per second, or [AsFastAsItGoes]
	paused   bool
	version  int // counts what can be seen
	result   *lab.RunResult
	at       time.Duration
	byHand   []byHand
	can      []mitigation.Info // what this lab has
	finished bool
	folder   string // of the run, when it is finished
	err      error
}

// byHand is a mitigation that somebody has carried out.
type byHand struct {
	AtS float64
	Do  string
}

// order asks for a mitigation to be carried out now, or, without one, that the
// play takes note of its new pace.
type order struct {
	action  lab.Action
	outcome lab.Outcome
	err     error
	done    chan struct{}
}

// errOver is the answer to somebody who tells a play that is over.
var errOver = errors.New("the play is over")

// begin starts to play a case.
func begin(p *play) *play {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.orders, p.done, p.opened = make(chan *order), make(chan struct{}), make(chan struct{})
	p.at = -p.sc.Lead()
	go p.run(ctx)
	return p
}

// run plays to the end.
func (p *play) run(ctx context.Context) {
	defer close(p.done)
	defer p.cancel()
	var steps []lab.Step
	begun := time.Now()
	res, err := sim.Play(ctx, p.sc, sim.PlayOptions{Seed: p.seed, Transcribe: true, Drive: func(ctx context.Context, org *sim.Organisation, live *lab.Live) error {
		p.open(org)
		err := p.drive(ctx, live)
		steps = live.Steps()
		return err
	}})
	folder := ""
	if err == nil {
		res.WallS = lab.Seconds(time.Since(begun))
		folder, err = p.keep(&Played{Case: p.sc, SOP: p.sop, Steps: steps, Seed: p.seed, Result: res})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version++
	p.finished, p.folder, p.err = true, folder, err
	if res != nil {
		p.result, p.at = res, p.sc.Horizon
	}
}

// open notes what can be done in this organisation.
func (p *play) open(org *sim.Organisation) {
	var can []mitigation.Info
	for _, info := range mitigation.All() {
		if org.Available(info.New()) == nil {
			can = append(can, info.At(mitigation.SiteOf(p.sc.Profile)))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.can = can
	close(p.opened)
}

// ready waits until the lab is built, before which nobody knows what it has, or
// until there is nothing more to wait for.
func (p *play) ready(ctx context.Context) {
	select {
	case <-p.opened:
	case <-p.done:
	case <-ctx.Done():
	}
}

const (
	// glance is how often what has been found is made visible.
	glance = 100 * time.Millisecond
	// stride is how far a play goes at once that waits for nobody.
	stride = time.Minute
)

// drive plays at the speed that is asked for. What comes before the order is
// played at once: nobody has anything to do there. From then on the play rests
// at full seconds, at which mitigations can be carried out.
func (p *play) drive(ctx context.Context, live *lab.Live) error {
	if err := live.Until(ctx, -time.Second); err != nil {
		return err
	}
	p.show(live)
	shown, last := time.Now(), time.Now()
	var due time.Duration // of virtual time
	for live.Now() < p.sc.Horizon {
		if err := p.obey(ctx, live); err != nil {
			return err
		}
		speed, paused := p.pace()
		if paused {
			p.show(live)
			if err := p.wait(ctx, live, time.Hour); err != nil {
				return err
			}
			due, last = 0, time.Now()
			continue
		}
		now := time.Now()
		elapsed := now.Sub(last)
		last = now
		step := stride
		if speed != AsFastAsItGoes {
			// What the machine cannot follow is not made up for.
			due = min(due+time.Duration(float64(elapsed)*speed), max(time.Second, time.Duration(float64(time.Second/2)*speed)))
			step = due.Truncate(time.Second)
			if step == 0 {
				if err := p.wait(ctx, live, min(glance, time.Duration(float64(time.Second-due)/speed)+time.Millisecond)); err != nil {
					return err
				}
				continue
			}
			due -= step
		}
		if err := live.Until(ctx, live.Now().Truncate(time.Second)+step); err != nil {
			return err
		}
		if time.Since(shown) >= glance || speed != AsFastAsItGoes {
			p.show(live)
			shown = time.Now()
		}
	}
	return nil
}

// show makes visible what has been found so far.
func (p *play) show(live *lab.Live) {
	res := live.Result()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result != nil && p.at == live.Now() && len(res.Steps) == len(p.result.Steps) {
		return // nothing has happened
	}
	p.version++
	p.result, p.at = res, live.Now()
}

// obey carries out what was asked for.
func (p *play) obey(ctx context.Context, live *lab.Live) error {
	select {
	case o := <-p.orders:
		return p.carryOut(ctx, live, o)
	default:
		return ctx.Err()
	}
}

// wait waits until something is told, or for a while.
func (p *play) wait(ctx context.Context, live *lab.Live, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case o := <-p.orders:
		return p.carryOut(ctx, live, o)
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (p *play) carryOut(ctx context.Context, live *lab.Live, o *order) error {
	defer close(o.done)
	if o.action == nil {
		p.show(live)
		return ctx.Err()
	}
	out, err := live.Do(ctx, o.action)
	if err != nil {
		o.err = err
		return ctx.Err()
	}
	o.outcome = out
	p.mu.Lock()
	p.byHand = append(p.byHand, byHand{lab.Seconds(live.Now()), o.action.Name()})
	p.mu.Unlock()
	p.show(live)
	return nil
}

func (p *play) pace() (speed float64, paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.speed, p.paused
}

// setPace changes how fast time passes, or whether it does. When it returns, it
// does so.
func (p *play) setPace(ctx context.Context, change func(speed *float64, paused *bool)) error {
	p.mu.Lock()
	change(&p.speed, &p.paused)
	p.version++
	p.mu.Unlock()
	_, err := p.do(ctx, nil)
	return err
}

// do carries out a mitigation and returns what became of it. It waits for the
// play to come to rest.
func (p *play) do(ctx context.Context, a lab.Action) (lab.Outcome, error) {
	o := &order{action: a, done: make(chan struct{})}
	select {
	case p.orders <- o:
	case <-p.done:
		return lab.Outcome{}, errOver
	case <-ctx.Done():
		return lab.Outcome{}, ctx.Err()
	}
	<-o.done
	return o.outcome, o.err
}

// stop ends the play without a result.
func (p *play) stop() {
	p.cancel()
	<-p.done
}

// view is what can be seen of a play.
type view struct {
	Version  int
	Speed    float64
	Paused   bool
	At       time.Duration
	Result   *lab.RunResult // nil as long as the lab is built
	ByHand   []byHand
	Can      []mitigation.Info
	Finished bool
	Folder   string
	Err      error
}

func (p *play) view() view {
	p.mu.Lock()
	defer p.mu.Unlock()
	return view{p.version, p.speed, p.paused, p.at, p.result, slices.Clone(p.byHand), p.can, p.finished, p.folder, p.err}
}
