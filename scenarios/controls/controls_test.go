package controls

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

// threat is access of dana's that was tried every minute and worked for the last
// time at cutoff; a negative one stands for none.
func threat(path lab.Path, can lab.Capability, v lab.Verdict, cutoff float64, layers ...lab.Layer) *lab.ActivityResult {
	a := &lab.ActivityResult{ID: "dana-" + string(path), Who: "dana", Path: path, Role: lab.Threat, Capability: can, Verdict: v, EveryS: 60}
	if cutoff >= 0 {
		a.CutoffS = &cutoff
		a.Spans = []lab.SpanResult{{Outcome: "ok", FromS: -600, ToS: cutoff}, {Outcome: "refused", FromS: cutoff + 60, ToS: 3600}}
	}
	for _, l := range layers {
		a.Because = append(a.Because, lab.Reason{Layer: l, Allowed: true})
	}
	return a
}

func swept(kind lab.SweepKind, works lab.Works) *lab.SweepResult {
	return &lab.SweepResult{Kind: kind, Of: "dana", What: "what", Works: works}
}

func disable(at float64, out lab.OutcomeResult) *lab.StepResult {
	return &lab.StepResult{AtS: at, Do: "disable-account", Outcome: out}
}

// run is a case with a limit of five minutes.
func run(parts ...any) *lab.RunResult {
	r := &lab.RunResult{Scenario: "case", Profile: "ex2010", LimitS: 300, HorizonS: 3600}
	for _, p := range parts {
		switch p := p.(type) {
		case *lab.ActivityResult:
			r.Activities = append(r.Activities, p)
		case *lab.SweepResult:
			r.Sweep = append(r.Sweep, p)
		case *lab.StepResult:
			r.Steps = append(r.Steps, p)
		}
	}
	return r
}

func assessed(limit time.Duration, runs ...*lab.RunResult) map[string]Assessment {
	all := map[string]Assessment{}
	for _, a := range Assess(&lab.Document{Lab: "sim", Runs: runs}, limit) {
		all[a.ID] = a
	}
	return all
}

const own = -1 // each case's own limit

