package sim

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"shutout/lab"
)

// Endpoint tells where somebody reaches mail. Client access is where the load
// balancer has put the person; mail is handed in at the server of the
// person's database.
func (o *Organisation) Endpoint(who *lab.Person, path lab.Path) (lab.Endpoint, error) {
	none := func(why string) (lab.Endpoint, error) {
		return lab.Endpoint{}, fmt.Errorf("%w: %s", lab.ErrNotAvailable, why)
	}
	if who.Outsider() && path != lab.SMTPAnonymous && path != lab.SMTPDirect {
		return none(who.ID + " has no mailbox here")
	}
	// Who is spread over the servers knows them by their common name.
	name := func(host string) string {
		if host == who.CAS && who.Affinity == lab.NoAffinity && path != lab.OutlookRPC {
			return o.fqdn(commonName)
		}
		return o.fqdn(host)
	}
	at := func(host string, port int, security lab.Security) (lab.Endpoint, error) {
		if !o.Net.Listens(host, port) {
			if (path == lab.IMAP || path == lab.POP3) && o.Open == nil && !o.Params.PopImap.Autostart {
				return none(fmt.Sprintf("nobody has started %s on %s: say set: {popimap.autostart: true} in the case, or --set popimap.autostart=true", path, host))
			}
			return none(fmt.Sprintf("%s does not offer %s (port %d)", host, path, port))
		}
		return lab.Endpoint{
			Addr: net.JoinHostPort(host, strconv.Itoa(port)), Host: name(host),
			Security: security, TLS: o.CA.Client(), Tokens: o.tokenService(),
		}, nil
	}
	withTickets := func(host string, port int, security lab.Security) (lab.Endpoint, error) {
		ep, err := at(host, port, security)
		if o.Cloud == nil {
			ep.Realm = o.realm(host)
		}
		return ep, err
	}
	if o.Open != nil && slices.Contains(exchangeOnly, path) {
		return none("the servers are Samba, Dovecot and Postfix, not Exchange")
	}
	switch path {
	case lab.EWS:
		if !o.Params.EWS.Available {
			return none("this version has no Exchange Web Services")
		}
		return withTickets(who.CAS, portHTTPS, lab.Implicit)
	case lab.OWA:
		return withTickets(who.CAS, portHTTPS, lab.Implicit)
	case lab.ActiveSync:
		ep, err := at(who.CAS, portHTTPS, lab.Implicit)
		ep.Heartbeat = o.Params.EAS.HeartbeatStart
		return ep, err
	case lab.IMAP:
		ep, err := at(who.CAS, portIMAPS, lab.Implicit)
		ep.Plain = net.JoinHostPort(who.CAS, strconv.Itoa(portIMAP))
		if o.Open != nil {
			ep.Realm = o.realm(who.CAS)
		}
		return ep, err
	case lab.POP3:
		ep, err := at(who.CAS, portPOP3S, lab.Implicit)
		ep.Plain = net.JoinHostPort(who.CAS, strconv.Itoa(portPOP3))
		return ep, err
	case lab.SMTPSubmission:
		if o.Params.SMTP.SubmissionPort == 0 {
			return none("this version has no submission connector")
		}
		return at(o.storeOf(who), o.Params.SMTP.SubmissionPort, lab.StartTLS)
	case lab.SMTPAnonymous:
		return at(o.storeOf(who), portSMTP, lab.Plain)
	case lab.SMTPDirect:
		_, domain, _ := strings.Cut(who.Mail, "@")
		host := o.exchanger(domain)
		if host == "" {
			return none("no host of this cast takes mail for " + domain)
		}
		return at(host, portSMTP, lab.Plain)
	case lab.Pickup:
		if o.Cloud != nil {
			return none("the servers are the provider's, and share no directory")
		}
		return at(o.storeOf(who), portShare, lab.Plain)
	case lab.OutlookRPC:
		if !o.Params.RPC.Direct {
			return none("this version takes Outlook over HTTP only")
		}
		ep, err := withTickets(o.holder(who), portMapper, lab.Plain)
		if o.holder(who) != who.CAS {
			ep.Autodiscover = o.fqdn(who.CAS)
		}
		return ep, err
	case lab.OutlookAnywhere:
		if !o.Params.RPC.HTTP {
			return none("the servers do not offer Outlook Anywhere")
		}
		ep, err := withTickets(who.CAS, portHTTPS, lab.Implicit)
		ep.Server = o.fqdn(o.holder(who))
		return ep, err
	case lab.MAPIHTTP:
		if !o.Params.MAPIHTTP.Available {
			return none("the servers do not offer MAPI over HTTP")
		}
		return withTickets(who.CAS, portHTTPS, lab.Implicit)
	default:
		return none(string(path) + " is not simulated yet")
	}
}

// exchangeOnly are the paths that only Exchange has.
var exchangeOnly = []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP, lab.OWA, lab.EWS, lab.Pickup}

// realm is where a client of a server gets its tickets: at the domain
// controller of that server's site that the server itself asks.
func (o *Organisation) realm(host string) *lab.Realm {
	dc := o.Dir.DCFor(host)
	if o.Open != nil {
		dc = o.Open.DC()
	}
	return &lab.Realm{Name: o.Dir.Realm(), KDC: net.JoinHostPort(dc.Host(), strconv.Itoa(portKerberos))}
}

// tokenService is where clients get access tokens, nil where they need none.
func (o *Organisation) tokenService() *lab.TokenService {
	if o.Cloud == nil {
		return nil
	}
	host := o.Cloud.Host()
	return &lab.TokenService{Addr: net.JoinHostPort(host, strconv.Itoa(portHTTPS)), Host: o.fqdn(host)}
}

// commonName is the name below which users know the client access servers.
const commonName = "mail"

// spread is the load balancer in front of the client access servers: what was
// meant for the person's own goes to the next one of the site that answers,
// where the person is not tied to one.
func (o *Organisation) spread(owner, addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	o.Lock()
	defer o.Unlock()
	who := o.people[owner]
	if who == nil || who.Affinity != lab.NoAffinity || host != who.CAS && host != commonName {
		return addr
	}
	number, _ := strconv.Atoi(port)
	for _, site := range o.World.Cast.Organisation.Sites {
		if !slices.Contains(site.CAS, who.CAS) {
			continue
		}
		up := slices.DeleteFunc(slices.Clone(site.CAS), func(h string) bool { return !o.Net.Listens(h, number) })
		if len(up) > 0 {
			o.spreads[owner]++
			return net.JoinHostPort(up[(o.spreads[owner]-1)%len(up)], port)
		}
	}
	return addr
}

// storeOf is the mailbox server of somebody's database. Whoever has none writes
// to the first.
func (o *Organisation) storeOf(who *lab.Person) string {
	for _, db := range o.World.Cast.Organisation.Database {
		if db.Name == who.Database {
			return db.Server
		}
	}
	return o.World.Cast.Organisation.Database[0].Server
}

func (o *Organisation) fqdn(host string) string { return host + "." + o.World.Cast.Organisation.Domain }

// certificate is the TLS configuration of a server. It answers to its own
// name, to the name that users know, and to this machine's names, for foreign
// clients that are let in from outside.
func (o *Organisation) certificate(host string) (*tls.Config, error) {
	return o.CA.Server(o.fqdn(host), host, o.fqdn(commonName), "localhost", "127.0.0.1", "::1")
}
