package report_test

import (
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
