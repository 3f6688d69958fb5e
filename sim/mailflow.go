package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server/outside"
	"shutout/sim/transport"
)

// Whereabouts tells what became of a message that owner sent, and records it.
func (o *Organisation) Whereabouts(_ context.Context, owner, subject string) (string, bool, error) {
	o.Lock()
	defer o.Unlock()
	d := o.Transport.Whereabouts(o.Now(), subject)
	o.RecordFor(owner, d)
	return d.Reason, d.Allowed, nil
}

// Introduce tells who acts as owner. Whoever has no account here cannot be
// logged on to a computer of the domain.
func (o *Organisation) Introduce(owner string, who *lab.Person) {
	o.Do(func(time.Time) { o.people[owner] = who })
	if !who.Outsider() {
		o.Net.LogOn(owner, who.ID)
	}
}

// exchanger is the host that takes mail for an outside domain, or "".
func (o *Organisation) exchanger(domain string) string {
	for _, id := range slices.Sorted(maps.Keys(o.World.Cast.Hosts)) {
		if h := o.World.Cast.Hosts[id]; h.Zone == lab.Internet && h.MX != "" && strings.EqualFold(h.MX, domain) {
			return id
		}
	}
	return ""
}

// listenOutside opens the mail servers of other domains to whoever calls them
// without the organisation's own server. A dead one does not answer.
func (o *Organisation) listenOutside() error {
	for _, id := range slices.Sorted(maps.Keys(o.World.Cast.Hosts)) {
		h := o.World.Cast.Hosts[id]
		behaviour, known := o.World.Cast.Domains[h.MX]
		if h.Zone != lab.Internet || !known || behaviour == lab.DeadDomain || behaviour == lab.BogusDomain {
			continue
		}
		err := o.open(id, portSMTP, func(l *network.Listener) error {
			return outside.Serve(o.World, id, h.MX, l)
		})
		if err != nil {
			return fmt.Errorf("start the mail server of %s: %w", h.MX, err)
		}
	}
	return nil
}

func (o *Organisation) freezeOutbound(now time.Time, a *mitigation.FreezeOutbound) (string, error) {
	if smart := o.Transport.SmartHost(); a.Domain != "" && smart != "" {
		return "", fmt.Errorf("there is no queue for %s: mail for all domains waits for the smart host %s", a.Domain, smart)
	}
	if a.Domain != "" {
		o.Transport.FreezeDomain(now, a.Domain)
		return "mail for " + a.Domain + " is held", nil
	}
	o.Transport.FreezeOutbound(now, true)
	return fmt.Sprintf("mail for other domains is held, %s now", o.waiting()), nil
}

func (o *Organisation) thawOutbound(now time.Time, a *mitigation.ThawOutbound) (string, error) {
	waiting := o.waiting()
	if a.Domain != "" {
		if err := o.Transport.ResumeQueue(now, a.Domain); err != nil {
			return "", err
		}
		return "mail for " + a.Domain + " leaves again", nil
	}
	if !o.Transport.Frozen() {
		return "", errors.New("outbound mail is not frozen")
	}
	o.Transport.FreezeOutbound(now, false)
	return fmt.Sprintf("mail for other domains leaves again, %s waited", waiting), nil
}

// waiting says how many messages lie in the queues.
func (o *Organisation) waiting() string {
	n := 0
	for _, q := range o.Transport.Queues() {
		n += q.MessageCount
	}
	return lab.Count(n, "message")
}

func (o *Organisation) removeQueuedMail(now time.Time, a *mitigation.RemoveQueuedMail) (string, error) {
	sender := a.Sender
	if a.User != "" {
		_, obj, err := o.account(a.User, "")
		if err != nil {
			return "", err
		}
		sender = obj.Mail()
	}
	n := o.Transport.RemoveMessages(now, func(_ transport.Queue, m transport.QueuedMessage) bool {
		return strings.EqualFold(m.FromAddress, sender)
	}, a.Report)
	return fmt.Sprintf("%s from %s removed", lab.Count(n, "message"), sender), nil
}

