package claims

import (
	"cmp"
	"fmt"
	"strings"

	"shutout/lab"
	"shutout/scenarios"
)

// A Trait is one thing that tells an observation from another: a parameter, the
// profile, a step of the SOP, or how the activity goes about it.
type Trait struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// stepTrait begins the name of a trait that says whether a step was carried
// out; with and without are its values.
const (
	stepTrait = "the step "
	with      = "with"
	without   = "without"
)

// String writes a trait so that it can stand beside others.
func (t Trait) String() string {
	switch {
	case strings.HasPrefix(t.Name, stepTrait):
		return t.Value + " " + strings.TrimPrefix(t.Name, stepTrait)
	case strings.Contains(t.Name, "."): // a parameter
		return t.Name + "=" + t.Value
	case t.Name == "reconnect" || t.Name == "passwords":
		return t.Name + " " + t.Value
	}
	return t.Value
}

// activityTraits tell how an activity goes about it, the most telling first.
func activityTraits(sc *lab.Scenario, a *lab.Activity, c lab.Capability) []Trait {
	auth := a.Client.Auth
	if info, ok := scenarios.LookupPath(a.Path); ok && auth == "" && len(info.Auth) > 0 {
		auth = info.Auth[0]
	}
	reconnect := cmp.Or(a.Client.Reconnect, "when-refused")
	if reconnect == "every" {
		reconnect += " " + lab.Duration(a.Client.Every)
	}
	passwords := "own"
	if len(a.Client.Passwords) > 0 {
		passwords = strings.Join(a.Client.Passwords, "+")
	}
	program := "by hand"
	switch {
	case a.Client.Script && a.Client.Consent:
		program = "by a program that is allowed"
	case a.Client.Script:
		program = "by a program"
	}
	traits := []Trait{
		{"path", string(a.Path)}, {"sign-in", string(auth)}, {"reconnect", reconnect}, {"tried", "every " + lab.Duration(a.Every)},
		{"passwords", passwords}, {"driven", program}, {"capability", string(c)},
	}
	if p := sc.Cast.People[a.Who]; p != nil && !p.Outsider() {
		traits = append(traits, Trait{"mailbox", fmt.Sprintf("%d MB", p.MailboxMB)})
	}
	return append(traits, Trait{"recipient", a.To}, Trait{"sender", a.Sender}, Trait{"host", a.From}, Trait{"person", a.Who})
}
