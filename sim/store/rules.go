package store

import (
	"errors"
	"slices"
	"time"
)

// A Rule is an inbox rule, kept in the mailbox. It acts on every message that is
// delivered there; transport carries it out.
type Rule struct {
	Number   uint32 // given by the store
	Name     string
	Priority int
	Enabled  bool
	Forward  []string // addresses that get it in the user's name
	Redirect []string // addresses that get it as it came
	Delete   bool     // it does not stay in the inbox
}

// MaxRules bounds the rules of one mailbox. It keeps the simulation's memory
// small and says nothing about Exchange.
const MaxRules = 100

// ErrTooManyRules says that a mailbox has no room for another rule.
var ErrTooManyRules = errors.New("the mailbox has too many rules")

// ErrNoRule says that a mailbox has no such rule.
var ErrNoRule = errors.New("no such rule")

// Rules lists the mailbox's rules in the order in which they act.
func (mb *Mailbox) Rules() []Rule { return slices.Clone(mb.rules) }

// RemoveRules takes every rule away (Remove-InboxRule) and tells how many there
// were.
func (mb *Mailbox) RemoveRules() int {
	n := len(mb.rules)
	mb.rules = nil
	return n
}

// Rules lists the rules of the session's mailbox.
func (x *Session) Rules(now time.Time) ([]Rule, error) {
	if refused := x.use(now); refused != nil {
		return nil, refused
	}
	return x.mb.Rules(), nil
}

// SetRule makes a rule, or replaces the one that has its number.
func (x *Session) SetRule(now time.Time, r Rule) error {
	if refused := x.use(now); refused != nil {
		return refused
	}
	mb := x.mb
	rules := slices.Clone(mb.rules)
	if r.Number == 0 {
		if len(rules) >= MaxRules {
			return ErrTooManyRules
		}
		mb.lastRule++
		r.Number = mb.lastRule
		rules = append(rules, r)
	} else {
		i := slices.IndexFunc(rules, func(o Rule) bool { return o.Number == r.Number })
		if i < 0 {
			return ErrNoRule
		}
		rules[i] = r
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return a.Priority - b.Priority })
	mb.rules = rules
	return nil
}

// DeleteRule removes a rule.
func (x *Session) DeleteRule(now time.Time, number uint32) error {
	if refused := x.use(now); refused != nil {
		return refused
	}
	i := slices.IndexFunc(x.mb.rules, func(o Rule) bool { return o.Number == number })
	if i < 0 {
		return ErrNoRule
	}
	x.mb.rules = slices.Delete(slices.Clone(x.mb.rules), i, i+1)
	return nil
}
