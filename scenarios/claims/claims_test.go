package claims

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/scenarios"
)

func TestOutcomesAreReadAndWritten(t *testing.T) {
	for _, text := range []string{"ended", "late", "open", "works", "interrupted", "refused", "absent", "kept", "lost", "within 15m", "at least 1h", "from 5m to 2h"} {
		o, err := parseOutcome(text)
		if err != nil || o.String() != text {
			t.Errorf("%s is read as %s, %v", text, o, err)
		}
	}
	for _, text := range []string{"", "ends", "within", "within soon", "within -5m", "at 1h", "at most 1h", "from 1h", "from 2h to 1h", "from", "ended early", "at least"} {
		if o, err := parseOutcome(text); err == nil {
			t.Errorf("%q is taken for %s", text, o)
		}
	}
}

// A threat that worked for so long after the order, of ten attempts.
func threat(v lab.Verdict, cutoff time.Duration) *lab.ActivityResult {
	a := &lab.ActivityResult{ID: "dana", Role: lab.Threat, Capability: lab.Send, Verdict: v, Attempts: 10, Successes: 5}
	if v == lab.Ended || v == lab.Late {
		a.CutoffS = new(cutoff.Seconds())
	}
	return a
}

func control(v lab.Verdict, successes int) *lab.ActivityResult {
	return &lab.ActivityResult{ID: "erin", Role: lab.Control, Capability: lab.Send, Verdict: v, Attempts: 10, Successes: successes}
}

func TestHeld(t *testing.T) {
	never := threat(lab.Invalid, 0)
	never.Successes = 0
	missing := &lab.ActivityResult{ID: "dana", Role: lab.Threat, Verdict: lab.NotAvailable, Note: "not available in this lab: no such path"}
	every := threat(lab.Open, 0)
	every.Successes = every.Attempts
	for _, tt := range []struct {
		says string
		a    *lab.ActivityResult
		held bool
		left string // its beginning
	}{
		{"ended", threat(lab.Ended, time.Minute), true, ""},
		{"ended", threat(lab.Late, time.Hour), false, ""},
		{"late", threat(lab.Late, time.Hour), true, ""},
		{"open", threat(lab.Open, 0), true, ""},
		{"open", threat(lab.Late, time.Hour), false, ""},
		{"within 15m", threat(lab.Ended, 15*time.Minute), true, ""},
		{"within 15m", threat(lab.Late, 16*time.Minute), false, ""},
		{"within 15m", threat(lab.Open, 0), false, ""},
		{"at least 1h", threat(lab.Open, 0), true, ""},
		{"at least 1h", threat(lab.Late, time.Hour), true, ""},
		{"at least 1h", threat(lab.Late, 59*time.Minute), false, ""},
		{"from 1h to 2h", threat(lab.Late, 90*time.Minute), true, ""},
		{"from 1h to 2h", threat(lab.Late, 3*time.Hour), false, ""},
		{"from 1h to 2h", threat(lab.Open, 0), false, ""},
		{"works", every, true, ""},
		{"works", threat(lab.Open, 0), false, ""},
		{"interrupted", threat(lab.Open, 0), true, ""},
		{"interrupted", every, false, ""},
		{"interrupted", threat(lab.Ended, 0), false, ""},
		{"refused", never, true, ""},
		{"refused", threat(lab.Open, 0), false, ""},
		{"open", never, false, ""},
		{"absent", missing, true, ""},
		{"absent", threat(lab.Open, 0), false, ""},
		{"open", missing, false, "n/a: no such path"},
		{"open", threat(lab.VerdictUnknown, 0), false, "unknown"},
		{"ended", threat(lab.Invalid, 0), false, "invalid"},
		{"kept", control(lab.Kept, 9), true, ""},
		{"kept", control(lab.Lost, 5), false, ""},
		{"lost", control(lab.Lost, 5), true, ""},
		{"works", control(lab.Kept, 10), true, ""},
		{"works", control(lab.Kept, 9), false, ""},
		{"interrupted", control(lab.Kept, 9), true, ""},
	} {
		o, err := parseOutcome(tt.says)
		if err != nil {
			t.Fatal(err)
		}
		r := &lab.RunResult{HorizonS: 7200, Activities: []*lab.ActivityResult{tt.a, control(lab.Kept, 10)}}
		if held, left := o.held(tt.a, r); held != tt.held || !strings.HasPrefix(left, tt.left) || (left == "") != (tt.left == "") {
			t.Errorf("%s of %s: %v, %q; want %v, %q", tt.says, tt.a.Verdict, held, left, tt.held, tt.left)
		}
	}

	refused, _ := parseOutcome("refused")
	down := &lab.RunResult{Activities: []*lab.ActivityResult{never, control(lab.Lost, 0)}}
	if held, left := refused.held(never, down); held || !strings.HasPrefix(left, "invalid") {
		t.Errorf("with the lab down nothing was shown: %v, %q", held, left)
	}
	within, _ := parseOutcome("within 15m")
	r := &lab.RunResult{
		Steps:      []*lab.StepResult{{AtS: 60, Do: "restart-rpc-client-access", Outcome: lab.NotApplicable, Detail: "no such service"}},
		Activities: []*lab.ActivityResult{control(lab.Kept, 10)},
	}
	if _, left := within.held(threat(lab.Ended, 5*time.Minute), r); left != "n/a: restart-rpc-client-access: no such service" {
		t.Errorf("what a missing step was to end: %q", left)
	}
	if held, left := within.held(threat(lab.Ended, 30*time.Second), r); !held || left != "" {
		t.Errorf("what had ended before the missing step: %v, %q", held, left)
	}
}

