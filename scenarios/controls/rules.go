package controls

import (
	"slices"
	"strings"

	"shutout/lab"
)

// rules hold a document against a control.
var rules = map[string]func(*facts, *Assessment){
	"access": access, "credentials": credentials, "none": none, "property": property, "retained": retained,
	"account": account, "sessions": sessions, "rights": rights, "process": process,
}

// none is for what no run can show.
func none(_ *facts, a *Assessment) { a.Outcome = NotShown }

// promised tells what became of promises and returns how many were broken, not
// clear and kept.
func promised(list []promise, about string, a *Assessment) (broken, unclear, kept int) {
	bad, doubt, good := split(list)
	if bad != nil {
		a.shown("Broken, %s: %s.", count(len(bad), about), told(bad))
	}
	if doubt != nil {
		a.silent("What became of %s without a clear result: %s.", count(len(doubt), about), told(doubt))
	}
	if good != nil {
		longest := 0.0
		for _, p := range good {
			if p.CutoffS != nil {
				longest = max(longest, *p.CutoffS)
			}
		}
		a.shown("Kept, %s: access lasted for %s at most.", count(len(good), about), span(longest))
	}
	return len(bad), len(doubt), len(good)
}

// covered tells which ways to reach mail nobody who leaves had in the run.
func covered(f *facts, a *Assessment) {
	if f.untried != nil {
		a.silent("Access paths that nobody tried: %s.", strings.Join(f.untried, ", "))
	}
	if len(f.lacking) > 0 {
		a.silent("Access paths that this lab does not have: %s.", strings.Join(f.lacking, ", "))
	}
}

// freshSignIns tells whether somebody who left could sign in anew at the end.
func freshSignIns(f *facts, a *Assessment) (broken, unclear, kept int) {
	works, unknown, no := f.found(lab.SweepSignIn, lab.WorksYes), f.found(lab.SweepSignIn, lab.WorksUnknown), f.found(lab.SweepSignIn, lab.WorksNo)
	if works != nil {
		a.shown("At the end a fresh sign-in still worked: %s.", named(works))
	}
	if unknown != nil {
		a.silent("Whether %s at the end worked, without a clear result: %s.", lab.Count(len(unknown), "fresh sign-in"), named(unknown))
	}
	if no != nil {
		a.shown("At the end %s refused.", lab.Count(len(no), "fresh sign-in")+were(len(no)))
	}
	if f.unswept > 0 {
		a.silent("Fresh sign-ins after the end, in %s without a sweep (shutout run --sweep).", lab.Count(f.unswept, "case"))
	}
	return len(works), len(unknown), len(no)
}

// count counts promises about something.
func count(n int, about string) string { return lab.Count(n, "promise") + about }

func were(n int) string {
	if n == 1 {
		return " was"
	}
	return " were"
}

// measure tells which limit things are held against.
func measure(f *facts, a *Assessment) {
	if f.limits != "" {
		a.Limit = f.limits
	}
	if f.outside > 0 {
		a.silent("%s about mail that needs no account, which are no matter of somebody's access.", lab.Count(f.outside, "promise"))
	}
	if f.beside != nil {
		a.silent("Access that is not promised to end, as the SOP is not about it: %s.", named(f.beside))
	}
}

// access: everything that somebody could do had ended within the limit, and no
// fresh sign-in worked at the end.
func access(f *facts, a *Assessment) {
	measure(f, a)
	b, u, k := promised(f.promises, "", a)
	covered(f, a)
	sb, su, _ := freshSignIns(f, a)
	a.decide(b+sb, u+su, k)
}

// remembered are the layers that stand for a password: what the person showed
// once, or was given for it.
var remembered = []lab.Layer{lab.LayerToken, lab.LayerTicket, lab.LayerCookie, lab.LayerOldPassword, lab.LayerCloudToken, lab.LayerRefreshToken}

// held are the layers that keep a session.
var held = []lab.Layer{lab.LayerSession, lab.LayerConnection, lab.LayerHanging, lab.LayerCookie, lab.LayerToken, lab.LayerMailboxInfo}

// through lists the promises that a layer of a kind let pass last.
func through(list []promise, layers []lab.Layer) (out []promise) {
	for _, p := range list {
		if slices.ContainsFunc(p.Because, func(r lab.Reason) bool { return r.Allowed && slices.Contains(layers, r.Layer) }) {
			out = append(out, p)
		}
	}
	return out
}

// credentials: nobody signed in with an old password after the limit, and none
// of what a password was exchanged for let anybody in after it.
func credentials(f *facts, a *Assessment) {
	measure(f, a)
	var signIns []promise
	for _, p := range f.promises {
		if p.Capability == lab.SignIn {
			signIns = append(signIns, p)
		}
	}
	b, u, k := promised(signIns, " about signing in", a)
	sb, su, sk := freshSignIns(f, a)
	bad, _, _ := split(through(f.promises, remembered))
	if bad != nil {
		a.shown("A token, ticket, cookie or old password let somebody in after the limit: %s.", told(bad))
	}
	if k+sk+b+sb == 0 {
		a.silent("Signing in: nobody tried it by itself.")
	}
	a.decide(b+sb+len(bad), u+su, k+sk)
}

