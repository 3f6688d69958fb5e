package client

import (
	"strings"
	"testing"

	"shutout/lab"
)

func TestGuard(t *testing.T) {
	policy := func(values ...any) lab.Registry { return registry(lab.GuardPolicyKey("14.0"), values...) }
	trust := func(values ...any) lab.Registry { return registry(lab.GuardTrustCenterKey("14.0"), values...) }
	with := func(a, b lab.Registry) lab.Registry {
		for k, v := range b {
			a[k] = v
		}
		return a
	}
	const (
		asks      = ": Outlook asks, and nobody at the desk allows it"
		denies    = ": Outlook lets no program send"
		unguarded = ", and the virus scanner is missing or out of date" + asks
	)
	for _, c := range []struct {
		name     string
		registry lab.Registry
		ill      bool // the virus scanner is out of date
		consent  bool
		want     string // "" passes
	}{
		{name: "a healthy computer"},
		{name: "no virus scanner", ill: true, want: "ObjectModelGuard is not set" + unguarded},
		{name: "no virus scanner, consent", ill: true, consent: true},

		{name: "policy denies", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 0), consent: true, want: "PromptOOMSend is 0" + denies},
		{name: "policy asks", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 1), want: "PromptOOMSend is 1" + asks},
		{name: "policy asks, consent", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 1), consent: true},
		{name: "policy allows", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 2), ill: true},
		{name: "policy goes by the computer", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 3)},
		{name: "policy goes by an ill computer", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 3), ill: true, want: "PromptOOMSend is 3" + unguarded},
		{name: "policy says nothing about sending", registry: policy("AdminSecurityMode", 3)},
		{name: "policy says nothing, ill computer", registry: policy("AdminSecurityMode", 3), ill: true, want: "PromptOOMSend is not set" + unguarded},
		{name: "policy says what nobody knows", registry: policy("AdminSecurityMode", 3, "PromptOOMSend", 7)},
		{name: "policy without its mode is not read", registry: policy("PromptOOMSend", 0)},
		{name: "policy in another mode is not read", registry: policy("AdminSecurityMode", 1, "PromptOOMSend", 0)},
		{name: "policy in other letters", registry: policy("adminsecuritymode", 3, "PROMPTOOMSEND", 0), want: "PromptOOMSend is 0" + denies},
		{name: "another version's policy", registry: registry(lab.GuardPolicyKey("16.0"), "AdminSecurityMode", 3, "PromptOOMSend", 0)},

		{name: "Trust Center goes by the computer", registry: trust("ObjectModelGuard", 0)},
		{name: "Trust Center goes by an ill computer", registry: trust("ObjectModelGuard", 0), ill: true, want: "ObjectModelGuard is 0" + unguarded},
		{name: "Trust Center asks", registry: trust("ObjectModelGuard", 1), want: "ObjectModelGuard is 1" + asks},
		{name: "Trust Center asks, consent", registry: trust("ObjectModelGuard", 1), consent: true},
		{name: "Trust Center never asks", registry: trust("ObjectModelGuard", 2), ill: true},
		{name: "Trust Center below policy", registry: with(trust("ObjectModelGuard", 2), policy("AdminSecurityMode", 3, "PromptOOMSend", 0)), want: "PromptOOMSend is 0" + denies},
	} {
		env := lab.Env{
			Activity: &lab.Activity{Client: lab.Behaviour{Script: true, Consent: c.consent}},
			Desktop: func() lab.Desktop {
				return lab.Desktop{OfficeVersion: "14.0", Registry: c.registry, Antivirus: !c.ill}
			},
		}
		got := guard(env)
		switch {
		case c.want == "" && got != nil:
			t.Errorf("%s: %v", c.name, got)
		case c.want != "" && (got == nil || *got != lab.Failure{Kind: lab.Refused, Stage: "object-model guard", Text: c.want}):
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
	if f := guard(lab.Env{Activity: &lab.Activity{Client: lab.Behaviour{Script: true}}}); f != nil {
		t.Errorf("a lab that knows no computers: %v", f)
	}
}

func registry(key string, values ...any) lab.Registry {
	r := lab.Registry{}
	for i := 0; i < len(values); i += 2 {
		r.Set(key, values[i].(string), uint32(values[i+1].(int)))
	}
	return r
}

// The guard stops a script's sends and nothing else, leaves the session as it
// is, and is asked again each time.
func TestGuardOfAScript(t *testing.T) {
	desktop := lab.Desktop{OfficeVersion: "14.0", Antivirus: true, Registry: registry(lab.GuardTrustCenterKey("14.0"), "ObjectModelGuard", 1)}
	l := newTestLab(t, lab.IMAP)
	l.env.Activity.Client = lab.Behaviour{Script: true, Reconnect: "never"}
	l.env.Desktop = func() lab.Desktop { return desktop }
	var log []string
	c := l.client().(*client)
	c.path.can = []lab.Capability{lab.Read, lab.Send}
	c.open = func() session { return &fake{&log, new(map[string]error), new([]error)} }
	stopped := &lab.Failure{Kind: lab.Refused, Stage: stageGuard, Text: "ObjectModelGuard is 1: Outlook asks, and nobody at the desk allows it"}

	check(t, "send", do(c, lab.Send), stopped)
	check(t, "read", do(c, lab.Read), nil)
	check(t, "send in an open session", do(c, lab.Send), stopped)
	desktop.Registry.Set(lab.GuardTrustCenterKey("14.0"), lab.GuardTrustCenter, lab.GuardTrustAllow)
	check(t, "send when it is allowed", do(c, lab.Send), nil)
	desktop.Registry.Set(lab.GuardTrustCenterKey("14.0"), lab.GuardTrustCenter, lab.GuardTrustPrompt)
	l.env.Activity.Client.Script = false
	check(t, "send by the person", do(c, lab.Send), nil)
	if got, want := strings.Join(log, ", "), "sign-in "+oldPass+", read, send, send"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