// points writes observations as "a=1 b=x: yes".
func points(t *testing.T, lines ...string) []point {
	var all []point
	for _, line := range lines {
		traits, held, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatal(line)
		}
		p := point{held: held == "yes"}
		for _, field := range strings.Fields(traits) {
			name, value, _ := strings.Cut(field, "=")
			p.traits = append(p.traits, trait(name, value))
		}
		all = append(all, p)
	}
	return all
}

func TestDecide(t *testing.T) {
	terms := func(list [][]Trait) string {
		var all []string
		for _, term := range list {
			var parts []string
			for _, tr := range term {
				parts = append(parts, tr.Name+"="+tr.Value)
			}
			all = append(all, strings.Join(parts, "+"))
		}
		return strings.Join(all, " | ")
	}
	for _, tt := range []struct {
		name                   string
		points                 []point
		on, also, holds, fails string
	}{
		{"one trait", points(t, "a=1 b=x: yes", "a=1 b=y: yes", "a=2 b=x: no", "a=2 b=y: no"), "a", "", "a=1", "a=2"},
		{"the other one", points(t, "a=1 b=x: yes", "a=1 b=y: no", "a=2 b=x: yes", "a=2 b=y: no"), "b", "", "b=x", "b=y"},
		{"two that vary together", points(t, "a=1 b=x: yes", "a=2 b=y: no"), "a", "b", "a=1", "a=2"},
		{"both", points(t, "a=1 b=x: yes", "a=1 b=y: no", "a=2 b=x: no", "a=2 b=y: no"), "a b", "", "a=1+b=x", "b=y | a=2"},
		{"either", points(t, "a=1 b=x: yes", "a=1 b=y: yes", "a=2 b=x: yes", "a=2 b=y: no"), "a b", "", "b=x | a=1", "a=2+b=y"},
		{"three values", points(t, "a=1: yes", "a=2: no", "a=3: yes"), "a", "", "a=1 | a=3", "a=2"},
		{"a name only if nothing else decides", points(t, "activity=p a=1 b=x: yes", "activity=q a=1 b=y: no", "activity=r a=2 b=x: no"), "a b", "", "a=1+b=x", "b=y | a=2"},
		{"a name", points(t, "activity=p a=1: yes", "activity=q a=1: no"), "activity", "", "activity=p", "activity=q"},
	} {
		r := decide(tt.points)
		if r == nil {
			t.Errorf("%s: nothing decides", tt.name)
			continue
		}
		got := []string{strings.Join(r.On, " "), strings.Join(r.Also, " "), terms(r.Holds), terms(r.Fails)}
		// Which of several equally short terms comes first does not matter.
		for i, want := range []string{tt.on, tt.also, tt.holds, tt.fails} {
			a, b := strings.Split(got[i], " | "), strings.Split(want, " | ")
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) {
				t.Errorf("%s: %q, want %q", tt.name, got[i], want)
			}
		}
	}
	if r := decide(points(t, "a=1: yes", "a=1: no")); r != nil {
		t.Errorf("what is alike cannot be told apart: %+v", r)
	}
}

