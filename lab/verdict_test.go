package lab

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// tracked builds a track from a word for each attempt, a minute apart: + works,
// - is refused, x is unreachable, ? is unknown, . makes no attempt. The order
// is given at the third minute.
func tracked(path Path, attempts string) *Track {
	t := &Track{Activity: &Activity{ID: "a", Path: path, Every: time.Minute}, Capability: Read}
	for i, c := range attempts {
		at := time.Duration(i-3) * time.Minute
		switch c {
		case '+':
			t.Observe(at, at, nil, nil)
		case '-':
			t.Observe(at, at, &Failure{Kind: Refused, Stage: "sign-in", Text: "no"}, nil)
		case 'x':
			t.Observe(at, at, &Failure{Kind: Unreachable, Stage: "dial", Text: "refused"}, nil)
		case '?':
			t.Observe(at, at, &Failure{Kind: Unknown, Stage: "send", Text: "link died"}, nil)
		}
	}
	return t
}

func TestJudge(t *testing.T) {
	const within = 2 * time.Minute
	for _, c := range []struct {
		name, threat, control string
		want                  Verdict
		cutoff                time.Duration
		note                  string
	}{
		{"refused from the order on", "+++-------", "++++++++++", Ended, 0, ""},
		{"refused within the limit", "++++++----", "++++++++++", Ended, 2 * time.Minute, ""},
		{"refused after the limit", "+++++++---", "++++++++++", Late, 3 * time.Minute, ""},
		{"works to the horizon", "++++++++++", "++++++++++", Open, 0, ""},
		{"came back", "+++---+---", "++++++++++", Late, 3 * time.Minute, ""},
		{"back at the horizon", "+++------+", "++++++++++", Open, 0, ""},
		{"unreachable counts as gone while the control works", "+++xxxxxxx", "++++++++++", Ended, 0, ""},
		{"never worked before the order", "---+++----", "++++++++++", Invalid, 0, "no access before the order: sign-in: no"},
		{"no attempt at all", "..........", "++++++++++", Invalid, 0, "no access before the order"},
		{"control died with it", "+++-------", "+++xxxxxxx", Invalid, 0, "failed too"},
		{"access was lost before the order", "+---------", "++++++++++", Invalid, 0, "gone before the order"},
		{"nobody looked whether the lab was up", "+++-------", "+++.......", Invalid, 0, "while the controls worked"},
		{"the control looked too early", "+++---....", "++++......", Ended, 0, ""},
		{"an outage hides the limit", "+++++-----", "+++++xxx++", VerdictUnknown, time.Minute, "nothing was shown in between"},
		{"nothing tried for long after the limit", "+++....---", "++++++++++", VerdictUnknown, 0, "nothing was shown in between"},
		{"control never worked", "+++-------", "xxxxxxxxxx", Invalid, 0, "never worked"},
		{"control blinked and came back", "+++-------", "+++xx+++++", Ended, 0, ""},
		{"only seen to fail inside the outage", "+++xx.....", "+++xx+++++", Invalid, 0, "while the controls worked"},
		{"two outages with an attempt between", "+++xxxxx..", "+++x+++x++", Ended, 0, ""},
		{"control down at the horizon", "+++-------", "+++++++++x", Invalid, 0, "failed too"},
		{"the lab's death does not hide access", "+++++++++-", "+++++++++x", Invalid, 0, "failed too"},
		{"doubt after the limit", "+++--?----", "++++++++++", Ended, 0, ""},
		{"doubt beyond the limit", "+++----?--", "++++++++++", VerdictUnknown, 0, "the attempt at T+"},
		{"doubt does not rescue a late one", "+++++++?--", "++++++++++", Late, 3 * time.Minute, ""},
		{"doubt at the horizon", "+++------?", "++++++++++", VerdictUnknown, 0, "no clear outcome"},
		{"doubt before a later success", "+++?+-----", "++++++++++", Ended, time.Minute, ""},
	} {
		j := Judge(tracked(OWA, c.threat), []*Track{tracked(OWA, c.control)}, within)
		if j.Verdict != c.want || j.Cutoff != c.cutoff || !strings.Contains(j.Note, c.note) || (c.note == "") != (j.Note == "") {
			t.Errorf("%s: %+v, want %s at %s with note %q", c.name, j, c.want, c.cutoff, c.note)
		}
	}
}

func TestJudgePicksTheControlsOfThePath(t *testing.T) {
	threat := tracked(OWA, "+++-------")
	dead, alive := "+++xxxxxxx", "++++++++++"
	for _, c := range []struct {
		name     string
		controls []*Track
		want     Verdict
	}{
		{"a dead control of another path does not matter", []*Track{tracked(OWA, alive), tracked(IMAP, dead)}, Ended},
		{"a living one of another path does not help", []*Track{tracked(OWA, dead), tracked(IMAP, alive)}, Invalid},
		{"without one on the path all count", []*Track{tracked(IMAP, alive), tracked(POP3, dead)}, Invalid},
		{"no control shows nothing", nil, Invalid},
		{"a control that the lab lacks is none", []*Track{{Activity: &Activity{Path: OWA}, Missing: "no"}}, Invalid},
	} {
		if j := Judge(threat, c.controls, time.Minute); j.Verdict != c.want {
			t.Errorf("%s: %+v", c.name, j)
		}
	}
}

