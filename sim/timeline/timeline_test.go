package timeline

import (
	"slices"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

func TestEventsFireInOrder(t *testing.T) {
	tl := New(t0, 1)
	var got []string
	note := func(s string) Func {
		return func(now time.Time) { got = append(got, now.Sub(t0).String()+" "+s) }
	}
	tl.At(t0.Add(2*time.Second), 2, note("attempt"))
	tl.At(t0.Add(2*time.Second), 1, note("step"))
	tl.At(t0.Add(2*time.Second), 0, note("world"))
	tl.At(t0.Add(time.Second), 0, func(now time.Time) {
		tl.At(now, 0, note("queued by an event"))
		tl.At(now.Add(-time.Hour), 0, note("too late is now"))
	})
	moved := tl.After(time.Second, note("moved"))
	tl.Move(moved, t0.Add(3*time.Second))
	gone := tl.After(time.Second, note("cancelled"))
	if !tl.Cancel(gone) || tl.Cancel(gone) {
		t.Error("cancel works once")
	}
	tl.At(t0.Add(time.Hour), 0, note("beyond"))
	for tl.Step(t0.Add(time.Minute)) {
	}
	want := []string{"1s queued by an event", "1s too late is now", "2s world", "2s step", "2s attempt", "3s moved"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if now := tl.Now(); !now.Equal(t0.Add(time.Minute)) {
		t.Errorf("the clock stands at %s", now)
	}
	if next, ok := tl.Next(); !ok || !next.Equal(t0.Add(time.Hour)) {
		t.Errorf("next is %s", next)
	}
}

func TestRandDependsOnSeedAndNameOnly(t *testing.T) {
	a, b := New(t0, 7), New(t0.Add(time.Hour), 7)
	a.Rand("other").Uint64()
	if a.Rand("x").Uint64() != b.Rand("x").Uint64() {
		t.Error("same seed and name, different numbers")
	}
	if a.Rand("x").Uint64() == a.Rand("y").Uint64() || a.Rand("x").Uint64() == New(t0, 8).Rand("x").Uint64() {
		t.Error("another seed or name must give other numbers")
	}
}

func BenchmarkStep(b *testing.B) {
	tl := New(t0, 1)
	for range 1000 {
		var again Func
		e := tl.After(time.Second, func(now time.Time) { again(now) })
		again = func(now time.Time) { tl.Move(e, now.Add(time.Second)) }
	}
	b.ReportAllocs()
	for b.Loop() {
		tl.Step(t0.Add(100000 * time.Hour))
	}
}
