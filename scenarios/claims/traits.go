package claims

import (
	"cmp"
	"strings"

	"shutout/lab"
	"shutout/scenarios"
)

// A Trait is one thing that tells an observation from another: a parameter, the
// profile, a step of the SOP, or how the activity goes about it.
type Trait struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Default says that the profile has this value unless it is told otherwise.
	Default bool `json:"default,omitempty"`
}

// stepTrait begins the name of a trait that says whether a step was carried
// out; with and without are its values.
const (
	stepTrait = "the step "
	with      = "with"
	without   = "without"
)

// byActivity is the trait that only tells one activity from another.
const byActivity = "activity"

// String writes a trait so that it can stand beside others.
func (t Trait) String() string {
	switch {
	case strings.HasPrefix(t.Name, stepTrait) && t.Value == with:
		return strings.TrimPrefix(t.Name, stepTrait)
	case strings.HasPrefix(t.Name, stepTrait):
		return "no " + strings.TrimPrefix(t.Name, stepTrait)
	case t.parameter():
		return t.Name + "=" + t.value()
	case t.Name == "reconnect" || t.Name == "passwords" || t.Name == "tried" || t.Name == bySOP:
		return t.Name + " " + t.Value
	}
	return t.Value
}

// in writes a trait as a place where something is so.
func (t Trait) in() string {
	switch {
	case t.Name == byProfile:
		return "on " + t.Value
	case t.Name == bySteps && t.Value == noStep:
		return "with no step"
	}
	return "with " + t.String()
}

// parameter says whether the trait is a parameter of the profile.
func (t Trait) parameter() bool { return strings.Contains(t.Name, ".") }

// value writes the value, with a mark if it is the default.
func (t Trait) value() string {
	if t.Default {
		return t.Value + defaultMark
	}
	return t.Value
}

const defaultMark = "*"

// activityTraits tell how an activity goes about it, the most telling first.
func activityTraits(a *lab.Activity, c lab.Capability) []Trait {
	auth := a.Client.Auth
	if auth == "" {
		auth = lab.AuthBasic // all that some paths have
		if info, ok := scenarios.LookupPath(a.Path); ok && len(info.Auth) > 0 {
			auth = info.Auth[0]
		}
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
	return []Trait{
		trait("path", string(a.Path)), trait("sign-in", string(auth)), trait("reconnect", reconnect), trait("tried", "every "+lab.Duration(a.Every)),
		trait("passwords", passwords), trait("driven", program), trait("capability", string(c)),
		trait(byActivity, a.ID),
	}
}

func trait(name, value string) Trait { return Trait{Name: name, Value: value} }
