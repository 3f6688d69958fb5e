package report_test

import (
	htmlpkg "html"
	"regexp"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// Each site is told what it has itself, and nothing that only another one has.
func TestChangesBySite(t *testing.T) {
	d := &lab.Document{}
	profiles := []string{"ex2010", mitigation.OpenProfile, mitigation.CloudProfile}
	for _, profile := range profiles {
		a := &lab.ActivityResult{ID: "dana-smtp", Who: "dana", Path: lab.SMTPSubmission, Role: lab.Threat, Capability: lab.Send, Verdict: lab.Open,
			Because: []lab.Reason{{Layer: lab.LayerConnection, Allowed: true, Detail: "never asked again"}}}
		d.Runs = append(d.Runs, &lab.RunResult{Scenario: "at-" + profile, Profile: profile, LimitS: 60, HorizonS: 3600, Verdict: lab.Open, Activities: []*lab.ActivityResult{a},
			Sweep: []*lab.SweepResult{{Kind: lab.SweepQueue, Of: "dana", What: "2 messages", Works: lab.WorksYes, Broken: true, Ends: []string{"remove-queued-mail", "disable-account", "wipe-device"}}}})
	}
	page := strings.ReplaceAll(string(html(t, d)), "&#39;", "'")
	_, change, _ := strings.Cut(page, `<section id="change"`)
	change, cases, _ := strings.Cut(change, "</section>")
	sites := strings.Split(change, `<h3 class="site">`)[1:]
	if len(sites) != len(profiles) {
		t.Fatalf("%d sites, not %d", len(sites), len(profiles))
	}
	remedies := regexp.MustCompile(`<li><code>([a-z-]+)</code>`)
	for i, profile := range profiles {
		site := mitigation.SiteOf(profile)
		if !strings.HasPrefix(sites[i], string(site)+"</h3>") || !strings.Contains(sites[i], "at-"+profile+": dana over smtp-submission") {
			t.Errorf("%s stands as %.60q", site, sites[i])
		}
		named := remedies.FindAllStringSubmatch(sites[i], -1)
		if len(named) < 2 {
			t.Errorf("%s is told of %q", site, named)
		}
		for _, m := range named {
			if info, ok := mitigation.Lookup(m[1]); !ok || !info.Where.Has(site) {
				t.Errorf("%s is told of %s", site, m[1])
			}
		}
		_, own, _ := strings.Cut(cases, `id="case-at-`+profile)
		own, _, _ = strings.Cut(own, `class="case"`)
		if cause := regexp.MustCompile(`What kept access alive, and what to change: <a href="#(change-connection[-0-9]*)">an open connection</a>`).FindStringSubmatch(own); cause == nil || !strings.Contains(sites[i], `<li id="`+cause[1]+`">`) {
			t.Errorf("the case of %s leads to %q", site, cause)
		}
		for _, name := range []string{"remove-queued-mail", "disable-account", "wipe-device"} {
			if info, _ := mitigation.Lookup(name); strings.Contains(own, name) != info.Where.Has(site) {
				t.Errorf("the case of %s names %s: %v", site, name, !info.Where.Has(site))
			}
		}
	}
	d.Runs = d.Runs[:1]
	if strings.Contains(string(html(t, d)), `class="site"`) {
		t.Error("one site alone needs no name")
	}
}

// What is told of a step is told in the words of the site: against what kept
// access alive, against what a sweep found, and where it was tried.
func TestChangesInTheWordsOfTheSite(t *testing.T) {
	run := func(profile string) *lab.RunResult {
		return &lab.RunResult{Scenario: "case", Profile: profile, LimitS: 60, HorizonS: 3600}
	}
	pageOf := func(r *lab.RunResult) string {
		return htmlpkg.UnescapeString(string(html(t, &lab.Document{Lab: lab.Simulation, Runs: []*lab.RunResult{r}})))
	}
	info, _ := mitigation.Lookup("disable-account")
	for kind, add := range map[string]func(*lab.RunResult){
		"session": func(r *lab.RunResult) {
			a := threat("dana-imap", "dana", lab.IMAP, lab.Read, lab.Open)
			a.Because = []lab.Reason{{Layer: lab.LayerDirectory, Allowed: true, Detail: "the account is enabled"}}
			r.Activities = append(r.Activities, a)
		},
		"sweep": func(r *lab.RunResult) {
			r.Activities = append(r.Activities, threat("dana-imap", "dana", lab.IMAP, lab.Read, lab.Ended, 0))
			r.Sweep = []*lab.SweepResult{{Kind: lab.SweepQueue, Of: "dana", Works: lab.WorksYes, Broken: true, Ends: []string{info.Name}}}
		},
	} {
		for _, profile := range []string{"ex2010", mitigation.OpenProfile} {
			r := run(profile)
			add(r)
			_, told, _ := strings.Cut(pageOf(r), "<code>"+info.Name+"</code> "+info.Title)
			told, _, _ = strings.Cut(told, "</details>")
			for _, site := range []mitigation.Site{mitigation.ExchangeSite, mitigation.OpenSite} {
				for _, source := range info.At(site).Sources {
					code, _, _ := strings.Cut(source, "#")
					if strings.Contains(told, "<code>"+code+"</code>") != (site == mitigation.SiteOf(profile)) {
						t.Errorf("%s on %s: %s stands or lacks in %q", kind, profile, code, told)
					}
				}
			}
		}
	}
	info, _ = mitigation.Lookup("freeze-outbound")
	open := info.At(mitigation.OpenSite).SideEffects
	if info.SideEffects == open {
		t.Fatalf("%s has the same side effects everywhere", info.Name)
	}
	r := run(mitigation.OpenProfile)
	add := threat("dana-imap", "dana", lab.IMAP, lab.Read, lab.Open)
	add.Because = []lab.Reason{{Layer: lab.LayerDirectory, Allowed: true}}
	r.Activities, r.Advice = append(r.Activities, add), advice()
	for _, trial := range r.Advice.Trials {
		trial.Do = []string{info.Name}
	}
	if page := pageOf(r); strings.Contains(page, info.SideEffects) || !strings.Contains(page, open) {
		t.Error("the side effects are those of another site")
	}
}

// The SOP says to whom each of equal steps is done.
func TestSOPOfSeveralLeavers(t *testing.T) {
	step := func(do, who string) *lab.StepResult { return &lab.StepResult{Do: do, Params: who, Outcome: lab.Done} }
	a := &lab.ActivityResult{ID: "dana-owa", Who: "dana", Path: lab.OWA, Role: lab.Threat, Capability: lab.Read, Verdict: lab.Open,
		Because: []lab.Reason{{Layer: lab.LayerToken, Allowed: true, Detail: "token"}}}
	r := &lab.RunResult{Scenario: "two", Profile: "ex2010", LimitS: 60, HorizonS: 3600, Activities: []*lab.ActivityResult{a},
		Steps: []*lab.StepResult{step("disable-account", "user: dana"), step("disable-account", "user: frank"), step("reset-iis", "server: cas1")}}
	const want = "The SOP so far: disable-account (user: dana) at T0, disable-account (user: frank) at T0, reset-iis at T0."
	if page := string(html(t, &lab.Document{Lab: lab.Simulation, Runs: []*lab.RunResult{r}})); !strings.Contains(page, want) {
		t.Errorf("the page lacks %q", want)
	}
}

// Sources stand there by their titles, with the code behind; of a document that
// is read statement by statement what it says.
func TestHTMLSources(t *testing.T) {
	d := document()
	d.Runs[0].Sources = []string{"KB3035228", "000_aa5026bcf9d1a159.txt#open-outlook-goes-on", "000_aa5026bcf9d1a159.txt#restart-ends", "Our handbook, section 4"}
	page := string(html(t, d))
	for _, want := range []string{
		"<summary>3 sources</summary>", "<li>HTTP clients can still connect after the account is disabled <code>KB3035228</code></li>",
		"<li>A disabled user keeps sending from an Outlook session that was already open, with reader comments <code>000_aa5026bcf9d1a159.txt</code>",
		"<li>An Outlook that is connected over RPC", "<li>Such an Outlook is out when", "<li>Our handbook, section 4</li>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
