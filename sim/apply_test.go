package sim_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/mitigation"
	"shutout/sim"
)

// phone plays a phone of dana's that looks every minute for ten minutes before
// the steps and twenty after.
func phone(t *testing.T, o *sim.Organisation, steps ...lab.Step) *lab.RunResult {
	t.Helper()
	s := scenario(lab.ActiveSync, lab.Read, time.Minute, 20*time.Minute)
	s.Activities[0].Since = -10 * time.Minute
	s.SOP = steps
	res, err := (&lab.Runner{NewClient: client.New}).Run(context.Background(), o, s)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A wipe is served to a device that is let in once more, and to no other.
func TestWipeBeforeDeny(t *testing.T) {
	wipe := func(at time.Duration) lab.Step { return lab.Step{At: at, Action: &mitigation.WipeDevice{User: "dana"}} }
	deny := func(at time.Duration) []lab.Step {
		return []lab.Step{
			{At: at, Action: &mitigation.DisableAccount{User: "dana"}}, {At: at + time.Second, Action: &mitigation.ResetIIS{}},
		}
	}
	for _, c := range []struct {
		name  string
		steps []lab.Step
		wiped bool
	}{
		{"wipe, then deny", append([]lab.Step{wipe(30 * time.Second)}, deny(3*time.Minute)...), true},
		{"deny, then wipe", append(deny(30*time.Second), wipe(3*time.Minute)), false},
	} {
		res := phone(t, organisation(t, "ex2010"), c.steps...)
		for _, step := range res.Steps {
			if step.Outcome != lab.Done {
				t.Errorf("%s: %+v", c.name, step)
			}
		}
		a := res.Activities[0]
		if a.Verdict != lab.Ended && a.Verdict != lab.Late {
			t.Errorf("%s: %s", c.name, a.Verdict)
		}
		if got := strings.Contains(a.Answer, "wipe itself"); got != c.wiped {
			t.Errorf("%s: the phone's last answer is %q", c.name, a.Answer)
		}
	}
}

// What cannot be done says why, and changes nothing.
func TestStepsThatCannotBeDone(t *testing.T) {
	for _, c := range []struct {
		name, profile string
		actions       []lab.Action // the last one cannot be done
		result        lab.OutcomeResult
		want          string
	}{
		{"no threshold", "ex2010", []lab.Action{&mitigation.LockAccount{User: "dana"}}, lab.Failed, "locks nobody out"},
		{"no device", "ex2010", []lab.Action{&mitigation.BlockDevice{User: "dana"}}, lab.Failed, "no device"},
		{"nothing to remove", "ex2010", []lab.Action{&mitigation.RemoveDevice{User: "dana"}}, lab.Failed, "no device"},
		{"nothing to wipe", "ex2010", []lab.Action{&mitigation.WipeDevice{User: "dana"}}, lab.Failed, "no device"},
		{"SELF on 2003", "ex2003", []lab.Action{&mitigation.RemoveSelfAccess{User: "dana"}, &mitigation.RestoreFullAccess{User: "dana", Of: "self"}},
			lab.NotApplicable, "made anew"},
		{"not disconnected", "ex2010", []lab.Action{&mitigation.ReconnectMailbox{User: "dana"}}, lab.Failed, "not disconnected"},
		{"reconnected twice", "ex2010", []lab.Action{
			&mitigation.DisconnectMailbox{User: "dana"}, &mitigation.ReconnectMailbox{User: "dana"}, &mitigation.ReconnectMailbox{User: "dana"},
		}, lab.Failed, "not disconnected"},
		{"attributes gone", "ex2010", []lab.Action{
			&mitigation.RemoveExchangeAttributes{User: "dana"}, &mitigation.RemoveExchangeAttributes{User: "dana"},
		}, lab.Failed, "no Exchange attributes"},
		{"failed over", "ex2010", []lab.Action{
			&mitigation.FailoverMailboxServer{Server: "mbx1"}, &mitigation.FailoverMailboxServer{Server: "mbx1"},
		}, lab.Failed, "no databases"},
	} {
		o := organisation(t, c.profile)
		for i, a := range c.actions {
			out := o.Apply(context.Background(), a)
			switch last := i == len(c.actions)-1; {
			case !last && out.Result != lab.Done:
				t.Errorf("%s: %s: %+v", c.name, a.Name(), out)
			case last && (out.Result != c.result || !strings.Contains(out.Detail, c.want)):
				t.Errorf("%s: %s: %+v, want %s with %q", c.name, a.Name(), out, c.result, c.want)
			}
		}
	}
}

// Who is named twice is meant once, and the case's own step stays as it is: it may
// be played again.
func TestAllowAnonymousRelayOnAServerNamedTwice(t *testing.T) {
	a := &mitigation.AllowAnonymousRelay{Servers: []string{"mbx2", "mbx1", "mbx2", "mbx1", "mbx1"}}
	for range 2 {
		out := organisation(t, "ex2010").Apply(context.Background(), a)
		if out.Result != lab.Done || strings.Count(out.Detail, "Relay") != 2 || !slices.Equal(a.Servers, []string{"mbx2", "mbx1", "mbx2", "mbx1", "mbx1"}) {
			t.Errorf("%+v, and the step names %q", out, a.Servers)
		}
	}
}

// A lockout is given by policy and ends by it; a second one finds it in force.
func TestLockAccount(t *testing.T) {
	o := organisation(t, "ex2010", "ad.lockout_threshold=3")
	lock := &mitigation.LockAccount{User: "dana"}
	if out := o.Apply(context.Background(), lock); out.Result != lab.Done || !strings.Contains(out.Detail, "for 30m, after 3 wrong passwords on dc1") {
		t.Errorf("%+v", out)
	}
	if out := o.Apply(context.Background(), lock); out.Result != lab.Failed || !strings.Contains(out.Detail, "locked already") {
		t.Errorf("%+v", out)
	}
}
