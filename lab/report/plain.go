package report

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// doing says in plain words what a capability is.
var doing = map[lab.Capability]string{
	lab.SignIn:    "sign in",
	lab.Read:      "read mail",
	lab.ReadLocal: "read mail that the device keeps",
	lab.Receive:   "receive new mail",
	lab.Send:      "send mail",
	lab.Reply:     "have automatic replies sent",
	lab.Deliver:   "get mail delivered",
	lab.Harvest:   "find out who has an address",
}

// ways says in plain words which way somebody took.
var ways = map[lab.Path]string{
	lab.OutlookRPC:      "with Outlook in the office",
	lab.OutlookAnywhere: "with Outlook at home",
	lab.MAPIHTTP:        "with Outlook over the web",
	lab.OWA:             "in a browser",
	lab.ActiveSync:      "on a phone",
	lab.EWS:             "with a program that uses Exchange Web Services",
	lab.IMAP:            "with an IMAP mail program",
	lab.POP3:            "with a POP3 mail program",
	lab.SMTPSubmission:  "with a program that signs in to send",
	lab.SMTPAnonymous:   "through the mail server, without signing in",
	lab.SMTPDirect:      "through a mail server of their own",
	lab.Pickup:          "through files in the Pickup directory",
}

// by says which way somebody took, with its name: "in a browser (owa)".
func by(p lab.Path) string {
	if words := ways[p]; words != "" {
		return words + " (" + string(p) + ")"
	}
	return "over " + string(p)
}

// Model says of what a lab showed that it is a simulation's; of another lab,
// nothing. Every rendering for people says it, and so in these words.
func Model(name string) string {
	if name != lab.Simulation {
		return ""
	}
	return "This was played in a simulation. It shows what a model of the servers does, and says nothing certain about servers of yours."
}

// inWords writes a time for people who read no logs: "1 hour 29 minutes".
func inWords(s float64) string {
	n := int(s + 0.5)
	var parts []string
	for _, u := range []struct {
		size int
		name string
	}{{3600, "hour"}, {60, "minute"}, {1, "second"}} {
		if k := n / u.size; k > 0 {
			parts = append(parts, lab.Count(k, u.name))
			n %= u.size
		}
	}
	switch len(parts) {
	case 0:
		return "0 seconds"
	case 3:
		parts = parts[:2] // seconds say nothing beside hours
	}
	return strings.Join(parts, " ")
}

func noneOr(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func plainly(c lab.Capability) string {
	if words := doing[c]; words != "" {
		return words
	}
	return string(c)
}

// PlainWords tells people who don't read logs what a whole document shows. Of one
// case its title and its own story say it all.
func PlainWords(d *lab.Document) []string {
	if len(d.Runs) == 1 {
		r := d.Runs[0]
		if r.Title == "" {
			return PlainStory(r)
		}
		return append(clean([]string{strings.TrimSuffix(r.Title, ".") + "."}), PlainStory(r)...)
	}
	var whole, broken, none int
	var longest, open *lab.ActivityResult
	var where, whereOpen *lab.RunResult
	opens, disturbed, untried := 0, 0, 0
	for _, r := range d.Runs {
		bad, shown, hurt := false, false, false
		for _, a := range r.Activities {
			if a.Role == lab.Control {
				hurt = hurt || len(a.Outages) > 0 || a.Verdict == lab.Lost
				continue
			}
			if a.Verdict == lab.NotAvailable {
				untried++
			}
			shown = shown || a.Verdict != lab.NotAvailable
			bad = bad || a.Verdict.Broken()
			if a.Verdict == lab.Open {
				opens++
				if open == nil || r.HorizonS > whereOpen.HorizonS {
					open, whereOpen = a, r
				}
			}
			if a.Verdict == lab.Late && a.CutoffS != nil && (longest == nil || *a.CutoffS > *longest.CutoffS) {
				longest, where = a, r
			}
		}
		switch {
		case !shown:
			none++
		case bad:
			broken++
		default:
			whole++
		}
		if hurt {
			disturbed++
		}
	}
	text := fmt.Sprintf("%s %s played. In %s of them everything that had to end had ended within the limit", lab.Count(len(d.Runs), "case"), were(len(d.Runs)), noneOr(whole))
	if broken > 0 {
		text += fmt.Sprintf("; in %d something had not", broken)
	}
	if none > 0 {
		text += fmt.Sprintf("; in %d this lab had nothing to show", none)
	}
	out := []string{text + "."}
	if open != nil {
		out = append(out, fmt.Sprintf("For %s access was still open when the watch ended, for example: %s could %s %s after %s (%s).",
			lab.Count(opens, "promise"), open.Who, plainly(open.Capability), by(open.Path), inWords(whereOpen.HorizonS), whereOpen.Scenario))
	}
	if longest != nil {
		out = append(out, fmt.Sprintf("Of what did end, access lasted longest for %s: %s could still %s %s (%s, limit %s).",
			inWords(*longest.CutoffS), longest.Who, plainly(longest.Capability), by(longest.Path), where.Scenario, inWords(where.LimitS)))
	}
	if untried > 0 {
		out = append(out, fmt.Sprintf("%s %s not tried, because this lab does not have what that needs; nothing is said of them.", lab.Count(untried, "promise"), were(untried)))
	}
	out = append(out, sweeps(d)...)
	switch disturbed {
	case 0:
		out = append(out, "Nobody else was disturbed.")
	default:
		out = append(out, fmt.Sprintf("In %s somebody else was cut off for a while.", lab.Count(disturbed, "case")))
	}
	return clean(out)
}

// sweeps sums up what the sweeps found: what serves whoever left, which breaks a
// promise, and what is for somebody to decide, which does not.
func sweeps(d *lab.Document) (out []string) {
	var in, undecided int // cases
	for _, r := range d.Runs {
		if slices.ContainsFunc(r.Sweep, func(f *lab.SweepResult) bool { return f.Broken }) {
			in++
		}
		if slices.ContainsFunc(r.Sweep, toDecide) {
			undecided++
		}
	}
	c := tally(d)
	if c.left > 0 {
		out = append(out, fmt.Sprintf("Without any session, %s still %s whoever left, in %s.", lab.Count(c.left, "way"), serves(c.left), lab.Count(in, "case")))
	}
	if c.decide > 0 {
		out = append(out, fmt.Sprintf("For somebody to decide, and not counted as broken: %s more that still %s, in %s.", lab.Count(c.decide, "way"), works(c.decide), lab.Count(undecided, "case")))
	}
	return out
}

func serves(n int) string {
	if n == 1 {
		return "serves"
	}
	return "serve"
}

func works(n int) string {
	if n == 1 {
		return "works"
	}
	return "work"
}

func clean(list []string) []string {
	for i, s := range list {
		list[i] = foreign.Text(s)
	}
	return list
}
