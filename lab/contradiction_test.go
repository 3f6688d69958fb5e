package lab

import (
	"strings"
	"testing"
)

func TestContradiction(t *testing.T) {
	ok, refused := SpanResult{Outcome: "ok"}, SpanResult{Outcome: "refused"}
	threat := func(v Verdict, cutoff *float64, spans ...SpanResult) *ActivityResult {
		return &ActivityResult{ID: "dana-owa", Role: Threat, Capability: Read, Verdict: v, CutoffS: cutoff, Spans: spans}
	}
	control := func(v Verdict, outages ...OutageResult) *ActivityResult {
		return &ActivityResult{ID: "erin-owa", Role: Control, Capability: Read, Verdict: v, Outages: outages}
	}
	moved := threat(Late, new(400.0), ok, refused)
	moved.LastSuccessS = new(390.0)
	before := threat(Ended, new(0.0), ok, refused)
	before.LastSuccessS = new(-30.0)
	for name, c := range map[string]struct {
		verdict Verdict
		found   *ActivityResult
		want    string // empty: it fits
	}{
		"ended":             {Ended, threat(Ended, new(300.0), ok, refused), ""},
		"ended before":      {Ended, before, ""},
		"late":              {Late, threat(Late, new(301.0), ok, refused), ""},
		"open":              {Open, threat(Open, nil, refused, ok), ""},
		"waiting":           {VerdictUnknown, threat(VerdictUnknown, new(0.0), ok), ""},
		"invalid":           {Invalid, threat(Invalid, nil, refused), ""},
		"not there":         {NotAvailable, threat(NotAvailable, nil), ""},
		"kept":              {NotAvailable, control(Kept, OutageResult{ToS: new(3.0)}), ""},
		"lost":              {NotAvailable, control(Lost, OutageResult{ToS: new(3.0)}, OutageResult{}), ""},
		"worked to the end": {Ended, threat(Ended, new(0.0), refused, ok), "dana-owa read is ended, and its spans say that it worked to the end"},
		"open and out":      {Open, threat(Open, nil, ok, refused), "is open, and its spans say that it did not work at the end"},
		"no cutoff":         {Ended, threat(Ended, nil), "is ended, and has no cutoff_s"},
		"open with cutoff":  {Open, threat(Open, new(1.0)), "is open, and has a cutoff_s"},
		"n/a with cutoff":   {NotAvailable, threat(NotAvailable, new(1.0)), "is n/a, and has a cutoff_s"},
		"ended too late":    {Ended, threat(Ended, new(301.0)), "is ended, and its cutoff_s of 301 is beyond the limit_s of 300"},
		"late in time":      {Late, threat(Late, new(299.0)), "is late, and its cutoff_s of 299 is within the limit_s of 300"},
		"two cutoffs":       {Late, moved, "has a cutoff_s of 400, and last_success_s is 390"},
		"role":              {NotAvailable, control(Open), "is open, which is no verdict of a control"},
		"other role":        {NotAvailable, threat(Kept, nil), "is kept, which is no verdict of a threat"},
		"kept and out":      {NotAvailable, control(Kept, OutageResult{}), "is kept, and its last outage has no end"},
		"lost and back":     {NotAvailable, control(Lost, OutageResult{ToS: new(3.0)}), "is lost, and has no outage without an end"},
		"not the worst":     {Ended, threat(Open, nil, ok), "the case a contradicts itself: its verdict is ended, and the worst of its promises is open"},
	} {
		d := &Document{Runs: []*RunResult{{Scenario: "a", LimitS: 300, Verdict: c.verdict, Activities: []*ActivityResult{c.found}}}}
		err := d.Contradiction()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