// small is a ledger that the tests change.
const small = `title: A text
disagreements:
  - {id: X1, question: Is it so?, a: "yes", b: "no"}
experiments:
  - id: small-case
    title: A small case
    activities:
      - {id: busy, who: dana, from: home, path: owa, do: [read, send], every: 1m, since: -26m}
    controls:
      - {id: erin, who: erin, from: erin-home, path: owa, do: [read], every: 5m, since: -26m}
    sop:
      - {at: 0s, do: disable-account, user: dana}
      - {at: 1m, do: reset-iis}
    horizon: 2h
  - id: small-variant
    title: Another
    like: small-case
    sop: []
claims:
  - id: it-ends
    claim: It ends.
    sources: [KB3035228]
    disagreement: X1
    side: A
    case: small-case
    vary: {steps: each, iis.token_ttl_mode: [sliding, absolute]}
    says: {busy: {send: within 15m}, erin: {read: works}}
    expect: depends
  - id: it-works
    claim: It works.
    sources: [KB3035228]
    case: small-variant
    within: 1m
    horizon: 1h
    vary: {profile: all}
    says: {busy: {read: works}}
    expect: confirmed
`

func parse(text string) (*Ledger, error) {
	return Parse(map[string][]byte{"small.yaml": []byte(text)})
}

func TestParse(t *testing.T) {
	l, err := parse(small)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := l.Find("it-ends")
	if len(l.Experiments) != 2 || len(l.Experiments[1].SOP) != 0 || l.Experiments[1].Horizon != 2*time.Hour || len(c.Says) != 2 || c.Says[0].Activity != "busy" {
		t.Errorf("%+v", c)
	}
	other, _ := l.Find("it-works")
	if other.Case.Within != time.Minute || other.Case.Horizon != time.Hour || l.Experiments[1].Horizon != 2*time.Hour {
		t.Errorf("the claim's own times: %+v", other.Case)
	}
	kb, err := sources.Parse("KB3035228")
	if err != nil || !c.From(kb) {
		t.Error(err)
	}
}

