package lab

import (
	"context"
	"slices"
	"time"
)

// A Ledgerer is a lab that can list what keeps somebody signed in: the tokens,
// tickets, cookies, sessions, caches and connections that it knows of.
type Ledgerer interface {
	// Ledger lists the memories of somebody that are good now. Asking is no use
	// of them. The order is the same each time.
	Ledger(who *Person) []LedgerEntry
}

// LedgerEntry is one memory.
type LedgerEntry struct {
	Layer  Layer
	Server string // where it is kept
	What   string // "token of MSExchangeOWAAppPool"
	Rule   string // what governs it: "sliding 15m"
	// Since is when it was made, Until when it lapses unless something prolongs
	// it; zero: it does not end by itself.
	Since, Until time.Time
}

// LedgerResult is what was remembered of those who had to leave, at each step of
// the SOP.
type LedgerResult struct {
	Moments []LedgerMoment `json:"moments"`
	Rows    []*LedgerRow   `json:"rows"`
}

// LedgerMoment is when the ledger was taken.
type LedgerMoment struct {
	AtS  float64 `json:"at_s"` // seconds from the order
	When string  `json:"when"` // before or after the steps of that instant, order, or horizon
}

// The words for when a ledger is taken.
const (
	BeforeStep = "before"
	AfterStep  = "after"
	AtOrder    = "order"
	AtHorizon  = "horizon"
)

// LedgerRow is one memory over all moments.
type LedgerRow struct {
	Who    string   `json:"who"`
	Layer  Layer    `json:"layer"`
	Server string   `json:"server"`
	What   string   `json:"what"`
	Rule   string   `json:"rule,omitempty"`
	SinceS *float64 `json:"since_s,omitempty"` // when the first of them was made, seconds from the order
	// LeftS is how long it would still last at each moment, in seconds; null
	// where there was none, and [NoEnd] where it does not end by itself.
	LeftS []*float64 `json:"left_s"`
}

// NoEnd stands for the remaining life of what does not end by itself.
const NoEnd = -1

// maxLedgerRows bounds what is kept of a case in which memories come and go.
const maxLedgerRows = 200

// scheduleLedger has the ledger taken right before and after the steps of each
// instant, and at the order.
func (p *play) scheduleLedger() {
	l, ok := p.lab.(Ledgerer)
	if !ok || len(p.leavers()) == 0 {
		return
	}
	p.ledger = &LedgerResult{}
	var at []time.Duration
	for _, step := range p.s.SOP {
		if !slices.Contains(at, step.At) {
			at = append(at, step.At)
		}
	}
	for _, t := range at {
		// Of one class what was scheduled first comes first: before the steps, and
		// before the attempts that come after them.
		p.look(l, t, ClassStep, BeforeStep)
		p.look(l, t, ClassAttempt, AfterStep)
	}
	if !slices.Contains(at, 0) {
		p.look(l, 0, ClassStep, AtOrder)
	}
}

func (p *play) look(l Ledgerer, at time.Duration, class int, when string) {
	p.lab.Clock().At(p.order.Add(at), class, "", func(context.Context) { p.enter(l, at, when) })
}

// lookAtHorizon takes the ledger when all has been played.
func (p *play) lookAtHorizon() {
	if p.ledger != nil {
		p.enter(p.lab.(Ledgerer), p.s.Horizon, AtHorizon)
	}
}

// enter adds a moment.
func (p *play) enter(l Ledgerer, at time.Duration, when string) {
	r := p.ledger
	now := p.order.Add(at)
	n := len(r.Moments)
	if when == BeforeStep && n > 0 && r.Moments[n-1] == (LedgerMoment{Seconds(at), AtOrder}) {
		r.Moments[n-1].When = BeforeStep // a step at the order that nobody foresaw
		return
	}
	r.Moments = append(r.Moments, LedgerMoment{Seconds(at), when})
	for _, row := range r.Rows {
		row.LeftS = append(row.LeftS, nil)
	}
	for _, id := range p.leavers() {
		who := p.lab.Cast().People[id]
		for _, e := range append(l.Ledger(who), p.copies(who)...) {
			if row := r.row(who.ID, e, n, p.order); row != nil {
				row.LeftS[n] = new(e.left(now))
			}
		}
	}
}

// left is how long a memory still lasts.
func (e LedgerEntry) left(now time.Time) float64 {
	if e.Until.IsZero() {
		return NoEnd
	}
	return max(0, Seconds(e.Until.Sub(now)))
}

// row finds the row of a memory, of several like ones the first that has
// nothing at this moment yet.
func (r *LedgerResult) row(who string, e LedgerEntry, n int, order time.Time) *LedgerRow {
	for _, row := range r.Rows {
		if row.Who == who && row.Layer == e.Layer && row.Server == e.Server && row.What == e.What && row.Rule == e.Rule && row.LeftS[n] == nil {
			return row
		}
	}
	if len(r.Rows) >= maxLedgerRows {
		return nil
	}
	row := &LedgerRow{Who: who, Layer: e.Layer, Server: e.Server, What: e.What, Rule: e.Rule, LeftS: make([]*float64, n+1)}
	if !e.Since.IsZero() {
		row.SinceS = new(Seconds(e.Since.Sub(order)))
	}
	r.Rows = append(r.Rows, row)
	return row
}

// copies are what the programs of somebody keep where no server can take it
// back, as they said after their last attempt.
func (p *play) copies(who *Person) (out []LedgerEntry) {
	for _, pl := range p.players {
		if pl.activity.Who == who.ID && pl.activity.Role == Threat && pl.kept.Messages > 0 {
			out = append(out, LedgerEntry{Layer: LayerLocalCopy, Server: pl.activity.From, What: "mail that " + pl.activity.ID + " keeps", Since: pl.kept.Since})
		}
	}
	return out
}

// ledgerResult is a copy of the ledger with its rows in order: by person, and by
// layer as they explain why access lasts.
func (p *play) ledgerResult() *LedgerResult {
	if p.ledger == nil || len(p.ledger.Rows) == 0 {
		return nil
	}
	slices.SortStableFunc(p.ledger.Rows, func(a, b *LedgerRow) int {
		if a.Who != b.Who {
			return slices.IndexFunc(p.s.Activities, func(x *Activity) bool { return x.Who == a.Who }) -
				slices.IndexFunc(p.s.Activities, func(x *Activity) bool { return x.Who == b.Who })
		}
		return slices.Index(ByMemory, a.Layer) - slices.Index(ByMemory, b.Layer)
	})
	r := &LedgerResult{Moments: slices.Clone(p.ledger.Moments)}
	for _, row := range p.ledger.Rows {
		c := *row
		c.LeftS = slices.Clone(row.LeftS)
		r.Rows = append(r.Rows, &c)
	}
	return r
}
