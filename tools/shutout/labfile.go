package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shutout/lab"
	"shutout/sim"
	"shutout/sim/expose"
)

// labFile is what a lab file says, as it is written out for a lab that this
// program has started. Passwords go into files of their own beside it.
type labFile struct {
	dir    string
	text   strings.Builder
	people []*lab.Person
	fault  error
}

const (
	labFileName     = "lab.yaml"
	passwordsFolder = "passwords"
)

// line writes a line; each %s is put into quotes as YAML takes them.
func (f *labFile) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = strconv.Quote(s)
		}
	}
	fmt.Fprintf(&f.text, format+"\n", args...)
}

// secret puts a password into a file and returns its name, as the lab file
// says it.
func (f *labFile) secret(name, password string) string {
	name = filepath.Join(passwordsFolder, name)
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.fault = err
	}
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		f.fault = err
	}
	return name
}

// head begins the file of a lab whose people may all be touched.
func (f *labFile) head(name, profile string, cast *lab.Cast, canary *lab.Person, ids ...string) {
	f.line("# The lab that shutout serve has opened. It is there for as long as that runs.")
	f.line("kind: lab")
	f.line("name: %s", name)
	f.line("domain: %s", cast.Organisation.Domain)
	if profile != "" {
		f.line("profile: %s", profile)
	}
	f.line("allow:")
	for _, id := range ids {
		f.line("  - %s", cast.People[id].Mail)
	}
	f.line("canary: {mailbox: %s, password: {file: %s}}", canary.Mail, f.secret("canary", canary.Password))
	f.line("people:")
	for _, id := range ids {
		p := cast.People[id]
		f.line("  %v: {mail: %s, password: {file: %s}, new_password: {file: %s}}", plain(id), p.Mail,
			f.secret(id, p.Password), f.secret(id+"-new", p.NewPassword))
	}
}

// plain is a word that needs no quotes.
type plain string

// write puts the file into its folder.
func (f *labFile) write() error {
	if f.fault != nil {
		return f.fault
	}
	return os.WriteFile(filepath.Join(f.dir, labFileName), []byte(f.text.String()), 0o600)
}

// leaveLabFile writes a lab file about the simulated organisation as it is
// exposed, so that it can be played in as in any lab of real servers.
func leaveLabFile(dir string, org *sim.Organisation, services []expose.Service, profile string) error {
	f := &labFile{dir: dir}
	cast := org.Cast()
	domain := cast.Organisation.Domain
	f.head("served", profile, cast, cast.People["postmaster"], "dana", "erin")
	f.line("endpoints:")
	for _, e := range []struct {
		scheme   string
		security lab.Security
		paths    []lab.Path
	}{
		{"https", lab.Implicit, []lab.Path{lab.OWA, lab.ActiveSync, lab.EWS}},
		{"imaps", lab.Implicit, []lab.Path{lab.IMAP}},
		{"pop3s", lab.Implicit, []lab.Path{lab.POP3}},
		{"smtp", lab.StartTLS, []lab.Path{lab.SMTPSubmission}},
		{"smtp", lab.Plain, []lab.Path{lab.SMTPAnonymous}},
	} {
		i := slices.IndexFunc(services, func(s expose.Service) bool {
			return s.Scheme == e.scheme && (s.Port == submissionPort) == (e.security == lab.StartTLS)
		})
		for _, path := range e.paths {
			if i < 0 || path == lab.EWS && !org.Params.EWS.Available {
				continue
			}
			s := services[i]
			f.line("  %v: {addr: %s, host: %s, security: %v, roots: %s}", path, s.Addr, s.Host+"."+domain, e.security, caFile)
		}
	}
	f.directory(org, services)
	return f.write()
}

// directory says how the accounts of the simulated organisation are changed.
func (f *labFile) directory(org *sim.Organisation, services []expose.Service) {
	i := slices.IndexFunc(services, func(s expose.Service) bool { return s.Scheme == "ldaps" })
	if i < 0 {
		return
	}
	s, domain := services[i], org.Cast().Organisation.Domain
	f.line("directory:")
	f.line("  url: %s", "ldaps://"+s.Addr)
	f.line("  host: %s", s.Host+"."+domain)
	f.line("  roots: %s", caFile)
	f.line("  bind: %s", "Administrator@"+domain)
	f.line("  password: {file: %s}", f.secret("administrator", org.AdministratorPassword()))
	f.line("  base: %s", org.Dir.Base())
	f.line("mitigations: {disable-account: ldap, enable-account: ldap, expire-account: ldap, deny-logon-hours: ldap, reset-password: ldap}")
}

// submissionPort is where people hand in mail (RFC 6409).
const submissionPort = 587
