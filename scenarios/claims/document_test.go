package claims

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"shutout/lab"
	"shutout/sim/profile"
)

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
	return documentOf(t, small, set...)
}

func documentOf(t *testing.T, text string, set ...string) *Document {
	t.Helper()
	l, err := parse(text)
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
	if len(d.Drift()) > 0 || d.Groups[0].Claims[0].Predicted != "" || d.VirtualS != float64(100*(3+len(profile.Exchange.Names()))) {
		t.Errorf("with other parameters nothing is predicted: %v, %v", d.Drift(), d.VirtualS)
	}
	var b bytes.Buffer
	if err := JSON(&b, d); err != nil || !json.Valid(b.Bytes()) || strings.Contains(b.String(), "wall_s") {
		t.Error(err, b.String())
	}
}

// What is played for contrast is told, and does not count.
func TestContrast(t *testing.T) {
	const vary = "vary: {steps: each, iis.token_ttl_mode: [sliding, absolute]}"
	c := documentOf(t, strings.Replace(small, vary, vary+"\n    contrast: {steps: [disable-account, reset-iis]}", 1)).Groups[0].Claims[0]
	if c.Verdict != Confirmed || !c.Drift || c.DependsOn != nil {
		t.Errorf("%s %v", c.Verdict, c.DependsOn)
	}
	if got := c.finding(); !strings.Contains(got, " · but with no reset-iis, with no disable-account: ") {
		t.Error(got)
	}
	n := 0
	for _, o := range c.Observations {
		if o.Contrast {
			n++
		}
	}
	if n != 8 || len(c.about()) != 4 {
		t.Errorf("%d observations for contrast, %d that count", n, len(c.about()))
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

func TestByDefault(t *testing.T) {
	saw := func(held bool, traits ...Trait) *Observation { return &Observation{Held: held, Traits: traits} }
	is := func(value string) Trait {
		return Trait{Name: "iis.token_ttl_mode", Value: value, Default: value == "sliding"}
	}
	for want, list := range map[string][]*Observation{
		"by default yes": {saw(true, is("sliding")), saw(false, is("absolute"))},
		"by default no":  {saw(false, is("sliding")), saw(true, is("absolute")), {Held: true, Traits: []Trait{is("sliding")}, LeftOut: "n/a"}},
		"":               {saw(true, is("sliding"), trait("path", "owa")), saw(false, is("sliding"), trait("path", "imap")), saw(true, is("absolute"))},
	} {
		if got := (&ClaimResult{Observations: list}).byDefault(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (&ClaimResult{Observations: []*Observation{saw(true, trait("path", "owa"))}}).byDefault(); got != "" {
		t.Errorf("no parameter was varied: %q", got)
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
		for _, to := range []*bytes.Buffer{&plain, &coloured} {
			if err := Terminal(to, d, Style{Width: width, Brief: true, Colour: to == &coloured}); err != nil {
				t.Fatal(err)
			}
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
	if err := Terminal(&b, d, Style{Brief: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  ~ It ends. (it-ends; depends on disable-account, reset-iis, iis.token_ttl_mode and tried)\n",
		"(it-works; refuted, predicted confirmed)\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the overview has no %q:\n%s", want, b.String())
		}
	}
	b.Reset()
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
