package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/report"
)

func threat(id, who string, path lab.Path, c lab.Capability, v lab.Verdict, cutoff ...float64) *lab.ActivityResult {
	a := &lab.ActivityResult{ID: id, Who: who, Path: path, Role: lab.Threat, Capability: c, Verdict: v}
	if cutoff != nil {
		a.CutoffS = &cutoff[0]
	}
	return a
}

// Plain words name everything that lasted too long, and say of nothing that is
// still open that it was the last.
func TestPlainWordsNameAll(t *testing.T) {
	r := &lab.RunResult{Title: "An Outlook that was open", LimitS: 300, HorizonS: 86400}
	for _, path := range []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere} {
		for _, c := range []lab.Capability{lab.Read, lab.Send} {
			r.Activities = append(r.Activities, threat("dana-"+string(path), "dana", path, c, lab.Late, 5340))
		}
	}
	na := threat("dana-imap", "dana", lab.IMAP, lab.Read, lab.NotAvailable)
	na.Note = lab.ErrNotAvailable.Error() + ": the servers do not offer IMAP"
	r.Activities = append(r.Activities,
		threat("dana-owa", "dana", lab.OWA, lab.Read, lab.Late, 7200),
		threat("dana-ews", "dana", lab.EWS, lab.Read, lab.Open), na,
		threat("frank-owa", "frank", lab.OWA, lab.Read, lab.Ended, 60))
	got := report.PlainWords(&lab.Document{Runs: []*lab.RunResult{r}})
	want := []string{
		"An Outlook that was open.",
		"The order to cut access off was given at T0. Access had to end within 5 minutes, and was watched for 24 hours.",
		"Still open: when the watch ended after 24 hours, dana could still read mail with a program that uses Exchange Web Services (ews).",
		"Ended too late: until 2 hours after the order, 1 hour 55 minutes over the limit, dana could read mail in a browser (owa); " +
			"until 1 hour 29 minutes after the order, 1 hour 24 minutes over the limit, dana could read mail and send mail with Outlook in the office (outlook-rpc) and with Outlook at home (outlook-anywhere).",
		"Everything else had ended within the limit; the last of it was at T+1m: frank could still read mail in a browser (owa), 1 minute after the order.",
		"Not tried, so nothing is said of it: whether dana could read mail with an IMAP mail program (imap). The reason: the servers do not offer IMAP.",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Plain words say no more of several cases than was shown.
func TestPlainWordsOfSeveral(t *testing.T) {
	control := func(v lab.Verdict, outages ...lab.OutageResult) *lab.ActivityResult {
		return &lab.ActivityResult{ID: "erin", Who: "erin", Path: lab.OWA, Role: lab.Control, Capability: lab.Read, Verdict: v, Outages: outages}
	}
	run := func(list ...*lab.ActivityResult) *lab.RunResult {
		return &lab.RunResult{Scenario: "case", LimitS: 300, HorizonS: 3600, Activities: list}
	}
	one := func(v lab.Verdict) *lab.ActivityResult { return threat("dana", "dana", lab.OWA, lab.Read, v, 60) }
	away := lab.OutageResult{FromS: 60, ToS: new(120.0)}
	for name, c := range map[string]struct {
		runs      []*lab.RunResult
		want, not []string
	}{
		"no clear end": {
			[]*lab.RunResult{run(one(lab.Ended), control(lab.Kept)), run(one(lab.Invalid), control(lab.Kept)), run(one(lab.VerdictUnknown), control(lab.Kept)), run(one(lab.Late), one(lab.Invalid), control(lab.Kept))},
			[]string{"In 1 of them everything that had to end had ended within the limit; in 1 something had not; in 2 it is not clear whether everything had.", "Nobody else was disturbed."}, nil,
		},
		"no control was shown": {
			[]*lab.RunResult{run(one(lab.Ended), control(lab.NotAvailable)), run(one(lab.Ended), control(lab.Invalid, lab.OutageResult{FromS: -60}))},
			[]string{"In 2 cases nothing shows whether somebody else was disturbed."}, []string{"Nobody else", "cut off"},
		},
		"one was shown": {
			[]*lab.RunResult{run(one(lab.Ended), control(lab.Kept)), run(one(lab.NotAvailable), control(lab.NotAvailable))},
			[]string{"Nobody else was disturbed."}, []string{"nothing shows"},
		},
		"for good, and for a while": {
			[]*lab.RunResult{run(one(lab.Ended), control(lab.Lost, away, lab.OutageResult{FromS: 180})), run(one(lab.Ended), control(lab.Kept, away))},
			[]string{"In 1 case somebody else was cut off, and had not come back when the watch ended.\nIn 1 case somebody else was cut off for a while."}, []string{"Nobody else"},
		},
		"what the SOP is not about": {
			[]*lab.RunResult{sopRun(beside()), sopRun(missing())},
			[]string{
				"in 1 this lab had nothing to show; in 1 nothing was promised, as the SOP is not about them.",
				"1 promise was not tried, because this lab does not have what that needs; nothing is said of them.",
				"1 promise was not made, because the SOP is not about them; nothing is said of them.",
			}, nil,
		},
	} {
		text := strings.Join(report.PlainWords(&lab.Document{Lab: lab.Simulation, Runs: c.runs}), "\n")
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", name, w, text)
			}
		}
		for _, w := range c.not {
			if strings.Contains(text, w) {
				t.Errorf("%s: %q in\n%s", name, w, text)
			}
		}
	}
}

