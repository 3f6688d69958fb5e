package matrix

import (
	"encoding/json"
	"io"
	"slices"

	"shutout/lab"
	"shutout/lab/report"
)

// Schema is the version of the document.
const Schema = 1

// Document is what a grid shows: everything that any rendering needs. Times
// ending in _s are seconds from the order.
type Document struct {
	Schema   int        `json:"schema"`
	Tool     lab.Tool   `json:"tool"`
	Lab      string     `json:"lab"`
	Seed     uint64     `json:"seed"`
	Replay   string     `json:"replay"` // the command that plays the same again
	Profiles []string   `json:"profiles"`
	Set      []string   `json:"set"`
	Paths    []lab.Path `json:"paths"`
	SinceS   float64    `json:"since_s"` // when the sessions were opened
	EveryS   float64    `json:"every_s"` // between two attempts
	LimitS   float64    `json:"limit_s"`
	HorizonS float64    `json:"horizon_s"`
	VirtualS float64    `json:"virtual_s"` // of all cases together
	Blocks   []*Block   `json:"blocks"`
	// WallS is how long it took. It is no part of the JSON document, which is
	// the same each time.
	WallS float64 `json:"-"`
}

// Block is one table.
type Block struct {
	// After is the mitigation that comes first, at the order; empty where each
	// line stands for itself.
	After string `json:"after,omitempty"`
	// AtS is when the line's own mitigation comes.
	AtS   float64 `json:"at_s"`
	Lines []*Line `json:"lines"`
}

// Line is one row on one profile.
type Line struct {
	Row        string `json:"row"`
	Title      string `json:"title"`
	Kind       string `json:"kind"` // mitigation or sop
	Parameters string `json:"parameters,omitempty"`
	Profile    string `json:"profile"`
	// Baseline marks the block's first mitigation with nothing after it.
	Baseline bool `json:"baseline,omitempty"`
	// Effect tells whether anybody noticed: access ended, or ended sooner than
	// with the baseline, or a bystander was cut off, or the mitigation failed.
	Effect bool    `json:"effect"`
	Cells  []*Cell `json:"cells"`
}

// Cell is what was found on one path: how long access lasted, and what the
// bystander felt.
type Cell struct {
	Path    lab.Path    `json:"path"`
	Verdict lab.Verdict `json:"verdict"` // the worst of the capabilities
	// ResidualS is the longest that any capability lasted; null if one was open
	// or nothing was shown.
	ResidualS    *float64          `json:"residual_s"`
	Note         string            `json:"note,omitempty"`
	Steps        []*lab.StepResult `json:"steps"`
	Capabilities []Capability      `json:"capabilities"`
	Bystander    Bystander         `json:"bystander"`
}

// Capability is what was found about one capability of the leaver.
type Capability struct {
	Capability lab.Capability `json:"capability"`
	Verdict    lab.Verdict    `json:"verdict"`
	CutoffS    *float64       `json:"cutoff_s"`
	Note       string         `json:"note,omitempty"`
	KeptBy     string         `json:"kept_by,omitempty"`  // what let the last attempt pass that worked
	EndedBy    string         `json:"ended_by,omitempty"` // what refused the next one
}

// Bystander is what somebody else on the same servers and path felt.
type Bystander struct {
	Verdict lab.Verdict `json:"verdict"`
	OutageS float64     `json:"outage_s"` // the longest, to the next attempt; 0: none
}

// JSON writes the document.
func JSON(w io.Writer, d *Document) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

