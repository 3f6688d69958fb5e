package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/scenarios/strict"
)

// labFile is a lab as it is written.
type labFile struct {
	Kind      string                    `yaml:"kind"`
	Name      string                    `yaml:"name"`
	Domain    string                    `yaml:"domain"`
	Profile   string                    `yaml:"profile"`
	Canary    canaryFile                `yaml:"canary"`
	Allow     []string                  `yaml:"allow"`
	People    map[string]*personFile    `yaml:"people"`
	Hosts     map[string]*wayFile       `yaml:"hosts"`
	Endpoints map[lab.Path]endpointFile `yaml:"endpoints"`
	Inlet     *inletFile                `yaml:"inlet"`
	Kerberos  *realmFile                `yaml:"kerberos"`
	Directory *directoryFile            `yaml:"directory"`
	Doveadm   *doveadmFile              `yaml:"doveadm"`
	SSH       map[string]sshFile        `yaml:"ssh"`
	Services  map[string]string         `yaml:"services"`
	Timeouts  timeoutsFile              `yaml:"timeouts"`
}

type canaryFile struct {
	Mailbox  string `yaml:"mailbox"`
	User     string `yaml:"user"`
	Password Secret `yaml:"password"`
	Object   string `yaml:"object"`
}

type personFile struct {
	Name        string `yaml:"name"`
	Mail        string `yaml:"mail"`
	User        string `yaml:"user"`
	Password    Secret `yaml:"password"`
	NewPassword Secret `yaml:"new_password"`
}

type wayFile struct {
	Local netip.Addr `yaml:"local"`
	Socks string     `yaml:"socks"`
}

type endpointFile struct {
	Addr      string        `yaml:"addr"`
	Host      string        `yaml:"host"`
	Security  lab.Security  `yaml:"security"`
	Roots     string        `yaml:"roots"`
	Plain     string        `yaml:"plain"`
	Heartbeat time.Duration `yaml:"heartbeat"`
}

type inletFile struct {
	Addr     string       `yaml:"addr"`
	Host     string       `yaml:"host"`
	Security lab.Security `yaml:"security"`
	Roots    string       `yaml:"roots"`
	From     string       `yaml:"from"`
}

type realmFile struct {
	Realm string `yaml:"realm"`
	KDC   string `yaml:"kdc"`
}

type directoryFile struct {
	URL      string `yaml:"url"`
	StartTLS bool   `yaml:"starttls"`
	Host     string `yaml:"host"`
	Roots    string `yaml:"roots"`
	Bind     string `yaml:"bind"`
	Password Secret `yaml:"password"`
	Base     string `yaml:"base"`
	Filter   string `yaml:"filter"`
}

type doveadmFile struct {
	URL   string `yaml:"url"`
	Host  string `yaml:"host"`
	Roots string `yaml:"roots"`
	Key   Secret `yaml:"key"`
	User  string `yaml:"user"`
}

type sshFile struct {
	Addr       string `yaml:"addr"`
	User       string `yaml:"user"`
	Key        string `yaml:"key"`
	Agent      bool   `yaml:"agent"`
	KnownHosts string `yaml:"known_hosts"`
}

