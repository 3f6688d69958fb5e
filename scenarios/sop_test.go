package scenarios

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
)

func TestSOPIsBoundToACase(t *testing.T) {
	sop, ok := FindSOP("thorough")
	if !ok {
		t.Fatal("the SOP thorough is gone")
	}
	sc, _ := Find("session-open-before-disable")
	if err := sop.Bind(sc); err != nil {
		t.Fatal(err)
	}
	first := sc.SOP[0].Action.(*mitigation.ResetPassword)
	if first.User != "dana" || first.Times != 2 || sc.Expect != nil {
		t.Errorf("%+v, expectations %v", first, sc.Expect)
	}
}

// Whoever leaves in a case has the steps that name ${leaver}, the servers have
// the others once.
func TestSOPIsBoundToEverybodyWhoLeaves(t *testing.T) {
	sop, err := ParseSOP("sop.yaml", []byte(`
id: ours
title: Ours
story: What "${leaver}" means is told nowhere else.
sop:
  - {at: 5m, do: reset-iis}
  - {at: 0s, do: reset-password, user: "${leaver}", times: 2}
  - {at: 0s, do: disable-account, user: "${leaver}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"wipe-arrives-only-before-the-door-is-shut": "dana nate",
		"tokens-on-several-servers":                 "dana sam",
		"exchange-2013-test":                        "dana rita dirk mona",
		"idle-browser-versus-busy-browser":          "busy just idle anew",
		"pop3-has-two-switches":                     "frank", // dana works on
		"pull-the-plug":                             "admin",
	} {
		sc, _ := Find(id)
		if err := sop.Bind(sc); err != nil {
			t.Fatal(err)
		}
		var got, expected []string
		for _, step := range sc.SOP {
			got = append(got, step.Action.Name()+" "+mitigation.Describe(step.Action))
		}
		for _, leaver := range strings.Fields(want) {
			expected = append(expected, "reset-password user: "+leaver+", times: 2")
		}
		for _, leaver := range strings.Fields(want) {
			expected = append(expected, "disable-account user: "+leaver)
		}
		if expected = append(expected, "reset-iis "); !slices.Equal(got, expected) {
			t.Errorf("%s: %q", id, got)
		}
	}
}

// What is wrong with a step is told once, however many leave.
func TestSOPThatFitsNobodyIsToldOnce(t *testing.T) {
	sop, err := ParseSOP("sop.yaml", []byte("id: ours\ntitle: Ours\nsop:\n  - {do: move-mailbox, user: \"${leaver}\", to: db9}\n"))
	if err != nil {
		t.Fatal(err)
	}
	sc, _ := Find("exchange-2013-test")
	if err := sop.Bind(sc); err == nil || strings.Count(err.Error(), "sop.yaml:4:") != 1 {
		t.Errorf("error %v", err)
	}
}

// An SOP for whoever leaves promises nothing about others: those outside, those
// who go on working, and what needs no account. What a leaver's mailbox answers
// is the leaver's.
func TestWhatAnSOPIsAbout(t *testing.T) {
	bound := func(sop, id string) map[string]string {
		t.Helper()
		s, ok := FindSOP(sop)
		sc, known := Find(id)
		if !ok || !known {
			t.Fatalf("%s or %s is gone", sop, id)
		}
		if err := s.Bind(sc); err != nil {
			t.Fatal(err)
		}
		beside := map[string]string{}
		for _, a := range sc.Activities {
			if a.Beside != "" {
				beside[a.ID] = strings.TrimPrefix(a.Beside, "the SOP is about whoever leaves, and ")
			}
		}
		return beside
	}
	for _, tt := range []struct {
		sop, id string
		want    map[string]string
	}{
		{"thorough", "exchange-2013-test", map[string]string{}},
		{"thorough", "pull-the-plug", map[string]string{"bot-in-office": "spammer has no account here"}},
		{"thorough", "mail-by-another-server", map[string]string{"by-another-server": "smtp-direct needs no account"}},
		{"thorough", "pop3-has-two-switches", map[string]string{"dana-pop3": "dana has to go on working"}},
		{"dovecot-within-a-minute", "vacation-of-a-disabled-user", map[string]string{}},
		{"replies-stay-inside", "spam-to-ooo-user", map[string]string{}},
		{"find-infected-workstation", "pull-the-plug", map[string]string{}}, // about the network
	} {
		if got := bound(tt.sop, tt.id); !maps.Equal(got, tt.want) {
			t.Errorf("%s in %s: beside it %v", tt.sop, tt.id, got)
		}
	}
	// A case that was bound before forgets what the SOP before was about.
	sc, _ := Find("pull-the-plug")
	for _, id := range []string{"thorough", "find-infected-workstation"} {
		sop, _ := FindSOP(id)
		if err := sop.Bind(sc); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range sc.Activities {
		if a.Beside != "" {
			t.Errorf("%s: %s", a.ID, a.Beside)
		}
	}
}

// An SOP against abuse that is about a mailbox promises as much about the mail to
// it as the case's own steps do.
func TestSOPAboutMailToAMailbox(t *testing.T) {
	const text = `
id: flood
title: Spam arrives until the mailbox takes its own people's mail only
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [deliver], to: erin, sender: "forged{n}@d{n}.dead.example", every: 1m, since: -10m}
  - {id: elsewhere, who: spammer, from: bot, path: smtp-anonymous, do: [deliver], to: olga, sender: "forged{n}@d{n}.dead.example", every: 1m, since: -10m}
controls:
  - {id: erin-reads, who: erin, from: erin-desk, path: owa, do: [read], every: 1m, since: -10m}
within: 5m
horizon: 1h
sop:
  - {at: 0s, do: restrict-senders, user: erin, from: [frank]}
`
	sc, err := Parse("flood.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sop, err := Generated("ours", []string{`{at: 0s, do: restrict-senders, user: "${leaver}", from: [frank]}`})
	if err != nil {
		t.Fatal(err)
	}
	if err := sop.Bind(sc); err != nil {
		t.Fatal(err)
	}
	if a := sc.Activities[0]; a.Beside != "" {
		t.Errorf("mail to erin: %s", a.Beside)
	}
	if a := sc.Activities[1]; a.Beside == "" {
		t.Error("an SOP about erin's mailbox promises something about the mail to olga")
	}
}

// Where nobody leaves no bystander is taken for a leaver, but an SOP against
// abuse is about the mailbox that is written to.
func TestSOPWhereNobodyLeaves(t *testing.T) {
	for _, id := range []string{"spam-to-ooo-user", "vacation-switched-off", "smtp-for-authenticated-only", "pop3-new-password-overheard-again"} {
		sc, _ := Find(id)
		sop, _ := FindSOP("thorough")
		if err := sop.Bind(sc); err == nil || !strings.HasPrefix(err.Error(), "fixtures/sops/thorough.yaml names ${leaver}, and in the case "+id+" nobody leaves: ") {
			t.Errorf("error %v", err)
		}
	}
	own := strings.ReplaceAll(minimal, "user: dana", `user: "${leaver}"`)
	if _, err := Parse("case.yaml", []byte(own)); err != nil {
		t.Errorf("dana leaves: %v", err)
	}
	_, err := Parse("case.yaml", []byte(strings.ReplaceAll(own, "who: erin", "who: dana")))
	if err == nil || !strings.Contains(err.Error(), "a step names ${leaver}, and nobody leaves in this case: name the person") || strings.Contains(err.Error(), "unknown variable") {
		t.Errorf("error %v", err)
	}
	sc, _ := Find("spam-to-ooo-user")
	sop, _ := FindSOP("replies-stay-inside")
	if err := sop.Bind(sc); err != nil || sc.SOP[0].Action.(*mitigation.SetOutOfOffice).User != "erin" {
		t.Errorf("%v, %v", sc.SOP, err)
	}
}

func TestGenerated(t *testing.T) {
	steps := []string{`{at: 0s, do: disable-account, user: "${leaver}"}`, "{at: 2m, do: reset-iis}"}
	sop, err := Generated("ours", steps)
	if err != nil {
		t.Fatal(err)
	}
	sc, _ := Find("session-open-before-disable")
	if err := sop.Bind(sc); err != nil || sc.SOPID != "generated" || len(sc.SOP) != 2 || sc.SOP[1].At != 2*time.Minute {
		t.Errorf("%+v, %v", sc.SOP, err)
	}
	if _, err := Generated("ours", append(steps, "{at: 3m, do: reset-ii}")); err == nil || !strings.HasPrefix(err.Error(), `ours:6:18: unknown mitigation "reset-ii"`) {
		t.Errorf("error %v", err)
	}
}

func TestSOPThatDoesNotFit(t *testing.T) {
	sc, _ := Find("session-open-before-disable")
	sop, err := ParseSOP("sop.yaml", []byte(`
id: ours
title: Ours
sop:
  - {at: 2d, do: disable-account, user: "${leaver}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := sop.Bind(sc); err == nil || !strings.Contains(err.Error(), "sop.yaml:5:10: the step disable-account at 48h lies after the horizon of 24h") {
		t.Errorf("error %v", err)
	}
	sop, err = ParseSOP("sop.yaml", []byte("id: ours\ntitle: Ours\nsop:\n  - {do: move-mailbox, user: gil, to: db1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := sop.Bind(sc); err == nil || !strings.Contains(err.Error(), `sop.yaml:4:30: move-mailbox: user "gil" is not a person`) {
		t.Errorf("error %v", err)
	}
	if len(sc.SOP) != 1 || sc.Expect == nil {
		t.Error("an SOP that does not fit changes the case")
	}
}

func TestSOPProblems(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"empty", "", []string{"1:1: the file is empty: an SOP has an id"}},
		{"result", `{"schema": 1, "runs": []}`, []string{"1:1: this is a result document, not an SOP: shutout report shows it"}},
		{"a case", minimal, []string{"1:1: this is a case, not an SOP"}},
		{"no steps", "id: a\ntitle: b\n", []string{"1:1: there are no steps"}},
		{"unknown variable and mitigation", "id: a\ntitle: b\nsop:\n  - {do: disable-account, user: \"${lever}\"}\n  - {do: sack}\n", []string{
			`4:33: unknown variable "${lever}": did you mean leaver?`, `5:10: unknown mitigation "sack" (shutout list mitigations)`}},
		{"unknown key", "id: a\ntitle: b\nhorizon: 3h\nsop: [{do: reset-iis}]\n", []string{`3:1: unknown key "horizon"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseSOP("case.yaml", []byte(tt.src))
			expectProblems(t, err, tt.want)
		})
	}
}

func TestLeavers(t *testing.T) {
	if ids := Leavers(&lab.Scenario{Cast: &lab.Cast{}}); ids != nil {
		t.Errorf("nobody is %q", ids)
	}
}

// What a case is about shows in its steps, and in who leaves where it has none.
func TestFamily(t *testing.T) {
	spam, _ := Find("spam-to-ooo-user")
	leaving, _ := Find("session-open-before-disable")
	for range 2 { // with their steps, and without
		if got := Family(spam); got != AboutAbuse {
			t.Errorf("%s with %d steps is about %s", spam.ID, len(spam.SOP), got)
		}
		if got := Family(leaving); got != AboutLeaver {
			t.Errorf("%s with %d steps is about %s", leaving.ID, len(leaving.SOP), got)
		}
		spam.SOP, leaving.SOP = nil, nil
	}
}

func TestHasten(t *testing.T) {
	activity := func(since, every time.Duration) *lab.Activity { return &lab.Activity{Since: since, Every: every} }
	begin := func() *lab.Scenario {
		return &lab.Scenario{
			Horizon:    time.Minute,
			Activities: []*lab.Activity{activity(-30*time.Minute, 30*time.Second), activity(-3*time.Second, time.Second)},
			Controls:   []*lab.Activity{activity(-20*time.Minute, 5*time.Minute), activity(10*time.Second, time.Second)},
			SOP:        []lab.Step{{At: -time.Hour}, {At: -25 * time.Minute}, {At: 5 * time.Second}},
		}
	}
	times := func(sc *lab.Scenario) (since, every []time.Duration) {
		for _, a := range append(slices.Clone(sc.Activities), sc.Controls...) {
			since, every = append(since, a.Since), append(every, a.Every)
		}
		for _, step := range sc.SOP {
			since = append(since, step.At)
		}
		return since, every
	}
	for _, tt := range []struct {
		lead, every time.Duration
		since       []time.Duration
		everies     []time.Duration
	}{
		{0, 0, []time.Duration{-1800000, -3000, -1200000, 10000, -3600000, -1500000, 5000}, []time.Duration{30000, 1000, 300000, 1000}},
		{2 * time.Hour, 0, []time.Duration{-1800000, -3000, -1200000, 10000, -3600000, -1500000, 5000}, []time.Duration{30000, 1000, 300000, 1000}},
		{10 * time.Second, 2 * time.Second, []time.Duration{-7497, -3000, -6662, 10000, -10000, -7079, 5000}, []time.Duration{2000, 1000, 2000, 1000}},
	} {
		sc := begin()
		Hasten(sc, tt.lead, tt.every)
		since, every := times(sc)
		for i := range tt.since {
			tt.since[i] *= time.Millisecond
		}
		for i := range tt.everies {
			tt.everies[i] *= time.Millisecond
		}
		if !slices.Equal(since, tt.since) || !slices.Equal(every, tt.everies) {
			t.Errorf("lead %v, every %v: begins %v, every %v", tt.lead, tt.every, since, every)
		}
	}
}

func TestSetTimes(t *testing.T) {
	sc, _ := Find("disable-then-reset-all-iis")
	if err := SetTimes(sc, -1, -1); err != nil || sc.Within != 5*time.Minute || sc.Horizon != 24*time.Hour {
		t.Errorf("%v %v %v", err, sc.Within, sc.Horizon)
	}
	if err := SetTimes(sc, time.Minute, time.Hour); err != nil || sc.Within != time.Minute || sc.Horizon != time.Hour {
		t.Errorf("%v %v %v", err, sc.Within, sc.Horizon)
	}
	err := SetTimes(sc, 2*time.Hour, time.Minute)
	for _, want := range []string{"within (2h) is longer than the horizon (1m)", "scenarios/disable-then-reset-all-iis.yaml:", "the step reset-iis at 2m lies after the horizon of 1m"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}