// Each change makes the small ledger wrong in one way.
func TestProblems(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"id: it-ends", "id: It Ends", `small.yaml:20:9: "It Ends" is no id`},
		{"id: it-works", "id: it-ends", `there is a claim "it-ends" already, at small.yaml:20`},
		{"claim: It ends.", "note: x", `unknown key "note"`},
		{"claim: It ends.", `claim: ""`, "claim is missing"},
		{"case: small-case", "case: small-cas", `there is no case "small-cas": did you mean small-case?`},
		{"case: small-case", "case: xyzzy", `there is no case "xyzzy" (shutout list scenarios`},
		{"    sources: [KB3035228]\n    disagreement", "    disagreement", "sources is missing"},
		{"sources: [KB3035228]\n    disagreement", "sources: [KB303522]\n    disagreement", `unknown source "KB303522"`},
		{"sources: [KB3035228]\n    disagreement", "sources: [000#reset-prompt]\n    disagreement", `no statement "reset-prompt"`},
		{"disagreement: X1", "disagreement: X2", `there is no disagreement "X2"`},
		{"side: A", "side: C", `side is "C": expected A or B`},
		{"expect: depends", "expect: maybe", `expect is "maybe"`},
		{"    expect: depends\n", "", `expect is ""`},
		{"send: within 15m", "send: within 3h", "within 3h is longer than the horizon of 2h"},
		{"send: within 15m", "send: kept", "kept is not said of a threat"},
		{"read: works}}\n    expect: depends", "read: ended}}\n    expect: depends", "ended is not said of a control"},
		{"send: within 15m", "send: soon", `"soon" is no outcome`},
		{"send: within 15m", "send: [open]", "this is no outcome"},
		{"send: within 15m", "reply: open", `busy does not do "reply"`},
		{"says: {busy: {send", "says: {bosy: {send", `has no activity "bosy": did you mean busy?`},
		{"    says: {busy: {read: works}}\n", "", "says is missing"},
		{"steps: each", "steps: [reset-isi]", `has no step "reset-isi": did you mean reset-iis?`},
		{"iis.token_ttl_mode: [sliding, absolute]", "iis.token_ttl_mode: [sliding, both]", "iis.token_ttl_mode takes"},
		{"iis.token_ttl_mode: [sliding, absolute]", "iis.token_mode: [sliding]", "unknown parameter"},
		{"iis.token_ttl_mode: [sliding, absolute]", "sop: [nave]", `there is no SOP "nave"`},
		{"iis.token_ttl_mode: [sliding, absolute]", "iis.token_ttl_mode: []", "has no values"},
		{"iis.token_ttl_mode: [sliding, absolute]", "iis.token_ttl_mode: [sliding, sliding]", "stands here twice"},
		{"vary: {profile: all}", "vary: {profile: ex2011}", `unknown profile "ex2011"`},
		{"vary: {profile: all}", "vary: all", "vary takes a mapping"},
		{"vary: {profile: all}", "vary: {profile: all, steps: none, iis.token_ttl: [1m, 2m, 3m, 4m, 5m, 6m, 7m, 8m, 9m, 10m, 11m]}", "more than 64 variations"},
		{"horizon: 1h\n", "horizon: 0s\n", "horizon is 0s"},
		{"id: small-variant", "id: small-case", `there is a case "small-case" already`},
		{"id: small-variant", "id: ndr-attack", `there is a case "ndr-attack" already`},
		{"like: small-case", "like: large-case", `there is no experiment "large-case" above`},
		{"from: home", "from: hom", `there is no host "hom"`},
		{"title: A text\n", "", "title is missing"},
		{", b: \"no\"", "", "a disagreement has id, question, a and b"},
		{"experiments:\n", "experiments: x\nmore:\n", "experiments takes a list"},
		{small, "", "this is no file of the ledger"},
		{small, "- a", "this is no file of the ledger"},
	} {
		if !strings.Contains(small, tt.old) {
			t.Fatalf("the ledger has no %q", tt.old)
		}
		_, err := parse(strings.Replace(small, tt.old, tt.new, 1))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.new, err, tt.want)
		}
	}
}

