// Package sim is a simulated Exchange organisation: a directory, client access
// servers, a store and transport in virtual time, reached over the real
// protocols. It implements lab.Lab.
package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/clock"
	"shutout/sim/cloud"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/overhear"
	"shutout/sim/profile"
	"shutout/sim/server"
	"shutout/sim/server/activesync"
	"shutout/sim/store"
	"shutout/sim/timeline"
	"shutout/sim/transport"
)

// Options say which organisation to build.
type Options struct {
	Profile *profile.Profile
	Cast    *lab.Cast // its passwords are filled in from the seed
	Seed    uint64    // of all that is drawn by lot; the same seed gives the same run
	Start   time.Time // when the virtual clock begins
}

// Organisation is one simulated organisation. It lives until Close.
type Organisation struct {
	*server.World
	clock   *clock.Clock
	devices *activesync.Devices
	probes  atomic.Uint64
	resets  map[string]int // how often somebody's password was reset
	outlook map[string]*outlookHost
	// storeBack is when the restart of a mailbox server's store ends.
	storeBack map[string]time.Time
	desktops  desktops
	shared    map[string]bool        // mailboxes that have become shared ones
	people    map[string]*lab.Person // who acts, by activity
	spreads   map[string]int         // connections that the load balancer has spread, by activity
	hearing   sync.Mutex             // guards the listeners, which the network calls with its own lock held
	listeners map[lab.Zone]*overhear.Listener
}

var (
	_ lab.Lab          = (*Organisation)(nil)
	_ lab.Explainer    = (*Organisation)(nil)
	_ lab.ReplyWatcher = (*Organisation)(nil)
	_ lab.MailTracker  = (*Organisation)(nil)
	_ lab.Introducer   = (*Organisation)(nil)
	_ lab.Desktops     = (*Organisation)(nil)
	_ lab.Eavesdropper = (*Organisation)(nil)
	_ lab.Preparer     = (*Organisation)(nil)
	_ lab.Sweeper      = (*Organisation)(nil)
	_ lab.Ledgerer     = (*Organisation)(nil)
)

// New builds the organisation and starts its servers.
func New(o Options) (*Organisation, error) {
	tl := timeline.New(o.Start, o.Seed)
	p := o.Profile.Params()
	w := &server.World{TL: tl, Params: p, Cast: o.Cast, Net: network.New(tl)}
	w.Net.SYNTimeout = p.Net.SYNTimeout
	org := &Organisation{World: w, clock: clock.New(tl, w.Net, w), devices: activesync.NewDevices(), resets: map[string]int{},
		outlook: map[string]*outlookHost{}, storeBack: map[string]time.Time{}, shared: map[string]bool{}, desktops: newDesktops(o.Cast, p), people: map[string]*lab.Person{}, spreads: map[string]int{}, listeners: map[lab.Zone]*overhear.Listener{}}
	o.Cast.SetPasswords(tl.Rand("passwords"))

	for _, id := range slices.Sorted(maps.Keys(o.Cast.Hosts)) {
		w.Net.AddHost(*o.Cast.Hosts[id])
	}
	if public := o.Cast.Organisation.Addresses; len(public) > 0 {
		w.Net.SetPublic(public[0])
	}
	org.publish()

	organisation := o.Cast.Organisation
	w.Dir = directory.New(tl, p, organisation)
	w.Dir.SetAdministratorPassword(org.AdministratorPassword())
	w.Store = store.New(tl, p, organisation)
	w.Store.Attach(w.Dir)
	w.CAS = clientaccess.New(tl, p, organisation, w.Dir)
	w.CAS.OnServiceState = func(host, service string, up bool) {
		w.Net.SetService(host, up, servicePorts[service]...)
		if service == clientaccess.ServiceRPC {
			org.setRPC(host, up)
		}
	}
	if err := org.populate(); err != nil {
		org.Close()
		return nil, err
	}
	if p.Cloud.Tenant && p.Server.Family == profile.Exchange {
		if o.Cast.Organisation.SignIn == "" {
			org.Close()
			return nil, errors.New("the cast names no host for the cloud's sign-in service: organisation: {sign_in: login}")
		}
		w.Cloud = cloud.New(tl, p.Cloud, w.Dir, o.Cast.Organisation.SignIn)
	}
	w.Transport = transport.New(tl, p, w.Dir, w.Store, o.Cast, org.reach)
	w.Transport.PublicAddr = w.Net.Public
	w.OpenSite()
	for _, id := range slices.Sorted(maps.Keys(o.Cast.People)) {
		if who := o.Cast.People[id]; !who.Outsider() {
			org.seedMail(who)
		}
	}
	var err error
	if w.CA, err = server.NewAuthority(w.Now); err == nil {
		err = org.listen()
	}
	if err != nil {
		org.Close()
		return nil, err
	}
	return org, nil
}

// Name is the word for this lab.
func (o *Organisation) Name() string { return lab.Simulation }

// Cast tells who is in the organisation.
func (o *Organisation) Cast() *lab.Cast { return o.World.Cast }

// Clock is the virtual clock.
func (o *Organisation) Clock() lab.Clock { return o.clock }

// Play lets the organisation live, speed times as fast as the wall clock.
func (o *Organisation) Play(ctx context.Context, speed float64) error {
	return o.clock.Play(ctx, speed)
}

