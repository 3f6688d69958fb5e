package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
)

// PlainStory tells people who don't read logs what a case shows: when the order was
// given, who could do what for too long and until when, what was not shown, and
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
		default:
			unsure = append(unsure, a)
		}
	}
	if len(open) > 0 {
		out = append(out, fmt.Sprintf("Still open: when the watch ended after %s, %s.", inWords(r.HorizonS), abilities(open, "could still")))
	}
	if len(late) > 0 {
		out = append(out, "Ended too late: "+overdue(late, r.LimitS)+".")
	}
	if len(ended) > 0 {
		out = append(out, inTime(ended, len(open)+len(late) > 0))
	}
	if len(open) == 0 && len(late) == 0 && len(unsure) == 0 && len(ended) > 0 {
		out = append(out, "No session is open any more.")
	}
	for len(unsure) > 0 { // those with one reason together
		first, why := unsure[0], reason(unsure[0], r)
		like := func(a *lab.ActivityResult) bool {
			return reason(a, r) == why && silence(a, r) == silence(first, r)
		}
		together := slices.DeleteFunc(slices.Clone(unsure), func(a *lab.ActivityResult) bool { return !like(a) })
		unsure = slices.DeleteFunc(unsure, like)
		text := silence(first, r) + ": whether " + abilities(together, "could")
		if why = strings.TrimPrefix(why, lab.ErrNotAvailable.Error()+": "); why != "" {
			text += ". The reason: " + strings.TrimSuffix(why, ".")
		}
		out = append(out, text+".")
	}
	out = append(out, others(r)...)
	return clean(append(out, without(r)...))
}

// silence tells why nothing is said of a promise that has no clear end.
func silence(a *lab.ActivityResult, r *lab.RunResult) string {
	switch {
	case r.Unpromised(a):
		return "Not promised, as the SOP is not about it"
	case a.Verdict == lab.NotAvailable:
		return "Not tried, so nothing is said of it"
	default:
		return "Not shown is whether access ended in time"
	}
}

// TitledStory is the story of a case with its title before it, if it has one.
func TitledStory(r *lab.RunResult) []string {
	if r.Title == "" {
		return PlainStory(r)
	}
	return append(clean([]string{strings.TrimSuffix(r.Title, ".") + "."}), PlainStory(r)...)
}

// inTime tells of what ended within the limit: how long it lasted at most.
func inTime(ended []*lab.ActivityResult, beside bool) string {
	last := latest(ended)
	switch {
	case (last == nil || *last.CutoffS == 0) && beside:
		return "Everything else had ended at once: the first attempt after the order was refused."
	case last == nil || *last.CutoffS == 0:
		return "Everything ended at once: the first attempt after the order was refused, and so was every one after it."
	}
	what := "The last thing that anybody managed to do was"
	if beside {
		what = "Everything else had ended within the limit; the last of it was"
	}
	text := fmt.Sprintf("%s at %s: %s could still %s %s, %s after the order", what, when(*last.CutoffS), last.Who, plainly(last.Capability), by(last.Path), inWords(*last.CutoffS))
	if !beside {
		text += ", within the limit"
	}
	return text + "."
}

func opening(r *lab.RunResult) string {
	moment := "The order to cut access off was given at T0"
	if !r.Order.IsZero() {
		moment = fmt.Sprintf("The order to cut access off was given at %s on the lab's clock (T0)", r.Order.UTC().Format("15:04 UTC on 2 January 2006"))
	}
	return fmt.Sprintf("%s. Access had to end within %s, and was watched for %s.", moment, inWords(r.LimitS), inWords(r.HorizonS))
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

// deed is what somebody could do until one moment, and which ways they took.
type deed struct {
	who   string
	can   []string
	ways  []string
	until float64 // seconds from the order, where it was seen to end
	n     int     // promises
}

// deeds puts promises together: first what somebody could do one way until one
// moment, then the ways that let them do the same.
func deeds(list []*lab.ActivityResult) (out []*deed) {
	var each []*deed
	for _, a := range list {
		d := &deed{who: a.Who, can: []string{plainly(a.Capability)}, ways: []string{by(a.Path)}, n: 1}
		if a.CutoffS != nil {
			d.until = *a.CutoffS
		}
		i := slices.IndexFunc(each, func(e *deed) bool { return e.who == d.who && e.until == d.until && e.ways[0] == d.ways[0] })
		if i < 0 {
			each = append(each, d)
			continue
		}
		each[i].n++
		if !slices.Contains(each[i].can, d.can[0]) {
			each[i].can = append(each[i].can, d.can[0])
		}
	}
	for _, d := range each {
		i := slices.IndexFunc(out, func(e *deed) bool { return e.who == d.who && e.until == d.until && slices.Equal(e.can, d.can) })
		if i < 0 {
			out = append(out, d)
			continue
		}
		out[i].ways, out[i].n = append(out[i].ways, d.ways...), out[i].n+d.n
	}
	return out
}

// mostDeeds is how many of them plain words tell; the others are counted.
const mostDeeds = 8

// told lists deeds in words, and counts those that are too many.
func told(list []*deed, words func(*deed) string) string {
	var parts []string
	more := 0
	for i, d := range list {
		if i < mostDeeds || len(list) == mostDeeds+1 {
			parts = append(parts, words(d))
		} else {
			more += d.n
		}
	}
	if more > 0 {
		parts = append(parts, "and "+lab.Count(more, "promise")+" more")
	}
	return strings.Join(parts, "; ")
}

// abilities lists who can do what: "dana could still read mail and send mail
// over ews".
func abilities(list []*lab.ActivityResult, could string) string {
	return told(deeds(list), func(d *deed) string {
		return fmt.Sprintf("%s %s %s %s", d.who, could, enumerate(d.can), enumerate(d.ways))
	})
}

// overdue lists who could do what until when, what lasted longest first.
func overdue(list []*lab.ActivityResult, limit float64) string {
	all := deeds(list)
	slices.SortStableFunc(all, func(a, b *deed) int { return cmp.Compare(b.until, a.until) })
	return told(all, func(d *deed) string {
		return fmt.Sprintf("until %s after the order, %s over the limit, %s could %s %s", inWords(d.until), inWords(d.until-limit), d.who, enumerate(d.can), enumerate(d.ways))
	})
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
		if toDecide(f) {
			text = "For somebody to decide, as it works without any session: " + sweepWords[f.Kind]
		}
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
