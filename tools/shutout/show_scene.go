package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/scenarios"
)

// showScene tells what people have set up before the case begins.
func showScene(t *terminal, sc *lab.Scenario) {
	var rows [][]string
	for _, who := range slices.Sorted(maps.Keys(sc.Scene.Forwards)) {
		rows = append(rows, []string{who, "the mailbox sends its mail on to " + sc.Scene.Forwards[who]})
	}
	for _, who := range slices.Sorted(maps.Keys(sc.Scene.Rules)) {
		rows = append(rows, []string{who, "an inbox rule sends everything on to " + sc.Scene.Rules[who]})
	}
	for _, who := range slices.Sorted(maps.Keys(sc.Scene.Delegates)) {
		for _, to := range sc.Scene.Delegates[who] {
			rows = append(rows, []string{who, to + " has full access to the mailbox"})
		}
	}
	if rows == nil {
		return
	}
	t.heading("set up before")
	t.table("  ", rows)
	blank(t)
}

// showSweep tells what is predicted of the sweep.
func showSweep(t *terminal, sc *lab.Scenario) {
	if !sc.Sweep {
		return
	}
	var rows [][]string
	for _, kind := range lab.SweepKinds {
		if works, predicted := sc.SweepExpect[kind]; predicted {
			rows = append(rows, []string{string(kind), "expected: " + string(works)})
		}
	}
	blank(t)
	t.heading("what works without a session is looked for after the horizon")
	t.table("  ", rows)
}

// showManner tells how the activities go about it, where they do not do what
// everybody does, and what is special about the people and hosts in them.
func showManner(t *terminal, sc *lab.Scenario) {
	var rows [][]string
	add := func(name string, manner []string) {
		if len(manner) > 0 && !slices.ContainsFunc(rows, func(row []string) bool { return row[0] == name }) {
			rows = append(rows, []string{name, strings.Join(manner, "; ")})
		}
	}
	all := slices.Concat(sc.Activities, sc.Controls)
	for _, a := range all {
		add(a.ID, manner(a))
	}
	for _, a := range all {
		if p := sc.Cast.People[a.Who]; p != nil {
			add(a.Who, personal(p))
		}
		if p := sc.Cast.People[a.To]; p != nil {
			add(a.To, personal(p))
		}
		if h := sc.Cast.Hosts[a.From]; h != nil {
			add(a.From, ofHost(h))
		}
	}
	if rows == nil {
		return
	}
	blank(t)
	t.heading("what is special about them")
	for _, row := range rows {
		t.hanging("  "+row[0]+": ", "      ", row[1])
	}
}

// manner tells what an activity does otherwise than everybody.
func manner(a *lab.Activity) (list []string) {
	add := func(when bool, format string, args ...any) {
		if when {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	b := a.Client
	add(a.To != "" && a.To != scenarios.DefaultTo, "writes to %s", a.To)
	add(a.Sender != "", "says it is %s", a.Sender)
	add(a.Size != scenarios.DefaultSize, "messages of %d bytes", a.Size)
	add(b.Auth != "", "signs in by %s", b.Auth)
	add(b.Reconnect == "every", "signs in anew every %s", lab.Duration(b.Every))
	add(b.Reconnect == "never", "never signs in anew")
	overheard := slices.Contains(b.Passwords, lab.Overheard)
	add(len(b.Passwords) > 0 && !overheard, "knows the passwords: %s", strings.Join(b.Passwords, ", "))
	add(overheard, "knows the passwords that went over the wire in the clear")
	add(b.Wordlist > 0, "does not know the password and tries a list of %d", b.Wordlist)
	add(b.Guesses > 0, "asks for %d made-up addresses each time", b.Guesses)
	add(b.Script && !b.Consent, "a program drives Outlook")
	add(b.Script && b.Consent, "a program drives Outlook, and somebody at the desk allows it")
	add(b.Heartbeat > 0, "has the server hold its request for %s", lab.Duration(b.Heartbeat))
	add(b.EAS != "", "speaks ActiveSync up to %s", b.EAS)
	add(b.Cleartext, "does without TLS")
	add(b.Removes, "takes the mail off the server")
	return list
}

func personal(p *lab.Person) (list []string) {
	if p.Affinity == lab.NoAffinity {
		list = append(list, "the load balancer sends each connection to the next server")
	}
	if p.OutOfOffice != "" {
		list = append(list, "out-of-office replies: "+p.OutOfOffice)
	}
	return list
}

func ofHost(h *lab.Host) (list []string) {
	if h.Windows != "" {
		list = append(list, "Windows "+h.Windows)
	}
	if h.Behind.IsValid() {
		list = append(list, "behind a router with the address "+h.Behind.String())
	}
	return list
}
