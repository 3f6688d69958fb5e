package ews

import (
	"math"
	"strconv"

	"shutout/lab/protocol/ews/xmltree"
)

// A Rule is an inbox rule that acts on every message that comes (MS-OXWSRULES
// 2.2.4.17). Conditions, and actions other than these, are not known here: a
// rule that has them is refused, since it would do something else without them.
type Rule struct {
	ID       string // RuleId; "" in a rule that is to be made
	Name     string
	Priority int // from 1 on
	Enabled  bool
	Forward  []Mailbox // ForwardToRecipients
	Redirect []Mailbox // RedirectToRecipients
	Delete   bool
}

func (r Rule) node() xmltree.Node {
	var l, actions list
	l.text(typ("RuleId"), r.ID)
	l.add(withText(typ("DisplayName"), r.Name))
	l.add(withText(typ("Priority"), strconv.Itoa(r.Priority)))
	l.add(withText(typ("IsEnabled"), strconv.FormatBool(r.Enabled)))
	actions.flag(typ("Delete"), onlyTrue(r.Delete))
	actions.addresses(typ("ForwardToRecipients"), r.Forward)
	actions.addresses(typ("RedirectToRecipients"), r.Redirect)
	l.add(typ("Actions", actions...))
	return typ("Rule", l...)
}

func onlyTrue(b bool) Flag {
	if b {
		return True
	}
	return Unset
}

// addresses writes an ArrayOfEmailAddressesType, unless it is empty.
func (l *list) addresses(n xmltree.Node, all []Mailbox) {
	if len(all) == 0 {
		return
	}
	for _, m := range all {
		a := m.node()
		a.Name.Local = "Address"
		n.Children = append(n.Children, a)
	}
	l.add(n)
}

func parseRule(n *xmltree.Node) (r Rule, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch name := inTypes(c); name {
		case "RuleId":
			r.ID = c.Text
		case "DisplayName":
			r.Name = c.Text
		case "Priority":
			r.Priority, err = number(c, c.Text, 1, math.MaxInt32)
		case "IsEnabled":
			r.Enabled, err = boolean(c, c.Text)
		case "IsNotSupported", "IsInError": // what a server says of a rule
		case "Conditions", "Exceptions":
			if len(c.Children) > 0 {
				err = schemaError(c, "are not supported in a rule here")
			}
		case "Actions":
			err = r.actions(c)
		default:
			err = schemaError(c, "is not supported in a rule here")
		}
		return err
	})
	return r, err
}

func (r *Rule) actions(n *xmltree.Node) error {
	return each(n, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "ForwardToRecipients":
			r.Forward, err = parseAddresses(c)
		case "RedirectToRecipients":
			r.Redirect, err = parseAddresses(c)
		case "Delete":
			r.Delete, err = boolean(c, c.Text)
		case "StopProcessingRules": // nothing follows from it for rules without conditions
		default:
			err = schemaError(c, "is not supported as an action here")
		}
		return err
	})
}

func parseAddresses(n *xmltree.Node) ([]Mailbox, error) {
	var all []Mailbox
	err := each(n, func(c *xmltree.Node) error {
		if inTypes(c) != "Address" {
			return schemaError(c, "is not an Address")
		}
		all = append(all, readMailbox(c))
		return nil
	})
	if err == nil && len(all) == 0 {
		err = missing(n, "Address")
	}
	return all, err
}

// GetInboxRules asks for the rules of a mailbox.
type GetInboxRules struct {
	Mailbox string // SMTP address, "" for the caller's own
}

func (GetInboxRules) Name() string { return "GetInboxRules" }

func (o GetInboxRules) node() xmltree.Node {
	var l list
	l.text(msg("MailboxSmtpAddress"), o.Mailbox)
	return msg(o.Name(), l...)
}

func parseGetInboxRules(n *xmltree.Node) (o GetInboxRules, err error) {
	if m := n.Child(nsMessages, "MailboxSmtpAddress"); m != nil {
		o.Mailbox = m.Text
	}
	return o, nil
}

// UpdateInboxRules changes the rules of a mailbox.
type UpdateInboxRules struct {
	Mailbox string // SMTP address, "" for the caller's own
	// RemoveBlob has what Outlook keeps of its rules for itself thrown away.
	RemoveBlob bool
	Changes    []RuleChange
}

// RuleOp is what becomes of a rule.
type RuleOp string

const (
	CreateRule RuleOp = "CreateRuleOperation"
	SetRule    RuleOp = "SetRuleOperation"
	DeleteRule RuleOp = "DeleteRuleOperation"
)

// A RuleChange is the change of one rule. For DeleteRule only its ID counts.
type RuleChange struct {
	Op   RuleOp
	Rule Rule
}

func (UpdateInboxRules) Name() string { return "UpdateInboxRules" }

func (o UpdateInboxRules) node() xmltree.Node {
	var l list
	l.text(msg("MailboxSmtpAddress"), o.Mailbox)
	l.add(withText(msg("RemoveOutlookRuleBlob"), strconv.FormatBool(o.RemoveBlob)))
	ops := msg("Operations")
	for _, c := range o.Changes {
		what := c.Rule.node()
		if c.Op == DeleteRule {
			what = withText(typ("RuleId"), c.Rule.ID)
		}
		ops.Children = append(ops.Children, typ(string(c.Op), what))
	}
	l.add(ops)
	return msg(o.Name(), l...)
}

func parseUpdateInboxRules(n *xmltree.Node) (o UpdateInboxRules, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "MailboxSmtpAddress":
			o.Mailbox = c.Text
		case "RemoveOutlookRuleBlob":
			o.RemoveBlob, err = boolean(c, c.Text)
		case "Operations":
			err = each(c, func(c *xmltree.Node) error {
				change, err := parseRuleChange(c)
				o.Changes = append(o.Changes, change)
				return err
			})
		}
		return err
	})
	if err == nil && len(o.Changes) == 0 {
		err = missing(n, "Operations")
	}
	return o, err
}

func parseRuleChange(n *xmltree.Node) (c RuleChange, err error) {
	if c.Op, err = oneOf(n, inTypes(n), CreateRule, SetRule, DeleteRule); err != nil {
		return c, err
	}
	name := "Rule"
	if c.Op == DeleteRule {
		name = "RuleId"
	}
	what := n.Child(nsTypes, name)
	if what == nil {
		return c, missing(n, name)
	}
	if c.Op == DeleteRule {
		c.Rule.ID = what.Text
	} else if c.Rule, err = parseRule(what); err != nil {
		return c, err
	}
	if c.Op != CreateRule && c.Rule.ID == "" {
		return c, missing(n, "RuleId")
	}
	return c, nil
}

// parseRules reads what GetInboxRules is answered.
func parseRules(n *xmltree.Node) ([]Rule, error) {
	rules := []Rule{}
	err := each(n, func(c *xmltree.Node) error {
		if inTypes(c) != "Rule" {
			return schemaError(c, "is not a Rule")
		}
		r, err := parseRule(c)
		rules = append(rules, r)
		return err
	})
	return rules, err
}
