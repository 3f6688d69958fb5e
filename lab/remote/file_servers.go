package remote

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shutout/lab"
	"shutout/lab/strict"
)

func (l *reader) hosts() {
	for id, w := range l.f.Hosts {
		if w == nil {
			continue
		}
		way := Way{Socks: w.Socks}
		if w.Local.IsValid() {
			way.Local = net.IP(w.Local.AsSlice())
		}
		if w.Socks != "" {
			l.addr(w.Socks, "hosts", id, "socks")
		}
		l.c.Hosts[id] = way
	}
}

// addr checks that an address has a host and a port, and returns the host.
func (l *reader) addr(s string, path ...any) string {
	host, port, err := net.SplitHostPort(s)
	n, errPort := strconv.ParseUint(port, 10, 16)
	if err != nil || errPort != nil || n == 0 || host == "" {
		l.bad(path, "%s is no address of a server: expected host and port, such as mail.our.example:993", strict.Quote(s))
	}
	return host
}

// maxRoots bounds a file with certificates, in bytes.
const maxRoots = 1 << 20

// roots reads a file with certificates. Without one, those count that this
// machine trusts.
func (l *reader) roots(name, host string, path ...any) *tls.Config {
	conf := &tls.Config{ServerName: host}
	if name == "" {
		return conf
	}
	pem, err := readSmall(l.beside(name), maxRoots)
	if err != nil {
		l.bad(path, "the file with the certificates cannot be read: %v", err)
		return conf
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		l.bad(path, "%s has no certificate: expected those of the lab's authority, in PEM", strict.Quote(name))
	}
	return conf
}

// securities are how a path is protected unless the file says otherwise.
var securities = map[lab.Path]lab.Security{lab.SMTPSubmission: lab.StartTLS, lab.SMTPAnonymous: lab.Plain, lab.SMTPDirect: lab.Plain}

// remotePaths are those that a lab file can have: whoever has Outlook's own
// paths has Exchange, where more must be known than an address.
var remotePaths = []lab.Path{lab.OWA, lab.ActiveSync, lab.EWS, lab.IMAP, lab.POP3, lab.SMTPSubmission, lab.SMTPAnonymous, lab.MAPIHTTP, lab.OutlookAnywhere}

func (l *reader) endpoints() {
	if len(l.f.Endpoints) == 0 {
		l.bad(at("endpoints"), "there are no endpoints: say under endpoints: where mail is read and sent, such as imap: {addr: mail.our.example:993}")
	}
	for path, f := range l.f.Endpoints {
		where := at("endpoints", string(path))
		if !slices.Contains(remotePaths, path) {
			l.bad(where, "unknown access path %s%s", strict.Quote(string(path)), strict.Expected(string(path), words(remotePaths)))
			continue
		}
		ep := l.endpoint(path, f.Addr, f.Host, f.Roots, f.Security, where)
		if f.Plain != "" {
			l.addr(f.Plain, append(where, "plain")...)
		}
		ep.Plain, ep.Heartbeat = f.Plain, f.Heartbeat
		l.c.Endpoints[path] = ep
	}
	if f := l.f.Inlet; f != nil {
		l.c.Inlet = new(l.endpoint(lab.SMTPAnonymous, f.Addr, f.Host, f.Roots, f.Security, at("inlet")))
		l.c.InletFrom = f.From
		if f.From != "" && !address(f.From) {
			l.bad(at("inlet", "from"), "%s is no mail address", strict.Quote(f.From))
		}
	}
	if f := l.f.Kerberos; f != nil {
		if f.Realm == "" || f.KDC == "" {
			l.bad(at("kerberos"), "kerberos needs realm and kdc, such as {realm: OUR.EXAMPLE, kdc: dc1.our.example:88}")
		} else {
			l.addr(f.KDC, "kerberos", "kdc")
		}
		for path, ep := range l.c.Endpoints {
			ep.Realm = &lab.Realm{Name: f.Realm, KDC: f.KDC}
			l.c.Endpoints[path] = ep
		}
	}
}

func (l *reader) endpoint(path lab.Path, addr, host, roots string, security lab.Security, where []any) lab.Endpoint {
	in := func(key string) []any { return append(slices.Clone(where), key) }
	if addr == "" {
		l.bad(in("addr"), "addr is missing: where %s is offered, such as mail.our.example:993", path)
		return lab.Endpoint{}
	}
	name := l.addr(addr, in("addr")...)
	if host == "" {
		host = name
	}
	if security == "" {
		if security = securities[path]; security == "" {
			security = lab.Implicit
		}
	}
	known := []lab.Security{lab.Implicit, lab.StartTLS, lab.Plain}
	if !slices.Contains(known, security) {
		l.bad(in("security"), "%s is no way to protect a connection%s", strict.Quote(string(security)), strict.Expected(string(security), words(known)))
	}
	return lab.Endpoint{Addr: addr, Host: host, Security: security, TLS: l.roots(roots, "", in("roots")...)}
}

func (l *reader) directory() {
	f := l.f.Directory
	if f == nil {
		return
	}
	dir := &Directory{
		URL: f.URL, StartTLS: f.StartTLS, Bind: f.Bind, Password: l.secret(f.Password), Base: f.Base, Filter: f.Filter,
		TLS: l.roots(f.Roots, f.Host, "directory", "roots"),
	}
	if _, _, err := dir.host(); err != nil {
		l.bad(at("directory", "url"), "%v", err)
	}
	if dir.StartTLS && strings.HasPrefix(f.URL, "ldaps:") {
		l.bad(at("directory", "starttls"), "ldaps:// has TLS from the start: leave starttls out")
	}
	for _, key := range []string{"bind", "password", "base"} {
		if !l.has("directory", key) {
			l.bad(at("directory"), "directory needs %s: %s", key, map[string]string{
				"bind":     "the account that may change the others, such as CN=shutout,CN=Users,DC=our,DC=example",
				"password": "where that account's password is kept, as {env: NAME} or {file: PATH}",
				"base":     "where people are looked for, such as DC=our,DC=example",
			}[key])
		}
	}
	if f.Filter != "" {
		if err := checkFilter(f.Filter); err != nil {
			l.bad(at("directory", "filter"), "%v", err)
		}
	}
	l.c.Directory = dir
}

func (l *reader) doveadm() {
	f := l.f.Doveadm
	if f == nil {
		return
	}
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		l.bad(at("doveadm", "url"), "%s is no address of Dovecot's doveadm service: expected one such as http://127.0.0.1:8080", strict.Quote(f.URL))
	}
	if !l.has("doveadm", "key") {
		l.bad(at("doveadm"), "doveadm needs key: where doveadm_api_key is kept, as {env: NAME} or {file: PATH}")
	}
	user := template(f.User)
	if user == "" {
		user = "{user}"
	}
	if err := user.check(personWords); err != nil {
		l.bad(at("doveadm", "user"), "%v", err)
	}
	l.adm = &Doveadm{URL: f.URL, Key: l.secret(f.Key), TLS: l.roots(f.Roots, f.Host, "doveadm", "roots"), User: string(user)}
}
