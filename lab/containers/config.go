package containers

import (
	"context"
	"net"
	"strings"

	"shutout/lab"
	"shutout/lab/remote"
)

// config describes the servers as a lab.
func (org *organisation) config() *remote.Config {
	cfg := &remote.Config{
		Name: Name, Domain: domain, Profile: Profile, Own: true, Authority: org.ca.PEM(),
		People: map[string]*remote.Person{}, Endpoints: org.endpoints(),
		InletFrom: "prober@" + org.partner(),
		Directory: org.directory(),
		Dial:      func(ctx context.Context, _, addr string) (net.Conn, error) { return org.dial(ctx, addr) },
	}
	for _, who := range org.people() {
		cfg.People[who.ID] = &remote.Person{
			Mail: who.Mail, Name: who.Name,
			Password: remote.Secret{Value: who.Password}, NewPassword: remote.Secret{Value: who.NewPassword},
		}
	}
	cfg.Executors = org.executors(cfg.People)
	cfg.Lacks = lacks
	cfg.AutomaticReply, cfg.Whereabouts = org.automaticReply, org.whereabouts
	return cfg
}

// lacks says why some mitigations are not carried out here.
var lacks = map[string]string{
	"restart-server": "each server is a container of its own; restart-service restarts what runs in it",
	"lock-account":   "Samba locks an account only after wrong passwords, and this domain has no such limit",
}

// endpoints are the access paths of these servers.
func (org *organisation) endpoints() map[lab.Path]lab.Endpoint {
	at := func(host, port, plain string, security lab.Security) lab.Endpoint {
		ep := lab.Endpoint{Addr: host + ":" + port, Host: host, Security: security, TLS: org.tls()}
		if plain != "" {
			ep.Plain = host + ":" + plain
		}
		ep.Realm = &lab.Realm{Name: realm, KDC: hostDC + ":88"}
		return ep
	}
	list := map[lab.Path]lab.Endpoint{
		lab.IMAP:           at(hostMail, "993", "143", lab.Implicit),
		lab.POP3:           at(hostMail, "995", "110", lab.Implicit),
		lab.SMTPSubmission: at(hostMX, "587", "", lab.StartTLS),
		lab.SMTPAnonymous:  at(hostMX, "25", "", lab.Plain),
	}
	if org.servers[hostSOGo] != nil {
		list[lab.ActiveSync] = at(hostSOGo, "443", "", lab.Implicit)
	}
	return list
}

// partner is a domain outside that accepts mail.
func (org *organisation) partner() string {
	for _, r := range org.set.Domains {
		if strings.HasSuffix(r.Transport, "]:25") {
			return r.Name
		}
	}
	return "partner.example"
}
