package directory_test

import (
	"testing"

	"shutout/sim/directory"
)

func BenchmarkLogon(b *testing.B) {
	w := newWorld(b, nil)
	dc := w.DC("dc2")
	b.ReportAllocs()
	for b.Loop() {
		if l := dc.Logon(start, `CORP\dana`, "Secret-1", directory.Cleartext); l.Code != directory.OK {
			b.Fatal(l.Code)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	w := newWorld(b, nil)
	dc := w.DC("dc2")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := dc.Lookup("dana@corp.example"); !ok {
			b.Fatal("gone")
		}
	}
}
