package containers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"

	"shutout/lab"
	"shutout/lab/authority"
	"shutout/lab/remote"
)

// Name is the word for this lab.
const Name = "containers"

// The organisation that the image of the domain controller is made for.
const (
	domain  = "corp.example"
	realm   = "CORP.EXAMPLE"
	netBIOS = "CORP"
	baseDN  = "DC=corp,DC=example"
	people  = "CN=Users," + baseDN
)

// The servers by their names.
const (
	hostDC   = "dc1." + domain
	hostMail = "mail." + domain // Dovecot
	hostMX   = "mx." + domain   // Postfix
	hostSOGo = "sogo." + domain
	hostSink = "world" // all mail exchangers outside
)

// Options say what is started.
type Options struct {
	// ActiveSync has SOGo started, too, which needs a database of its own.
	ActiveSync bool
	// Progress is told what is built where images are missing; nil: nobody.
	Progress io.Writer
}

// configs are the files that servers are started with, as templates.
//
//go:embed config
var configs embed.FS

var templates = template.Must(template.New("").ParseFS(configs, "config/*"))

// settings are what the templates are filled with.
type settings struct {
	Domain, Realm, NetBIOS, BaseDN string
	DC, Mail, MX, SOGo             string
	Service, ServicePassword       string // the account that servers look people up with
	DoveadmKey                     string
	Filter                         string // which people Dovecot finds
	Protocols                      string // that Dovecot offers
	MailUID                        int
	Domains                        []route
}

// organisation is everything that has been started for one lab.
type organisation struct {
	engine          *engine
	lease           *lease
	cast            *lab.Cast
	ca              *authority.Authority
	set             settings
	admin           string // the directory administrator's password
	inside, outside *testcontainers.DockerNetwork
	servers         map[string]*server // by their names
}

// Start starts the servers for the people of a case's cast, whose passwords are
// set, and returns the lab that they are. Whatever it made is gone when it
// returns an error; otherwise stop removes it.
func Start(ctx context.Context, cast *lab.Cast, o Options) (cfg *remote.Config, stop func() error, err error) {
	if cast.Organisation.Domain != domain {
		return nil, nil, fmt.Errorf("the servers in containers are those of %s, and the cast's organisation is %s", domain, cast.Organisation.Domain)
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	org, err := start(ctx, cast, o)
	if err != nil {
		return nil, nil, err
	}
	return org.config(), sync.OnceValue(org.stop), nil
}

// start is [Start] before a lab is made of it. It returns what it made, which is
// gone again, also with an error.
func start(ctx context.Context, cast *lab.Cast, o Options) (org *organisation, err error) {
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	org = &organisation{engine: e, cast: cast, admin: secret(), servers: map[string]*server{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, org.stop())
		}
	}()
	if err := e.sweep(ctx); err != nil {
		return org, err
	}
	wanted := []string{imageSamba, imageDovecot, imagePostfix}
	if o.ActiveSync {
		wanted = append(wanted, imageSOGo)
	}
	if err := e.images(ctx, o.Progress, wanted...); err != nil {
		return org, err
	}
	if org.ca, err = authority.New(time.Now()); err != nil {
		return org, err
	}
	if org.lease, err = newLease(); err != nil {
		return org, err
	}
	org.set = settings{
		Domain: domain, Realm: realm, NetBIOS: netBIOS, BaseDN: baseDN, DC: hostDC, Mail: hostMail, MX: hostMX, SOGo: hostSOGo,
		Service: serviceAccount, ServicePassword: servicePassword, DoveadmKey: secret(), Filter: anybody, MailUID: mailUID,
		Domains: org.routes(),
	}
	for _, n := range []struct {
		name string
		at   **testcontainers.DockerNetwork
	}{{"inside", &org.inside}, {"outside", &org.outside}} {
		err = whole(ctx, func(ctx context.Context) error {
			*n.at, err = network.New(ctx, network.WithLabels(org.lease.labels()))
			return err
		})
		if err != nil {
			return org, fmt.Errorf("making the network %s: %w", n.name, err)
		}
	}
	return org, org.startServers(ctx, o)
}

// startServers starts all servers at once. They find each other by name, when
// they first need each other.
func (org *organisation) startServers(ctx context.Context, o Options) error {
	recipes := []func() (recipe, error){org.samba, org.dovecot, org.postfix, org.sink}
	if o.ActiveSync {
		recipes = append(recipes, org.sogo)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for _, make := range recipes {
		wg.Go(func() {
			r, err := make()
			var s *server
			if err == nil {
				s, err = org.engine.start(ctx, org.lease, r)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				// The others fail because of this one from now on.
				if ctx.Err() == nil || len(errs) == 0 {
					errs = append(errs, err)
				}
				cancel()
				return
			}
			org.servers[r.names[0]] = s
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if err := org.handKeys(ctx); err != nil {
		return err
	}
	return org.addPeople(ctx)
}

// stop removes everything.
func (org *organisation) stop() error {
	defer org.engine.Close()
	if org.lease == nil {
		return nil
	}
	err := org.engine.remove(context.Background(), org.lease.id)
	org.lease.release()
	return err
}

// fill fills in a template.
func (org *organisation) fill(name string) []byte {
	return fill(name, org.set)
}

func fill(name string, data any) []byte {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // the templates are part of the program
	}
	return b.Bytes()
}

// certificate is the files of a server's certificate.
func (org *organisation) certificate(name string, others ...string) ([]file, error) {
	cert, err := org.ca.Issue(name, others...)
	if err != nil {
		return nil, err
	}
	chain, key, err := authority.Pair(cert)
	if err != nil {
		return nil, err
	}
	return []file{
		{name: "etc/lab/", mode: 0o755},
		{name: "etc/lab/cert.pem", content: chain}, {name: "etc/lab/key.pem", content: key, mode: 0o600},
		{name: "etc/lab/ca.pem", content: org.ca.PEM()},
	}, nil
}

// tls is what a client of the lab trusts.
func (org *organisation) tls() *tls.Config { return &tls.Config{RootCAs: org.ca.Pool()} }

// dial connects to a server of the lab by its name.
func (org *organisation) dial(ctx context.Context, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	s := org.servers[host]
	if s == nil {
		return nil, &net.DNSError{Err: "no such host in this lab", Name: host, IsNotFound: true}
	}
	return s.dial(ctx, port)
}

// secret makes a password that nobody has to know.
func secret() string { return rand.Text() + "-a1" }

// greeting connects to a port and reads a server's first line.
func greeting(ctx context.Context, s *server, port, prefix string) error {
	c, err := s.dial(ctx, port)
	if err != nil {
		return err
	}
	defer c.Close()
	if until, ok := ctx.Deadline(); ok {
		c.SetDeadline(until)
	}
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var line [512]byte
	n, err := c.Read(line[:])
	if got := string(line[:n]); !strings.HasPrefix(got, prefix) {
		return fmt.Errorf("port %s says %q instead of %q: %w", port, got, prefix, cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return nil
}
