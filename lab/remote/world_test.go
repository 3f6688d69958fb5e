package remote_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"testing"

	"shutout/lab"
	"shutout/lab/remote"
	"shutout/sim/expose/exposetest"
)

// world is an organisation that lives in real time, and that is reached over
// this machine's network as real servers are.
type world struct {
	*exposetest.World
	t *testing.T
}

func open(t *testing.T, settings ...string) *world {
	t.Helper()
	return &world{exposetest.Start(t, "ex2010", append(settings, "popimap.autostart=true")...), t}
}

// addr tells where a port of a server can be reached.
func (w *world) addr(host string, port int) string {
	w.t.Helper()
	return w.Addr(w.t, host, port)
}

// trust knows the organisation's certificates.
func (w *world) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.CA.PEM())
	return &tls.Config{RootCAs: roots}
}

// config describes the organisation as a lab of real servers, with its directory
// as the only place where something can be changed.
func (w *world) config() *remote.Config {
	cas := func(port int, security lab.Security) lab.Endpoint {
		return lab.Endpoint{Addr: w.addr("cas1", port), Host: "mail.corp.example", Security: security, TLS: w.trust()}
	}
	mbx := func(port int, security lab.Security) lab.Endpoint {
		return lab.Endpoint{Addr: w.addr("mbx1", port), Host: "mbx1.corp.example", Security: security, TLS: w.trust()}
	}
	secret := func(s string) remote.Secret { return remote.Secret{Value: s} }
	c := &remote.Config{
		Name: "loopback", Domain: "corp.example", File: "lab.yaml",
		Endpoints: map[lab.Path]lab.Endpoint{
			lab.OWA: cas(443, lab.Implicit), lab.ActiveSync: cas(443, lab.Implicit), lab.EWS: cas(443, lab.Implicit),
			lab.IMAP: cas(993, lab.Implicit), lab.POP3: cas(995, lab.Implicit),
			lab.SMTPSubmission: mbx(587, lab.StartTLS), lab.SMTPAnonymous: mbx(25, lab.Plain),
		},
		People: map[string]*remote.Person{},
		Directory: &remote.Directory{
			URL: "ldaps://" + w.addr("dc1", 636), TLS: w.trust(), Base: "DC=corp,DC=example",
			Bind: `CORP\Administrator`, Password: secret(w.AdministratorPassword()),
		},
	}
	for _, id := range []string{"dana", "erin"} {
		p := w.Cast().People[id]
		c.Allow = append(c.Allow, p.Mail)
		c.People[id] = &remote.Person{Mail: p.Mail, Password: secret(p.Password), NewPassword: secret("Another-Secret-7")}
	}
	ldap := &remote.LDAP{Directory: c.Directory, People: c.People}
	c.Executors = map[string]remote.Executor{}
	for _, name := range remote.LDAPMitigations {
		c.Executors[name] = ldap
	}
	return c
}

// journal keeps what it is told in memory.
type journal struct {
	mu      sync.Mutex
	entries []entry
	fails   bool // nothing can be written
}

type entry struct {
	*remote.Change
	done, failed, undone, stuck string
}

func (j *journal) Intend(c *remote.Change) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fails {
		return 0, errDisk
	}
	j.entries = append(j.entries, entry{Change: c})
	return len(j.entries) - 1, nil
}

func (j *journal) note(id int, set func(*entry)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	set(&j.entries[id])
	return nil
}

func (j *journal) Done(id int, s string) error { return j.note(id, func(e *entry) { e.done = s }) }
func (j *journal) Failed(id int, s string) error {
	return j.note(id, func(e *entry) { e.failed = s })
}
func (j *journal) Undone(id int, s string) error {
	return j.note(id, func(e *entry) { e.undone = s })
}
func (j *journal) Stuck(id int, s string) error { return j.note(id, func(e *entry) { e.stuck = s }) }

func typeName(v any) string { return fmt.Sprintf("%T", v) }
