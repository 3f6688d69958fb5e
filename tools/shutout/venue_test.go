package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
	"shutout/scenarios"
)

// smallCase is one in which somebody is cut off.
func smallCase(id, user string, path lab.Path, horizon time.Duration) *lab.Scenario {
	sc, _ := scenarios.Find("session-open-before-disable")
	sc.ID, sc.Horizon = id, horizon
	sc.Activities = []*lab.Activity{{ID: "a", Role: lab.Threat, Who: user, From: "home", Path: path, Do: []lab.Capability{lab.SignIn, lab.Read}, Every: time.Second, Since: -time.Second}}
	sc.Controls = []*lab.Activity{{ID: "c", Role: lab.Control, Who: "erin", From: "home", Path: lab.IMAP, Do: []lab.Capability{lab.SignIn}, Every: time.Second, Since: -time.Second}}
	sc.SOP = []lab.Step{{Action: &mitigation.DisableAccount{User: user}}}
	return sc
}

// Each step of every case is looked at before anything is done: nobody is asked,
// and no journal is begun.
func TestWhoIsNotOnTheAllowList(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("SECRET", "x")
	person := func(mail string) *remote.Person {
		return &remote.Person{Mail: mail, Password: remote.Secret{Env: "SECRET"}, NewPassword: remote.Secret{Env: "SECRET"}}
	}
	v := &fileVenue{
		cfg: &remote.Config{
			Name: "our-lab", Domain: "our.example", File: "/lab.yaml", Allow: []string{"Leaver@our.example"},
			People: map[string]*remote.Person{"dana": person("leaver@our.example"), "erin": person("chief@our.example")},
		},
		yes: "our-lab",
	}
	allowed := smallCase("first", "dana", lab.IMAP, time.Minute)
	if touched, err := v.permitted(t.Context(), []*lab.Scenario{allowed}); err != nil || !slices.Equal(touched, []string{"leaver@our.example"}) {
		t.Errorf("%q, %v", touched, err)
	}
	not := smallCase("second", "dana", lab.IMAP, time.Minute)
	not.SOP = append(not.SOP, lab.Step{At: time.Minute, Action: &mitigation.RestrictSenders{From: []string{"dana", "erin"}}})
	err := v.prepare(t.Context(), []*lab.Scenario{allowed, not})
	want := "nothing was changed: second: the step restrict-senders at T+1m: chief@our.example is not on the allow-list of the lab our-lab"
	if err == nil || err.Error() != want || v.journal != nil {
		t.Errorf("%v", err)
	}
}

// What a lab of real servers makes of cases.
func TestChoice(t *testing.T) {
	o := offer{
		path: func(p lab.Path) error {
			if p != lab.IMAP {
				return lab.ErrNotAvailable
			}
			return nil
		},
		mitigation: func(name string) error {
			if name != "disable-account" {
				return lab.ErrNotAvailable
			}
			return nil
		},
		profile: "ex2016",
	}
	cases := []*lab.Scenario{
		smallCase("short", "dana", lab.IMAP, time.Minute),
		smallCase("long", "dana", lab.IMAP, time.Hour),
		smallCase("elsewhere", "dana", lab.OWA, time.Hour),
		smallCase("other-step", "dana", lab.IMAP, time.Minute),
		smallCase("other-sop", "dana", lab.IMAP, time.Minute),
	}
	for _, c := range cases[3:] {
		c.SOP = append(c.SOP, lab.Step{Action: &mitigation.ResetIIS{}})
	}
	cases[4].SOPID = "ours"
	for named, want := range map[bool]string{
		false: "short played; long too long; elsewhere n/a; other-step n/a; other-sop played",
		true:  "short played; long played; elsewhere n/a; other-step n/a; other-sop played",
	} {
		var got []string
		entries := o.choose(cases, named)
		for _, e := range entries {
			word := "played"
			switch {
			case e.TooLong:
				word = "too long"
			case e.Absent != nil:
				word = string(e.Absent.Verdict)
				for _, a := range e.Absent.Activities {
					if a.Verdict != lab.NotAvailable || a.Note == "" || a.Attempts != 0 {
						t.Errorf("%s: %+v", e.Case.ID, a)
					}
				}
			}
			got = append(got, e.Case.ID+" "+word)
			if e.Case.Profile != "ex2016" {
				t.Errorf("%s is played as %s", e.Case.ID, e.Case.Profile)
			}
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("named %v: %s", named, s)
		}
		if line := takesLong(entries, "lab.yaml"); named != strings.HasPrefix(line, "this takes 1h") || takesLong(entries, simLab) != "" {
			t.Errorf("named %v: %q", named, line)
		}
		if line := tooLong(entries, "lab.yaml"); named && line != "" || !named && !strings.Contains(line, " here: long (shutout run --lab lab.yaml --horizon 3m") {
			t.Errorf("%q", line)
		}
	}
}

