package transport

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/store"
)

// rule gives a user an inbox rule that is in force.
func (w *world) rule(user string, r store.Rule) {
	w.t.Helper()
	x, d := w.st.Logon(w.now(), store.Request{User: user, Protocol: "ews"})
	if x == nil {
		w.t.Fatalf("logon: %s", d.Reason)
	}
	defer x.Close(w.now())
	r.Enabled = !strings.HasPrefix(r.Name, "off")
	if err := x.SetRule(w.now(), r); err != nil {
		w.t.Fatal(err)
	}
}

// wentOn tells the one way that a message went on.
func (w *world) wentOn(id string) lab.Onward {
	w.t.Helper()
	list := w.tr.Onward(id)
	if len(list) != 1 {
		w.t.Fatalf("%s went on %d times: %+v", id, len(list), list)
	}
	return list[0]
}

func TestMailboxForwards(t *testing.T) {
	for _, c := range []struct {
		name    string
		set     []string
		mods    []directory.Mod
		contact bool
		arrived bool
		state   string
		kept    int // messages in dana's own inbox
	}{
		{name: "to an address, off", mods: []directory.Mod{directory.Set(AttrForwardAddress, "smtp:dana@good.example")},
			state: "ForwardingSmtpAddress may not send mail on to good.example"},
		{name: "to an address, on", set: []string{"remote.auto_forward=true"}, mods: []directory.Mod{directory.Set(AttrForwardAddress, "smtp:dana@good.example")},
			arrived: true, state: "taken by the mail server of good.example"},
		{name: "and keeps a copy", set: []string{"remote.auto_forward=true"},
			mods:    []directory.Mod{directory.Set(AttrForwardAddress, "smtp:dana@good.example"), directory.Set(AttrKeepCopy, "TRUE")},
			arrived: true, state: "taken by", kept: 1},
		{name: "to an address that is not asked about", set: []string{"remote.auto_forward_scope=rules"},
			mods: []directory.Mod{directory.Set(AttrForwardAddress, "smtp:dana@good.example")}, arrived: true, state: "taken by"},
		{name: "to a server that does not answer", set: []string{"remote.auto_forward=true"},
			mods: []directory.Mod{directory.Set(AttrForwardAddress, "smtp:dana@dead.example")}, state: "queued for dead.example, Retry"},
		{name: "to a colleague", mods: []directory.Mod{directory.Set(AttrForwardAddress, "smtp:erin@corp.example")}, arrived: true, state: "delivered to erin@corp.example"},
		{name: "to a contact", contact: true, arrived: true, state: "taken by the mail server of good.example"},
		{name: "to a contact that is asked about", contact: true, set: []string{"remote.auto_forward_scope=everything"}, state: "may not send mail on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, params(t, "ex2010", c.set...))
			mods := c.mods
			if c.contact { // which goes before the address
				mods = []directory.Mod{directory.Set(AttrForwardTo, w.dir.AddContact("Dana at home", "dana@good.example")),
					directory.Set(AttrForwardAddress, "smtp:erin@corp.example")}
			}
			w.modify("dana", mods...)
			w.inject("out@good.example", "dana@corp.example", "one@good.example")
			o := w.wentOn("one@good.example")
			equal(t, "arrived", o.Arrived, c.arrived)
			contains(t, "state", o.State, c.state)
			equal(t, "allowed", o.Why.Allowed, !strings.Contains(c.state, "may not"))
			equal(t, "kept", len(w.inbox("dana")), c.kept)
		})
	}
}