// editConnectors changes the receive connectors of mailbox servers, of all if
// none is named. Connections that are open keep what they began with.
func (o *Organisation) editConnectors(servers []string, what string, edit func(*transport.Connector)) (string, error) {
	var names []string
	for _, c := range o.Transport.Connectors() {
		if len(servers) == 0 || slices.Contains(servers, c.Server) {
			edit(c)
			names = append(names, c.Identity())
		}
	}
	if names == nil {
		return "", errors.New("no receive connector there")
	}
	return fmt.Sprintf("%s: %s", strings.Join(names, ", "), what), nil
}

// restrictSenders writes AcceptMessagesOnlyFrom, in the directory authOrig.
func (o *Organisation) restrictSenders(now time.Time, a *mitigation.RestrictSenders) (string, error) {
	dc, obj, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	var from []string
	for _, id := range a.From {
		_, sender, err := o.account(id, a.DC)
		if err != nil {
			return "", err
		}
		from = append(from, sender.DN())
	}
	if err := dc.Modify(now, obj.DN(), []directory.Mod{directory.Set("authOrig", from...)}); err != nil {
		return "", err
	}
	if from == nil {
		return fmt.Sprintf("%s takes everybody's mail, on %s", a.User, dc.Host()), nil
	}
	return fmt.Sprintf("%s takes mail from %s only, on %s", a.User, strings.Join(a.From, ", "), dc.Host()), nil
}

func (o *Organisation) limitReplies(now time.Time, a *mitigation.LimitReplies) (string, error) {
	allowed := a.Allow == "external"
	where := "the default remote domain"
	if a.Domain != "" {
		where = a.Domain
		o.Transport.SetRepliesTo(a.Domain, allowed)
	} else {
		o.Transport.SetExternalReplies(now, allowed)
	}
	return fmt.Sprintf("AllowedOOFType of %s: %s", where, a.Allow), nil
}

func (o *Organisation) closeOutboundPort(a *mitigation.CloseOutboundPort) (string, error) {
	for _, zone := range []lab.Zone{lab.LAN, lab.Servers} {
		o.Net.AddRule(network.Rule{
			ID: fmt.Sprintf("close outbound %d from %s", a.Port, zone), Action: network.Drop,
			FromZone: zone, ToZone: lab.Internet, Ports: []int{a.Port}, ExceptHosts: a.Except,
		})
	}
	if len(a.Except) == 0 {
		return fmt.Sprintf("packets to port %d on the internet are dropped", a.Port), nil
	}
	return fmt.Sprintf("packets to port %d on the internet are dropped unless from %s", a.Port, strings.Join(a.Except, ", ")), nil
}

func (o *Organisation) admitToPort(a *mitigation.AdmitToPort) (string, error) {
	servers := a.Servers
	if len(servers) == 0 {
		servers = o.Servers().Stores
	}
	o.Net.AddRule(network.Rule{
		ID: fmt.Sprintf("admit to %d on %v", a.Port, servers), Action: network.Drop,
		FromZone: lab.LAN, To: servers, Ports: []int{a.Port}, ExceptHosts: a.Hosts, ExceptPeople: a.People,
	})
	who := "everybody"
	if len(a.People) > 0 {
		who = strings.Join(a.People, ", ")
	}
	where := "any computer"
	if len(a.Hosts) > 0 {
		where = strings.Join(a.Hosts, ", ")
	}
	return fmt.Sprintf("port %d of %s admits from the office %s on %s only", a.Port, strings.Join(servers, ", "), who, where), nil
}

// rejectMail adds a transport rule against whatever comes from somebody.
func (o *Organisation) rejectMail(a *mitigation.RejectMail) (string, error) {
	if o.Params.Server.Version.Before(profile.Build2007) {
		return "", fmt.Errorf("%w: this version has no transport rules", lab.ErrNotAvailable)
	}
	_, obj, err := o.account(a.User, "")
	if err != nil {
		return "", err
	}
	if err := o.Transport.RejectFrom(obj.Mail()); err != nil {
		return "", err
	}
	return "mail from " + obj.Mail() + " is returned", nil
}
