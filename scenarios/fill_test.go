package scenarios_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
)

func fill(t *testing.T, name string, values map[string][]string) (lab.Action, map[string]string) {
	t.Helper()
	info, ok := mitigation.Lookup(name)
	if !ok {
		t.Fatalf("no mitigation %s", name)
	}
	return scenarios.Fill(info, values, fixtures.DefaultCast())
}

func TestFill(t *testing.T) {
	a, wrong := fill(t, "reset-password", map[string][]string{"user": {" dana "}, "times": {"2"}, "dc": {""}, "csrf": {"x"}})
	if wrong != nil {
		t.Fatal(wrong)
	}
	if r := a.(*mitigation.ResetPassword); r.User != "dana" || r.Times != 2 || r.DC != "" {
		t.Errorf("%+v", r)
	}
	a, wrong = fill(t, "reset-iis", map[string][]string{"servers": {"cas1", "cas2"}})
	if wrong != nil || len(a.(*mitigation.ResetIIS).Servers) != 2 {
		t.Errorf("%+v, %v", a, wrong)
	}
}

// What is wrong stands with its parameter, and says what was expected.
func TestFillTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, param, want string
		values            map[string][]string
	}{
		{"disable-account", "user", "is missing: expected a person with a mailbox", nil},
		{"disable-account", "user", "did you mean dana", map[string][]string{"user": {"danna"}}},
		{"disable-account", "user", "takes one", map[string][]string{"user": {"dana", "erin"}}},
		{"reset-password", "times", "whole number", map[string][]string{"user": {"dana"}, "times": {"twice"}}},
		{"reset-password", "times", "out of range", map[string][]string{"user": {"dana"}, "times": {"99"}}},
		{"limit-message-size", "size", "512B, 1KB", map[string][]string{"user": {"dana"}, "size": {"big"}}},
		{"reset-iis", "servers", "cas1", map[string][]string{"servers": {"<script>"}}},
		{"remove-queued-mail", "sender", "control character", map[string][]string{"sender": {"a\u202eb"}}},
		{"remove-queued-mail", "sender", "UTF-8", map[string][]string{"sender": {"a\xffb"}}},
		{"disable-account", "user", "dana", map[string][]string{"user": {"${leaver}"}}},
	} {
		a, wrong := fill(t, c.name, c.values)
		if a != nil || len(wrong) != 1 || !strings.Contains(wrong[c.param], c.want) {
			t.Errorf("%s %v: %v, want %q for %s", c.name, c.values, wrong, c.want, c.param)
		}
	}
}

// Whatever is carried out can be written as an SOP and read again.
func TestWriteSOP(t *testing.T) {
	var steps []lab.Step
	cast := fixtures.DefaultCast()
	for i, info := range mitigation.All() {
		values := map[string][]string{}
		for _, p := range info.Params {
			if p.Needed {
				values[p.Name] = []string{strings.Trim(p.Example, "[]\"")}
			}
		}
		a, wrong := scenarios.Fill(info, values, cast)
		if wrong != nil {
			t.Errorf("%s: %v", info.Name, wrong)
			continue
		}
		steps = append(steps, lab.Step{At: time.Duration(i)*71*time.Minute + time.Second, Action: a})
	}
	for i, sender := range []string{"<>", "a#b@x.example", "a{b}@x.example", "-a@x.example", "*a@x.example", "null@x.example"} {
		steps = append(steps, lab.Step{At: time.Duration(200+i) * time.Hour, Action: &mitigation.RemoveQueuedMail{Sender: sender}})
	}
	steps = append(steps, lab.Step{At: 500 * time.Hour, Action: &mitigation.RestrictSenders{User: "dana", From: []string{}}})
	text := scenarios.WriteSOP("by-hand", "Carried out by hand", steps)
	sop, err := scenarios.ParseSOP("sop.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	read, err := sop.Steps(nil, cast, 0)
	if err != nil || len(read) != len(steps) {
		t.Fatalf("%d steps of %d, %v\n%s", len(read), len(steps), err, text)
	}
	for i := range read {
		if read[i].At != steps[i].At || !reflect.DeepEqual(read[i].Action, steps[i].Action) {
			t.Errorf("%s is %+v at %s, was %+v at %s", read[i].Action.Name(), read[i].Action, read[i].At, steps[i].Action, steps[i].At)
		}
	}
}