func TestRules(t *testing.T) {
	ended := threat(lab.OWA, lab.Read, lab.Ended, 120)
	late := threat(lab.OWA, lab.Read, lab.Late, 900, lab.LayerToken)
	open := threat(lab.OWA, lab.Read, lab.Open, -1, lab.LayerSession)
	doubt := threat(lab.OWA, lab.Read, lab.VerdictUnknown, 0)
	for _, c := range []struct {
		name  string
		limit time.Duration
		runs  []*lab.RunResult
		want  string // the outcomes of some controls: +kept -broken ?not shown
	}{
		{"nothing", own, []*lab.RunResult{run()}, "?ps-4-a ?ps-4-b ?ps-4-c ?ps-4-d ?ps-4-e ?ac-2-13 ?ac-12 ?a-5-18 ?a-6-5 ?cis-6-2"},
		{"ended", own, []*lab.RunResult{run(ended, disable(0, lab.Done))}, "+ps-4-a ?ps-4-b ?ps-4-c ?ps-4-d +ac-2-13 ?ac-12 +a-5-18 ?a-6-5 +cis-6-2"},
		{"late", own, []*lab.RunResult{run(late, disable(0, lab.Done))}, "-ps-4-a -ps-4-b +ac-2-13 -ac-12 -a-5-18 ?a-6-5 -cis-6-2"},
		{"open", own, []*lab.RunResult{run(open)}, "-ps-4-a ?ps-4-b ?ac-2-13 -ac-12 -a-5-18 -cis-6-2"},
		{"no clear end", own, []*lab.RunResult{run(ended, doubt)}, "?ps-4-a ?a-5-18 ?cis-6-2"},
		{"invalid shows nothing", own, []*lab.RunResult{run(ended, threat(lab.EWS, lab.Read, lab.Invalid, -1))}, "?ps-4-a"},
		{"broken outweighs doubt", own, []*lab.RunResult{run(doubt), run(late)}, "-ps-4-a"},
		{"what the lab lacks changes nothing", own, []*lab.RunResult{run(ended, threat(lab.EWS, lab.Read, lab.NotAvailable, -1))}, "+ps-4-a"},
		{"only what the lab lacks", own, []*lab.RunResult{run(threat(lab.EWS, lab.Read, lab.NotAvailable, -1))}, "?ps-4-a ?ac-12"},
		{"mail that needs no account", own, []*lab.RunResult{run(threat(lab.SMTPAnonymous, lab.Send, lab.Open, -1), disable(0, lab.Done))}, "?ps-4-a ?ac-2-13 ?cis-6-2"},
		{"a control is no threat", own, []*lab.RunResult{run(ended, func() *lab.ActivityResult { c := *open; c.Role, c.Verdict = lab.Control, lab.Lost; return &c }())}, "+ps-4-a"},
		{"mail on the device", own, []*lab.RunResult{run(ended, threat(lab.ActiveSync, lab.ReadLocal, lab.Open, -1, lab.LayerLocalCopy))}, "+ps-4-a ?ps-4-d ?a-6-5"},

		{"a stricter limit", time.Minute, []*lab.RunResult{run(ended)}, "-ps-4-a"},
		{"a wider limit", time.Hour, []*lab.RunResult{run(late)}, "+ps-4-a +ac-12"},
		{"a limit finer than the attempts", 30 * time.Second, []*lab.RunResult{run(threat(lab.OWA, lab.Read, lab.Ended, 0))}, "?ps-4-a"},
		{"open beyond a wider limit", 59 * time.Minute, []*lab.RunResult{run(open)}, "-ps-4-a -ac-12"},
		{"nobody looked after the limit", 48 * time.Hour, []*lab.RunResult{run(open)}, "?ps-4-a ?ac-12"},

		{"sign-in ended", own, []*lab.RunResult{run(threat(lab.IMAP, lab.SignIn, lab.Ended, 0))}, "+ps-4-a +ps-4-b"},
		{"sign-in late", own, []*lab.RunResult{run(threat(lab.IMAP, lab.SignIn, lab.Late, 900))}, "-ps-4-a -ps-4-b"},
		{"fresh sign-ins refused", own, []*lab.RunResult{run(ended, swept(lab.SweepSignIn, lab.WorksNo))}, "+ps-4-a +ps-4-b"},
		{"a fresh sign-in works", own, []*lab.RunResult{run(ended, disable(0, lab.Done), swept(lab.SweepSignIn, lab.WorksYes))}, "-ps-4-a -ps-4-b -ac-2-13 -a-5-18 -cis-6-2"},
		{"a fresh sign-in in doubt", own, []*lab.RunResult{run(ended, disable(0, lab.Done), swept(lab.SweepSignIn, lab.WorksUnknown))}, "?ps-4-a ?ps-4-b ?ac-2-13 ?a-5-18 ?cis-6-2"},
		{"a token after the limit", own, []*lab.RunResult{run(late, swept(lab.SweepSignIn, lab.WorksNo))}, "-ps-4-b"},
		{"a token within it", own, []*lab.RunResult{run(threat(lab.OWA, lab.Read, lab.Ended, 60, lab.LayerToken), swept(lab.SweepSignIn, lab.WorksNo))}, "+ps-4-b +ac-12"},

		{"disabled after the limit", own, []*lab.RunResult{run(ended, disable(301, lab.Done))}, "-ac-2-13 -cis-6-2"},
		{"not disabled", own, []*lab.RunResult{run(ended, disable(0, lab.Failed))}, "-ac-2-13 -cis-6-2"},
		{"disabling is not available", own, []*lab.RunResult{run(ended, disable(0, lab.NotApplicable))}, "?ac-2-13 ?cis-6-2"},
		{"ended by other means", own, []*lab.RunResult{run(ended, &lab.StepResult{Do: "move-mailbox", Outcome: lab.Done})}, "+ps-4-a ?ac-2-13 ?cis-6-2"},

		{"a delegate", own, []*lab.RunResult{run(ended, swept(lab.SweepDelegate, lab.WorksYes))}, "+ps-4-e"},
		{"a delegate, and the mailbox deleted", own, []*lab.RunResult{run(ended, swept(lab.SweepDelegate, lab.WorksYes), &lab.StepResult{Do: "delete-cloud-account", Outcome: lab.Done})}, "?ps-4-e"},
		{"others' mailboxes", own, []*lab.RunResult{run(ended, swept(lab.SweepShared, lab.WorksYes))}, "+ps-4-a -a-5-18"},
		{"mail sent on", own, []*lab.RunResult{run(ended, swept(lab.SweepForward, lab.WorksYes))}, "?a-6-5"},
	} {
		got := assessed(c.limit, c.runs...)
		for word := range strings.FieldsSeq(c.want) {
			want := map[byte]Outcome{'+': Kept, '-': Broken, '?': NotShown}[word[0]]
			if a := got[word[1:]]; a.Outcome != want {
				t.Errorf("%s: %s is %q, want %q: %q", c.name, word[1:], a.Outcome, want, a.Shown)
			}
		}
	}
}

