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
// case its own story says it all.
func PlainWords(d *lab.Document) []string {
	if len(d.Runs) == 1 {
		return PlainStory(d.Runs[0])
	}
	var whole, broken, none int
	var longest, open *lab.ActivityResult
	var where, whereOpen *lab.RunResult
	opens, disturbed, left := 0, 0, 0
	for _, r := range d.Runs {
		bad, shown, hurt := false, false, false
		for _, a := range r.Activities {
			if a.Role == lab.Control {
				hurt = hurt || len(a.Outages) > 0 || a.Verdict == lab.Lost
				continue
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
		if slices.ContainsFunc(r.Sweep, func(f *lab.SweepResult) bool { return f.Works == lab.WorksYes }) {
			left++
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
	if longest != nil {
		out = append(out, fmt.Sprintf("The longest that access lasted before it ended was %s: %s could still %s %s (%s, limit %s).",
			inWords(*longest.CutoffS), longest.Who, plainly(longest.Capability), by(longest.Path), where.Scenario, inWords(where.LimitS)))
	}
	if open != nil {
		out = append(out, fmt.Sprintf("For %s access was still open when the watch ended, for example: %s could %s %s after %s (%s).",
			lab.Count(opens, "promise"), open.Who, plainly(open.Capability), by(open.Path), inWords(whereOpen.HorizonS), whereOpen.Scenario))
	}
	if left > 0 {
		out = append(out, fmt.Sprintf("In %s something still works without any session.", lab.Count(left, "case")))
	}
	switch disturbed {
	case 0:
		out = append(out, "Nobody else was disturbed.")
	default:
		out = append(out, fmt.Sprintf("In %s somebody else was cut off for a while.", lab.Count(disturbed, "case")))
	}
	return clean(out)
}

// PlainStory tells people who don't read logs what a case shows: when the order was
// given, the last thing that somebody managed to do, what is still open, and
// what happened to others.
func PlainStory(r *lab.RunResult) []string {
	out := []string{opening(r)}
	var open, late, ended, unsure []*lab.ActivityResult
	for _, a := range r.Activities {
		if a.Role != lab.Threat {
			continue
		}
		switch a.Verdict {
		case lab.Open:
			open = append(open, a)
		case lab.Late:
			late = append(late, a)
		case lab.Ended:
			ended = append(ended, a)
		case lab.VerdictUnknown, lab.Invalid:
			unsure = append(unsure, a)
		}
	}
	if len(open) > 0 {
		out = append(out, fmt.Sprintf("Still open: when the watch ended after %s, %s.", inWords(r.HorizonS), abilities(open, "could still")))
	}
	if last := latest(append(slices.Clone(late), ended...)); last != nil {
		switch {
		case *last.CutoffS == 0:
			out = append(out, "Everything else had ended at once: the first attempt after the order was refused.")
		default:
			out = append(out, fmt.Sprintf("The last thing that anybody managed to do before access ended was at %s: %s could still %s %s, %s after the order%s.",
				when(*last.CutoffS), last.Who, plainly(last.Capability), by(last.Path), inWords(*last.CutoffS), beyond(*last.CutoffS, r.LimitS)))
		}
		if len(open) == 0 && *last.CutoffS == 0 {
			out[len(out)-1] = "Everything ended at once: the first attempt after the order was refused, and so was every one after it."
		}
	}
	if len(open) == 0 && len(late) == 0 && len(unsure) == 0 && len(ended) > 0 {
		out = append(out, "No session is open any more.")
	}
	for len(unsure) > 0 { // those of one reason together
		why := reason(unsure[0], r)
		like := func(a *lab.ActivityResult) bool { return reason(a, r) == why }
		together := slices.DeleteFunc(slices.Clone(unsure), func(a *lab.ActivityResult) bool { return !like(a) })
		unsure = slices.DeleteFunc(unsure, like)
		out = append(out, fmt.Sprintf("Not shown is whether access ended in time: whether %s. The reason: %s.", abilities(together, "could"), strings.TrimSuffix(why, ".")))
	}
	out = append(out, others(r)...)
	return clean(append(out, without(r)...))
}

func opening(r *lab.RunResult) string {
	moment := "The order to cut access off was given at T0"
	if !r.Order.IsZero() {
		moment = fmt.Sprintf("The order to cut access off was given at %s (T0)", r.Order.UTC().Format("15:04 UTC on 2 January 2006"))
	}
	return fmt.Sprintf("%s. Access had to end within %s, and was watched for %s.", moment, inWords(r.LimitS), inWords(r.HorizonS))
}

func beyond(at, limit float64) string {
	if at > limit {
		return ", " + inWords(at-limit) + " over the limit"
	}
	return ", within the limit"
}

// latest is the one whose access lasted longest.
func latest(list []*lab.ActivityResult) (last *lab.ActivityResult) {
	for _, a := range list {
		if a.CutoffS != nil && (last == nil || *a.CutoffS > *last.CutoffS) {
			last = a
		}
	}
	return last
}

// abilities lists who can do what: "dana could still read mail and send mail
// over ews".
func abilities(list []*lab.ActivityResult, could string) string {
	var parts []string
	for i := 0; i < len(list); {
		a := list[i]
		var can []string
		for ; i < len(list) && list[i].Who == a.Who && list[i].Path == a.Path; i++ {
			if words := plainly(list[i].Capability); !slices.Contains(can, words) {
				can = append(can, words)
			}
		}
		parts = append(parts, fmt.Sprintf("%s %s %s %s", a.Who, could, enumerate(can), by(a.Path)))
	}
	return strings.Join(parts, "; ")
}

// enumerate writes "a, b and c".
func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// others tells what happened to the bystanders: of each the longest time without
// access, on all paths where it was the same.
func others(r *lab.RunResult) []string {
	type harm struct{ who, what, when string }
	var calm []string
	var harms []harm
	ways := map[harm][]string{}
	for i := 0; i < len(r.Activities); {
		a := r.Activities[i]
		var worst *lab.OutageResult
		var hurt *lab.ActivityResult
		shown := false
		for ; i < len(r.Activities) && r.Activities[i].ID == a.ID; i++ {
			b := r.Activities[i]
			shown = shown || b.Verdict == lab.Kept || b.Verdict == lab.Lost
			for j := range b.Outages {
				if o := &b.Outages[j]; worst == nil || outage(o, r) > outage(worst, r) {
					worst, hurt = o, b
				}
			}
		}
		if a.Role != lab.Control || !shown {
			continue
		}
		if worst == nil {
			if way := a.Who + " " + by(a.Path); !slices.Contains(calm, way) {
				calm = append(calm, way)
			}
			continue
		}
		h := harm{a.Who, plainly(hurt.Capability), fmt.Sprintf("from %s on, and had not come back when the watch ended", when(worst.FromS))}
		if worst.ToS != nil {
			h.when = fmt.Sprintf("for %s, from %s on", inWords(*worst.ToS-worst.FromS), when(worst.FromS))
		}
		if ways[h] == nil {
			harms = append(harms, h)
		}
		ways[h] = append(ways[h], by(a.Path))
	}
	var out []string
	for _, h := range harms {
		out = append(out, fmt.Sprintf("Somebody else was hit: %s, who should have noticed nothing, could not %s %s, %s.", h.who, h.what, h.when, enumerate(ways[h])))
	}
	switch {
	case calm != nil && out == nil:
		out = append(out, "Nobody else was disturbed: "+enumerate(calm)+" went on working.")
	case calm != nil:
		out = append(out, "Not disturbed: "+enumerate(calm)+".")
	}
	return out
}

func outage(o *lab.OutageResult, r *lab.RunResult) float64 {
	if o.ToS == nil {
		return r.HorizonS*2 + 1 // worse than any that ended
	}
	return *o.ToS - o.FromS
}

// without tells what a sweep found to work without a session.
func without(r *lab.RunResult) (out []string) {
	if r.Sweep == nil {
		return nil
	}
	for _, f := range gathered(r, false) {
		if f.Works != lab.WorksYes {
			continue
		}
		text := "Without any session this still works: " + sweepWords[f.Kind]
		if f.What != "" {
			text += " (" + f.What + ")"
		}
		if len(f.Ends) > 0 {
			text += ". It ends with " + strings.Join(f.Ends, " or ")
		}
		out = append(out, text+".")
	}
	if out == nil {
		out = []string{"Without a session nothing works any more."}
	}
	return out
}

func clean(list []string) []string {
	for i, s := range list {
		list[i] = foreign.Text(s)
	}
	return list
}
