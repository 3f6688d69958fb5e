package lab

import (
	"slices"
	"time"
)

// ByMemory orders the layers by how well they explain why access lasted. What
// stands for the password comes first: whoever has it opens the layers behind
// it again.
var ByMemory = []Layer{
	LayerToken, LayerOldPassword, LayerTicket, LayerCloudToken, LayerRefreshToken, LayerSession, LayerConnection,
	LayerHanging, LayerLocalCopy, LayerMailboxInfo, LayerDirCache, LayerCookie, LayerDirectory,
	LayerPermission, LayerTransport, LayerStore, LayerNetwork, LayerService,
}

// Phase is a run of attempts that had one outcome for one reason: as long as
// the same layer on the same server let them pass, out of the same memory or
// anew, or refused them. A track's phases tell every hour of it. Times are
// relative to the order.
type Phase struct {
	OK       bool
	Kind     FailureKind // when not OK
	From, To time.Duration
	Count    int
	Text     string   // the answer to the first failed attempt
	Why      Decision // of the last attempt that was let in, or the first refused; no layer: nobody said why
}

// maxPhases bounds what is kept of a track whose reasons change with every
// attempt, such as that of a client which connects anew all the time: from then
// on only a change of the outcome begins a phase.
const maxPhases = 50

// note adds an attempt to the track's phases.
func (t *Track) note(s Span, why []Decision) {
	d := deciding(why, s.OK, t.Order)
	if n := len(t.Phases); n > 0 {
		p := &t.Phases[n-1]
		same := p.OK == s.OK && p.Kind == s.Kind
		switch {
		case n >= maxPhases:
		case s.OK && s.First < 0: // how they came in at first is not the question
		case s.OK:
			same = same && p.Why.Layer == d.Layer && p.Why.Server == d.Server && p.Why.Remembered(t.Order) == d.Remembered(t.Order)
		case d.Layer != "": // who says it first, a cache or the source, makes no difference
			same = same && p.Why.Reason == d.Reason
		default:
			same = same && p.Why.Layer == "" && p.Text == s.Text
		}
		if same {
			p.To = s.Last
			p.Count++
			if s.OK { // a memory may have been renewed
				p.Why = d
			}
			return
		}
	}
	t.Phases = append(t.Phases, Phase{OK: s.OK, Kind: s.Kind, From: s.First, To: s.Last, Count: 1, Text: s.Text, Why: d})
}

// deciding is the decision that explains an attempt. One that was let in owes
// it to the memory that is older than the order, if there is one; who was
// refused, to the last word.
func deciding(why []Decision, ok bool, order time.Time) Decision {
	if !ok {
		for _, d := range slices.Backward(why) {
			if !d.Allowed {
				return d
			}
		}
		return Decision{}
	}
	var anew Decision
	for _, layer := range ByMemory {
		for _, d := range slices.Backward(why) {
			if d.Layer != layer || !d.Allowed {
				continue
			}
			if d.Remembered(order) {
				return d
			}
			if anew.Layer == "" || layer == LayerDirectory { // nothing old: they were let in anew
				anew = d
			}
			break
		}
	}
	return anew
}

// PhaseResult is a phase as a report shows it.
type PhaseResult struct {
	Outcome string  `json:"outcome"`         // ok, refused, unreachable, unknown
	FromS   float64 `json:"from_s"`          // seconds from the order
	ToS     float64 `json:"to_s"`            // seconds from the order
	Count   int     `json:"count"`           // attempts
	Layer   Layer   `json:"layer,omitempty"` // what decided
	Detail  string  `json:"detail"`          // the decision, or else the answer
}

// phases tells every hour of a track.
func (t *Track) phases(order time.Time) []PhaseResult {
	list := []PhaseResult{}
	for _, p := range t.Phases {
		r := PhaseResult{
			Outcome: "ok", FromS: Seconds(p.From), ToS: Seconds(p.To), Count: p.Count,
			Layer: p.Why.Layer, Detail: p.Text,
		}
		if p.Why.Layer != "" {
			r.Detail = p.Why.Describe(order)
		}
		if !p.OK {
			r.Outcome = string(p.Kind)
		}
		list = append(list, r)
	}
	return list
}
