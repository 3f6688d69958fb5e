package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"shutout/scenarios"
	"shutout/sim"
)

// BenchmarkCatalogue plays every case of the catalogue on its own profile, as
// shutout run does, on one core and on all. It tells how much mail traffic a
// second plays, and how many times as fast all cores are.
func BenchmarkCatalogue(b *testing.B) {
	all := runtime.GOMAXPROCS(0)
	var alone float64 // seconds on one core
	for _, cores := range []int{1, all} {
		b.Run(fmt.Sprintf("cores=%d", cores), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			var virtual float64
			begun := time.Now()
			for b.Loop() {
				results, err := playAll(context.Background(), &simVenue{sim.PlayOptions{Seed: 1}}, scenarios.Catalogue(), &terminal{Writer: io.Discard})
				if err != nil {
					b.Fatal(err)
				}
				for _, r := range results {
					virtual += r.VirtualS
				}
			}
			wall := time.Since(begun).Seconds()
			b.ReportMetric(virtual/wall, "virtual-s/s")
			if each := wall / float64(b.N); cores == 1 {
				alone = each
			} else {
				b.ReportMetric(alone/each, "times-one-core")
			}
		})
	}
}