func TestWhatIsSaid(t *testing.T) {
	got := assessed(15*time.Minute, run(
		threat(lab.OWA, lab.Read, lab.Late, 1200), threat(lab.OWA, lab.Send, lab.Late, 1200), threat(lab.EWS, lab.Read, lab.NotAvailable, -1),
		disable(0, lab.Done)))
	for id, want := range map[string][]string{
		"ps-4-a":  {"Broken, 2 promises: dana over owa: read, send ended after 20m", "does not have: ews", "nobody tried: outlook-rpc", "a model of them", "without a sweep"},
		"ac-2-13": {"disabled within the limit in 1 step", "2 promises outlasted the disabled account"},
	} {
		if got[id].Limit != "15m" {
			t.Errorf("%s is held against %q", id, got[id].Limit)
		}
		text := strings.Join(slices.Concat(got[id].Shown, got[id].Silent), "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", id, w, text)
			}
		}
	}
	// What came out without a clear result was not shown.
	doubt := assessed(own, run(threat(lab.OWA, lab.Read, lab.Invalid, -1), swept(lab.SweepSignIn, lab.WorksUnknown)))["ps-4-a"]
	silent := strings.Join(doubt.Silent, "\n")
	for _, w := range []string{"What became of 1 promise without a clear result: dana over owa: read invalid.", "Whether 1 fresh sign-in at the end worked, without a clear result: what."} {
		if doubt.Shown != nil || !strings.Contains(silent, w) {
			t.Errorf("shown %q, no %q in\n%s", doubt.Shown, w, silent)
		}
	}
	// What the SOP is not about is neither untried nor missing.
	beside := threat(lab.EWS, lab.Read, lab.NotAvailable, -1)
	beside.Attempts = 3
	by := run(threat(lab.OWA, lab.Read, lab.Ended, 0), threat(lab.OWA, lab.Send, lab.NotAvailable, -1), beside)
	by.SOP = "ours"
	silent = strings.Join(assessed(own, by)["ps-4-a"].Silent, "\n")
	for _, line := range strings.Split(silent, "\n") {
		if strings.HasPrefix(line, "Access paths") && (strings.Contains(line, "ews") || strings.Contains(line, "does not have")) {
			t.Error(line)
		}
	}
	if want := "Access that is not promised to end, as the SOP is not about it: dana over ews."; !strings.Contains(silent, want) {
		t.Errorf("no %q in\n%s", want, silent)
	}
	if a := Assess(&lab.Document{Lab: "containers", Runs: []*lab.RunResult{run(threat(lab.OWA, lab.Read, lab.Ended, 0))}}, own)[0]; strings.Contains(strings.Join(a.Silent, ""), "model") {
		t.Error("a lab of real servers is called a model")
	}
}

func TestEveryControlSaysWhatNoRunShows(t *testing.T) {
	used := map[string]bool{}
	for _, c := range All() {
		used[c.Rule] = true
		if found, ok := Find(c.ID); !ok || found != c {
			t.Errorf("%s is not found", c.ID)
		}
		for _, text := range append([]string{c.Asks}, c.Silent...) {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: no sentence: %s", c.ID, text)
			}
		}
	}
	for name := range rules {
		if !used[name] {
			t.Errorf("no control has the rule %s", name)
		}
	}
	for _, id := range []string{"ps-4-a", "ps-4-b", "ps-4-e", "ac-2-13", "ac-12", "a-5-18", "a-6-5", "cis-6-2"} {
		if _, ok := Find(id); !ok {
			t.Errorf("%s is missing", id)
		}
	}
}

func TestFaultyControls(t *testing.T) {
	whole := "controls:\n  - {id: a, number: A, standard: S, title: T, asks: x, rule: none, silent: [y], source: [NIST-800-53]}\n"
	if _, err := parse("c.yaml", []byte(whole)); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"rule: none": "rule: nine", "id: a": "id: A b", "silent: [y]": "silent: []", "NIST-800-53": "NIST-800-54", "asks: x": "ask: x"} {
		if _, err := parse("c.yaml", []byte(strings.Replace(whole, from, to, 1))); err == nil {
			t.Errorf("%s is taken", to)
		}
	}
}
