package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/golden"
	"shutout/lab/report"
)

// document is a result with one of each: every verdict, outages, drift, a
// failed step, hostile names.
func document() *lab.Document {
	why := func(layer lab.Layer, at float64, allowed bool, detail string, since ...float64) lab.Reason {
		r := lab.Reason{AtS: at, Layer: layer, Allowed: allowed, Detail: detail}
		if since != nil {
			r.SinceS = &since[0]
		}
		return r
	}
	token := why(lab.LayerToken, 86400, true, "token reused on cas1, sliding 15m, made T-30m, renewed T+24h", -1800)
	session := why(lab.LayerSession, 86400, true, "owa session still open on mbx1, made T+20h", 72000)
	disabled := why(lab.LayerDirectory, 310, false, "account disabled (data 533) on dc1")
	cookie := why(lab.LayerCookie, 310, false, "cookie refused on cas1: made under other keys")
	threat := func(id string, path lab.Path, c lab.Capability, v lab.Verdict, because ...lab.Reason) *lab.ActivityResult {
		return &lab.ActivityResult{ID: id, Who: "dana", From: "home", Path: path, Role: lab.Threat, Capability: c, SinceS: new(-1800.0), EveryS: 30, Verdict: v, Because: because}
	}
	cut := func(a *lab.ActivityResult, s float64) *lab.ActivityResult { a.CutoffS = &s; return a }
	control := func(who string, v lab.Verdict, outages ...lab.OutageResult) *lab.ActivityResult {
		return &lab.ActivityResult{ID: who + "-owa", Who: who, From: "desk", Path: lab.OWA, Role: lab.Control, Capability: lab.Read, SinceS: new(-600.0), EveryS: 60, Verdict: v, Outages: outages}
	}
	phases := func(a *lab.ActivityResult, list ...lab.PhaseResult) *lab.ActivityResult { a.Phases = list; return a }
	kept := lab.PhaseResult{Outcome: "ok", FromS: -1800, ToS: 86400, Count: 2941, Layer: lab.LayerToken, Detail: token.Detail}
	out := lab.PhaseResult{Outcome: "refused", FromS: 7140, ToS: 86400, Count: 2642, Layer: lab.LayerDirectory, Detail: "no\x1b[2J"}
	until := kept
	until.ToS = 7110
	back := 130.0
	drift := cut(threat("dana-imap", lab.IMAP, lab.Read, lab.Ended, disabled), 0)
	drift.Expected, drift.Drift = lab.Open, true
	invalid := threat("dana-pop3", lab.POP3, lab.Read, lab.Invalid)
	invalid.Note = "the control erin-pop3 read failed too, from T0 on: dial: no answer"
	na := threat("dana-ews", lab.EWS, lab.Read, lab.NotAvailable)
	na.Note = "not available in this lab: ews is not simulated yet"
	hostile := threat("dana-oa", lab.OutlookAnywhere, lab.Read, lab.Invalid)
	hostile.Note = "503 \x1b[31mred\x07\u202eevil\nline"
	doubt := cut(threat("dana-smtp", lab.SMTPSubmission, lab.Send, lab.VerdictUnknown), 60)
	doubt.Note = "the attempt at T+10m may have worked"
	phases(doubt, lab.PhaseResult{Outcome: "unknown", FromS: 600, ToS: 630, Count: 1, Detail: "send: no answer"})
	return filled(&lab.Document{
		Schema: lab.Schema, Tool: lab.Tool{Name: "shutout", Version: "v1"}, Lab: "sim", Seed: 1, Replay: "shutout run", WallS: 1.3, Runs: []*lab.RunResult{{
			Scenario: "first", Title: "One of each", Profile: "ex2010", LimitS: 300, HorizonS: 86400, WallS: 1.25, VirtualS: 88200,
			Order: time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC), Verdict: lab.Open,
			Steps: []*lab.StepResult{
				{AtS: 0, Do: "disable-account", Params: "user: dana", Outcome: lab.Done, Detail: "userAccountControl 512 -> 514 on dc1"},
				{AtS: 120, Do: "reset-iis", Outcome: lab.Failed, Detail: "cas1: exit code 1053"},
			},
			Advice: advice(),
			Activities: []*lab.ActivityResult{
				phases(threat("dana-owa", lab.OWA, lab.Read, lab.Open, session, token), kept),
				phases(threat("dana-owa", lab.OWA, lab.Send, lab.Open, session, token), kept),
				phases(cut(threat("dana-eas", lab.ActiveSync, lab.Read, lab.Late, token, cookie, disabled), 7110), until, out),
				drift, invalid, na, hostile, doubt,
				control("erin", lab.Kept, lab.OutageResult{FromS: 120, ToS: &back, Text: "503"}),
				control("frank", lab.Kept),
				control("olga", lab.Lost, lab.OutageResult{FromS: 120, Text: "503"}),
			},
		}, {
			Scenario: "second", Title: "Two browsers of one person", Profile: "ex2016", SOP: "our-sop", Set: []string{"iis.token_ttl=7m"},
			LimitS: 900, HorizonS: 3600, WallS: 0.5, VirtualS: 5400, Verdict: lab.Ended,
			Activities: []*lab.ActivityResult{
				cut(threat("dana-busy", lab.OWA, lab.Read, lab.Ended, disabled), 290),
				cut(threat("dana-idle", lab.OWA, lab.Read, lab.Ended, disabled), 0),
				cut(threat("ticket", lab.OWA, lab.Read, lab.Ended, disabled), 10),
			},
		}},
	})
}

