package lab

import (
	"maps"
	"net/netip"
	"slices"
)

// A Cast is the people, hosts and domains that a scenario plays with. Its maps
// are keyed by the short name that case files use.
type Cast struct {
	Organisation Organisation       `yaml:"organisation" json:"organisation"`
	People       map[string]*Person `yaml:"people" json:"people"`
	Hosts        map[string]*Host   `yaml:"hosts" json:"hosts"`
	Domains      map[string]Domain  `yaml:"domains" json:"domains"`
}

// Organisation names the simulated or real organisation and its servers.
type Organisation struct {
	Domain   string `yaml:"domain" json:"domain"`   // DNS and mail domain, e.g. corp.example
	NetBIOS  string `yaml:"netbios" json:"netbios"` // e.g. CORP
	SignIn   string `yaml:"sign_in" json:"sign_in"` // the host of the cloud's sign-in service, where people sign in there
	Sites    []Site `yaml:"sites" json:"sites"`
	Database []DB   `yaml:"databases" json:"databases"`
	// Lists are the distribution lists, by name.
	Lists map[string]List `yaml:"lists,omitempty" json:"lists,omitempty"`
	// Pickup is who may write to the Pickup directories of the mailbox servers
	// over a share; absent: they are not shared.
	Pickup []string `yaml:"pickup,omitempty" json:"pickup,omitempty"`
	// Addresses are the public addresses at the perimeter. All packets to the
	// internet leave with the first; the others are spare until somebody gives
	// one to a host. Without any, each host keeps its own.
	Addresses []netip.Addr `yaml:"addresses,omitempty" json:"addresses,omitempty"`
}

// Site is an Active Directory site with the hosts that stand in it.
type Site struct {
	Name   string   `yaml:"name" json:"name"`
	DCs    []string `yaml:"dcs" json:"dcs"`       // host names; the first DC of the first site is the PDC emulator
	CAS    []string `yaml:"cas" json:"cas"`       // client access servers
	Stores []string `yaml:"stores" json:"stores"` // mailbox servers, which also run transport
}

// DB is a mailbox database and the mailbox server that holds it.
type DB struct {
	Name   string `yaml:"name" json:"name"`
	Server string `yaml:"server" json:"server"`
}

// List is a distribution list.
type List struct {
	Mail    string   `yaml:"mail" json:"mail"`
	Members []string `yaml:"members" json:"members"` // people with a mailbox
}

// Person is somebody with or without a mailbox in the organisation.
type Person struct {
	ID       string `yaml:"-" json:"id"`
	Name     string `yaml:"name" json:"name"`
	Mail     string `yaml:"mail" json:"mail"`
	Password string `yaml:"-" json:"-"` // made from the seed by the lab; never in a file or report
	// NewPassword is the one that an administrator's reset sets; only a person
	// who is told knows it.
	NewPassword string `yaml:"-" json:"-"`
	// User is the name that the person signs in with, where it is another one
	// than Mail.
	User string `yaml:"-" json:"-"`
	// MailboxDN is the mailbox's legacy distinguished name, where Outlook
	// cannot find it by Autodiscover.
	MailboxDN string `yaml:"-" json:"-"`
	CAS       string `yaml:"cas,omitempty" json:"cas,omitempty"` // the client access server that the load balancer gives this person
	// Affinity is how the load balancer treats the person: empty means that
	// every connection goes to CAS, "none" that each goes to the next server
	// of the site that is up.
	Affinity    string `yaml:"affinity,omitempty" json:"affinity,omitempty"`
	Database    string `yaml:"database,omitempty" json:"database,omitempty"`           // empty: no mailbox here, an outsider
	MailboxMB   int    `yaml:"mailbox_mb,omitempty" json:"mailbox_mb,omitempty"`       // what lies in the mailbox at the start, in MiB
	OutOfOffice string `yaml:"out_of_office,omitempty" json:"out_of_office,omitempty"` // "", internal, all
}

// NoAffinity is the word for a load balancer that spreads somebody's
// connections over the servers.
const NoAffinity = "none"

// Outsider tells whether the person has no account in the organisation.
func (p *Person) Outsider() bool { return p.Database == "" }

// Host is a machine on the lab's network.
type Host struct {
	ID   string     `yaml:"-" json:"id"`
	Addr netip.Addr `yaml:"addr" json:"addr"`
	Zone Zone       `yaml:"zone" json:"zone"`
	// Roaming hosts (a phone on a mobile network) get another address each
	// day, counted up from Addr.
	Roaming bool `yaml:"roaming,omitempty" json:"roaming,omitempty"`
	// Windows is the version of a computer that people work at, as ver prints
	// it; empty means that of the profile.
	Windows string `yaml:"windows,omitempty" json:"windows,omitempty"`
	// MX is the domain whose mail a host on the internet takes.
	MX string `yaml:"mx,omitempty" json:"mx,omitempty"`
	// Behind is the address of a router that the host stands behind: to
	// everybody else its packets come from there.
	Behind netip.Addr `yaml:"behind,omitempty" json:"behind,omitzero"`
	// Relay marks a provider's server that sends on what its customers hand to
	// it: a smart host.
	Relay bool `yaml:"relay,omitempty" json:"relay,omitempty"`
}

// Zone is the network that a host stands on.
type Zone string

const (
	Internet Zone = "internet"
	LAN      Zone = "lan"
	Servers  Zone = "servers"
)

// Domain is how a mail domain outside the organisation answers.
type Domain string

const (
	GoodDomain     Domain = "good"     // accepts mail
	RefusingDomain Domain = "refusing" // its MX answers 550 to every recipient
	DeadDomain     Domain = "dead"     // its MX does not answer; mail stays queued
	BogusDomain    Domain = "bogus"    // does not exist in DNS (NXDOMAIN): returned at once
	TrapDomain     Domain = "trap"     // of a block list: takes everything, and who sends there sends spam
)

// Clone returns a copy that shares nothing with c.
func (c *Cast) Clone() *Cast {
	n := *c
	n.Organisation.Database = slices.Clone(c.Organisation.Database)
	n.Organisation.Sites = slices.Clone(c.Organisation.Sites)
	n.Organisation.Lists = maps.Clone(c.Organisation.Lists)
	n.Organisation.Pickup = slices.Clone(c.Organisation.Pickup)
	n.Organisation.Addresses = slices.Clone(c.Organisation.Addresses)
	for i, s := range n.Organisation.Sites {
		n.Organisation.Sites[i].DCs = slices.Clone(s.DCs)
		n.Organisation.Sites[i].CAS = slices.Clone(s.CAS)
		n.Organisation.Sites[i].Stores = slices.Clone(s.Stores)
	}
	n.People = make(map[string]*Person, len(c.People))
	for id, p := range c.People {
		n.People[id] = new(*p)
	}
	n.Hosts = make(map[string]*Host, len(c.Hosts))
	for id, h := range c.Hosts {
		n.Hosts[id] = new(*h)
	}
	n.Domains = maps.Clone(c.Domains)
	return &n
}