type timeoutsFile struct {
	Dial     time.Duration `yaml:"dial"`
	Attempt  time.Duration `yaml:"attempt"`
	Delivery time.Duration `yaml:"delivery"`
	Step     time.Duration `yaml:"step"`
	Watch    time.Duration `yaml:"watch"`
	Settle   time.Duration `yaml:"settle"`
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// DecodeNode reads where a secret is kept. What stands in the place of that may
// be the secret itself, so it is not shown.
func (s *Secret) DecodeNode(d *strict.Doc, n *strict.Node) {
	const where = "say where it is kept, as {env: NAME} or {file: PATH}"
	if n.Kind != strict.Map {
		d.Problemf(n, "a password must not stand in this file: %s", where)
		return
	}
	var f struct {
		Env  string `yaml:"env"`
		File string `yaml:"file"`
	}
	d.Decode(n, &f)
	env, file := n.Get("env"), n.Get("file")
	switch {
	case env == nil && file == nil:
		d.Problemf(n, "the password is missing: %s", where)
	case env != nil && file != nil:
		d.Problemf(n, "env and file stand here together: %s, not both", where)
	case env != nil && env.Kind == strict.Scalar && !envName.MatchString(f.Env):
		d.Problemf(env, "env is no name of an environment variable: expected one such as LEAVER_PASSWORD")
	case file != nil && file.Kind == strict.Scalar && f.File == "":
		d.Problemf(file, "file is empty: %s", where)
	}
	s.Env, s.File = f.Env, f.File
}

// Load reads the lab file at path. Its error is a [strict.Problems] with
// everything that is wrong with the file.
func Load(path string) (*Config, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: this is a folder: name the lab file in it", path)
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, strict.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return Parse(path, src)
}

// Parse reads a lab file from src. File names it in errors; the files that it
// names lie beside it.
func Parse(file string, src []byte) (*Config, error) {
	d := strict.Parse(file, src)
	if d.Root == nil || d.Root.Kind == strict.Null {
		if d.Err() == nil {
			d.Problemf(nil, "the file is empty: a lab file begins with kind: lab and a name: (fixtures/labs/example.yaml is one to copy)")
		}
		return nil, d.Err()
	}
	if d.Root.Kind == strict.Map {
		switch kind := d.Root.Get("kind"); {
		case kind == nil:
			d.Problemf(d.Root, "kind is missing: a file that describes a lab says kind: lab, and no other system is touched")
			return nil, d.Err()
		case kind.Kind != strict.Scalar || kind.Text != "lab":
			d.Problemf(kind, "kind is not lab: this file describes no lab, so nothing is touched")
			return nil, d.Err()
		}
	}
	l := &reader{d: d, dir: filepath.Dir(file), ssh: map[string]*SSH{}}
	d.Decode(d.Root, &l.f, "mitigations")
	if d.Root.Kind != strict.Map {
		return nil, d.Err()
	}
	l.c = &Config{
		File: file, Name: l.f.Name, Domain: strings.ToLower(l.f.Domain), Profile: l.f.Profile, Allow: l.f.Allow,
		People: map[string]*Person{}, Hosts: map[string]Way{}, Endpoints: map[lab.Path]lab.Endpoint{},
		Executors: map[string]Executor{}, Lacks: map[string]string{},
	}
	l.head()
	l.people()
	l.canary()
	l.hosts()
	l.endpoints()
	l.directory()
	l.doveadm()
	l.sshHosts()
	l.mitigations()
	l.timeouts()
	if err := d.Err(); err != nil {
		return nil, err
	}
	return l.c, nil
}

// reader makes a configuration of what was decoded.
type reader struct {
	d   *strict.Doc
	dir string
	f   labFile
	c   *Config
	ssh map[string]*SSH
	adm *Doveadm
}

// bad notes a problem at path, or at the nearest part of it that the file has.
func (l *reader) bad(path []any, format string, args ...any) {
	l.d.Problemf(l.d.Root.Find(path...), format, args...)
}

func at(path ...any) []any { return path }

// has tells whether something stands at path that could be read.
func (l *reader) has(path ...any) bool {
	n := l.d.Root
	for _, key := range path {
		name, _ := key.(string)
		if n = n.Get(name); n == nil {
			return false
		}
	}
	return n.Kind != strict.Null && n.Kind != strict.Faulty
}

// beside is the path of a file that the lab file names.
func (l *reader) beside(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.dir, name)
}

func (l *reader) secret(s Secret) Secret {
	s.File = l.beside(s.File)
	return s
}

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

func (l *reader) head() {
	switch {
	case !l.has("name"):
		l.bad(at("name"), "name is missing: give the lab a short name such as our-lab, which is typed to confirm that it may be changed")
	case !strict.IsID(l.c.Name):
		l.bad(at("name"), "%s is no name of a lab: expected small letters, digits and hyphens", strict.Quote(l.c.Name))
	case l.c.Name == "sim" || l.c.Name == "containers":
		l.bad(at("name"), "%s is the name of a lab that Shutout brings along: choose another one", l.c.Name)
	}
	if !domainName.MatchString(l.c.Domain) {
		if l.has("domain") {
			l.bad(at("domain"), "%s is no mail domain: expected one such as our.example", strict.Quote(l.f.Domain))
		} else {
			l.bad(at("domain"), "domain is missing: name the organisation's mail domain, such as our.example")
		}
	}
	if len(l.c.Allow) == 0 {
		l.bad(at("allow"), "there is no allow-list: list under allow: the addresses of the accounts that may be used and changed")
	}
	for i, a := range l.c.Allow {
		if l.d.Root.Find("allow", i).Kind == strict.Scalar && !address(a) {
			l.bad(at("allow", i), "%s is no mail address: list each account by itself", strict.Quote(a))
		}
	}
}