func TestVariations(t *testing.T) {
	l, err := parse(small)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := l.Find("it-ends")
	all, err := c.Variations(nil)
	if err != nil || len(all) != 3*2 {
		t.Fatalf("%d variations, %v", len(all), err)
	}
	var commands, traits []string
	for _, v := range all {
		commands = append(commands, strings.Join(v.Command(c), " "))
		traits = append(traits, fmt.Sprint(v.traits))
		if v.Scenario.Expect != nil || len(v.Scenario.SOP) != len(v.Steps) {
			t.Errorf("%+v", v.Scenario)
		}
	}
	if commands[0] != "shutout run small-case --steps disable-account --set iis.token_ttl_mode=sliding" ||
		commands[5] != "shutout run small-case --steps disable-account,reset-iis --set iis.token_ttl_mode=absolute" {
		t.Error(commands)
	}
	if traits[0] != "[disable-account no reset-iis iis.token_ttl_mode=sliding*]" || traits[5] != "[disable-account reset-iis iis.token_ttl_mode=absolute]" {
		t.Error(traits)
	}
	fixed, err := c.Variations([]string{"iis.token_ttl_mode=absolute"})
	if err != nil || len(fixed) != 3 || !slices.Equal(fixed[0].Scenario.Set, []string{"iis.token_ttl_mode=absolute"}) {
		t.Errorf("what is set is not varied: %v", err)
	}
	if len(c.Case.SOP) != 2 || c.Case.Set != nil {
		t.Errorf("the case was changed: %+v", c.Case)
	}
	other, _ := l.Find("it-works")
	all, _ = other.Variations(nil)
	if got := strings.Join(all[0].Command(other), " "); got != "shutout run small-variant --profile ex2003 --within 1m --horizon 1h" {
		t.Error(got)
	}
	plan, err := NewPlan(l, []*Claim{c, c, other}, nil)
	if err != nil || len(plan.Scenarios()) != 6+6 || len(plan.Keys()) != 12 {
		t.Errorf("%d plays, %v", len(plan.Scenarios()), err)
	}
}

// result plays nothing: busy ends at once if the account is disabled and either
// IIS restarted or tokens absolute.
func result(sc *lab.Scenario) *lab.RunResult {
	names := stepNames(sc)
	disabled := slices.Contains(names, "disable-account")
	ends := disabled && (slices.Contains(names, "reset-iis") || slices.Contains(sc.Set, "iis.token_ttl_mode=absolute"))
	a := threat(lab.Open, 0)
	if ends {
		a = threat(lab.Ended, 90*time.Second)
	}
	a.ID = "busy"
	a.Because = []lab.Reason{{Layer: lab.LayerToken, Allowed: true, Detail: "token reused on cas1"}}
	read := *a
	read.Capability = lab.Read
	e := control(lab.Kept, 10)
	e.Capability = lab.Read
	return &lab.RunResult{Scenario: sc.ID, HorizonS: lab.Seconds(sc.Horizon), VirtualS: 100, Activities: []*lab.ActivityResult{a, &read, e}}
}

func document(t *testing.T, set ...string) *Document {
	l, err := parse(small)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := NewPlan(l, l.All(), set)
	if err != nil {
		t.Fatal(err)
	}
	var results []*lab.RunResult
	for _, sc := range plan.Scenarios() {
		results = append(results, result(sc))
	}
	d := plan.Document(results, func(words []string) string { return strings.Join(words, " ") })
	d.Lab, d.Seed, d.Replay = "sim", 1, "shutout claims --seed 1"
	return d
}

func TestDocument(t *testing.T) {
	d := document(t)
	first, second := d.Groups[0].Claims[0], d.Groups[0].Claims[1]
	if first.Verdict != Depends || first.Drift || second.Verdict != Refuted || !second.Drift || !slices.Equal(d.Drift(), []string{"it-works"}) {
		t.Errorf("%s %v, %s %v", first.Verdict, first.Drift, second.Verdict, second.Drift)
	}
	if dis := d.Disagreements[0]; dis.Answer != AnswerDepends || !slices.Contains(dis.On, "disable-account") {
		t.Errorf("%+v", dis)
	}
	if second.finding() != "5 of 10 attempts worked; it says works" {
		t.Error(second.finding())
	}
	d = document(t, "iis.token_ttl_mode=absolute")
	if len(d.Drift()) > 0 || d.Groups[0].Claims[0].Predicted != "" || d.VirtualS != 900 {
		t.Errorf("with other parameters nothing is predicted: %v, %v", d.Drift(), d.VirtualS)
	}
	var b bytes.Buffer
	if err := JSON(&b, d); err != nil || !json.Valid(b.Bytes()) || strings.Contains(b.String(), "wall_s") {
		t.Error(err, b.String())
	}
}

