// Package timeline is virtual time: a clock that stands still until somebody
// steps it, and a queue of what is due. It starts no goroutine and never looks
// at the wall clock.
package timeline

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// Func is called when its time has come, with the time that it was due at.
type Func func(now time.Time)

// Event is an entry of the queue; keep it to move or cancel what it does.
type Event struct {
	at    time.Time
	class int
	seq   uint64
	index int // position in the heap, -1 when not queued
	f     Func
}

// Timeline is a virtual clock with its event queue. Its methods may be called
// from any goroutine; events fire one at a time, in [Timeline.Step].
type Timeline struct {
	mu   sync.Mutex
	now  time.Time
	seq  uint64
	q    queue
	seed uint64
}

// New returns a timeline that stands at start. Everything random in the world
// comes from seed (see [Timeline.Rand]).
func New(start time.Time, seed uint64) *Timeline {
	return &Timeline{now: start, seed: seed}
}

// Now returns the virtual time.
func (t *Timeline) Now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// Rand returns a source of random numbers for the part of the world called
// name. The same seed and name always give the same numbers, whatever the
// other parts draw.
func (t *Timeline) Rand(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(t.seed, h.Sum64()))
}

// At queues f for at, or for now if at has passed. Of two events for one
// instant, the one with the lower class fires first, then the older one. World
// events have class 0.
func (t *Timeline) At(at time.Time, class int, f Func) *Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := &Event{class: class, f: f, index: -1}
	t.push(e, at)
	return e
}

// After queues f as a world event d from now.
func (t *Timeline) After(d time.Duration, f Func) *Event {
	return t.At(t.Now().Add(d), 0, f)
}

func (t *Timeline) push(e *Event, at time.Time) {
	if at.Before(t.now) {
		at = t.now
	}
	t.seq++
	e.at, e.seq = at, t.seq
	heap.Push(&t.q, e)
}

// Move gives e another time, whether it is queued or has fired.
func (t *Timeline) Move(e *Event, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.index >= 0 {
		heap.Remove(&t.q, e.index)
	}
	t.push(e, at)
}

// Cancel takes e out of the queue. It tells whether e was still queued.
func (t *Timeline) Cancel(e *Event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e == nil || e.index < 0 {
		return false
	}
	heap.Remove(&t.q, e.index)
	return true
}

// Next tells when the next event is due.
func (t *Timeline) Next() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.q) == 0 {
		return time.Time{}, false
	}
	return t.q[0].at, true
}

// Step moves the clock to the next event that is due at or before until and
// fires it. When there is none it moves the clock to until and returns false.
func (t *Timeline) Step(until time.Time) bool {
	t.mu.Lock()
	if len(t.q) == 0 || t.q[0].at.After(until) {
		if until.After(t.now) {
			t.now = until
		}
		t.mu.Unlock()
		return false
	}
	e := heap.Pop(&t.q).(*Event)
	t.now = e.at
	t.mu.Unlock()
	e.f(e.at)
	return true
}

type queue []*Event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	if a.class != b.class {
		return a.class < b.class
	}
	return a.seq < b.seq
}
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *queue) Push(x any) {
	e := x.(*Event)
	e.index = len(*q)
	*q = append(*q, e)
}
func (q *queue) Pop() any {
	old := *q
	n := len(old) - 1
	e := old[n]
	old[n] = nil
	*q = old[:n]
	e.index = -1
	return e
}
