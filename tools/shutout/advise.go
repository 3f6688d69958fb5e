package main

import (
	"context"

	"shutout/lab"
	"shutout/scenarios/advice"
	"shutout/sim"
)

// advise has tried out what would keep the promises that cases have broken, and
// notes it with their results. What all cases ask for is played together.
func (o *runOptions) advise(ctx context.Context, cases []*lab.Scenario, results []*lab.RunResult) error {
	venue := &simVenue{sim.PlayOptions{Set: o.Set, Seed: o.Seed}} // nothing is swept or written down of a trial
	type inquiry struct {
		*advice.Inquiry
		about *lab.RunResult
	}
	var inquiries []inquiry
	for i, sc := range cases {
		if q := advice.New(sc, results[i]); q != nil {
			inquiries = append(inquiries, inquiry{q, results[i]})
		}
	}
	for {
		var batch []*lab.Scenario
		sizes := make([]int, len(inquiries))
		for i, q := range inquiries {
			next := q.Next()
			batch, sizes[i] = append(batch, next...), len(next)
		}
		if batch == nil {
			break
		}
		played, err := playAll(ctx, venue, batch, o.Stderr)
		if err != nil {
			return err
		}
		for i, q := range inquiries {
			q.Take(played[:sizes[i]])
			played = played[sizes[i]:]
		}
	}
	for _, q := range inquiries {
		q.about.Advice = q.Result()
	}
	return nil
}