// A title is one sentence, whether it has a full stop or not.
func TestTitledStory(t *testing.T) {
	for title, want := range map[string]string{"Somebody leaves": "Somebody leaves.", "Somebody leaves.": "Somebody leaves.", "": "The order"} {
		if got := report.TitledStory(&lab.RunResult{Title: title})[0]; got != want && (title != "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%q begins %q", title, got)
		}
	}
}

// What is too much for plain words is counted.
func TestPlainWordsAreBounded(t *testing.T) {
	r := &lab.RunResult{LimitS: 300, HorizonS: 86400}
	for i := range 20 {
		r.Activities = append(r.Activities, threat(fmt.Sprint(i), "dana", lab.OWA, lab.Read, lab.Late, float64(1000+60*i)))
	}
	text := strings.Join(report.PlainStory(r), "\n")
	if n := strings.Count(text, "over the limit"); n != 8 || !strings.HasSuffix(text, "; and 12 promises more.") {
		t.Errorf("%d told in %s", n, text)
	}
}

// Where one person does two things on one path every form says which, and who.
func TestWhose(t *testing.T) {
	d := &lab.Document{Lab: lab.Simulation, Runs: []*lab.RunResult{{Scenario: "first", LimitS: 300, HorizonS: 600, Activities: []*lab.ActivityResult{
		threat("ticket", "dana", lab.IMAP, lab.Read, lab.Open), threat("dana-idle", "dana", lab.IMAP, lab.Receive, lab.Open), threat("other", "dana", lab.OWA, lab.Read, lab.Open),
	}}}}
	for _, a := range d.Runs[0].Activities {
		a.Because = []lab.Reason{{Layer: lab.LayerConnection, Allowed: true, Detail: "signed in once"}}
	}
	for form, write := range map[string]func(*bytes.Buffer) error{
		"terminal": func(b *bytes.Buffer) error { return report.Terminal(b, d, report.Style{Brief: true}) },
		"narrow":   func(b *bytes.Buffer) error { return report.Terminal(b, d, report.Style{Width: 24}) },
		"markdown": func(b *bytes.Buffer) error { return report.Markdown(b, d) },
		"page":     func(b *bytes.Buffer) error { return report.HTML(b, d) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(strings.Join(strings.Fields(b.String()), " "), "\\", "")
		words := []string{"dana (ticket)", "dana-idle"}
		if form == "page" {
			words = append(words, ">dana (ticket) over imap, >10m<", ">dana-idle over imap, >10m<", ">dana over owa, >10m<")
			text = strings.ReplaceAll(text, "&gt;", ">")
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q:\n%s", form, w, &b)
			}
		}
	}
}

// A bystander who kept one thing and lost another is not said to be kept.
func TestBriefSaysWhatWasKept(t *testing.T) {
	control := func(id string, c lab.Capability, v lab.Verdict) *lab.ActivityResult {
		return &lab.ActivityResult{ID: id, Who: "erin", Path: lab.OWA, Role: lab.Control, Capability: c, Verdict: v}
	}
	d := &lab.Document{Runs: []*lab.RunResult{{Activities: []*lab.ActivityResult{
		control("erin-writes", lab.Send, lab.Kept), control("erin-writes", lab.Deliver, lab.Lost), control("frank", lab.Send, lab.Kept), control("frank", lab.Deliver, lab.Kept),
	}}}}
	var b bytes.Buffer
	if err := report.Terminal(&b, d, report.Style{Brief: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "kept: erin-writes send, frank\n") {
		t.Errorf("\n%s", &b)
	}
}