// Document lays the results out, which are those of the grid's cases in their
// order. The caller adds what it knows: the lab, the seed, the command.
func (g *Grid) Document(results []*lab.RunResult) *Document {
	d := &Document{
		Schema: Schema, Profiles: g.Profiles, Set: append(Settings(g.Set), g.Set...), Paths: g.Paths,
		SinceS: lab.Seconds(since), EveryS: lab.Seconds(every), LimitS: lab.Seconds(g.Within), HorizonS: lab.Seconds(g.Horizon),
	}
	for _, r := range results {
		d.VirtualS += r.VirtualS
	}
	for _, b := range g.blocks {
		db := &Block{}
		if b.after != nil {
			db.After, db.AtS = b.after.Name, lab.Seconds(pause)
		}
		baselines := map[string]*Line{} // by profile
		for _, l := range b.lines {
			dl := &Line{
				Row: l.row.Name, Title: l.row.Title, Kind: "mitigation", Parameters: l.row.parameters(),
				Profile: l.profile, Baseline: l.baseline,
			}
			if l.row.sop != nil {
				dl.Kind = "sop"
			}
			for i, n := range l.cases {
				c := newCell(g.Paths[i], results[n])
				if l.row.sop == nil {
					c.held()
				}
				dl.Cells = append(dl.Cells, c)
			}
			if l.baseline {
				baselines[l.profile] = dl
			}
			dl.Effect = l.baseline || differs(dl, baselines[l.profile])
			db.Lines = append(db.Lines, dl)
		}
		d.Blocks = append(d.Blocks, db)
	}
	return d
}

// differs tells whether a line shows anything that the baseline does not. No
// baseline is one where nothing was done.
func differs(l, baseline *Line) bool {
	return slices.ContainsFunc(l.Cells, func(c *Cell) bool {
		if c.Verdict == lab.NotAvailable {
			return false
		}
		if c.failed() || c.Bystander.OutageS > 0 || c.Bystander.Verdict != lab.Kept {
			return true
		}
		for i, got := range c.Capabilities {
			if baseline == nil {
				if got.Verdict != lab.Open {
					return true
				}
				continue
			}
			j := slices.IndexFunc(baseline.Cells, func(b *Cell) bool { return b.Path == c.Path })
			was := baseline.Cells[j].Capabilities[i]
			if got.Verdict != was.Verdict || got.CutoffS != nil && was.CutoffS != nil && *got.CutoffS != *was.CutoffS {
				return true
			}
		}
		return false
	})
}

func newCell(path lab.Path, r *lab.RunResult) *Cell {
	c := &Cell{Path: path, Verdict: r.Verdict, Steps: r.Steps, Bystander: Bystander{Verdict: lab.NotAvailable}}
	for _, a := range r.Activities {
		if a.Role == lab.Control {
			c.Bystander.feel(a, r.HorizonS)
			continue
		}
		found := Capability{Capability: a.Capability, Verdict: a.Verdict, CutoffS: a.CutoffS, Note: a.Note}
		if why := report.KeptBy(a); why != nil {
			found.KeptBy = why.Detail
		}
		if why := report.EndedBy(a); why != nil {
			found.EndedBy = why.Detail
		}
		c.Capabilities = append(c.Capabilities, found)
		if a.Verdict == r.Verdict {
			c.Note = a.Note
		}
		if a.CutoffS != nil && (c.ResidualS == nil || *a.CutoffS > *c.ResidualS) {
			c.ResidualS = a.CutoffS
		}
	}
	if c.Verdict == lab.Open || c.Verdict == lab.Invalid || c.Verdict == lab.NotAvailable {
		c.ResidualS = nil
	}
	return c
}

// held says n/a of a mitigation that the version does not have: what ended
// without it says nothing about it.
func (c *Cell) held() {
	for _, s := range c.Steps {
		if s.Outcome == lab.NotApplicable {
			c.Verdict, c.ResidualS, c.Note = lab.NotAvailable, nil, s.Detail
		}
	}
}

// feel adds what was found about one capability of the bystander.
func (b *Bystander) feel(a *lab.ActivityResult, horizon float64) {
	rank := []lab.Verdict{lab.NotAvailable, lab.Kept, lab.Invalid, lab.Lost}
	if slices.Index(rank, a.Verdict) > slices.Index(rank, b.Verdict) {
		b.Verdict = a.Verdict
	}
	for _, o := range a.Outages {
		to := horizon
		if o.ToS != nil {
			to = *o.ToS
		}
		b.OutageS = max(b.OutageS, to-o.FromS)
	}
}