// Dial connects a host of the cast to a server.
func (o *Organisation) Dial(ctx context.Context, owner, from, addr string) (net.Conn, error) {
	// The organisation's DNS knows its hosts by their full names, too.
	if host, port, err := net.SplitHostPort(addr); err == nil {
		addr = net.JoinHostPort(strings.TrimSuffix(host, "."+o.World.Cast.Organisation.Domain), port)
	}
	if owner != "" {
		// What it hung up on has ended before it calls again, so that what servers
		// write down does not depend on who was faster.
		o.Net.WaitQuiet(owner)
	}
	return o.Net.Dial(ctx, owner, from, o.spread(owner, addr))
}

// Probe has a message from a partner outside arrive for who. It takes the way
// that any mail from outside takes, through transport and its limits. Requests
// that a server holds open for it have been answered when Probe returns, so
// that what an attempt finds does not depend on who was faster.
func (o *Organisation) Probe(_ context.Context, who *lab.Person) (string, error) {
	subject := fmt.Sprintf("probe %d for %s", o.probes.Add(1), who.ID)
	var err error
	o.Do(func(now time.Time) {
		_, err = o.Transport.InternetMail(now, "prober@"+o.partner(), who.Mail, subject)
	})
	o.Net.WaitServed()
	return subject, err
}

// partner is an outside domain that accepts mail.
func (o *Organisation) partner() string {
	for _, d := range slices.Sorted(maps.Keys(o.World.Cast.Domains)) {
		if o.World.Cast.Domains[d] == lab.GoodDomain {
			return d
		}
	}
	return "partner.example"
}

// AutomaticReply tells what became of the out-of-office reply to a message, and
// records why.
func (o *Organisation) AutomaticReply(_ context.Context, owner, messageID string) (string, bool, error) {
	o.Lock()
	defer o.Unlock()
	if d, ok := o.Transport.ReplyDecision(messageID); ok {
		o.RecordFor(owner, d)
	}
	state, made := o.Transport.AutomaticReply(messageID)
	return state, made, nil
}

// Eavesdrop has a host listen to what is sent in its zone.
func (o *Organisation) Eavesdrop(from string, who *lab.Person) func() []string {
	zone := o.World.Cast.Hosts[from].Zone
	l := o.listeners[zone]
	if l == nil {
		l = overhear.New()
		o.listeners[zone] = l
		o.Net.Tap(zone, func(conversation any, sent []byte) {
			o.hearing.Lock()
			defer o.hearing.Unlock()
			l.Feed(conversation, sent)
		})
	}
	return func() []string {
		o.hearing.Lock()
		defer o.hearing.Unlock()
		return l.Passwords(who.Mail)
	}
}

// Close ends everything that the organisation runs.
func (o *Organisation) Close() error {
	o.clock.Stop()
	o.Net.Close()
	return nil
}

// reach tells whether a server's packets get to a host, or to the mail
// exchanger of an outside domain.
func (o *Organisation) reach(from, to string, port int) bool {
	if o.World.Cast.Hosts[to] != nil {
		return o.Net.Reachable(from, to, port)
	}
	if host := o.exchanger(to); host != "" {
		return o.Net.Reachable(from, host, port)
	}
	return o.Net.ReachableZone(from, lab.Internet, port)
}

// populate makes accounts and mailboxes for the people of the organisation.
func (o *Organisation) populate() error {
	for _, id := range slices.Sorted(maps.Keys(o.World.Cast.People)) {
		who := o.World.Cast.People[id]
		if who.Outsider() {
			continue
		}
		err := o.Dir.AddUser(directory.NewUser{
			SAM: id, UPN: who.Mail, Mail: who.Mail, DisplayName: who.Name, Password: who.Password,
			Attrs: map[string][]string{"homeMDB": {who.Database}},
		})
		if err != nil {
			return fmt.Errorf("account of %s: %w", id, err)
		}
		if !o.Params.Autodiscover.Available {
			who.MailboxDN = o.Dir.LegacyDN(id) // an administrator has set Outlook up
		}
		if _, err := o.Store.CreateMailbox(o.Now(), id, who.Mail, who.Database, int64(who.MailboxMB)<<20); err != nil {
			return fmt.Errorf("mailbox of %s: %w", id, err)
		}
	}
	lists := o.World.Cast.Organisation.Lists
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if err := o.Dir.AddList(name, lists[name].Mail, lists[name].Members); err != nil {
			return err
		}
	}
	return nil
}

// seedMail puts mail into a mailbox, so that there is something to read.
func (o *Organisation) seedMail(who *lab.Person) {
	for _, raw := range lab.SeedMail(o.World.Cast, who, o.Now()) {
		o.Store.Deliver(o.Now(), who.ID, "Inbox", store.ParseMessage(raw))
	}
}

// AdministratorPassword is the password of CORP\Administrator, made from the
// seed as all are.
func (o *Organisation) AdministratorPassword() string {
	return lab.NewPassword(o.TL.Rand("administrator"))
}

// Servers lists the organisation's servers by what runs on them.
type Servers struct {
	DCs, CAS, Stores []string
	SignIn           []string // of the cloud's sign-in service, where there is one
}

// Servers returns the servers of all sites.
func (o *Organisation) Servers() Servers {
	var s Servers
	for _, site := range o.World.Cast.Organisation.Sites {
		s.DCs = append(s.DCs, site.DCs...)
		s.CAS = append(s.CAS, site.CAS...)
		s.Stores = append(s.Stores, site.Stores...)
	}
	if o.Cloud != nil {
		s.SignIn = []string{o.Cloud.Host()}
	}
	return s
}

// Listens tells whether a server offers a port.
func (o *Organisation) Listens(host string, port int) bool { return o.Net.Listens(host, port) }
