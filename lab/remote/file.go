package remote

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/strict"
)

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
	// A journal names the files with passwords, for a process that may run in
	// another folder.
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	l := &reader{d: d, dir: dir, ssh: map[string]*SSH{}}
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
	case l.c.Name == lab.Simulation || l.c.Name == "containers":
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
	if whole := l.c.Timeouts.or(DefaultTimeouts); whole.Delivery >= whole.Attempt {
		l.bad(at("timeouts", "delivery"), "delivery is %s, and an attempt is cut off after %s: a message would not have its time, so make attempt longer",
			lab.Duration(whole.Delivery), lab.Duration(whole.Attempt))
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
