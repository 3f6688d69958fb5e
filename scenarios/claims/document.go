package claims

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/report"
)

// Schema is the version of the document.
const Schema = 1

// Document is what a ledger shows: everything that any rendering needs.
type Document struct {
	Schema        int                   `json:"schema"`
	Tool          lab.Tool              `json:"tool"`
	Lab           string                `json:"lab"`
	Seed          uint64                `json:"seed"`
	Replay        string                `json:"replay"` // the command that plays the same again
	Set           []string              `json:"set,omitempty"`
	Plays         int                   `json:"plays"`
	VirtualS      float64               `json:"virtual_s"` // of all plays together
	Groups        []*GroupResult        `json:"groups"`
	Disagreements []*DisagreementResult `json:"disagreements"`
	Sources       map[string]string     `json:"sources"` // the titles of what the claims cite
	// WallS is how long it took. It is no part of the JSON document, which is
	// the same each time.
	WallS float64 `json:"-"`
}

// GroupResult is the claims of one file.
type GroupResult struct {
	ID     string         `json:"id"`
	Title  string         `json:"title"`
	Claims []*ClaimResult `json:"claims"`
}

// ClaimResult is what was found about one claim.
type ClaimResult struct {
	ID           string         `json:"id"`
	Claim        string         `json:"claim"`
	Sources      []string       `json:"sources"`
	Disagreement string         `json:"disagreement,omitempty"`
	Side         string         `json:"side,omitempty"`
	Case         string         `json:"case"`
	Predicted    Verdict        `json:"predicted,omitempty"`
	Verdict      Verdict        `json:"verdict"`
	Drift        bool           `json:"drift,omitempty"` // the verdict is not the predicted one
	DependsOn    *Rule          `json:"depends_on,omitempty"`
	Observations []*Observation `json:"observations"`
}

// Observation is what was seen of one capability in one variation.
type Observation struct {
	Traits     []Trait        `json:"traits"` // what sets the variation apart
	Activity   string         `json:"activity"`
	Capability lab.Capability `json:"capability"`
	Says       string         `json:"says"`
	Held       bool           `json:"held"`
	LeftOut    string         `json:"left_out,omitempty"` // why nothing was shown
	Contrast   bool           `json:"contrast,omitempty"` // the sentence is not about it
	Seen       string         `json:"seen"`
	Verdict    lab.Verdict    `json:"verdict"`
	CutoffS    *float64       `json:"cutoff_s"`
	HorizonS   float64        `json:"horizon_s"`
	KeptBy     string         `json:"kept_by,omitempty"`  // what let the last attempt pass that worked
	EndedBy    string         `json:"ended_by,omitempty"` // what refused the next one
	Replay     string         `json:"replay"`

	point point
}

// DisagreementResult is a question with the claims that answer it.
type DisagreementResult struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	A        string   `json:"a"`
	B        string   `json:"b"`
	ClaimsA  []string `json:"claims_a"`
	ClaimsB  []string `json:"claims_b"`
	// Answer tells which side holds; what decides is On.
	Answer Answer   `json:"answer"`
	On     []string `json:"on,omitempty"`
}

// Answer is which side of a disagreement holds.
type Answer string

const (
	AnswerA       Answer = "A"
	AnswerB       Answer = "B"
	AnswerBoth    Answer = "both"
	AnswerNeither Answer = "neither"
	AnswerDepends Answer = "depends"
	AnswerUnseen  Answer = "unseen"
)

// JSON writes the document.
func JSON(w io.Writer, d *Document) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

// Document lays out the results, which are those of the plan's scenarios in
// their order. Command writes words as a command line. The caller adds what it
// knows: the lab, the seed, the command.
func (p *Plan) Document(results []*lab.RunResult, command func(words []string) string) *Document {
	d := &Document{Schema: Schema, Set: p.Set, Plays: len(p.plays), Sources: map[string]string{}}
	for _, r := range results {
		d.VirtualS += r.VirtualS
	}
	for _, g := range p.ledger.Groups {
		group := &GroupResult{ID: g.ID, Title: g.Title}
		for _, c := range g.Claims {
			if pl := p.claims[c.ID]; pl != nil {
				result := p.result(c, pl, results, command)
				group.Claims = append(group.Claims, result)
				for _, text := range c.Sources {
					if cited, err := sources.Parse(text); err == nil {
						d.Sources[cited.Source.Code] = cited.Source.Title
					}
				}
			}
		}
		if group.Claims != nil {
			d.Groups = append(d.Groups, group)
		}
	}
	for _, dis := range p.ledger.Disagreements {
		// One side alone would not be a fair answer.
		if !p.whole(dis) {
			continue
		}
		if r := answer(dis, d.claims()); r != nil {
			d.Disagreements = append(d.Disagreements, r)
		}
	}
	return d
}

// whole tells whether every claim that answers a question is played.
func (p *Plan) whole(dis *Disagreement) bool {
	return !slices.ContainsFunc(p.ledger.All(), func(c *Claim) bool { return c.Disagreement == dis.ID && p.claims[c.ID] == nil })
}

