package remote

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"shutout/lab"
)

// Clock is real time. What is due at once for different owners runs side by
// side; the steps of an SOP run one after another, as an administrator carries
// them out.
type Clock struct {
	ctx  context.Context // of what is in flight
	stop context.CancelFunc

	mu     sync.Mutex
	queue  []job // in the order in which they are due
	sooner chan struct{}
	step   *running // the last step that was begun, nil: none
	closed bool

	steps, attempts sync.WaitGroup // in flight
}

type job struct {
	at    time.Time
	class int
	run   func(context.Context)
}

// running is a step under way.
type running struct{ begun, done chan struct{} }

var errClosed = errors.New("the lab has been closed")

// NewClock returns a clock on which nothing is due.
func NewClock() *Clock {
	c := &Clock{sooner: make(chan struct{}, 1)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// Now returns the time in UTC.
func (*Clock) Now() time.Time { return time.Now().UTC() }

// At has f called at t, or at once if t has passed.
func (c *Clock) At(t time.Time, class int, _ string, f func(ctx context.Context)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := job{t, class, f}
	at, _ := slices.BinarySearchFunc(c.queue, j, func(q, j job) int {
		if before(j, q) {
			return 1
		}
		return -1 // of equals the one that was there first stays first
	})
	c.queue = slices.Insert(c.queue, at, j)
	if at == 0 {
		select {
		case c.sooner <- struct{}{}:
		default:
		}
	}
}

func before(a, b job) bool {
	return a.at.Before(b.at) || a.at.Equal(b.at) && a.class < b.class
}

// Run begins everything when it is due and returns at until. What is then still
// in flight goes on; so does all of it when ctx ends.
func (c *Clock) Run(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		next, err := c.begin(until)
		if err != nil {
			return err
		}
		wait := time.Until(next)
		if wait <= 0 {
			if next.Equal(until) {
				return nil
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-c.ctx.Done():
		case <-c.sooner:
		case <-timer.C:
		}
	}
}

// begin starts what is due, but nothing after until, and tells when to come
// back. It returns until when nothing else is due before it.
func (c *Clock) begin(until time.Time) (next time.Time, err error) {
	for {
		c.mu.Lock()
		switch {
		case c.closed:
			c.mu.Unlock()
			return next, errClosed
		case len(c.queue) == 0 || c.queue[0].at.After(until):
			c.mu.Unlock()
			return until, nil
		case c.queue[0].at.After(time.Now()):
			next = c.queue[0].at
			c.mu.Unlock()
			return next, nil
		}
		j := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		begun := c.start(j)
		c.mu.Unlock()
		if begun != nil {
			<-begun // before what comes after it at the same instant
		}
	}
}

// start runs a job. What it returns, if anything, is closed when a step has
// begun that has to wait for no other.
func (c *Clock) start(j job) <-chan struct{} {
	if j.class != lab.ClassStep {
		c.attempts.Go(func() { j.run(c.ctx) })
		return nil
	}
	mine, last := &running{make(chan struct{}), make(chan struct{})}, c.step
	c.step = mine
	c.steps.Go(func() {
		defer close(mine.done)
		if last != nil {
			<-last.done
		}
		close(mine.begun)
		j.run(c.ctx)
	})
	if last != nil {
		select {
		case <-last.done:
		default:
			return nil // it waits in line
		}
	}
	return mine.begun
}

// stuck is how long an attempt may take to end once it has been cut off.
const stuck = 5 * time.Second

// Close cuts off what is in flight and waits for its end. Nothing is begun
// after it. A step is waited for as long as it takes, since what it has changed
// is taken back next; an attempt that does not heed its end must not keep
// accounts from being put back.
func (c *Clock) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.steps.Wait()
	ended := make(chan struct{})
	go func() {
		c.attempts.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(stuck):
	}
}
