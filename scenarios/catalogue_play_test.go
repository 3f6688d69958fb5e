package scenarios_test

import (
	"context"
	"os"
	"testing"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/scenarios"
	"shutout/sim"
)

func TestPlayAll(t *testing.T) {
	d := &lab.Document{Schema: 1, Lab: "sim", Seed: 1}
	for _, s := range scenarios.Catalogue() {
		res, err := sim.Play(context.Background(), s, sim.PlayOptions{Seed: 1})
		if err != nil {
			t.Error(err)
			continue
		}
		d.Runs = append(d.Runs, res)
	}
	report.Terminal(os.Stdout, d, report.Style{})
}
