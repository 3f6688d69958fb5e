// Package internet is what becomes of mail outside the organisation: how the
// mail exchangers of other domains answer, the block list that they ask, and
// the provider whose server may send on what the organisation hands to it. It
// is plain data; whoever calls in holds the world's lock and says what time it
// is.
package internet

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

// Internet is the mail servers outside.
type Internet struct {
	domains   map[string]lab.Domain
	own       map[netip.Addr]bool // of the organisation, whose provider's customer it is
	consulted bool
	// List is the block list that mail exchangers ask.
	List *Watch
	// Provider is what the provider knows of its customers' conduct.
	Provider *Watch
	// backscatter tells whether mail that a server made by itself counts as
	// spam where it hits a trap.
	backscatter bool
}

// New returns the world outside cast's organisation.
func New(cast *lab.Cast, p profile.Params) *Internet {
	n := &Internet{
		domains: cast.Domains, own: map[netip.Addr]bool{}, consulted: p.DNSBL.Consulted,
		List:        NewWatch(p.DNSBL.ListedAfter, p.DNSBL.ListingLife),
		Provider:    NewWatch(p.SmartHost.BlocksAfter, profile.Never), // it takes a call to be let in again
		backscatter: p.DNSBL.BackscatterLists,
	}
	for _, a := range cast.Organisation.Addresses {
		n.own[a] = true
	}
	return n
}

// Outcome is what a mail server does with mail.
type Outcome uint8

const (
	Taken    Outcome = iota
	Refused          // for good
	Deferred         // try again
	NoDomain         // name service does not know the domain
	NoAnswer         // nobody answers at port 25
)

// Answer is a mail server's answer to a recipient.
type Answer struct {
	Outcome  Outcome
	Code     int    // of the reply (RFC 5321 section 4.2)
	Enhanced [3]int // class, subject and detail (RFC 3463)
	Text     string
	// Why says for the record what was decided, where that is not plain.
	Why   string
	Since time.Time // when the memory was made that decided
}

// String is the reply line.
func (a Answer) String() string {
	return fmt.Sprintf("%d %d.%d.%d %s", a.Code, a.Enhanced[0], a.Enhanced[1], a.Enhanced[2], a.Text)
}

// Behaviour is how a domain answers; its subdomains answer as it does, and any
// other domain does not exist.
func (n *Internet) Behaviour(domain string) lab.Domain {
	for domain = strings.ToLower(domain); domain != ""; {
		if d, ok := n.domains[domain]; ok {
			return d
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return lab.BogusDomain
}

// Recipient is the answer of a domain's mail exchanger to a recipient, when
// the mail comes from an address.
func (n *Internet) Recipient(now time.Time, from netip.Addr, domain string) Answer {
	behaviour := n.Behaviour(domain)
	switch behaviour {
	case lab.BogusDomain:
		return Answer{Outcome: NoDomain}
	case lab.DeadDomain:
		return Answer{Outcome: NoAnswer}
	}
	// The block list is asked first: it says who may speak at all. A trap
	// takes everybody's mail, that is what it is for.
	if since, listed := n.List.Acts(now, from); listed && n.consulted && behaviour != lab.TrapDomain {
		return Answer{
			Outcome: Refused, Code: 554, Enhanced: [3]int{5, 7, 1},
			Text: "Service unavailable; Client host [" + from.String() + "] blocked using " + ListName,
			Why:  "client address " + from.String() + " is on the block list " + ListName, Since: since,
		}
	}
	if behaviour == lab.RefusingDomain {
		return Answer{Outcome: Refused, Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "User unknown"}
	}
	return Answer{Outcome: Taken, Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "Ok"}
}

// ListName is the block list's domain.
const ListName = "xbl.blocklist.example"

// Took tells that a domain's mail exchanger took a message from an address.
// Automatic mail is what a server made by itself: reports and replies.
func (n *Internet) Took(now time.Time, from netip.Addr, domain string, automatic bool) {
	if n.spam(domain, automatic) {
		n.List.See(now, from)
	}
}

// spam tells whether mail for a domain is known to be spam: nobody ever asked
// for mail at a trap.
func (n *Internet) spam(domain string, automatic bool) bool {
	return n.Behaviour(domain) == lab.TrapDomain && (n.backscatter || !automatic)
}

// Relay is the answer of the provider's server to a customer.
func (n *Internet) Relay(now time.Time, customer netip.Addr) Answer {
	if !n.own[customer] {
		return Answer{Outcome: Refused, Code: 554, Enhanced: [3]int{5, 7, 1}, Text: "Relay access denied",
			Why: "the provider relays for its customers only"}
	}
	if since, blocked := n.Provider.Acts(now, customer); blocked {
		return Answer{Outcome: Deferred, Code: 421, Enhanced: [3]int{4, 7, 0},
			Text: "Sending is suspended for [" + customer.String() + "] after complaints, call your provider",
			Why:  "the provider has blocked its customer", Since: since}
	}
	return Answer{Outcome: Taken, Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "Ok: queued"}
}

// Onward is what becomes of a message for a domain that the provider took from
// a customer: the answer that the provider gets. Complaints about it come back
// to the provider, and no block list has the provider's own server: it sends
// too much that people want.
func (n *Internet) Onward(now time.Time, customer netip.Addr, domain string, automatic bool) Answer {
	if n.spam(domain, automatic) {
		n.Provider.See(now, customer)
	}
	return n.Recipient(now, netip.Addr{}, domain)
}