// advice is what was tried out, with one of each: what keeps everything, at a
// price, what keeps some, and what keeps nothing.
func advice() *lab.AdviceResult {
	promises := func(verdicts ...lab.Verdict) []lab.TrialPromise {
		return []lab.TrialPromise{{ID: "dana-owa", Capability: lab.Read, Verdict: verdicts[0]}, {ID: "dana-owa", Capability: lab.Send, Verdict: verdicts[0]}, {ID: "dana-eas", Capability: lab.Read, Verdict: verdicts[1]}}
	}
	restart := &lab.TrialResult{Label: "restart-server", Do: []string{"restart-server"}, Steps: []string{"{at: 15s, do: restart-server}"}, Promises: promises(lab.Ended, lab.Ended),
		Disturbed: []lab.TrialDisturbance{{ID: "erin-owa", Capability: lab.Read, AwayS: 90}, {ID: "frank-owa", Capability: lab.Read, Lost: true}}}
	return &lab.AdviceResult{AtS: 15, Together: restart, Trials: []*lab.TrialResult{
		restart,
		{Label: "reset-iis", Do: []string{"reset-iis"}, Steps: []string{"{at: 15s, do: reset-iis}"}, Promises: promises(lab.Ended, lab.Open)},
		{Label: "move-mailbox", Do: []string{"move-mailbox"}, Steps: []string{"{at: 15s, do: move-mailbox, user: dana}"}, Promises: promises(lab.Open, lab.Late)},
	}}
}

// filled has the lists that a run never leaves out, and an order.
func filled(d *lab.Document) *lab.Document {
	for _, r := range d.Runs {
		if r.Order.IsZero() {
			r.Order = time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
		}
		r.Steps = append([]*lab.StepResult{}, r.Steps...)
		for _, a := range r.Activities {
			a.Because = append([]lab.Reason{}, a.Because...)
			a.Outages = append([]lab.OutageResult{}, a.Outages...)
			a.Spans = append([]lab.SpanResult{}, a.Spans...)
			a.Phases = append([]lab.PhaseResult{}, a.Phases...)
		}
		for _, f := range r.Sweep {
			f.Because = append([]lab.Reason{}, f.Because...)
		}
	}
	return d
}

// swept is a result of a sweep, with one of each: what serves whoever left, what
// serves others, what is known from a list, what was predicted otherwise.
func swept() *lab.Document {
	return filled(&lab.Document{
		Schema: lab.Schema, Tool: lab.Tool{Name: "shutout", Version: "v1"}, Lab: "sim", Seed: 1, Replay: "shutout run --sweep", WallS: 1.3, Runs: []*lab.RunResult{{
			Scenario: "first", Title: "One of each", Profile: "ex2010", LimitS: 300, HorizonS: 86400, VirtualS: 88200, Verdict: lab.Ended,
			Activities: []*lab.ActivityResult{{ID: "dana-owa", Who: "dana", Path: lab.OWA, Role: lab.Threat, Capability: lab.Read, Verdict: lab.Ended, CutoffS: new(float64)}},
			Sweep: []*lab.SweepResult{
				{Kind: lab.SweepSignIn, Of: "dana", What: "owa", Works: lab.WorksNo, Shown: lab.ShownWire, Detail: "account disabled on dc1"},
				{Kind: lab.SweepSignIn, Of: "dana", What: "ews", Works: lab.WorksNo, Shown: lab.ShownWire, Detail: "account disabled on dc1"},
				{Kind: lab.SweepSignIn, Of: "dana", What: "imap", Works: lab.WorksUnknown, Shown: lab.ShownWire, Detail: "no\x1b[2Janswer"},
				{Kind: lab.SweepForward, Of: "dana", What: "to dana@private.example", Works: lab.WorksYes, Shown: lab.ShownWire, Broken: true,
					Detail: `inbox rule "copy": taken by the mail server of private.example`, Ends: []string{"remove-inbox-rules", "block-auto-forward"}},
				{Kind: lab.SweepForward, Of: "frank", Works: lab.WorksNotAvailable, Shown: lab.ShownListed, What: "an inbox rule", Detail: "the scene could not be set"},
				{Kind: lab.SweepDelegate, Of: "dana", What: "erin", Works: lab.WorksYes, Shown: lab.ShownWire, Detail: "full access on", Ends: []string{"remove-delegates"}},
				{Kind: lab.SweepQueue, Of: "dana", Works: lab.WorksNo, Shown: lab.ShownListed, Detail: "none", Expected: lab.WorksYes, Drift: true},
				{Kind: lab.SweepReply, Of: "dana", What: "a stranger's mail", Works: lab.WorksNo, Shown: lab.ShownWire, Detail: "out-of-office is off"},
			},
		}, {
			Scenario: "second", Title: "Nothing is left", Profile: "ex2010", LimitS: 300, HorizonS: 3600, VirtualS: 5400, Verdict: lab.Ended,
			Activities: []*lab.ActivityResult{{ID: "dana-owa", Who: "dana", Path: lab.OWA, Role: lab.Threat, Capability: lab.Read, Verdict: lab.Ended, CutoffS: new(float64)}},
			Sweep:      []*lab.SweepResult{{Kind: lab.SweepSignIn, Of: "dana", What: "owa", Works: lab.WorksNo, Shown: lab.ShownWire, Detail: "account disabled on dc1"}},
		}},
	})
}

