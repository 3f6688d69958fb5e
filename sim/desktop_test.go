package sim_test

import (
	"context"
	"testing"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// guardOf is what a computer's registry says about the guard: the mode of
// policy, its value for sending, and the Trust Center's; -1 is not set.
func guardOf(d lab.Desktop) [3]int {
	policy, trust := lab.GuardPolicyKey(d.OfficeVersion), lab.GuardTrustCenterKey(d.OfficeVersion)
	read := func(key, name string) int {
		if v, ok := d.Registry.DWORD(key, name); ok {
			return int(v)
		}
		return -1
	}
	return [3]int{read(policy, lab.GuardMode), read(policy, lab.GuardSend), read(trust, lab.GuardTrustCenter)}
}

func TestDesktops(t *testing.T) {
	for _, c := range []struct {
		profile, set, version string
		want                  [3]int
	}{
		{"ex2016", "", "16.0", [3]int{-1, -1, -1}},
		{"ex2010", "outlook.guard=deny", "14.0", [3]int{3, 0, -1}},
		{"ex2010", "outlook.guard=allow", "14.0", [3]int{-1, -1, 2}},
		{"ex2003", "", "11.0", [3]int{-1, -1, 1}},
	} {
		var set []string
		if c.set != "" {
			set = []string{c.set}
		}
		org := organisation(t, c.profile, set...)
		desk := org.Desktop("desk")
		if got := guardOf(desk); got != c.want || desk.OfficeVersion != c.version || !desk.Antivirus {
			t.Errorf("%s %s: %v, %+v", c.profile, c.set, got, desk)
		}
		out := org.Apply(context.Background(), &mitigation.SetOutlookGuard{Mode: "prompt", Via: "policy"})
		if out.Result != lab.Done {
			t.Errorf("%s: %+v", c.profile, out)
		}
		if got, want := guardOf(org.Desktop("erin-desk")), [3]int{3, 1, c.want[2]}; got != want {
			t.Errorf("%s: after policy %v, want %v", c.profile, got, want)
		}
		if guardOf(desk) != c.want {
			t.Error("what was told about a computer changed with it")
		}
		if guardOf(org.Desktop("home")) != c.want {
			t.Error("policy reached a computer that is not in the office")
		}
		out = org.Apply(context.Background(), &mitigation.SetOutlookGuard{Mode: "by-antivirus", Via: "trust-center", Hosts: []string{"desk"}})
		if got, want := guardOf(org.Desktop("desk")), [3]int{3, 1, 0}; out.Result != lab.Done || got != want {
			t.Errorf("%s: %+v, %v, want %v", c.profile, out, got, want)
		}
	}
}
