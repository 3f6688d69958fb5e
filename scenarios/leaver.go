package scenarios

import (
	"fmt"
	"slices"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
)

// leaverVariable is how an SOP calls whoever leaves: ${leaver}.
const leaverVariable = "leaver"

// Leavers lists who leaves in a case, in its order: the people of the
// organisation who use an account in it that has to be cut off. Somebody who has
// to go on working there does not leave, whatever else is done in that name.
func Leavers(sc *lab.Scenario) (ids []string) {
	for _, a := range sc.Activities {
		if !slices.Contains(ids, a.Who) && stays(sc, a) == "" {
			ids = append(ids, a.Who)
		}
	}
	return ids
}

// HasLeaver tells whether somebody leaves in the case, whose access an SOP can
// end. In the others outsiders do something to a mailbox, or programs do.
func HasLeaver(sc *lab.Scenario) bool { return Leavers(sc) != nil }

// stays tells why an activity is not that of somebody who leaves; empty: it is.
func stays(sc *lab.Scenario, a *lab.Activity) string {
	p := sc.Cast.People[a.Who]
	info, known := LookupPath(a.Path)
	switch {
	case p == nil || p.Outsider():
		return a.Who + " has no account here"
	case known && !info.Account:
		return string(a.Path) + " needs no account"
	case slices.ContainsFunc(sc.Controls, func(c *lab.Activity) bool { return c.Who == a.Who }):
		return a.Who + " has to go on working"
	}
	return ""
}

// about lists whom the SOP's ${leaver} means in a case: whoever leaves. Where
// nobody does, an SOP that takes nobody's access away, such as one against
// out-of-office replies to spam, is about the mailboxes that are written to.
func (s *SOP) about(sc *lab.Scenario) (ids []string) {
	if ids = Leavers(sc); ids != nil || family(s.written()) != AboutAbuse {
		return ids
	}
	for _, a := range sc.Activities {
		if p := sc.Cast.People[a.To]; p != nil && !p.Outsider() && !slices.Contains(ids, a.To) {
			ids = append(ids, a.To)
		}
	}
	return ids
}

// promise takes from a case the promises that an SOP about these people does not
// make: it cannot fail at what it is not about. An SOP about servers or the
// network is about everybody. What a mailbox answers by itself is its owner's; and
// where nobody leaves, so is all mail to it.
func (s *SOP) promise(sc *lab.Scenario, people []string) {
	forLeaver, nobodyLeaves := s.ForLeaver(), !HasLeaver(sc)
	sc.Activities = slices.Clone(sc.Activities)
	for i, a := range sc.Activities {
		a = new(*a)
		a.Beside = ""
		theirs := slices.Contains(people, a.To) && (nobodyLeaves || slices.Contains(a.Do, lab.Reply))
		if why := stays(sc, a); forLeaver && why != "" && !theirs {
			a.Beside = fmt.Sprintf("the SOP is about whoever leaves, and %s", why)
		}
		sc.Activities[i] = a
	}
}

// eachLeaver returns what a step's variables stand for, each time that the step
// is taken.
func eachLeaver(step *strict.Node, leavers []string) (each []map[string]string) {
	if !step.Names(leaverVariable) {
		leavers = []string{""} // once, for nobody
	}
	for _, id := range leavers {
		each = append(each, map[string]string{leaverVariable: id})
	}
	return each
}

// What a case is about.
const (
	AboutLeaver = "leaver"
	AboutAbuse  = "abuse" // of the organisation's servers or clients
)

// Family tells what a case is about: abuse, if all that is done is meant against
// that, or else a leaver. Where nothing is done, it is about whoever leaves.
func Family(sc *lab.Scenario) string {
	if len(sc.SOP) == 0 && HasLeaver(sc) {
		return AboutLeaver
	}
	return family(sc.SOP)
}

func family(steps []lab.Step) string {
	for _, step := range steps {
		if info, _ := mitigation.Lookup(step.Action.Name()); info.Purpose != mitigation.EndAbuse {
			return AboutLeaver
		}
	}
	return AboutAbuse
}