// An attempt that hangs at the horizon has shown nothing: it does not undo what
// was seen before, and it does not count as working.
func TestJudgePending(t *testing.T) {
	hanging := 6 * time.Minute
	for attempts, want := range map[string]Verdict{"++++++++++": VerdictUnknown, "+++-------": Ended} {
		tr := tracked(OWA, attempts)
		tr.Pending = &hanging
		if j := Judge(tr, []*Track{tracked(OWA, "++++++++++")}, 2*time.Minute); j.Verdict != want {
			t.Errorf("threat %s: %+v, want %s", attempts, j, want)
		}
	}
	control := tracked(OWA, "++++++++++")
	control.Pending = &hanging
	if j := JudgeControl(control); j.Verdict != Lost {
		t.Errorf("control: %+v", j)
	}
	if j := Judge(tracked(OWA, "+++-------"), []*Track{control}, 2*time.Minute); j.Verdict != Invalid {
		t.Errorf("threat beside a hanging control: %+v", j)
	}
}

// Polls that are rarer than the limit cannot show that it was kept.
func TestJudgeCoarse(t *testing.T) {
	tr := tracked(OWA, "+++---")
	tr.Activity.Every = time.Hour
	tr.Spans[1].First, tr.Spans[1].Last = 50*time.Minute, 3*time.Hour
	control := tracked(OWA, "+++")
	control.Spans[0].Last = 4 * time.Hour
	if j := Judge(tr, []*Track{control}, 5*time.Minute); j.Verdict != VerdictUnknown {
		t.Errorf("%+v", j)
	}
}

// An unknown outcome counts until the moment that the link died.
func TestObserveUnknown(t *testing.T) {
	tr := &Track{Activity: &Activity{}}
	tr.Observe(time.Minute, 3*time.Minute, &Failure{Kind: Unknown}, nil)
	if tr.Spans[0].Last != 3*time.Minute {
		t.Errorf("%+v", tr.Spans[0])
	}
}

func TestTooLong(t *testing.T) {
	var long []Verdict
	for _, v := range append(slices.Clone(Verdicts), Kept, Lost) {
		if v.TooLong() {
			long = append(long, v)
		}
	}
	if !slices.Equal(long, []Verdict{Late, Open}) {
		t.Errorf("%q", long)
	}
}

// What an SOP is not about was played; what the lab lacks was not, or is a case
// with its own steps.
func TestUnpromised(t *testing.T) {
	for _, c := range []struct {
		sop      string
		v        Verdict
		attempts int
		want     bool
	}{
		{"naive", NotAvailable, 3, true}, {"naive", NotAvailable, 0, false}, {"", NotAvailable, 3, false}, {"naive", Open, 3, false},
	} {
		if got := (&RunResult{SOP: c.sop}).Unpromised(&ActivityResult{Verdict: c.v, Attempts: c.attempts}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	byHand := &RunResult{SOP: "by-hand", Steps: []*StepResult{{Do: "reset-iis", Outcome: NotApplicable, Detail: "no IIS"}}}
	if byHand.Unpromised(&ActivityResult{Verdict: NotAvailable, Attempts: 3, Note: "reset-iis: no IIS"}) {
		t.Error("a case whose own step the lab lacks is said to be beside an SOP")
	}
}

func TestJudgeMissing(t *testing.T) {
	j := Judge(&Track{Activity: &Activity{}, Missing: "no such path"}, nil, time.Minute)
	if j.Verdict != NotAvailable || j.Verdict.Broken() {
		t.Errorf("%+v", j)
	}
}

// Of a threat that the SOP is not about nothing is promised, whatever became of it.
func TestJudgeBeside(t *testing.T) {
	for _, attempts := range []string{"++++++++++", "+++-------"} {
		tr := tracked(OWA, attempts)
		tr.Activity.Beside = "spammer has no account here"
		j := Judge(tr, []*Track{tracked(OWA, "++++++++++")}, 2*time.Minute)
		if j.Verdict != NotAvailable || j.Note != tr.Activity.Beside {
			t.Errorf("%s: %+v", attempts, j)
		}
	}
}

func TestJudgeControl(t *testing.T) {
	for attempts, want := range map[string]Verdict{
		"++++++++++": Kept,
		"+++xx+++++": Kept,
		"+++++++++x": Lost,
		"xxxx++++++": Invalid,
		"..........": Invalid,
		"+++.......": Invalid, // nobody looked after the order
	} {
		if j := JudgeControl(tracked(OWA, attempts)); j.Verdict != want {
			t.Errorf("%s: %+v, want %s", attempts, j, want)
		}
	}
}

func TestOutages(t *testing.T) {
	got := tracked(OWA, "-+-x++--?").Outages()
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	if o := got[0]; o.From != -time.Minute || o.To != time.Minute || o.Lasting {
		t.Errorf("first outage %+v", o)
	}
	if o := got[1]; o.From != 3*time.Minute || !o.Lasting {
		t.Errorf("second outage %+v", o)
	}
}

func TestObserveJoinsEqualOutcomes(t *testing.T) {
	tr := tracked(OWA, "+++--x-+++")
	if len(tr.Spans) != 5 || tr.Attempts != 10 || tr.Worked != 6 || tr.Spans[0].Count != 3 {
		t.Errorf("%+v", tr)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 10 * time.Second: "10s", 90 * time.Second: "1m30s", 15 * time.Minute: "15m",
		20 * time.Minute: "20m", 10 * time.Hour: "10h", 24 * time.Hour: "24h", 118*time.Minute + 30*time.Second: "1h58m30s",
		time.Hour + 5*time.Second: "1h0m5s", 1500 * time.Millisecond: "1.5s", -30 * time.Minute: "-30m",
		10*time.Minute + 400*time.Millisecond: "10m",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	order := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	d := Decision{Reason: "token reused", Server: "cas1", Rule: "sliding 15m", Since: order.Add(-30 * time.Minute), Renewed: order.Add(2 * time.Hour)}
	if got, want := d.Describe(order), "token reused on cas1, sliding 15m, made T-30m, renewed T+2h"; got != want {
		t.Errorf("got %q", got)
	}
}