// In real time the catalogue is cut short, and what cannot be is left out.
func TestCutShort(t *testing.T) {
	o, err := parse(t, "--lab", "containers", "--horizon", "3m", "--lead", "20s", "--every", "1s")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range o.Cases {
		if c.Horizon != 3*time.Minute || c.Within > c.Horizon || c.Lead() > 20*time.Second || c.Expect != nil {
			t.Errorf("%s: horizon %v, limit %v, lead %v", c.ID, c.Horizon, c.Within, c.Lead())
		}
	}
	if len(o.Cases) < 20 || len(o.Unfit) == 0 {
		t.Fatalf("%d cases, and left out are %q", len(o.Cases), o.Unfit)
	}
	if want := "shutout run --horizon 3m --lead 20s --every 1s --lab containers"; o.Replay != want {
		t.Errorf("replay: %s", o.Replay)
	}
	if _, err := parse(t, o.Unfit[0], "--lab", "containers", "--horizon", "3m"); err == nil {
		t.Errorf("%s can be played", o.Unfit[0])
	}
}

// stuckVenue is a lab that could not be put back after its first case.
type stuckVenue struct {
	simVenue
	played int
}

func (*stuckVenue) workers() int { return 1 }

func (v *stuckVenue) play(ctx context.Context, c *lab.Scenario, progress func(at, horizon time.Duration)) (*lab.RunResult, error) {
	v.played++
	res, err := v.simVenue.play(ctx, c, progress)
	return res, errors.Join(err, errNotPutBack{errors.New("dana is still disabled")})
}

// What was seen is told, no further case is played, and the lab's state is an
// error.
func TestALabThatWasNotPutBack(t *testing.T) {
	t.Chdir(t.TempDir())
	o, err := parse(t, "only-cas-down", "token-cache-flushed")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	v := &stuckVenue{}
	o.Stdout, o.Stderr, o.Venue = newTerminal(&out), newTerminal(&out), v
	exit, err := runCases(t.Context(), o)
	if exit != exitBad || err == nil || !strings.Contains(err.Error(), "dana is still disabled") || v.played != 1 {
		t.Errorf("exit %d, %v, %d played", exit, err, v.played)
	}
	if !strings.Contains(out.String(), "1 case, ") {
		t.Errorf("it printed\n%s", out.String())
	}
}

func TestTimeThatIsLeft(t *testing.T) {
	cases := []*lab.Scenario{smallCase("a", "dana", lab.IMAP, 59*time.Second), smallCase("b", "dana", lab.IMAP, 29*time.Second)}
	var out bytes.Buffer
	p := newProgress(&terminal{Writer: &out, Width: 80}, &fileVenue{}, cases)
	p.at(0, 39*time.Second)
	if want := "0 of 2 played · a · 39s of 59s · about 50s left"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q, want %q", out.String(), want)
	}
	p = newProgress(&terminal{Writer: &out, Width: 80}, &simVenue{}, cases)
	p.at(0, 39*time.Second)
	if strings.Count(out.String(), "left") != 1 {
		t.Errorf("%q", out.String())
	}
}