func TestAnswers(t *testing.T) {
	claim := func(side string, v Verdict) *ClaimResult {
		return &ClaimResult{ID: side, Disagreement: "X1", Side: side, Verdict: v}
	}
	for _, tt := range []struct {
		a, b Verdict
		want Answer
	}{
		{Confirmed, Refuted, AnswerA}, {Refuted, Confirmed, AnswerB}, {Confirmed, Confirmed, AnswerBoth}, {Refuted, Refuted, AnswerNeither},
		{Confirmed, Depends, AnswerDepends}, {Depends, Refuted, AnswerDepends}, {Unseen, Confirmed, AnswerUnseen}, {Confirmed, "", AnswerA}, {"", Confirmed, AnswerB},
	} {
		var all []*ClaimResult
		if tt.a != "" {
			all = append(all, claim("A", tt.a))
		}
		if tt.b != "" {
			all = append(all, claim("B", tt.b))
		}
		if got := answer(&Disagreement{ID: "X1"}, all); got.Answer != tt.want {
			t.Errorf("A %s, B %s: %s, want %s", tt.a, tt.b, got.Answer, tt.want)
		}
	}
	if answer(&Disagreement{ID: "X2"}, []*ClaimResult{claim("A", Confirmed)}) != nil {
		t.Error("nobody answered X2")
	}
}

var codes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestRenderings(t *testing.T) {
	d := document(t)
	for _, width := range []int{40, 60, 80, 120, 0} {
		var plain, coloured bytes.Buffer
		if err := Terminal(&plain, d, Style{Width: width, Detail: true}); err != nil {
			t.Fatal(err)
		}
		if err := Terminal(&coloured, d, Style{Width: width, Detail: true, Colour: true}); err != nil {
			t.Fatal(err)
		}
		if codes.MatchString(plain.String()) || codes.ReplaceAllString(coloured.String(), "") != plain.String() {
			t.Error("colour changes more than colour")
		}
		most := width
		if most == 0 {
			most = 120
		}
		for line := range strings.Lines(plain.String()) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > most && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "shutout run ") || line != strings.TrimRight(line, " ") {
				t.Errorf("width %d: %q", width, line)
			}
		}
	}
	var b bytes.Buffer
	if err := Markdown(&b, d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 claims: 1 refuted, 1 depends.", "| ~ | It ends.<br>`it-ends` [X1A](#x1) | depends on ", "(predicted confirmed)",
		"- A: yes ~ `it-ends`\n- B: no", "- KB3035228: ",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page has no %q:\n%s", want, b.String())
		}
	}
}

// Every question has answers on both sides, and nothing has the name of
// something else that run takes.
func TestLedger(t *testing.T) {
	l := Load()
	for _, d := range l.Disagreements {
		sides := map[string]int{}
		for _, c := range l.All() {
			if c.Disagreement == d.ID {
				sides[c.Side]++
			}
		}
		if sides["A"] == 0 || sides["B"] == 0 {
			t.Errorf("%s is answered by %v", d.ID, sides)
		}
	}
	used := map[string]bool{}
	for _, c := range l.All() {
		used[c.Case.ID] = true
	}
	for _, sc := range l.Experiments {
		if !used[sc.ID] {
			t.Errorf("no claim is about the experiment %s", sc.ID)
		}
		if len(sc.Expect) > 0 {
			t.Errorf("the experiment %s predicts something: that is the claims' business", sc.ID)
		}
		if _, taken := scenarios.Find(sc.ID); taken {
			t.Errorf("%s is the name of a case as well", sc.ID)
		}
	}
	sc, _ := l.Experiment(l.Experiments[0].ID)
	if sc.Title = "changed"; l.Experiments[0].Title == "changed" {
		t.Error("the ledger hands out its own experiments")
	}
}

// Whatever the files, Parse returns.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("title: x\nclaims: [{id: a, vary: {steps: each}}]"))
	f.Add([]byte("experiments: [{like: x}, {id: y, like: y}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := Parse(map[string][]byte{"fuzz.yaml": src})
		if (l == nil) == (err == nil) {
			t.Errorf("%v, %v", l, err)
		}
	})
}
