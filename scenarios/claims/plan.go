package claims

import (
	"fmt"

	"shutout/lab"
)

// A Plan is the claims that are to be played, and what has to be played for
// them: of variations that play the same, one serves all.
type Plan struct {
	Set    []string // parameters that have the last word
	ledger *Ledger
	claims map[string]*planned // by id
	plays  []*lab.Scenario
	keys   []string
}

// planned is a claim with its variations, each with the number of its play.
type planned struct {
	variations []*Variation
	plays      []int
}

// NewPlan plans to play some claims of a ledger.
func NewPlan(l *Ledger, chosen []*Claim, set []string) (*Plan, error) {
	p := &Plan{Set: set, ledger: l, claims: map[string]*planned{}}
	made := map[string]int{}
	for _, c := range chosen {
		variations, err := c.Variations(set)
		if err != nil {
			return nil, fmt.Errorf("the claim %s: %w", c.ID, err)
		}
		pl := &planned{variations: variations}
		for _, v := range variations {
			key := v.key()
			if _, ok := made[key]; !ok {
				made[key] = len(p.plays)
				p.plays, p.keys = append(p.plays, v.Scenario), append(p.keys, key)
			}
			pl.plays = append(pl.plays, made[key])
		}
		p.claims[c.ID] = pl
	}
	return p, nil
}

// Scenarios lists what has to be played.
func (p *Plan) Scenarios() []*lab.Scenario { return p.plays }

// Keys names what has to be played, in the order of Scenarios. Equal keys, also
// of other plans of the same ledger, stand for equal plays.
func (p *Plan) Keys() []string { return p.keys }
