package claims

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/fixtures/sources"
	"shutout/scenarios"
	"shutout/sim/profile"
)

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
		{"vary: {profile: all}", "vary: {steps: each}", "steps: each takes an SOP of 1 to 6 different steps, this one has 0"},
		{"vary: {profile: all}", "vary: {profile: all}\n    contrast: {steps: [all]}", `"steps" is not varied`},
		{"vary: {profile: all}", "vary: {profile: all}\n    contrast: {profile: [ex2011]}", `"ex2011" is no value of profile that is varied: did you mean`},
		{"vary: {profile: all}", "vary: {profile: [ex2010]}\n    contrast: {profile: [ex2010]}", "every value of profile is for contrast"},
		{"vary: {profile: all}", "vary: all", "vary and contrast take a mapping"},
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
	if err != nil || len(plan.Scenarios()) != 6+len(profile.Exchange.Names()) || len(plan.Keys()) != 6+len(profile.Exchange.Names()) {
		t.Errorf("%d plays, %v", len(plan.Scenarios()), err)
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