func TestSweep(t *testing.T) {
	for name, style := range map[string]report.Style{"sweep-brief": {Brief: true}, "sweep-narrow": {Width: 60}} {
		var b bytes.Buffer
		if err := report.Terminal(&b, swept(), style); err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, name+".txt", b.Bytes())
	}
}

func TestTerminal(t *testing.T) {
	for name, style := range map[string]report.Style{
		"brief": {Brief: true}, "narrow": {Width: 60}, "narrowest": {Width: 30}, "colour": {Colour: true, Brief: true, Width: 100},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := report.Terminal(&b, document(), style); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, name+".txt", b.Bytes())
			for line := range strings.Lines(b.String()) {
				plain := strings.TrimSuffix(uncoloured(line), "\n")
				if style.Width > 0 && utf8.RuneCountInString(plain) > style.Width && !toCopy(plain) {
					t.Errorf("%d columns: %q", utf8.RuneCountInString(plain), plain)
				}
			}
		})
	}
}

// toCopy tells whether a line is to be copied, and so stays in one piece.
func toCopy(line string) bool {
	return strings.HasPrefix(line, "replay: ") || strings.HasPrefix(line, "    - {")
}

// What is narrow is wrapped and not cut, and a command that is to be copied
// stays in one piece.
func TestNarrow(t *testing.T) {
	d := document()
	d.Replay = "shutout run first --sop our-sop.yaml --profiles all --within 15m --seed 1"
	var b bytes.Buffer
	if err := report.Terminal(&b, d, report.Style{Width: 56, Colour: true}); err != nil {
		t.Fatal(err)
	}
	text := uncoloured(b.String())
	if !strings.Contains(text, "\nreplay: "+d.Replay+"\n") || strings.Contains(text, "…") {
		t.Errorf("cut:\n%s", text)
	}
	words := strings.Join(strings.Fields(text), " ")
	for _, run := range d.Runs {
		for _, a := range run.Activities {
			for _, p := range a.Phases {
				if p.Layer == lab.LayerToken && !strings.Contains(words, "in "+p.Detail) {
					t.Errorf("no %q in\n%s", p.Detail, text)
				}
			}
		}
	}
}

// A session that was opened after the order does not explain itself: how they
// came in to open it does, whichever capability it was that signed in.
func TestHowTheyCameInAgain(t *testing.T) {
	at, end := 600.0, 1200.0
	result := func(c lab.Capability, phases ...lab.PhaseResult) *lab.ActivityResult {
		return &lab.ActivityResult{ID: "a", Who: "dana", Path: lab.OutlookAnywhere, Role: lab.Threat, Capability: c, Verdict: lab.Late, CutoffS: &end, Phases: phases,
			Because: []lab.Reason{{AtS: end, Layer: lab.LayerSession, Allowed: true, Detail: "session", SinceS: &at}, {AtS: end, Layer: lab.LayerDirectory, Detail: "wrong password"}}}
	}
	old := lab.PhaseResult{Outcome: "ok", FromS: at, ToS: at, Layer: lab.LayerOldPassword, Detail: "old password"}
	d := &lab.Document{Runs: []*lab.RunResult{{Activities: []*lab.ActivityResult{result(lab.Read, old), result(lab.Send)}}}}
	var b bytes.Buffer
	if err := report.Terminal(&b, d, report.Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "read send  late  20m  old password; then session; then wrong password\n"); n != 1 {
		t.Errorf("%d in\n%s", n, &b)
	}
}

func uncoloured(s string) string {
	for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m"} {
		s = strings.ReplaceAll(s, code, "")
	}
	return s
}
