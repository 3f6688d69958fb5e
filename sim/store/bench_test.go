package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"shutout/sim/store"
)

func BenchmarkDeliver(b *testing.B) {
	w := newWorld(b)
	m := mail(1)
	b.ReportAllocs()
	for b.Loop() {
		w.st.Deliver(w.now(), "dana", store.Inbox, m)
	}
}

func BenchmarkListNewest25(b *testing.B) {
	w := newWorld(b)
	x := filled(w, 1e5)
	b.ReportAllocs()
	for b.Loop() {
		if items, err := x.List(w.now(), store.Inbox, 25); err != nil || len(items) != 25 {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	for _, holes := range []bool{false, true} {
		b.Run(fmt.Sprintf("holes=%v", holes), func(b *testing.B) {
			w := newWorld(b)
			x := filled(w, 1e5)
			if holes {
				if _, err := x.Delete(w.now(), store.Inbox, []uint32{7, 70, 700, 7000, 70000}); err != nil {
					b.Fatal(err)
				}
			}
			uid := uint32(1)
			for b.Loop() {
				uid = (uid + 7919) % 1e5
				if _, err := x.Get(w.now(), store.Inbox, uid+1); err != nil && !errors.Is(err, store.ErrNoItem) {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLogon(b *testing.B) {
	w := newWorld(b)
	at := w.now()
	for b.Loop() {
		at = at.Add(time.Second)
		x, d := w.st.Logon(at, store.Request{User: "dana", Protocol: "owa"})
		if x == nil {
			b.Fatal(d.Reason)
		}
		x.Close(at)
	}
}
