package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report/foreign"
)

// htmlSite is what to change at one site: no remedy of another is any use there.
type htmlSite struct {
	Name    string // empty where all cases are of one site
	Changes []htmlChange
}

// htmlChange is one thing to change in the SOP: a layer that kept access alive,
// what it did, and what ends it.
type htmlChange struct {
	ID               string
	Word, Layer, Why string
	Where            []htmlPlace
	Remedies         []htmlRemedy
}

// htmlPlace is where something stands on the page.
type htmlPlace struct{ Href, Text string }

type htmlRemedy struct {
	Name, Title, Note string
	Sources           []htmlSource
}

// changes lists what to change, site by site in the order of their cases, and
// tells each case where its own causes stand.
func changes(cases []*htmlCase, ids anchors) (out []htmlSite) {
	var sites []mitigation.Site
	at := map[mitigation.Site][]*htmlCase{}
	for _, c := range cases {
		site := mitigation.SiteOf(c.run.Profile)
		if at[site] == nil {
			sites = append(sites, site)
		}
		at[site] = append(at[site], c)
	}
	for _, site := range sites {
		s := htmlSite{Changes: append(layersAt(site, at[site], ids, len(cases) > 1), leftovers(site, at[site], ids, len(cases) > 1)...)}
		if len(sites) > 1 {
			s.Name = string(site)
		}
		if s.Changes != nil {
			out = append(out, s)
		}
	}
	return out
}

// mostCauses is how many causes plain words name.
const mostCauses = 4

// keptAlive says in plain words why access lasted, at all sites together: what
// did it most often first.
func keptAlive(sites []htmlSite) string {
	var words []string
	n := map[string]int{}
	for _, s := range sites {
		for _, ch := range s.Changes {
			if ch.Layer == withoutSession {
				continue
			}
			if n[ch.Word] == 0 {
				words = append(words, ch.Word)
			}
			n[ch.Word] += len(ch.Where)
		}
	}
	if words == nil {
		return ""
	}
	slices.SortStableFunc(words, func(a, b string) int { return n[b] - n[a] })
	for i, word := range words {
		words[i] = fmt.Sprintf("%s (%s)", word, lab.Count(n[word], "time"))
	}
	if more := len(words) - mostCauses; more > 0 {
		words = append(words[:mostCauses], fmt.Sprintf("and %d more", more))
	}
	return "What kept access alive beyond the limit: " + strings.Join(words, "; ") + ". What ends each is told under What to change."
}

// layersAt lists the layers that let in whoever should have been out, those
// first that did it most often. Several tells whether places need the name of
// their case.
func layersAt(site mitigation.Site, cases []*htmlCase, ids anchors, several bool) (out []htmlChange) {
	byLayer := map[lab.Layer]*htmlChange{}
	steps := map[lab.Layer][]string{}   // that the SOPs of these cases had
	paths := map[lab.Layer][]lab.Path{} // over which the layer let somebody in
	for _, c := range cases {
		for i, a := range c.run.Activities {
			keeps := KeptBy(a)
			if !a.TooLong() || keeps == nil {
				continue
			}
			remedy, ok := mitigation.Against(keeps.Layer)
			if !ok {
				continue
			}
			ch := byLayer[keeps.Layer]
			if ch == nil {
				ch = &htmlChange{ID: ids.id("change", string(keeps.Layer)), Word: remedy.Word, Layer: string(keeps.Layer), Why: remedy.Why}
				byLayer[keeps.Layer] = ch
			}
			ch.add(c, i, several)
			if !slices.Contains(paths[keeps.Layer], a.Path) {
				paths[keeps.Layer] = append(paths[keeps.Layer], a.Path)
			}
			c.because(ch)
			for _, s := range c.run.Steps {
				if s.Outcome == lab.Done && !slices.Contains(steps[keeps.Layer], s.Do) {
					steps[keeps.Layer] = append(steps[keeps.Layer], s.Do)
				}
			}
		}
	}
	for _, layer := range lab.ByMemory {
		ch := byLayer[layer]
		if ch == nil {
			continue
		}
		remedy, _ := mitigation.Against(layer)
		for _, m := range remedy.Ends {
			others := slices.DeleteFunc(slices.Clone(paths[layer]), m.Fits)
			if info, _ := mitigation.Lookup(m.Name); info.Where.Has(site) && len(others) < len(paths[layer]) {
				r := newRemedy(info.At(site), slices.Contains(steps[layer], m.Name), len(cases) == 1)
				r.not(others)
				ch.Remedies = append(ch.Remedies, r)
			}
		}
		out = append(out, *ch)
	}
	slices.SortStableFunc(out, func(a, b htmlChange) int { return len(b.Where) - len(a.Where) })
	return out
}

