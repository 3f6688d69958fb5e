package diagnosis

import (
	"fmt"
	"slices"
	"strings"
)

// view is the queues as they matter: what waits for other domains, by kind.
type view struct {
	queues    []Queue // to other domains
	waiting   int     // messages
	suspended int     // of these, held by an administrator
	smartHost string  // where all of it goes, if it does

	reports tally
	victims set[string] // who the reports are for
	hops    set[string] // domains that they go to
	foreign tally
	senders set[string] // of foreign
	// own is mail of the organisation's users, by sender.
	own map[string]*fromUser
}

// fromUser is what waits from one user.
type fromUser struct {
	n       int
	perHop  map[string]int
	to      map[string]Sample // recipients
	replies int               // of them, automatic
}

// suspendedWord is what Get-Queue calls a queue that an administrator holds.
const suspendedWord = "suspended"

// toMailboxes are the delivery types of mail that stays inside (Queues,
// OfficeDocs-Exchange).
var toMailboxes = []string{"mapidelivery", "smtpdeliverytomailbox", "smtprelaytomailboxdeliverygroup", "smtprelaywithinadsite",
	"smtprelaytodag", "smtprelaytoservers", "smtprelaywithinadsitetoedge", "shadowredundancy", "deliveryagent", "undefined"}

func (c *Case) view() *view {
	v := &view{own: map[string]*fromUser{}}
	hop, inside, held := map[string]string{}, map[string]bool{}, map[string]bool{}
	counted := 0
	for _, q := range c.queues {
		id := strings.ToLower(q.Identity)
		hop[id], held[id] = strings.ToLower(q.NextHop), strings.EqualFold(q.Status, suspendedWord)
		if slices.Contains(toMailboxes, strings.ToLower(q.DeliveryType)) {
			inside[id] = true
			continue
		}
		if strings.EqualFold(q.DeliveryType, "SmartHostConnectorDelivery") && q.Count > 0 {
			v.smartHost = q.NextHop
		}
		v.queues = append(v.queues, q)
		counted += q.Count
		if held[id] {
			v.suspended += q.Count
		}
	}
	listed := 0
	for i := range c.queued {
		m := &c.queued[i]
		id := strings.ToLower(m.Queue)
		if inside[id] || !c.leaves(m) {
			continue
		}
		listed++
		if len(c.queues) == 0 && strings.EqualFold(m.Status, suspendedWord) {
			v.suspended++
		}
		c.sort(v, m, hop[id])
	}
	v.waiting = max(counted, listed)
	return v
}

// leaves tells whether a queued message goes to another domain.
func (c *Case) leaves(m *Queued) bool {
	if len(m.Recipients) == 0 {
		return true // without -IncludeRecipientInfo nobody can tell
	}
	for _, to := range m.Recipients {
		if c.outside(domainOf(to)) {
			return true
		}
	}
	return false
}

// sort tells what a queued message is.
func (c *Case) sort(v *view, m *Queued, hop string) {
	if hop == "" && len(m.Recipients) > 0 {
		hop = domainOf(m.Recipients[0])
	}
	from, kind := bare(m.From), c.ids[m.MessageID]
	line := func() string {
		return strings.TrimSpace(fmt.Sprintf("%s -> %s  %s", m.From, strings.Join(m.Recipients[:min(3, len(m.Recipients))], ", "), m.Subject))
	}
	isReply := kind.user != "" || begins(m.Subject, replySubjects)
	switch {
	case isReply && kind.user != "":
		from = kind.user
	case kind.report, !isReply && (null(m.From) || begins(from, reportSenders)):
		v.reports.add(m.Where, m.At, line)
		v.hops.add(hop)
		for _, to := range m.Recipients {
			v.victims.add(bare(to))
		}
		if len(m.Recipients) == 0 {
			v.victims.add(m.Queue) // a queue for each domain, as far as is known
		}
		return
	case c.outside(domainOf(from)):
		v.foreign.add(m.Where, m.At, line)
		v.senders.add(from)
		return
	}
	u := v.own[from]
	if u == nil {
		if len(v.own) >= maxBook {
			return
		}
		u = &fromUser{perHop: map[string]int{}, to: map[string]Sample{}}
		v.own[from] = u
	}
	u.n++
	if isReply {
		u.replies++
	}
	u.perHop[hop]++
	for _, to := range m.Recipients {
		if len(u.to) < maxSet {
			u.to[bare(to)] = Sample{m.Where, m.At, line()}
		}
	}
}

// clear tells whether the queues are known to hold no more than they may on
// any day. What an administrator holds is no sign.
func (v *view) clear(c *Case) bool { return c.saw[FromQueues] && v.waiting-v.suspended < c.t.Many }
