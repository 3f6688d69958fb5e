package report

import (
	"bytes"
	"strings"
	"testing"

	"shutout/lab"
)

func TestTookText(t *testing.T) {
	for want, s := range map[string]lab.StepResult{
		"": {}, ", took 1.5s": {TookS: 1.5}, ", took 2.0s, began 3.2s late": {TookS: 2.04, LateS: 3.2}, ", began 0.5s late": {TookS: 0.1, LateS: 0.5},
	} {
		if got := tookText(&s); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

// Two people to whom one thing was done are told apart.
func TestStepsTellWhomTheyWereDoneTo(t *testing.T) {
	done := func(do, params string, outcome lab.OutcomeResult, detail string) *lab.StepResult {
		return &lab.StepResult{Do: do, Params: params, Outcome: outcome, Detail: detail}
	}
	d := &lab.Document{Lab: lab.Simulation, Runs: []*lab.RunResult{{Scenario: "two-leave", Steps: []*lab.StepResult{
		done("disable-account", "user: dana", lab.Done, "userAccountControl 512 -> 514 on dc1"),
		done("disable-account", "user: nate", lab.Failed, "dc1 does not answer"),
		done("reset-iis", "", lab.Done, "cas1: away for 10s"),
	}}}}
	var text, markdown bytes.Buffer
	if err := Terminal(&text, d, Style{}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&markdown, d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  T0 disable-account user: dana · userAccountControl 512 -> 514 on dc1\n", "  T0 disable-account user: nate · failed: dc1 does not answer\n",
		"  T0 reset-iis cas1: away for 10s\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	for _, want := range []string{
		"- T0 **disable-account** user: dana · userAccountControl 512 -&gt; 514 on dc1\n", "- T0 **disable-account** user: nate · failed: dc1 does not answer\n",
	} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("no %q in\n%s", want, markdown.String())
		}
	}
}
