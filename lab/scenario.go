package lab

import (
	"maps"
	"time"
)

// A Scenario is one case: who does what, what the SOP does about it, and what
// the sources predict. Times are relative to the order.
type Scenario struct {
	ID         string
	Title      string
	Sources    []string // citations, see fixtures/sources
	Story      string   // a paragraph for training demos
	Profile    string
	Set        []string // profile parameters that the case overrides, name=value
	Cast       *Cast
	Activities []*Activity
	Controls   []*Activity
	SOP        []Step
	// SOPID names the SOP that took the place of the case's own, if one did.
	SOPID   string
	Within  time.Duration
	Horizon time.Duration
	Scene   Scene
	// Sweep says that the case looks, after the horizon, for what works without
	// a session; SweepExpect is what the sources predict of it.
	Sweep       bool
	SweepExpect SweepPredictions
	// Expect holds what the sources predict, and ExpectOn what they predict
	// otherwise on other profiles than the case's own.
	Expect   Predictions
	ExpectOn map[string]Predictions
	// Elsewhere says that the case is played on another profile than its own,
	// and Stated holds the predictions that it makes of that one by name. Of
	// the others a path that the profile lacks says nothing.
	Elsewhere bool
	Stated    Predictions
	// File is where the scenario was read from, for error messages.
	File string
	// Written is the file itself; nil if the case is a part of another one.
	Written []byte
}

// Predictions are the predicted verdicts: activity id, then capability.
type Predictions map[string]map[Capability]Verdict

// Role tells what an activity is for.
type Role string

const (
	// Threat is an activity that the SOP must end.
	Threat Role = "threat"
	// Control is an activity that must keep working.
	Control Role = "control"
)

// An Activity is someone on some host doing something over a path, every so
// often.
type Activity struct {
	ID    string
	Role  Role
	Who   string
	From  string
	Path  Path
	Do    []Capability
	Every time.Duration
	Since time.Duration // start relative to the order, mostly negative
	// To is the person, or the address, that send and reply write to.
	To string
	// Sender is the envelope sender of smtp-anonymous; "{n}" in it becomes
	// the attempt's number, so that each mail has a sender of its own.
	Sender string
	// Size is the body size in bytes of what is sent.
	Size   int
	Client Behaviour
	// Beside tells why the SOP that took the place of the case's own is not
	// about this threat: it is played, and nothing is promised. Empty: it is.
	Beside string
}

// Behaviour is what a client program does by itself.
type Behaviour struct {
	// Reconnect tells when the client drops its session and signs in anew:
	// "when-refused" (default), "never", or every so often.
	Reconnect string
	// Every is the interval of a Reconnect that goes by the clock.
	Every time.Duration
	// Passwords are those that the person knows: "own" (the one before the
	// order, default) and "new" (told after a reset), in the order of use.
	// With "overheard" somebody else uses the account, who knows what its
	// owner's programs have sent in the clear.
	Passwords []string
	// Cleartext says that a POP3 or IMAP4 program does without TLS.
	Cleartext bool
	// Removes says that a POP3 program takes the mail off the server, as POP3
	// is meant, and does not leave it there.
	Removes bool
	// EAS is the newest version of ActiveSync that a phone speaks, "16.1";
	// empty means what phones speak by themselves.
	EAS string
	// Heartbeat is how long a phone asks the server to hold its request; 0
	// means what phones begin with.
	Heartbeat time.Duration
	// Auth is how the client proves who it is, where the path leaves a choice.
	// Empty means what the path's client does by itself.
	Auth Auth
	// Wordlist says that the person does not know the password and tries the
	// words of a list, of which the last is the password. 0: knows it.
	Wordlist int
	// Guesses is how many made-up addresses a harvester asks for in one
	// attempt.
	Guesses int
	// Script says that a program drives Outlook on the person's own computer,
	// so that each send meets Outlook's object-model guard.
	Script bool
	// Consent says that somebody at the desk allows what Outlook then asks.
	Consent bool
}

// Overheard is the word for passwords that went over the wire in the clear.
const Overheard = "overheard"

// Auth is a way to prove who one is.
type Auth string

const (
	// AuthBasic sends user and password with each request.
	AuthBasic Auth = "basic"
	// AuthNTLM answers a challenge once for each connection.
	AuthNTLM Auth = "ntlm"
	// AuthKerberos shows a ticket that a domain controller issued.
	AuthKerberos Auth = "kerberos"
	// AuthOAuth shows an access token, which a sign-in service gives to whoever
	// fills in its form, and anew for a refresh token.
	AuthOAuth Auth = "oauth"
)

// Step is one mitigation of the SOP and when it is carried out. What a case has
// done before the order has a negative time.
type Step struct {
	At     time.Duration
	Action Action
	Line   int // in the file it came from, for error messages
}

// Verdict is what was found about one capability of an activity.
type Verdict string

const (
	// Ended within the limit, and stayed gone to the horizon.
	Ended Verdict = "ended"
	// Late: ended after the limit.
	Late Verdict = "late"
	// Open: still working at the horizon.
	Open Verdict = "open"
	// VerdictUnknown: the deciding attempt had no clear outcome.
	VerdictUnknown Verdict = "unknown"
	// Invalid: no access before the order, or the control failed too, so
	// nothing was shown.
	Invalid Verdict = "invalid"
	// NotAvailable: this lab has no such path or mitigation, or the SOP is not
	// about it: [RunResult.Unpromised] tells which.
	NotAvailable Verdict = "n/a"
	// Kept is a control's verdict: it worked to the horizon. Outages on the
	// way are listed with it.
	Kept Verdict = "kept"
	// Lost is a control's verdict: it had not come back at the horizon.
	Lost Verdict = "lost"
)

// Verdicts lists every verdict of a threat in the order in which it is counted.
var Verdicts = []Verdict{Ended, Late, Open, VerdictUnknown, Invalid, NotAvailable}

// WithProfile returns a copy of s that is played with another profile. It
// predicts what s does, but for what s says of that profile.
func (s *Scenario) WithProfile(name string) *Scenario {
	if name == s.Profile {
		return s
	}
	c := *s
	c.Profile, c.Elsewhere, c.Stated = name, true, s.ExpectOn[name]
	c.Expect, c.ExpectOn = s.Expect.with(c.Stated), nil
	return &c
}

// with returns the predictions with others in the place of some.
func (p Predictions) with(others Predictions) Predictions {
	all := Predictions{}
	for _, from := range []Predictions{p, others} {
		for id, capabilities := range from {
			if all[id] == nil {
				all[id] = map[Capability]Verdict{}
			}
			maps.Copy(all[id], capabilities)
		}
	}
	return all
}

// Predicts returns what s predicts of a capability of an activity, or nothing.
// On another profile than its own a case may not exist, because a path or a
// step of it is not there; then it predicts only what it says of that profile
// by name.
func (s *Scenario) Predicts(id string, c Capability, exists bool) Verdict {
	if s.Elsewhere && !exists {
		return s.Stated[id][c]
	}
	return s.Expect[id][c]
}

// Forget drops the predictions, which are about the case as it was written.
func (s *Scenario) Forget() { s.Expect, s.ExpectOn, s.Stated, s.SweepExpect = nil, nil, nil, nil }
