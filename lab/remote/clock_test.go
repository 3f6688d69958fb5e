package remote_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
)

// diary notes what happened, and when, since it was begun.
type diary struct {
	mu    sync.Mutex
	begun time.Time
	lines []string
}

func (d *diary) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprint(time.Since(d.begun), " ", what))
}

func (d *diary) want(t *testing.T, want ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, want) {
		t.Errorf("it went\n%q, want\n%q", d.lines, want)
	}
}

// act notes when it begins and ends.
func (d *diary) act(name string, takes time.Duration) func(context.Context) {
	return func(ctx context.Context) {
		d.note(name)
		if takes == 0 {
			return
		}
		select {
		case <-time.After(takes):
			d.note(name + " is done")
		case <-ctx.Done():
			d.note(name + " is cut off")
		}
	}
}

func bubble(t *testing.T, f func(t *testing.T, c *remote.Clock, d *diary, at func(time.Duration) time.Time)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{begun: time.Now()}
		c := remote.NewClock()
		defer c.Close()
		f(t, c, d, func(s time.Duration) time.Time { return d.begun.Add(s) })
	})
}

func TestClockRunsActivitiesSideBySideAndStepsInTurn(t *testing.T) {
	bubble(t, func(t *testing.T, c *remote.Clock, d *diary, at func(time.Duration) time.Time) {
		c.At(at(2*time.Second), lab.ClassAttempt, "dana", d.act("dana", 10*time.Second))
		c.At(at(3*time.Second), lab.ClassAttempt, "erin", d.act("erin", time.Second))
		c.At(at(5*time.Second), lab.ClassStep, "", d.act("second step", 0))
		c.At(at(time.Second), lab.ClassStep, "", d.act("first step", 6*time.Second))
		c.At(at(20*time.Second), lab.ClassAttempt, "dana", d.act("late", 0))
		if err := c.Run(t.Context(), at(10*time.Second)); err != nil {
			t.Error(err)
		}
		d.note("the horizon")
		synctest.Wait()
		d.want(t, "1s first step", "2s dana", "3s erin", "4s erin is done", "7s first step is done", "7s second step", "10s the horizon")
		// What is in flight goes on meanwhile, and playing on takes up the rest.
		if err := c.Run(t.Context(), at(30*time.Second)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		d.want(t, "1s first step", "2s dana", "3s erin", "4s erin is done", "7s first step is done", "7s second step", "10s the horizon",
			"12s dana is done", "20s late")
	})
}

// At one instant the step begins first, in whatever order they were made, and
// two steps keep theirs. (With one processor, what has begun goes on until it
// waits, so that the order can be seen.)
func TestClockBeginsStepsBeforeAttempts(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 20 {
		bubble(t, func(t *testing.T, c *remote.Clock, d *diary, at func(time.Duration) time.Time) {
			var mu sync.Mutex
			var order []string
			note := func(s string) func(context.Context) {
				return func(context.Context) {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, s)
				}
			}
			c.At(at(time.Second), lab.ClassAttempt, "dana", note("attempt"))
			c.At(at(time.Second), lab.ClassStep, "", note("step"))
			c.At(at(time.Second), lab.ClassStep, "", note("another step"))
			if err := c.Run(t.Context(), at(time.Second)); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if order[0] != "step" || slices.Index(order, "another step") < 1 {
				t.Errorf("it went %q", order)
			}
		})
	}
}

// An attempt may order the next one, also one that is due before all others.
func TestClockIsToldOfSoonerOnesMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, c *remote.Clock, d *diary, at func(time.Duration) time.Time) {
		c.At(at(time.Second), lab.ClassAttempt, "dana", func(ctx context.Context) {
			d.note("first")
			c.At(at(2*time.Second), lab.ClassAttempt, "dana", d.act("next", 0))
			c.At(at(0), lab.ClassAttempt, "dana", d.act("overdue", 0))
		})
		c.At(at(time.Hour), lab.ClassAttempt, "erin", d.act("erin", 0))
		if err := c.Run(t.Context(), at(2*time.Second)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		d.want(t, "1s first", "1s overdue", "2s next")
	})
}

func TestClockEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, c *remote.Clock, d *diary, at func(time.Duration) time.Time) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		c.At(at(time.Second), lab.ClassAttempt, "dana", d.act("dana", time.Minute))
		if err := c.Run(ctx, at(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		d.note("given up")
		c.Close() // waits for what it cuts off
		d.want(t, "1s dana", "3s given up", "3s dana is cut off")
		c.At(at(0), lab.ClassAttempt, "dana", d.act("after the end", 0))
		if err := c.Run(t.Context(), at(time.Hour)); err == nil {
			t.Error("a closed clock runs")
		}
		synctest.Wait()
		d.want(t, "1s dana", "3s given up", "3s dana is cut off")
	})
}

// A hundred slices of a run end when the whole has to end.
func TestClockDoesNotDrift(t *testing.T) {
	bubble(t, func(t *testing.T, c *remote.Clock, d *diary, at func(time.Duration) time.Time) {
		var n atomic.Int32
		var next func(time.Time)
		next = func(t time.Time) {
			c.At(t, lab.ClassAttempt, "dana", func(context.Context) {
				n.Add(1)
				time.Sleep(30 * time.Millisecond)
				next(t.Add(time.Second))
			})
		}
		next(at(0))
		const whole = 100*time.Second + 7*time.Millisecond
		for i := 1; i <= 100; i++ {
			if err := c.Run(t.Context(), at(whole/100*time.Duration(i))); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(d.begun); took != whole/100*100 {
			t.Errorf("it took %v", took)
		}
		synctest.Wait()
		if n.Load() != 101 {
			t.Errorf("%d attempts", n.Load())
		}
	})
}