// unexplained leads from real servers, which do not say what let somebody in, to
// the simulation, which does.
func unexplained(d *lab.Document) string {
	if !d.RealTime() {
		return ""
	}
	for _, r := range d.Runs {
		for _, a := range r.Activities {
			if a.TooLong() && KeptBy(a) == nil {
				text := "These servers do not say what let somebody in. The simulation does, for the same case, and what would end it"
				if line := simulated(d.Replay, r); line != "" {
					return foreign.Text(text + ": " + line)
				}
				return text + "."
			}
		}
	}
	return ""
}

// simulated turns the command line that played a case on real servers into one
// that plays it in the simulation: without what is about the servers, and with
// what they said of themselves. It is empty where there is no single such line.
func simulated(replay string, r *lab.RunResult) string {
	words := shellWords.FindAllString(replay, -1)
	if len(words) < 2 || words[0] != "shutout" || words[1] != "run" || slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, ";") }) {
		return ""
	}
	given := map[string]bool{}
	line := words[:2:2]
	if len(words) == 2 || strings.HasPrefix(words[2], "--") { // no case was named, so it is one that the program has
		line = append(line, r.Scenario)
	}
	for i := 2; i < len(words); i++ {
		switch given[words[i]] = true; words[i] {
		case "--lab", "--lead", "--every":
			i++ // nor its value
		default:
			line = append(line, words[i])
		}
	}
	if !given["--profile"] {
		line = append(line, "--profile", r.Profile)
	}
	if given["--horizon"] && !given["--within"] { // which real servers cut short alike
		line = append(line, "--within", lab.Duration(time.Duration(r.LimitS*float64(time.Second))))
	}
	return strings.Join(line, " ")
}

// shellWords are the words of a command line, as they are quoted there.
var shellWords = regexp.MustCompile(`(?:[^\s'\\]|\\.|'[^']*')+`)

// because leads from a case to what to change because of it.
func (c *htmlCase) because(ch *htmlChange) {
	if cause := (htmlPlace{"#" + ch.ID, ch.Word}); !slices.Contains(c.Causes, cause) {
		c.Causes = append(c.Causes, cause)
	}
}

// add notes a broken promise, once for all capabilities of an activity.
func (ch *htmlChange) add(c *htmlCase, i int, several bool) {
	a := c.run.Activities[i]
	lasted := ">" + seconds(c.run.HorizonS)
	if a.CutoffS != nil {
		lasted = seconds(*a.CutoffS)
	}
	text := fmt.Sprintf("%s over %s, %s", whose(c.run, a), a.Path, lasted)
	if several {
		text = c.Scenario + ": " + text
	}
	text = foreign.Text(text)
	if n := len(ch.Where); n > 0 && ch.Where[n-1].Text == text {
		return
	}
	ch.Where = append(ch.Where, htmlPlace{"#" + c.laneIDs[i], text})
}

// not says over which of the paths the mitigation is no match.
func (r *htmlRemedy) not(paths []lab.Path) {
	if len(paths) == 0 {
		return
	}
	var words []string
	for _, p := range paths {
		words = append(words, string(p))
	}
	if r.Note != "" {
		r.Note += "; "
	}
	r.Note += "not over " + strings.Join(words, ", ")
}

func newRemedy(info mitigation.Info, had, one bool) htmlRemedy {
	r := htmlRemedy{Name: info.Name, Title: info.Title, Sources: cited(info.Sources, false)}
	switch {
	case had && one:
		r.Note = "it is a step of this SOP, and access went on all the same: look at when it comes, and on which servers"
	case had:
		r.Note = "a step in some of these cases: look at when it comes, and on which servers"
	}
	return r
}

// withoutSession stands where other changes have the layer that let somebody in.
const withoutSession = "without a session"

// leftovers is what a sweep found, by what ends it. It serves them without a
// session.
func leftovers(site mitigation.Site, cases []*htmlCase, ids anchors, several bool) (out []htmlChange) {
	for _, kind := range lab.SweepKinds {
		ch := htmlChange{ID: ids.id("change", string(kind)), Word: sweepWords[kind], Layer: withoutSession, Why: "This needs no session and no sign-in of theirs, so nothing that ends sessions ends it."}
		var ends []string
		for _, c := range cases {
			for _, f := range gathered(c.run, false) {
				if f.Kind != kind || f.Works != lab.WorksYes || !f.Broken || kind == lab.SweepSignIn {
					continue
				}
				c.because(&ch)
				text := f.Of
				if f.What != "" {
					text += ", " + f.What
				}
				if several {
					text = c.Scenario + ": " + text
				}
				ch.Where = append(ch.Where, htmlPlace{"#" + c.ID + "-sweep", foreign.Text(text)})
				for _, name := range f.Ends {
					if !slices.Contains(ends, name) {
						ends = append(ends, name)
					}
				}
			}
		}
		for _, name := range ends {
			info, known := mitigation.Lookup(name)
			if !known {
				info.Name = foreign.Text(name) // a document may come from anywhere
			}
			ch.Remedies = append(ch.Remedies, newRemedy(info.At(site), false, false))
		}
		if len(ch.Where) > 0 {
			out = append(out, ch)
		}
	}
	return out
}
