package ews

import (
	"encoding/base64"
	"encoding/binary"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// Bounds of one rule; they keep the simulation's memory small and say nothing
// about Exchange.
const (
	maxRecipients = 100 // whom it sends mail on to
	maxRuleName   = 1024
)

// getInboxRules lists the mailbox's rules. Outlook has never been there, so
// nothing of its own is kept.
func (c *call) getInboxRules() ews.Message {
	rules, err := c.session.Rules(c.now)
	if err != nil {
		return *storeError(err)
	}
	m := ews.Message{Code: ews.NoError, RuleBlob: ews.False, Rules: []ews.Rule{}}
	for _, r := range rules {
		m.Rules = append(m.Rules, ews.Rule{
			ID: ruleID(r.Number), Name: clean(r.Name), Priority: r.Priority, Enabled: r.Enabled,
			Forward: mailboxes(r.Forward), Redirect: mailboxes(r.Redirect), Delete: r.Delete,
		})
	}
	return m
}

func mailboxes(addresses []string) []ews.Mailbox {
	var out []ews.Mailbox
	for _, a := range addresses {
		out = append(out, ews.Mailbox{Address: a, Routing: "SMTP"})
	}
	return out
}

// ruleID names a rule as Exchange does: eight bytes.
func ruleID(number uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(number)))
}

func parseRuleID(id string) (uint32, bool) {
	b, err := base64.StdEncoding.DecodeString(id)
	if err != nil || len(b) != 8 {
		return 0, false
	}
	n := binary.BigEndian.Uint64(b)
	return uint32(n), n > 0 && n>>32 == 0
}

// updateInboxRules changes rules: all that is asked for, or nothing (MS-OXWSRULES
// 3.1.4.2).
func (c *call) updateInboxRules(op ews.UpdateInboxRules) ews.Message {
	invalid := func(text string) ews.Message { return *failed(ews.ErrorInboxRulesValidation, text) }
	type step struct {
		rule   store.Rule
		delete bool
	}
	var steps []step
	named := map[uint32]bool{}
	count := len(c.session.Mailbox().Rules())
	for _, change := range op.Changes {
		var number uint32
		switch change.Op {
		case ews.CreateRule:
			count++
		case ews.DeleteRule:
			count--
		}
		if change.Op != ews.CreateRule {
			var ok bool
			if number, ok = parseRuleID(change.Rule.ID); !ok || !c.hasRule(number) || named[number] {
				return invalid("The rule identifier is not valid.")
			}
			named[number] = true
		}
		r := change.Rule
		forward, ok := addresses(r.Forward)
		redirect, ok2 := addresses(r.Redirect)
		switch {
		case change.Op == ews.DeleteRule:
		case !ok || !ok2:
			return invalid("A recipient of the rule is not valid.")
		case r.Name == "" || len(forward)+len(redirect) == 0 && !r.Delete:
			return invalid("The rule has no name, or no action.")
		case len(r.Name) > maxRuleName:
			return invalid("The name of the rule is too long.")
		}
		steps = append(steps, step{store.Rule{
			Number: number, Name: r.Name, Priority: r.Priority, Enabled: r.Enabled,
			Forward: forward, Redirect: redirect, Delete: r.Delete,
		}, change.Op == ews.DeleteRule})
	}
	if count > store.MaxRules {
		return invalid("The mailbox has no room for so many rules.")
	}
	// What goes makes room for what comes. No rule is named twice, so the order
	// does not matter otherwise.
	for _, deletes := range []bool{true, false} {
		for _, s := range steps {
			var err error
			switch {
			case s.delete != deletes:
			case s.delete:
				err = c.session.DeleteRule(c.now, s.rule.Number)
			default:
				err = c.session.SetRule(c.now, s.rule)
			}
			if err != nil { // only the mailbox can be gone, and then it is for the first one, too
				return *storeError(err)
			}
		}
	}
	return ews.Message{Code: ews.NoError}
}

func (c *call) hasRule(number uint32) bool {
	for _, r := range c.session.Mailbox().Rules() {
		if r.Number == number {
			return true
		}
	}
	return false
}

// addresses are those that mail can go to.
func addresses(list []ews.Mailbox) ([]string, bool) {
	if len(list) > maxRecipients {
		return nil, false
	}
	var out []string
	for _, m := range list {
		a, err := transport.ParseAddress(m.Address)
		if err != nil || a.Null() {
			return nil, false
		}
		out = append(out, a.String())
	}
	return out, true
}