// property: nothing shows whether it came back. What a device still holds is
// told.
func property(f *facts, a *Assessment) {
	a.Outcome = NotShown
	if f.local != nil {
		a.shown("What may bear on it: mail could be read on a device of the person's after the limit: %s.", told(f.local))
	}
	if copies := f.found(lab.SweepCopy, lab.WorksYes); copies != nil {
		a.shown("What may bear on it: mail stayed on a device of the person's: %s.", named(copies))
	}
	if on := f.found(lab.SweepForward, lab.WorksYes); on != nil {
		a.shown("What may bear on it: the mailbox sends mail on: %s.", named(on))
	}
}

// taking are the steps that take the mailbox away from everybody.
var taking = []string{"delete-cloud-account", "disconnect-mailbox", "recreate-mailbox", "remove-exchange-attributes", "remove-licence"}

// retained: somebody else could open the mailbox at the end.
func retained(f *facts, a *Assessment) {
	opened := f.found(lab.SweepDelegate, lab.WorksYes)
	if opened != nil {
		a.shown("At the end somebody else of the organisation could open the mailbox: %s.", named(opened))
	} else {
		a.silent("Whether the organisation can open the mailbox: nobody else tried it.")
	}
	var gone []string
	for _, s := range f.steps {
		if s.Outcome == lab.Done && slices.Contains(taking, s.Do) {
			gone = append(gone, s.text)
		}
	}
	if gone != nil {
		a.shown("Steps that take the mailbox away from the organisation, too, unless they are undone in time: %s.", named(gone))
	}
	a.decide(0, len(gone), len(opened))
}

// disabling are the steps that disable an account.
var disabling = []string{"disable-account", "block-sign-in", "delete-cloud-account", "expire-account"}

// disabled tells whether the account was disabled within the limit.
func disabled(f *facts, a *Assessment) (broken, kept int) {
	for _, s := range f.steps {
		if !slices.Contains(disabling, s.Do) || s.Outcome == lab.NotApplicable {
			continue
		}
		switch {
		case s.Outcome != lab.Done:
			broken++
			a.shown("The account was not disabled: %s, %s.", s.text, s.Outcome)
		case s.AtS > s.limitS:
			broken++
			a.shown("The account was disabled only after the limit: %s.", s.text)
		default:
			kept++
		}
	}
	if kept > 0 {
		a.shown("The account was disabled within the limit in %s.", lab.Count(kept, "step"))
	}
	if broken+kept == 0 {
		a.silent("Disabling the account: no step does it.")
	}
	return broken, kept
}

// account: the account was disabled within the limit and lets nobody sign in.
func account(f *facts, a *Assessment) {
	measure(f, a)
	b, k := disabled(f, a)
	sb, su, _ := freshSignIns(f, a)
	if late, _, _ := split(f.promises); late != nil && b+sb == 0 && k > 0 {
		a.shown("What the control is for was missed all the same: %s outlasted the disabled account, see PS-4 a.", lab.Count(len(late), "promise"))
	}
	a.decide(b+sb, su, k)
}

// sessions: what was kept open ended within the limit.
func sessions(f *facts, a *Assessment) {
	measure(f, a)
	open := through(f.promises, held)
	b, u, k := promised(open, " about open sessions", a)
	if b+u+k == 0 {
		a.silent("Open sessions: the lab told of none that let anybody in.")
	}
	a.decide(b, u, k)
}

// rights: access ended within the limit, and so did rights to what is others'.
func rights(f *facts, a *Assessment) {
	measure(f, a)
	b, u, k := promised(f.promises, "", a)
	covered(f, a)
	sb, su, _ := freshSignIns(f, a)
	shared := f.found(lab.SweepShared, lab.WorksYes)
	if shared != nil {
		a.shown("Whoever left could still open mailboxes of others: %s.", named(shared))
	}
	if f.unswept > 0 {
		a.silent("Rights to mailboxes of others, in %s without a sweep.", lab.Count(f.unswept, "case"))
	}
	a.decide(b+sb+len(shared), u+su, k)
}

// process: accounts were disabled, and access ended with that.
func process(f *facts, a *Assessment) {
	measure(f, a)
	b, u, k := promised(f.promises, "", a)
	covered(f, a)
	db, dk := disabled(f, a)
	sb, su, _ := freshSignIns(f, a)
	if dk == 0 {
		u++ // access may have ended by other means
	}
	a.decide(b+db+sb, u+su, k)
}
