package evidence

import (
	"slices"
	"strings"
	"testing"

	"shutout/fixtures/sources"
)

// pending are statements that nothing covers yet.
var pending = []string{
	"001#fifteen-is-ideal", "001#other-browsers-hold-for-hours",
	"002#receipts-would-do-it-too",
	"003#external-leaks-data", "003#source-in-headers", "003#pickup-needs-a-file",
	"004#vista-versions", "004#script-misses-sp1", "004#one-section-for-both",
	"004#listed-with-clear-queues", "004#shared-address",
	"004#smart-host-hides-abuse", "004#smart-host-keeps-off-lists", "004#smart-host-blocks",
	"004#find-out-first", "004#send-through-provider", "004#second-address",
	"004#ask-why-first", "004#pop3-over-ssl", "004#pop3-empties-mailbox", "004#leave-on-server-is-up-to-client",
	"004#local-mail-is-lost", "004#content-taken-home", "004#sent-mail-not-in-store", "004#sent-by-another-server",
	"004#users-find-the-settings", "004#only-pop3s-port",
}

// pendingTexts are texts that nothing cites yet.
var pendingTexts = []string{
	"CAE", "CAR", "CBL", "EAS-1040", "EXO-BASIC", "IMAPFLOW", "KB297970", "M365-REMOVE", "M365-S1", "M365-S7", "M365-SESS",
	"MAILPROT", "OMG-ADDR", "OWA03-NBE", "OWA07-PRIV", "PS-AUTHPOL", "PS-LOGON", "PS-TS", "PS-USER", "RMILNE-PS",
	"RMILNE-SNAP", "RPS", "SCRIPTF", "TECHREP", "TRACK",
}

func TestEveryStatementIsCovered(t *testing.T) {
	items := Items()
	for _, s := range sources.All() {
		for _, c := range Statements(s) {
			later := slices.Contains(pending, s.Short()+"#"+c.Statement.ID)
			switch n := len(Citing(items, c)); {
			case n == 0 && !later:
				t.Errorf("nothing covers %s: %s", c, c.Statement.Says)
			case n > 0 && later:
				t.Logf("%s is covered: it is no longer pending", c)
			}
		}
	}
	for _, text := range pending {
		if _, err := sources.Parse(text); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryTextIsCited(t *testing.T) {
	items := Items()
	for _, s := range sources.All() {
		c := sources.Citation{Source: s}
		later := slices.Contains(pendingTexts, s.Code)
		switch n := len(Citing(items, c)); {
		case n == 0 && !later:
			t.Errorf("nothing cites %s: %s", s.Code, s.Title)
		case n > 0 && later:
			t.Logf("%s is cited: it is no longer pending", c)
		}
	}
	for _, text := range pendingTexts {
		if _, err := sources.Parse(text); err != nil {
			t.Error(err)
		}
	}
}

func TestEverythingHasASource(t *testing.T) {
	kinds := map[string]int{}
	names := map[string]bool{}
	for _, item := range Items() {
		kinds[item.Kind]++
		if name := item.Kind + "/" + item.Name; names[name] {
			t.Errorf("%s is listed twice", name)
		} else {
			names[name] = true
		}
		if item.Title == "" || len(item.Cites) == 0 {
			t.Errorf("%s %s has no title or no source", item.Kind, item.Name)
		}
		for _, c := range item.Cites {
			if c.Source.Document() && c.Statement == nil {
				t.Errorf("%s %s cites %s as a whole: cite what it says (shutout list --source %s)", item.Kind, item.Name, c, c.Source.Short())
			}
		}
	}
	for _, kind := range []string{"scenario", "mitigation", "sop", "claim", "path", "profile", "parameter"} {
		if kinds[kind] == 0 {
			t.Errorf("there is no %s", kind)
		}
	}
}

func TestCiting(t *testing.T) {
	items := Items()
	names := func(text string) string {
		c, err := sources.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, item := range Citing(items, c) {
			list = append(list, item.Kind+"/"+item.Name)
		}
		return strings.Join(list, " ")
	}
	if got := names("000#block-source-address"); !strings.HasPrefix(got, "scenario/source-address-blocked mitigation/block-source-ip ") || !strings.Contains(got, "claim/blocked-address-ends-it") {
		t.Error(got)
	}
	if got := names("000"); !strings.Contains(got, "mitigation/block-source-ip") || strings.Contains(got, "path/pop3") {
		t.Error(got)
	}
	// A value that only some profile has, and one that is an alternative.
	if got := names("002#smtp-log"); got != "parameter/smtp.protocol_log" {
		t.Error(got)
	}
	if got := names("KB152526"); !strings.Contains(got, "parameter/iis.token_ttl ") {
		t.Error(got)
	}
}