func TestInboxRuleForwards(t *testing.T) {
	w := newWorld(t, params(t, "ex2010", "remote.auto_forward=true"))
	w.rule("dana", store.Rule{Name: "copy", Priority: 1, Forward: []string{"dana@good.example"}})
	w.rule("dana", store.Rule{Name: "off", Priority: 2, Forward: []string{"other@good.example"}, Delete: true})
	w.inject("out@good.example", "dana@corp.example", "one@good.example")
	o := w.wentOn("one@good.example")
	equal(t, "arrived", o.Arrived, true)
	equal(t, "how", o.How, RuleName("copy"))
	equal(t, "kept", len(w.inbox("dana")), 1)
	list, _ := w.tr.Tracking()
	for _, e := range list {
		if e.Event == eventSend {
			equal(t, "sender", e.Sender, "dana@corp.example")
			equal(t, "subject", e.Subject, "FW: hello")
		}
	}

	// One domain, then all.
	w.tr.SetAutoForwardTo("good.example", false)
	w.inject("out@good.example", "dana@corp.example", "two@good.example")
	equal(t, "arrived where that domain is off", w.wentOn("two@good.example").Arrived, false)
	w.tr.SetAutoForwardTo("good.example", true)
	w.tr.SetAutoForward(false)
	w.inject("out@good.example", "dana@corp.example", "three@good.example")
	equal(t, "arrived where that domain is on", w.wentOn("three@good.example").Arrived, true)

	mb, _ := w.st.Mailbox("dana")
	equal(t, "removed", mb.RemoveRules(), 2)
	w.inject("out@good.example", "dana@corp.example", "four@good.example")
	equal(t, "after the rules are gone", len(w.tr.Onward("four@good.example")), 0)
}

// What a rule redirects is as it came; a rule that deletes leaves nothing in the
// inbox.
func TestInboxRuleRedirects(t *testing.T) {
	w := newWorld(t, params(t, "ex2010"))
	w.rule("dana", store.Rule{Name: "move on", Priority: 1, Redirect: []string{"frank@corp.example"}, Delete: true})
	w.inject("out@good.example", "dana@corp.example", "one@good.example")
	equal(t, "state", w.wentOn("one@good.example").State, "delivered to frank@corp.example")
	equal(t, "in dana's inbox", len(w.inbox("dana")), 0)
	items := w.items("frank")
	if len(items) != 1 || items[0].Subject != "hello" {
		t.Errorf("frank has %+v", items)
	}
}

// Two mailboxes that send everything to each other come to an end.
func TestRulesLoop(t *testing.T) {
	w := newWorld(t, params(t, "ex2010"))
	w.rule("dana", store.Rule{Name: "a", Priority: 1, Forward: []string{"erin@corp.example"}})
	w.rule("erin", store.Rule{Name: "b", Priority: 1, Forward: []string{"dana@corp.example"}, Redirect: []string{"erin@corp.example"}})
	w.inject("out@good.example", "dana@corp.example", "one@good.example")
	w.until(time.Hour)
	if n := len(w.inbox("dana")); n != 2 {
		t.Errorf("dana has %d", n)
	}
	if n := len(w.inbox("erin")); n != 2 {
		t.Errorf("erin has %d", n)
	}
}

// A message that a rule forwards keeps its body and loses what may not go out.
func TestForwardedMessage(t *testing.T) {
	w := newWorld(t, params(t, "ex2010"))
	w.rule("dana", store.Rule{Name: "a", Priority: 1, Forward: []string{"erin@corp.example"}})
	w.inject("out@good.example", "dana@corp.example", "one@good.example", "Content-Type: text/plain;\r\n charset=utf-8", "X-Secret: 1")
	raw := string(w.items("erin")[0].Raw)
	for _, want := range []string{"From: <dana@corp.example>\r\n", "To: <erin@corp.example>\r\n", "Subject: FW: hello\r\n", "Auto-Submitted: auto-generated\r\n",
		"Content-Type: text/plain;\r\n charset=utf-8\r\n", "\r\n\r\nText.\r\n"} {
		contains(t, "forward", raw, want)
	}
	if strings.Contains(raw, "X-Secret") {
		t.Errorf("%s", raw)
	}
}

// A distribution list stands for its members: whose mailbox is full, or who
// forwards, makes no difference to the others.
func TestListMembers(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	if err := w.dir.AddList("staff", "staff@corp.example", []string{"dana", "erin", "frank"}); err != nil {
		t.Fatal(err)
	}
	w.modify("dana", directory.Set("unauthOrig", w.user("erin").DN()))
	w.modify("frank", directory.Set(AttrForwardAddress, "smtp:dana@corp.example"), directory.Set(AttrKeepCopy, "TRUE"))
	if err := w.submitRaw("erin", mailText("erin@corp.example", "staff@corp.example", "1@x"), "staff@corp.example"); err != nil {
		t.Fatal(err)
	}
	w.until(time.Second)
	equal(t, "dana's, by frank alone", len(w.inbox("dana")), 1)
	equal(t, "erin's, with the report about dana", len(w.inbox("erin")), 2)
	equal(t, "frank's", len(w.inbox("frank")), 1)
}
