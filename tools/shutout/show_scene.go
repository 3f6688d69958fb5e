package main

import (
	"maps"
	"slices"

	"shutout/lab"
)

// showScene tells what people have set up before the case begins.
func showScene(t *terminal, sc *lab.Scenario) {
	var rows [][]string
	for _, who := range slices.Sorted(maps.Keys(sc.Scene.Forwards)) {
		rows = append(rows, []string{who, "the mailbox sends its mail on to " + sc.Scene.Forwards[who]})
	}
	for _, who := range slices.Sorted(maps.Keys(sc.Scene.Rules)) {
		rows = append(rows, []string{who, "an inbox rule sends everything on to " + sc.Scene.Rules[who]})
	}
	for _, who := range slices.Sorted(maps.Keys(sc.Scene.Delegates)) {
		for _, to := range sc.Scene.Delegates[who] {
			rows = append(rows, []string{who, to + " has full access to the mailbox"})
		}
	}
	if rows == nil {
		return
	}
	t.heading("set up before")
	t.table("  ", rows)
	blank(t)
}

// showSweep tells what is predicted of the sweep.
func showSweep(t *terminal, sc *lab.Scenario) {
	if !sc.Sweep {
		return
	}
	var rows [][]string
	for _, kind := range lab.SweepKinds {
		if works, predicted := sc.SweepExpect[kind]; predicted {
			rows = append(rows, []string{string(kind), "expected: " + string(works)})
		}
	}
	blank(t)
	t.heading("what works without a session is looked for after the horizon")
	t.table("  ", rows)
}
