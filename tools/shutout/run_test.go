package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab"
)

// parse returns what a command line of run means.
func parse(t *testing.T, line ...string) (*runOptions, error) {
	t.Helper()
	f := &runFlags{}
	cmd := &cobra.Command{}
	f.register(cmd)
	if err := cmd.ParseFlags(line); err != nil {
		return nil, err
	}
	return f.options(cmd.Flags().Args(), time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
}

func ids(cases []*lab.Scenario) (list []string) {
	for _, sc := range cases {
		list = append(list, sc.ID+"@"+sc.Profile)
	}
	return list
}

func TestRunOptions(t *testing.T) {
	o, err := parse(t)
	if err != nil || len(o.Cases) < 7 || o.Seed != 1 || o.JSON != "" || o.Out != filepath.Join("runs", "20260304-050607") || o.Replay != "shutout run --seed 1" {
		t.Errorf("%+v, %v", o, err)
	}

	o, err = parse(t, "only-cas-down", "--profiles", "all", "--seed", "7", "--json", "-", "--out", "here")
	if want := []string{"only-cas-down@ex2003", "only-cas-down@ex2007", "only-cas-down@ex2010", "only-cas-down@ex2013", "only-cas-down@ex2016", "only-cas-down@ex2019", "only-cas-down@exo", "only-cas-down@dovecot-postfix-samba"}; err != nil || !slices.Equal(ids(o.Cases), want) {
		t.Fatalf("%v, %v", ids(o.Cases), err)
	}
	if o.Seed != 7 || o.JSON != "-" || o.Out != "here" || o.Replay != "shutout run only-cas-down --profiles all --seed 7" {
		t.Errorf("%+v", o)
	}
	if !o.Cases[0].Elsewhere || o.Cases[2].Elsewhere || o.Cases[0].Expect == nil {
		t.Error("a case does not know whether it is played on its own profile, or predicts nothing elsewhere")
	}

	o, err = parse(t, "session-open-before-disable", "--sop", "thorough", "--within", "15m", "--horizon", "2d", "--set", "iis.token_ttl=7m")
	if err != nil {
		t.Fatal(err)
	}
	sc := o.Cases[0]
	if sc.Within != 15*time.Minute || sc.Horizon != 48*time.Hour || len(sc.SOP) != 6 || sc.Expect != nil || sc.SOPID != "thorough" || !slices.Equal(o.Set, []string{"iis.token_ttl=7m"}) {
		t.Errorf("%+v", sc)
	}
	if want := "shutout run session-open-before-disable --sop thorough --within 15m --horizon 48h --set iis.token_ttl=7m --seed 1"; o.Replay != want {
		t.Errorf("replay: %s", o.Replay)
	}
	if o.Out != filepath.Join("runs", "20260304-050607-session-open-before-disable") {
		t.Errorf("run folder %s", o.Out)
	}
}

// What a case predicts is about its own steps, and not about those chosen of them.
func TestChosenStepsPredictNothing(t *testing.T) {
	predicts := func(line ...string) (*lab.Scenario, bool) {
		t.Helper()
		o, err := parse(t, line...)
		if err != nil {
			t.Fatal(err)
		}
		sc := o.Cases[0]
		return sc, sc.Expect != nil || sc.ExpectOn != nil || sc.SweepExpect != nil
	}
	if sc, does := predicts("thorough-but-mail-goes-on"); !does || sc.SweepExpect == nil {
		t.Fatalf("the case predicts nothing of the sweep by itself")
	}
	if sc, does := predicts("thorough-but-mail-goes-on", "--steps", "none"); does || len(sc.SOP) > 0 {
		t.Errorf("with %d steps it predicts %v %v %v", len(sc.SOP), sc.Expect, sc.ExpectOn, sc.SweepExpect)
	}
}

// An SOP replaces the case's own steps before the horizon is looked at.
func TestShortHorizonWithAnotherSOP(t *testing.T) {
	if _, err := parse(t, "disable-then-reset-all-iis", "--horizon", "1m", "--within", "30s"); err == nil || !strings.Contains(err.Error(), "reset-iis at 2m lies after the horizon of 1m") {
		t.Errorf("error %v", err)
	}
	if o, err := parse(t, "disable-then-reset-all-iis", "--horizon", "1m", "--within", "30s", "--sop", "naive"); err != nil || len(o.Cases[0].SOP) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	o, err := parse(t, "only-cas-down", "--json", "result.json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.Stdout, o.Stderr, o.Venue = newTerminal(&out), newTerminal(&out), &simVenue{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if exit, err := runCases(ctx, o); exit != exitBad || err == nil || err.Error() != "interrupted; no result was written" {
		t.Errorf("exit %d, %v", exit, err)
	}
	if left, _ := filepath.Glob("r*/*"); left != nil || out.Len() > 0 {
		t.Errorf("left %q and printed %q", left, out.String())
	}
	if _, err := os.Stat("result.json"); err == nil {
		t.Error("the result document was left")
	}
}

func TestRunOfFiles(t *testing.T) {
	src, err := os.ReadFile("../../scenarios/only-cas-down.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "our case.yaml")
	if err := os.WriteFile(path, src, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := parse(t, path)
	if err != nil || o.Cases[0].File != path || !strings.Contains(o.Replay, "'"+path+"'") {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := parse(t, path, "only-cas-down"); err == nil || !strings.Contains(err.Error(), "are both called only-cas-down") {
		t.Errorf("error %v", err)
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"a-b_c.yaml": "a-b_c.yaml", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "x=1m": "x=1m", "$HOME": "'$HOME'"} {
		if got := shellWord(in); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", in, got, want)
		}
	}
}
