package sim_test

import (
	"context"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/mitigation"
)

// ewsCase is a leaver who uses web services once with each way to sign in, and
// a bystander.
func ewsCase(sop ...lab.Step) *lab.Scenario {
	do := []lab.Capability{lab.Read, lab.Receive, lab.Send}
	a := func(id, who, from string, role lab.Role, auth lab.Auth) *lab.Activity {
		return &lab.Activity{
			ID: id, Role: role, Who: who, From: from, Path: lab.EWS, Do: do, Every: time.Minute, Since: -10 * time.Minute,
			To: "frank", Client: lab.Behaviour{Auth: auth},
		}
	}
	return &lab.Scenario{
		ID: "ews", Title: "ews", Profile: "ex2010", Within: 5 * time.Minute, Horizon: 3 * time.Hour,
		Activities: []*lab.Activity{
			a("basic", "dana", "home", lab.Threat, ""), a("ntlm", "dana", "home", lab.Threat, lab.AuthNTLM),
			a("kerberos", "dana", "desk", lab.Threat, lab.AuthKerberos),
		},
		Controls: []*lab.Activity{a("erin", "erin", "home", lab.Control, "")},
		SOP:      append([]lab.Step{{Action: &mitigation.DisableAccount{User: "dana"}}}, sop...),
	}
}

func play(t *testing.T, s *lab.Scenario) *lab.RunResult {
	t.Helper()
	o := organisation(t, "ex2010")
	defer o.Close()
	r, err := (&lab.Runner{NewClient: client.New}).Run(context.Background(), o, s)
	if err != nil {
		t.Fatal(err)
	}
	r.WallS = 0
	return r
}

// With Basic the token lives on, with NTLM the connection. Both end with IIS.
// With Kerberos it is the ticket, whatever becomes of IIS.
func TestEWSOutlivesDisable(t *testing.T) {
	layers := map[string]lab.Layer{"basic": lab.LayerToken, "ntlm": lab.LayerConnection, "kerberos": lab.LayerTicket}
	for _, a := range play(t, ewsCase()).Activities {
		if a.Role == lab.Control {
			if a.Verdict != lab.Kept || len(a.Outages) > 0 {
				t.Errorf("%s %s: %s, %+v", a.ID, a.Capability, a.Verdict, a.Outages)
			}
			continue
		}
		if a.Verdict != lab.Open || a.Attempts != a.Successes {
			t.Errorf("%s %s: %s, %d of %d, %s", a.ID, a.Capability, a.Verdict, a.Successes, a.Attempts, a.Answer)
		}
		found := false
		for _, r := range a.Because {
			found = found || r.Layer == layers[a.ID]
		}
		if !found {
			t.Errorf("%s %s is open because of %+v", a.ID, a.Capability, a.Because)
		}
	}
	reset := lab.Step{At: time.Hour, Action: &mitigation.ResetIIS{}}
	for _, a := range play(t, ewsCase(reset)).Activities {
		if a.ID == "kerberos" && a.Verdict != lab.Open {
			t.Errorf("%s %s: %s, %s", a.ID, a.Capability, a.Verdict, a.Answer)
		}
		if (a.ID == "basic" || a.ID == "ntlm") && (a.Verdict != lab.Late || *a.CutoffS != 3540) {
			t.Errorf("%s %s: %s at %v, %s", a.ID, a.Capability, a.Verdict, a.CutoffS, a.Answer)
		}
	}
}

// One seed, one result, however many processors there are.
func TestEWSIsDeterministic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first string
	for _, n := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(n)
		b, err := json.Marshal(play(t, ewsCase(lab.Step{At: time.Hour, Action: &mitigation.ResetIIS{}})))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		} else if string(b) != first {
			t.Errorf("with %d processors\n%s\nwith one\n%s", n, b, first)
		}
	}
}
