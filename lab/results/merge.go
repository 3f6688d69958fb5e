package results

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"shutout/lab"
)

// Merge joins the results of shards: of one tool, lab and seed. A case that is
// in several of them must have come out the same. A document that brings nothing
// but plays that others have is a slip, most likely in the place of another
// shard, and would have its time counted twice. Names are what the documents are
// called in errors.
func Merge(docs []*lab.Document, names []string) (*lab.Document, error) {
	first := docs[0]
	all := *first
	all.Inputs = nil // each part has its own
	all.Runs, all.WallS = nil, 0
	type place struct {
		run  *lab.RunResult
		name string
	}
	seen := map[string]place{}
	var replays []string
	for i, d := range docs {
		for _, fact := range []struct{ what, a, b string }{
			{"the version", first.Tool.Name + " " + first.Tool.Version, d.Tool.Name + " " + d.Tool.Version},
			{"the lab", first.Lab, d.Lab},
			{"the seed", fmt.Sprint(first.Seed), fmt.Sprint(d.Seed)},
			{"the baseline", or(first.Baseline, "none"), or(d.Baseline, "none")},
		} {
			if fact.a != fact.b {
				return nil, fmt.Errorf("%s and %s do not belong together: %s is %q in one, and %q in the other", names[0], names[i], fact.what, fact.a, fact.b)
			}
		}
		again, of := 0, ""
		for _, r := range d.Runs {
			key := fmt.Sprintf("%q %q %q %q", r.Scenario, r.Profile, r.SOP, r.Set)
			if other, twice := seen[key]; twice {
				if !same(other.run, r) {
					return nil, fmt.Errorf("%s and %s both have the case %q, and it came out differently", other.name, names[i], title(r, r))
				}
				if r.WallS == other.run.WallS { // one play, and not two that came out alike
					again, of = again+1, other.name
				}
				continue
			}
			seen[key] = place{r, names[i]}
			all.Runs = append(all.Runs, r)
		}
		if again > 0 && again == len(d.Runs) {
			return nil, fmt.Errorf("%s and %s are of the same run: name each run once", of, names[i])
		}
		all.WallS += d.WallS
		if !d.Played.IsZero() && (all.Played.IsZero() || d.Played.Before(all.Played)) {
			all.Played = d.Played
		}
		for command := range strings.SplitSeq(d.Replay, "; ") {
			if command != "" && !slices.Contains(replays, command) {
				replays = append(replays, command)
			}
		}
	}
	all.Replay = strings.Join(replays, "; ")
	all.WallS = math.Round(all.WallS*1000) / 1000
	return &all, nil
}

// same tells whether two plays of a case are the same, but for how long they
// took.
func same(a, b *lab.RunResult) bool {
	text := func(r *lab.RunResult) string {
		c := *r
		c.WallS = 0
		out, _ := json.Marshal(c) // a document that was read can be written
		return string(out)
	}
	return text(a) == text(b)
}
