package matrix

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
	"shutout/sim/profile"
)

func row(t *testing.T, name string) Row {
	t.Helper()
	r, ok := MitigationRow(name)
	if !ok {
		t.Fatalf("there is no mitigation %s", name)
	}
	return r
}

func steps(sc *lab.Scenario) string {
	var list []string
	for _, s := range sc.SOP {
		list = append(list, lab.Moment(s.At)+" "+strings.TrimSpace(s.Action.Name()+" "+mitigation.Describe(s.Action)))
	}
	return strings.Join(list, "; ")
}

func TestGrid(t *testing.T) {
	after := row(t, "disable-account")
	g, err := New(Options{
		Rows: []Row{after, row(t, "reset-iis"), row(t, "block-source-ip")}, Profiles: []string{"ex2010", "ex2016"},
		Paths: []lab.Path{lab.OutlookRPC, lab.SMTPSubmission}, Set: []string{"iis.token_ttl=7m"},
		Within: time.Minute, Horizon: time.Hour, Alone: true, After: &after,
	})
	if err != nil {
		t.Fatal(err)
	}
	// Three rows alone and two after the first, on two profiles and two paths;
	// the first alone serves as the second table's baseline.
	if len(g.Scenarios()) != (3+2)*2*2 {
		t.Errorf("%d cases", len(g.Scenarios()))
	}
	if len(g.blocks) != 2 || len(g.blocks[0].lines) != 6 || len(g.blocks[1].lines) != 6 || !g.blocks[1].lines[0].baseline || g.blocks[1].lines[2].baseline {
		t.Errorf("blocks %+v", g.blocks)
	}
	if got, want := g.blocks[1].lines[0].cases, g.blocks[0].lines[0].cases; !slices.Equal(got, want) {
		t.Errorf("the baseline is played twice: %v, %v", got, want)
	}
	last := g.blocks[1].lines[5]
	if sc := g.cases[last.cases[0]]; sc.Profile != "ex2016" || steps(sc) != "T0 disable-account user: dana; T+1m block-source-ip host: desk" {
		t.Errorf("%s: %s", sc.Profile, steps(sc))
	}
	sc := g.cases[last.cases[1]]
	if steps(sc) != "T0 disable-account user: dana; T+1m block-source-ip host: home" {
		t.Errorf("steps %s", steps(sc))
	}
	dana, erin := sc.Activities[0], sc.Controls[0]
	if dana.Who != "dana" || dana.Role != lab.Threat || dana.From != "home" || dana.To != "olga" || !slices.Equal(dana.Do, []lab.Capability{lab.Deliver}) {
		t.Errorf("leaver %+v", dana)
	}
	if erin.Who != "erin" || erin.Role != lab.Control || erin.From != "erin-home" || erin.Path != dana.Path || erin.Every != dana.Every {
		t.Errorf("bystander %+v", erin)
	}
	if sc.Within != time.Minute || sc.Horizon != time.Hour || !slices.Equal(sc.Set, []string{"popimap.autostart=true", "iis.token_ttl=7m"}) {
		t.Errorf("%+v", sc)
	}
	if got := Settings([]string{"popimap.autostart=false"}); len(got) > 0 {
		t.Errorf("the user's setting is overridden by %v", got)
	}
}

// Every mitigation against a leaver makes a valid case on every path.
func TestDefaultRows(t *testing.T) {
	g, err := New(Options{
		Rows: AccessRows(), Profiles: []string{"ex2010"}, Paths: lab.Paths,
		Within: scenarios.DefaultWithin, Horizon: DefaultHorizon, Alone: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range g.Scenarios() {
		if len(sc.SOP) != 1 {
			t.Errorf("%s: steps %s", sc.ID, steps(sc))
		}
		if err := sc.SOP[0].Action.Validate(sc.Cast); err != nil {
			t.Errorf("%s: %v", sc.ID, err)
		}
	}
	names := map[string]bool{}
	for _, r := range AccessRows() {
		names[r.Name] = true
	}
	for name, want := range map[string]bool{"disable-account": true, "reset-iis": true, "enable-account": false, "restrict-anonymous": false} {
		if names[name] != want {
			t.Errorf("%s is a row: %v", name, names[name])
		}
	}
	if _, err := profile.Load("ex2010", Settings(nil)...); err != nil {
		t.Error(err)
	}
}

func TestGridOfSOPs(t *testing.T) {
	sop, err := scenarios.ParseSOP("ours.yaml", []byte(`
id: ours
title: Our own
sop:
  - {at: 0s, do: disable-account, user: "${leaver}"}
  - {at: 2h, do: reset-iis}
`))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Rows: []Row{SOPRow(sop)}, Profiles: []string{"ex2010"}, Paths: []lab.Path{lab.OWA}, Horizon: 3 * time.Hour, Alone: true}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := steps(g.Scenarios()[0]); got != "T0 disable-account user: dana; T+2h reset-iis" {
		t.Errorf("steps %s", got)
	}
	o.Horizon = time.Hour
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "ours.yaml:6:10: the step reset-iis at 2h lies after the horizon of 1h") {
		t.Errorf("error %v", err)
	}
	o.Within = 2 * time.Hour
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "within (2h) is longer than the horizon (1h)") {
		t.Errorf("error %v", err)
	}
}
