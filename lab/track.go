package lab

import "time"

// Track is what was observed of one capability of one activity. Attempts with
// equal outcomes in a row are kept as one span, so a day of polling is a
// handful of values and nothing is lost where an outcome changes.
type Track struct {
	Activity   *Activity
	Capability Capability
	// Order is when the order was given, on the lab's clock.
	Order time.Time
	// Missing tells why the lab cannot do this at all; empty if it can.
	Missing  string
	Spans    []Span
	Phases   []Phase
	Attempts int
	Worked   int
	// Pending is the begin of an attempt that was still waiting for its
	// answer at the horizon; nil if there was none.
	Pending *time.Duration
}

// Span is a run of attempts with one outcome. Times are relative to the order.
type Span struct {
	OK    bool
	Kind  FailureKind // when not OK
	Text  string      // the answer to the first failed attempt
	First time.Duration
	Last  time.Duration
	Count int
	// FirstWhy and LastWhy are the decisions behind the first and the last
	// attempt.
	FirstWhy, LastWhy []Decision
}

// Observe adds an attempt that was begun and answered at these times.
func (t *Track) Observe(begun, answered time.Duration, failure *Failure, why []Decision) {
	t.Attempts++
	s := Span{OK: failure == nil, First: begun, Last: begun}
	if failure == nil {
		t.Worked++
		s.Last = answered // access was had until the answer came
	} else {
		s.Kind, s.Text = failure.Kind, failure.Error()
		if failure.Kind == Unknown {
			s.Last = answered // it may have worked until then
		}
	}
	t.note(s, why)
	if n := len(t.Spans); n > 0 {
		if last := &t.Spans[n-1]; last.OK == s.OK && last.Kind == s.Kind && last.Text == s.Text {
			last.Last = s.Last
			last.Count++
			last.LastWhy = append(last.LastWhy[:0], why...)
			return
		}
	}
	s.Count = 1
	s.FirstWhy = append([]Decision(nil), why...)
	s.LastWhy = append([]Decision(nil), why...)
	t.Spans = append(t.Spans, s)
}

// Outage is a time in which a control did not work.
type Outage struct {
	From, To time.Duration
	Lasting  bool // it had not ended at the horizon
	Text     string
}

// Outages lists when the track did not work, from its first success on.
func (t *Track) Outages() []Outage {
	var out []Outage
	worked := false
	for _, s := range t.Spans {
		switch {
		case s.OK:
			worked = true
			if n := len(out); n > 0 && out[n-1].Lasting {
				out[n-1].To, out[n-1].Lasting = s.First, false
			}
		case worked:
			if n := len(out); n > 0 && out[n-1].Lasting {
				out[n-1].To = s.Last
			} else {
				out = append(out, Outage{From: s.First, To: s.Last, Lasting: true, Text: s.Text})
			}
		}
	}
	if n := len(t.Spans); t.Pending != nil && n > 0 && t.Spans[n-1].OK {
		out = append(out, Outage{From: *t.Pending, To: *t.Pending, Lasting: true, Text: "no answer at the horizon"})
	}
	return out
}
