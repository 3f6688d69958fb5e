package ews

import (
	"reflect"
	"strings"
	"testing"

	"shutout/lab/protocol/ews"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// copyRule sends everything on.
func copyRule(id, name, to string) ews.Rule {
	return ews.Rule{ID: id, Name: name, Priority: 1, Enabled: true, Forward: []ews.Mailbox{{Address: to, Routing: "SMTP"}}}
}

func rules(changes ...ews.RuleChange) ews.UpdateInboxRules {
	return ews.UpdateInboxRules{RemoveBlob: true, Changes: changes}
}

// Rules are made, changed and deleted; what cannot be done changes nothing.
func TestInboxRules(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	if m := c.good(ews.GetInboxRules{}); len(m.Rules) != 0 || m.RuleBlob != ews.False {
		t.Errorf("at first: %+v", m)
	}
	c.good(rules(ews.RuleChange{Op: ews.CreateRule, Rule: copyRule("", "first", "dana@private.example")},
		ews.RuleChange{Op: ews.CreateRule, Rule: copyRule("", "second", webtest.Erin)}))
	have := c.good(ews.GetInboxRules{}).Rules
	want := []ews.Rule{copyRule(ruleID(1), "first", "dana@private.example"), copyRule(ruleID(2), "second", webtest.Erin)}
	if !reflect.DeepEqual(have, want) {
		t.Fatalf("%+v", have)
	}
	changed := copyRule(ruleID(1), "changed", "dana@private.example")
	changed.Priority, changed.Enabled, changed.Delete = 2, false, true
	for name, bad := range map[string]ews.UpdateInboxRules{
		"no such rule":            rules(ews.RuleChange{Op: ews.SetRule, Rule: changed}, ews.RuleChange{Op: ews.DeleteRule, Rule: ews.Rule{ID: ruleID(9)}}),
		"not an identifier":       rules(ews.RuleChange{Op: ews.SetRule, Rule: changed}, ews.RuleChange{Op: ews.DeleteRule, Rule: ews.Rule{ID: "x"}}),
		"a recipient with a line": rules(ews.RuleChange{Op: ews.SetRule, Rule: changed}, ews.RuleChange{Op: ews.CreateRule, Rule: copyRule("", "x", "a@b.example\r\nBcc: c@d.example")}),
		"no action":               rules(ews.RuleChange{Op: ews.SetRule, Rule: changed}, ews.RuleChange{Op: ews.CreateRule, Rule: ews.Rule{Name: "x", Priority: 1}}),
		"no name":                 rules(ews.RuleChange{Op: ews.SetRule, Rule: changed}, ews.RuleChange{Op: ews.CreateRule, Rule: copyRule("", "", webtest.Erin)}),
	} {
		t.Log(name)
		c.wantCode(bad, ews.ErrorInboxRulesValidation)
	}
	if have := c.good(ews.GetInboxRules{}).Rules; !reflect.DeepEqual(have, want) {
		t.Errorf("half a change was made: %+v", have)
	}
	c.good(rules(ews.RuleChange{Op: ews.SetRule, Rule: changed}))
	if have := c.good(ews.GetInboxRules{}).Rules; !reflect.DeepEqual(have, []ews.Rule{want[1], changed}) {
		t.Errorf("changed: %+v", have)
	}
	c.good(rules(ews.RuleChange{Op: ews.DeleteRule, Rule: ews.Rule{ID: ruleID(2)}}))
	if have := c.good(ews.GetInboxRules{}).Rules; !reflect.DeepEqual(have, []ews.Rule{changed}) {
		t.Errorf("deleted: %+v", have)
	}
	c.version = ews.Exchange2007SP1
	c.wantCode(ews.GetInboxRules{}, ews.ErrorSchemaValidation)
	old := newCaller(t, newWorld(t, "ex2007"))
	old.version = ews.Exchange2007SP1
	old.wantCode(ews.GetInboxRules{}, ews.ErrorSchemaValidation)
}

// A mailbox has no room for any number of rules.
func TestTooManyRules(t *testing.T) {
	c := newCaller(t, newWorld(t, "ex2010"))
	var all []ews.RuleChange
	for range 101 {
		all = append(all, ews.RuleChange{Op: ews.CreateRule, Rule: copyRule("", "x", webtest.Erin)})
	}
	c.wantCode(rules(all...), ews.ErrorInboxRulesValidation)
	if n := len(c.good(ews.GetInboxRules{}).Rules); n != 0 {
		t.Errorf("%d rules were made", n)
	}
	c.good(rules(all[:store.MaxRules]...))
	c.wantCode(rules(all[0]), ews.ErrorInboxRulesValidation)
	twice := ews.RuleChange{Op: ews.DeleteRule, Rule: ews.Rule{ID: ruleID(1)}}
	c.wantCode(rules(twice, twice), ews.ErrorInboxRulesValidation)
	c.good(rules(twice, all[0])) // one goes, one comes
	c.good(rules(all[0], ews.RuleChange{Op: ews.DeleteRule, Rule: ews.Rule{ID: ruleID(2)}}))
	if n := len(c.good(ews.GetInboxRules{}).Rules); n != store.MaxRules {
		t.Errorf("%d rules", n)
	}
	long := ews.RuleChange{Op: ews.SetRule, Rule: copyRule(ruleID(3), strings.Repeat("x", maxRuleName+1), webtest.Erin)}
	c.wantCode(rules(long), ews.ErrorInboxRulesValidation)
}

// Who holds full access reads another's mailbox and its rules; who does not is
// refused. A request is about one mailbox.
func TestAnothersMailbox(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.Store.Deliver(w.Now(), "erin", store.Inbox, store.ParseMessage([]byte("Subject: for erin\r\n\r\nx\r\n")))
	c := newCaller(t, w)
	erin := ews.FolderRef{Distinguished: ews.Inbox, Mailbox: webtest.Erin}
	find := ews.FindItem{Traversal: ews.Shallow, Shape: subjects, Parents: []ews.FolderRef{erin}}
	c.wantCode(find, ews.ErrorAccessDenied)
	c.wantCode(ews.GetInboxRules{Mailbox: webtest.Erin}, ews.ErrorAccessDenied)
	c.wantCode(ews.GetFolder{Shape: idsOnly, Folders: []ews.FolderRef{{Distinguished: ews.Inbox, Mailbox: "nobody@corp.example"}}}, ews.ErrorNonExistentMailbox)

	if err := w.Store.SetPermission(w.Now(), "erin", "dana", store.FullAccess); err != nil {
		t.Fatal(err)
	}
	w.Run(w.Params.Store.MBIAge) // until the store reads the rights again
	page := c.good(find).Page
	if len(page.Items) != 1 || page.Items[0].Subject != "for erin" {
		t.Fatalf("%+v", page)
	}
	id := page.Items[0].ID
	if m := c.good(ews.GetItem{Shape: subjects, Items: []ews.ID{id}}); len(m.Items) != 1 || m.Items[0].Subject != "for erin" {
		t.Errorf("%+v", m)
	}
	c.good(ews.GetInboxRules{Mailbox: webtest.Erin})
	// The own folders are not to be had in the same request, and the own mailbox
	// is not mistaken for the other.
	m, err := c.ask(ews.GetFolder{Shape: idsOnly, Folders: []ews.FolderRef{erin, ews.Distinguished(ews.Inbox)}})
	if err != nil || len(m) != 2 || m[0].Code != ews.NoError || m[1].Code != ews.ErrorInvalidRequest {
		t.Errorf("%+v, %v", m, err)
	}
	if n := len(c.list(ews.Inbox)); n != 0 {
		t.Errorf("%d items in the own inbox", n)
	}
	c.wantCode(ews.CreateItem{Disposition: ews.SaveOnly, SaveTo: &erin, Items: []ews.Item{typed("x")}}, ews.ErrorAccessDenied)
}
