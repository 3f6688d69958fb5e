package evidence

import (
	"strings"
	"testing"

	"shutout/fixtures/sources"
)

func TestEveryStatementIsCovered(t *testing.T) {
	items := Items()
	for _, s := range sources.All() {
		for _, c := range Statements(s) {
			switch covered := len(Citing(items, c)) > 0; {
			case !covered && c.Statement.Untried == "":
				t.Errorf("nothing covers %s: %s", c, c.Statement.Says)
			case covered && c.Statement.Untried != "":
				t.Errorf("%s is covered, and says that it is untried: %s", c, c.Statement.Untried)
			}
		}
	}
}

func TestEveryTextIsCited(t *testing.T) {
	items := Items()
	for _, s := range sources.All() {
		if len(Citing(items, sources.Citation{Source: s})) == 0 {
			t.Errorf("nothing cites %s: %s", s.Code, s.Title)
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
	for _, kind := range []string{"scenario", "mitigation", "sop", "claim", "control", "path", "profile", "parameter"} {
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
	if got := names("002#smtp-log"); !strings.Contains(got, "parameter/smtp.protocol_log") {
		t.Error(got)
	}
	if got := names("KB152526"); !strings.Contains(got, "parameter/iis.token_ttl ") {
		t.Error(got)
	}
}