func (d *Document) claims() (all []*ClaimResult) {
	for _, g := range d.Groups {
		all = append(all, g.Claims...)
	}
	return all
}

// Drift lists the claims about which something else was found than predicted.
func (d *Document) Drift() []string {
	var ids []string
	for _, c := range d.claims() {
		if c.Drift {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (p *Plan) result(c *Claim, pl *planned, results []*lab.RunResult, command func([]string) string) *ClaimResult {
	out := &ClaimResult{
		ID: c.ID, Claim: c.Text, Sources: c.Sources, Disagreement: c.Disagreement, Side: c.Side, Case: c.Case.ID, Predicted: c.Expect,
	}
	var points []point
	held := 0
	for i, v := range pl.variations {
		r := results[pl.plays[i]]
		replay := command(v.Command(c))
		for _, s := range c.Says {
			o := observe(v, s, r)
			o.Replay = replay
			out.Observations = append(out.Observations, o)
			if o.Contrast = v.Contrast; o.LeftOut != "" || o.Contrast {
				continue
			}
			points = append(points, o.point)
			if o.Held {
				held++
			}
		}
	}
	switch {
	case len(points) == 0:
		out.Verdict = Unseen
	case held == len(points):
		out.Verdict = Confirmed
	case held == 0:
		out.Verdict = Refuted
	default:
		out.Verdict = Depends
		out.DependsOn = decide(points)
	}
	if len(p.Set) > 0 {
		out.Predicted = "" // what is predicted holds for the parameters as they are
	}
	out.Drift = out.Predicted != "" && out.Predicted != out.Verdict
	return out
}

// observe holds what one capability showed against what the claim says.
func observe(v *Variation, s Saying, r *lab.RunResult) *Observation {
	i := slices.IndexFunc(r.Activities, func(a *lab.ActivityResult) bool { return a.ID == s.Activity && a.Capability == s.Capability })
	if i < 0 {
		return &Observation{LeftOut: "n/a: nobody did it"} // a lab that does not play all of a case
	}
	a := r.Activities[i]
	o := &Observation{
		Traits: slices.Clone(v.traits), Activity: s.Activity, Capability: s.Capability, Says: s.Outcome.String(),
		Verdict: a.Verdict, CutoffS: a.CutoffS, HorizonS: r.HorizonS,
	}
	o.Held, o.LeftOut = s.Outcome.held(a, r)
	if o.LeftOut == "" {
		o.Seen = s.Outcome.seen(a, r)
	}
	if why := report.KeptBy(a); why != nil {
		o.KeptBy = why.Detail
	}
	if why := report.EndedBy(a); why != nil {
		o.EndedBy = why.Detail
	}
	o.point = point{traits: v.traits, held: o.Held}
	for _, list := range [][]*lab.Activity{v.Scenario.Activities, v.Scenario.Controls} {
		for _, act := range list {
			if act.ID == s.Activity {
				o.point.traits = slices.Concat(v.traits, activityTraits(act, s.Capability))
			}
		}
	}
	return o
}

// answer tells which side of a disagreement holds. It returns nil if none of
// the claims that answer it was played.
func answer(dis *Disagreement, all []*ClaimResult) *DisagreementResult {
	r := &DisagreementResult{ID: dis.ID, Question: dis.Question, A: dis.A, B: dis.B, ClaimsA: []string{}, ClaimsB: []string{}}
	sides := map[string][]Verdict{}
	for _, c := range all {
		if c.Disagreement != dis.ID {
			continue
		}
		sides[c.Side] = append(sides[c.Side], c.Verdict)
		if c.Side == "A" {
			r.ClaimsA = append(r.ClaimsA, c.ID)
		} else {
			r.ClaimsB = append(r.ClaimsB, c.ID)
		}
		if c.DependsOn != nil {
			for _, name := range c.DependsOn.On {
				if name = strings.TrimPrefix(name, stepTrait); !slices.Contains(r.On, name) {
					r.On = append(r.On, name)
				}
			}
		}
	}
	if len(sides) == 0 {
		return nil
	}
	every := func(side string, v Verdict) bool {
		return len(sides[side]) > 0 && !slices.ContainsFunc(sides[side], func(w Verdict) bool { return w != v })
	}
	switch {
	case slices.Contains(slices.Concat(sides["A"], sides["B"]), Unseen):
		r.Answer = AnswerUnseen
	case every("A", Confirmed) && every("B", Confirmed):
		r.Answer = AnswerBoth
	case every("A", Refuted) && every("B", Refuted):
		r.Answer = AnswerNeither
	case every("A", Confirmed) && (every("B", Refuted) || len(sides["B"]) == 0):
		r.Answer = AnswerA
	case every("B", Confirmed) && (every("A", Refuted) || len(sides["A"]) == 0):
		r.Answer = AnswerB
	default:
		r.Answer = AnswerDepends
	}
	return r
}
