// Package clock plays a timeline over a network: it moves time on only while
// the world is at rest, and runs attempts as processes that the world waits
// for. It implements lab.Clock.
package clock

import (
	"context"
	"sync"
	"time"

	"shutout/sim/network"
	"shutout/sim/timeline"
)

// Clock drives one simulated world.
type Clock struct {
	tl    *timeline.Timeline
	net   *network.Network
	world sync.Locker
	ctx   context.Context // of the processes
	stop  context.CancelFunc
	idle  chan process // goroutines that wait for another process to run
}

type process struct {
	owner string
	run   func(context.Context)
}

// New returns a clock for tl and net. The lock guards the world's state: it is
// held whenever an event of the timeline fires.
func New(tl *timeline.Timeline, net *network.Network, world sync.Locker) *Clock {
	c := &Clock{tl: tl, net: net, world: world, idle: make(chan process)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// Stop cancels the context of every process: what is still in flight is over.
func (c *Clock) Stop() { c.stop() }

// Now returns the virtual time.
func (c *Clock) Now() time.Time { return c.tl.Now() }

// At has f run as a process of owner at t.
func (c *Clock) At(t time.Time, class int, owner string, f func(context.Context)) {
	c.tl.At(t, class, func(time.Time) {
		c.net.Begin(owner)
		c.start(process{owner, f})
	})
}

// start runs p in a goroutine. Those of earlier processes are used again: their
// stacks have grown to what a TLS exchange needs.
func (c *Clock) start(p process) {
	select {
	case c.idle <- p:
	default:
		go c.work(p)
	}
}

func (c *Clock) work(p process) {
	for {
		c.run(p)
		select {
		case p = <-c.idle:
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *Clock) run(p process) {
	defer c.net.End(p.owner)
	p.run(c.ctx)
}

// Run plays everything due up to and at until as fast as it goes.
func (c *Clock) Run(ctx context.Context, until time.Time) error {
	for {
		if err := c.net.WaitRest(ctx); err != nil {
			return err
		}
		if !c.step(until) {
			return nil
		}
	}
}

func (c *Clock) step(until time.Time) bool {
	c.world.Lock()
	defer c.world.Unlock()
	return c.tl.Step(until)
}

// Play lets virtual time follow the wall clock, speed times as fast, until ctx
// ends: foreign clients can use the world meanwhile.
func (c *Clock) Play(ctx context.Context, speed float64) error {
	const tick = 20 * time.Millisecond
	wallStart, start := time.Now(), c.tl.Now()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		target := start.Add(time.Duration(float64(time.Since(wallStart)) * speed))
		for {
			if err := c.net.WaitRest(ctx); err != nil {
				return ignoreCancel(ctx, err)
			}
			if !c.step(target) {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
