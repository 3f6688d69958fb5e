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
		return TitledStory(d.Runs[0])
	}
	var whole, broken, unclear, none, beside int // cases
	var longest, open *lab.ActivityResult
	var where, whereOpen *lab.RunResult
	opens, unseen := 0, 0
	var away, lost, calm int // cases, by what became of bystanders
	for _, r := range d.Runs {
		var bad, doubt, shown, unpromised bool
		var others, hurt, gone bool
		for _, a := range r.Activities {
			if a.Role == lab.Control {
				if a.Verdict == lab.Kept || a.Verdict == lab.Lost {
					others = true
					hurt = hurt || len(a.Outages) > 0
					gone = gone || a.Verdict == lab.Lost
				}
				continue
			}
			unpromised = unpromised || r.Unpromised(a)
			shown = shown || a.Verdict != lab.NotAvailable
			bad = bad || a.Verdict.TooLong()
			doubt = doubt || a.Verdict == lab.VerdictUnknown || a.Verdict == lab.Invalid
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
		case !shown && unpromised:
			beside++
		case !shown:
			none++
		case bad:
			broken++
		case doubt:
			unclear++
		default:
			whole++
		}
		switch {
		case gone:
			lost++
		case hurt:
			away++
		case others:
			calm++
		case shown:
			unseen++
		}
	}
	text := fmt.Sprintf("%s %s played. In %s of them everything that had to end had ended within the limit", lab.Count(len(d.Runs), "case"), were(len(d.Runs)), noneOr(whole))
	for _, other := range []struct {
		n    int
		what string
	}{
		{broken, "something had not"},
		{unclear, "it is not clear whether everything had"},
		{none, "this lab had nothing to show"},
		{beside, "nothing was promised, as the SOP is not about them"},
	} {
		if other.n > 0 {
			text += fmt.Sprintf("; in %d %s", other.n, other.what)
		}
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
	c := tally(d)
	if n := c.untried(); n > 0 {
		out = append(out, fmt.Sprintf("%s %s not tried, because this lab does not have what that needs; nothing is said of them.", lab.Count(n, "promise"), were(n)))
	}
	if c.unpromised > 0 {
		out = append(out, fmt.Sprintf("%s %s not made, because the SOP is not about them; nothing is said of them.", lab.Count(c.unpromised, "promise"), were(c.unpromised)))
	}
	out = append(out, sweeps(d)...)
	return clean(append(out, bystanders(away, lost, calm, unseen)...))
}

// bystanders sums up what became of others, in numbers of cases: in those where
// nothing shows it nothing is said of it.
func bystanders(away, lost, calm, unseen int) (out []string) {
	if lost > 0 {
		out = append(out, fmt.Sprintf("In %s somebody else was cut off, and had not come back when the watch ended.", lab.Count(lost, "case")))
	}
	if away > 0 {
		out = append(out, fmt.Sprintf("In %s somebody else was cut off for a while.", lab.Count(away, "case")))
	}
	if away+lost == 0 && calm > 0 {
		out = append(out, "Nobody else was disturbed.")
	}
	if unseen > 0 {
		out = append(out, fmt.Sprintf("In %s nothing shows whether somebody else was disturbed.", lab.Count(unseen, "case")))
	}
	return out
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
		out = append(out, fmt.Sprintf("Without any session, %s still %s whoever left, in %s.", lab.Count(c.left, "way"), verb(c.left, "serves", "serve"), lab.Count(in, "case")))
	}
	if c.decide > 0 {
		out = append(out, fmt.Sprintf("For somebody to decide, and not counted as broken: %s more that still %s, in %s.", lab.Count(c.decide, "way"), verb(c.decide, "works", "work"), lab.Count(undecided, "case")))
	}
	return out
}

func clean(list []string) []string {
	for i, s := range list {
		list[i] = foreign.Text(s)
	}
	return list
}