// address tells whether s is a mail address of a form that needs no quoting
// anywhere: not in a command, not in a filter.
func address(s string) bool { return mailAddress.MatchString(s) }

var (
	mailAddress = regexp.MustCompile(`^[A-Za-z0-9_.+][A-Za-z0-9_.+-]*@[A-Za-z0-9.-]+$`)
	userName    = regexp.MustCompile(`^[\p{L}\p{N}_.+][\p{L}\p{N}_.+@\\ -]*$`)
)

func (l *reader) people() {
	if len(l.f.People) == 0 {
		l.bad(at("people"), "there are no people: say under people: which account plays dana, who leaves, and which plays erin, who stays")
	}
	by := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(l.f.People)) {
		p := l.f.People[id]
		if p == nil {
			continue
		}
		if !strict.IsID(id) {
			l.bad(at("people", id), "%s is no short name of somebody: expected one of the case files, such as dana", strict.Quote(id))
		}
		switch {
		case !l.has("people", id, "mail"):
			l.bad(at("people", id, "mail"), "mail is missing: the address of the account that plays %s", id)
		case !address(p.Mail):
			l.bad(at("people", id, "mail"), "%s is no mail address", strict.Quote(p.Mail))
		case !l.c.allowed(p.Mail):
			l.bad(at("people", id, "mail"), "%s is not on the allow-list, so it must not be touched: add it under allow: if it may be", p.Mail)
		case by[strings.ToLower(p.Mail)] != "":
			l.bad(at("people", id, "mail"), "%s plays %s already: give each an account of its own", p.Mail, by[strings.ToLower(p.Mail)])
		}
		by[strings.ToLower(p.Mail)] = id
		if p.User != "" && !userName.MatchString(p.User) {
			l.bad(at("people", id, "user"), "%s is no name to sign in with", strict.Quote(p.User))
		}
		if !l.has("people", id, "password") {
			l.bad(at("people", id, "password"), "password is missing: say where the password of %s is kept, as {env: NAME} or {file: PATH}", id)
		}
		l.c.People[id] = &Person{
			Name: strict.OneLine(p.Name), Mail: p.Mail, User: p.User, Password: l.secret(p.Password), NewPassword: l.secret(p.NewPassword),
		}
	}
}

func (l *reader) canary() {
	f := l.f.Canary
	l.c.Canary = Canary{f.Mailbox, f.User, l.secret(f.Password), f.Object}
	switch {
	case !l.has("canary"):
		l.bad(at("canary"), "there is no canary: name a mailbox or an object of the directory that only the lab has, such as "+
			"canary: {mailbox: canary@%s, password: {env: CANARY_PASSWORD}} or canary: {object: \"CN=canary,…\"}", strings.TrimPrefix(l.c.Domain, "."))
	case f.Mailbox == "" && f.Object == "":
		l.bad(at("canary"), "the canary is neither a mailbox nor an object: name one that only the lab has")
	case f.Mailbox != "" && !address(f.Mailbox):
		l.bad(at("canary", "mailbox"), "%s is no mail address", strict.Quote(f.Mailbox))
	case f.Mailbox != "" && !l.has("canary", "password"):
		l.bad(at("canary"), "the canary's password is missing: its mailbox is there if somebody can sign in to it")
	case f.Object != "" && l.f.Directory == nil:
		l.bad(at("canary", "object"), "there is no directory that the canary could be in: say under directory: how it is reached")
	}
	for id, p := range l.c.People {
		if f.Mailbox != "" && strings.EqualFold(p.Mail, f.Mailbox) {
			l.bad(at("canary", "mailbox"), "the canary is the account that plays %s: choose one that no case uses", id)
		}
	}
}

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

func (l *reader) timeouts() {
	t := l.f.Timeouts
	for name, v := range map[string]time.Duration{
		"dial": t.Dial, "attempt": t.Attempt, "delivery": t.Delivery, "step": t.Step, "watch": t.Watch, "settle": t.Settle,
	} {
		if v < 0 || v > time.Hour {
			l.bad(at("timeouts", name), "%s is %s: expected a duration of at most 1h", name, lab.Duration(v))
		}
	}
	l.c.Timeouts = Timeouts{t.Dial, t.Attempt, t.Delivery, t.Step, t.Watch, t.Settle}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
