package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"shutout/lab/remote"
	"shutout/sim/expose"
	"shutout/sim/expose/exposetest"
)

// killAt is the environment variable that tells shutout-killed where its process
// ends: at which call of the journal, counted before and after each.
const killAt = "SHUTOUT_KILLED_AT"

// mainKilled is the program, which a power failure ends at one moment.
func mainKilled() {
	n, err := strconv.Atoi(os.Getenv(killAt))
	if err != nil {
		panic(err)
	}
	a := &app{out: newTerminal(os.Stdout), err: newTerminal(os.Stderr)}
	a.wrap = func(j remote.Journal) remote.Journal { return &fuse{Journal: j, left: n} }
	os.Exit(a.execute(context.Background(), os.Args[1:]))
}

// fuse is a journal that ends its process, as kill -9 does.
type fuse struct {
	remote.Journal
	mu   sync.Mutex
	left int
}

func (f *fuse) burn() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left < 0 {
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Kill()
		}
		select {} // it takes a moment
	}
}

func (f *fuse) Intend(c *remote.Change) (int, error) {
	f.burn()
	defer f.burn()
	return f.Journal.Intend(c)
}

func (f *fuse) Done(id int, detail string) error {
	f.burn()
	defer f.burn()
	return f.Journal.Done(id, detail)
}

func (f *fuse) Undone(id int, detail string) error {
	f.burn()
	defer f.burn()
	return f.Journal.Undone(id, detail)
}

// ward is a lab that survives the process that plays in it.
type ward struct {
	t    *testing.T
	dir  string
	name string // of the lab
	text string // of the case
	// describe writes the lab file, with the directory at an address.
	describe func(dir, directory string) error
}

func (w *ward) path(name string) string { return filepath.Join(w.dir, name) }

func (w *ward) write(name, content string, mode os.FileMode) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(content), mode); err != nil {
		w.t.Fatal(err)
	}
}

// command is the program with its journals in the ward's folder.
func (w *ward) command(program string, args ...string) (cmd *exec.Cmd, said *bytes.Buffer) {
	cmd, said = exec.Command(program, args...), new(bytes.Buffer)
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, said, said
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+w.path("state"))
	return cmd, said
}

// run is the command line that plays the ward's case.
func (w *ward) run() []string {
	return []string{"run", "case.yaml", "--lab", "lab.yaml", "--yes-this-is-a-lab", w.name, "--out", "out"}
}

// killed tells whether a program ended by SIGKILL.
func killed(cmd *exec.Cmd) bool {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// revert reverts in a process of its own, twice: the second time nothing is to be
// done.
func (w *ward) revert() error {
	cmd, said := w.command("shutout", "revert")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("revert: %w\n%s", err, said)
	}
	cmd, said = w.command("shutout", "revert")
	if err := cmd.Run(); err != nil || said.String() != "Nothing is to be undone.\n" {
		return fmt.Errorf("revert once more: %w\n%s", err, said)
	}
	return nil
}

// sideBySide tries n things, some at a time: they mostly wait.
func sideBySide(t *testing.T, n int, try func(i int) error) {
	t.Helper()
	slots := make(chan struct{}, 10)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := try(i); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	all.Wait()
}

// wardCase is played in a moment: what matters is its steps.
const wardCase = `id: ward
title: Somebody is cut off, and the power fails
activities:
  - {id: dana, who: dana, from: home, path: smtp-submission, do: [sign-in], every: 1s, since: -1s}
controls:
  - {id: erin, who: erin, from: home, path: smtp-submission, do: [sign-in], every: 1s, since: -1s}
sop:
  - {at: 0s, do: disable-account, user: dana}
  - {at: 0s, do: reset-password, user: dana}
  - {at: 0s, do: expire-account, user: dana}
within: 1s
horizon: 3s
`

// unhurried runs a program that is to be killed in the middle of its case. Where
// it was not, and this machine was too slow for all steps, the case has more time.
func (w *ward) unhurried(program func() (*exec.Cmd, *bytes.Buffer)) (dead bool, said string) {
	for _, horizon := range []string{"horizon: 3s", "horizon: 40s"} {
		w.write("case.yaml", strings.Replace(wardCase, "horizon: 3s", horizon, 1), 0o600)
		cmd, out := program()
		cmd.Run()
		dead, said = killed(cmd), out.String()
		if dead || !strings.Contains(said, "not reached") && !strings.Contains(said, "not finished") {
			break
		}
	}
	return dead, said
}

// TestKilledAtTheJournal ends the program before and after each call of the
// journal, in a lab of plain files whose commands may be anything.
func TestKilledAtTheJournal(t *testing.T) {
	t.Parallel()
	const points = 3 * 3 * 2 // before and after intend, done and undone of three steps
	wards := make([]*files, points+1)
	for i := range wards {
		wards[i] = newFiles(t)
	}
	sideBySide(t, len(wards), func(i int) error {
		w := wards[i]
		before := w.state()
		dead, said := w.unhurried(func() (*exec.Cmd, *bytes.Buffer) {
			cmd, said := w.command("shutout-killed", w.run()...)
			cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", killAt, i))
			return cmd, said
		})
		if dead != (i < points) {
			return fmt.Errorf("there are not %d points at which the program is killed:\n%s", points, said)
		}
		return errors.Join(w.revert(), w.like(before))
	})
}

// TestKilledInACommand ends the program while a command that it runs has done
// half of its work, and the command with it.
func TestKilledInACommand(t *testing.T) {
	t.Parallel()
	const commands = 3 * 2 // doing and undoing three steps
	wards := make([]*files, commands+1)
	for i := range wards {
		wards[i] = newFiles(t)
	}
	sideBySide(t, len(wards), func(i int) error {
		w := wards[i]
		before := w.state()
		dead, said := w.unhurried(func() (*exec.Cmd, *bytes.Buffer) {
			w.write("kill-at", fmt.Sprintln(i+1), 0o600)
			return w.command("shutout", w.run()...)
		})
		if dead != (i < commands) {
			return fmt.Errorf("there are not %d commands in which the program is killed:\n%s", commands, said)
		}
		if i < commands && w.like(before) == nil {
			return errors.New("nothing was changed, so nothing is shown")
		}
		os.Remove(w.path("kill-at"))
		return errors.Join(w.revert(), w.like(before))
	})
}

// files is a lab whose accounts are lines of a file, each in two halves.
type files struct{ *ward }

// halves writes both halves of a line of the file accounts, one after the other.
// In the command that kill-at counts it ends the program that runs it, and
// itself, between the two.
const halves = `#!/bin/sh
set -eu
cd "$(dirname "$0")"
value=$2
[ "$value" != - ] || read -r value
sed -i "s/^$1-first .*/$1-first $value/" accounts
if [ -e kill-at ]; then
	n=$(($(cat kill-at) - 1))
	echo $n >kill-at
	[ $n -gt 0 ] || { kill -9 $PPID; kill -9 $$; }
fi
sed -i "s/^$1-second .*/$1-second $value/" accounts
`

// newFiles makes such a lab. People sign in at a simulated organisation, which
// nothing is changed in.
func newFiles(t *testing.T) *files {
	t.Helper()
	w := &ward{t: t, dir: t.TempDir(), name: "ward"}
	servedOnce.Do(func() { served = openServed() })
	if served == nil {
		t.Fatal("the organisation could not be opened")
	}
	w.write("halves", halves, 0o700)
	w.write("case.yaml", wardCase, 0o600)
	var lines strings.Builder
	for _, what := range []string{"account", "password", "expiry"} {
		fmt.Fprintf(&lines, "%[1]s-first before\n%[1]s-second before\n", what)
	}
	w.write("accounts", strings.ReplaceAll(lines.String(), "password-first before\npassword-second before", "password-first "+served.Cast().People["dana"].Password+"\npassword-second "+served.Cast().People["dana"].Password), 0o600)
	f := &labFile{dir: w.dir}
	served.describe(f)
	read := func(what string) string {
		return fmt.Sprintf(`read: [sed, -n, "s/^%s-second //p", %q]`, what, w.path("accounts"))
	}
	f.line("mitigations:")
	f.line("  disable-account: {%v, run: [%s, account, off], undo: [%s, account, \"{before}\"]}", plain(read("account")), w.path("halves"), w.path("halves"))
	f.line("  expire-account: {%v, run: [%s, expiry, now], undo: [%s, expiry, \"{before}\"]}", plain(read("expiry")), w.path("halves"), w.path("halves"))
	f.line("  reset-password: {run: [%s, password, \"-\"], stdin: \"{new_password}\\n\", undo: [%s, password, \"-\"], undo_stdin: \"{password}\\n\"}", w.path("halves"), w.path("halves"))
	if err := f.write(); err != nil {
		t.Fatal(err)
	}
	return &files{w}
}

func (f *files) state() string {
	b, err := os.ReadFile(f.path("accounts"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (f *files) like(before string) error {
	if now := f.state(); now != before {
		return fmt.Errorf("it was\n%sand is\n%s", before, now)
	}
	return nil
}

// organisation is a simulated one that is reached as a real one is.
type organisation struct{ *exposetest.World }

var (
	servedOnce sync.Once
	served     *organisation
)

// openServed opens an organisation for as long as the tests run.
func openServed() *organisation {
	w, err := exposetest.Open("ex2010", opened...)
	if err != nil {
		return nil
	}
	return &organisation{w}
}

// describe writes all of a lab file but how mitigations are carried out.
func (o *organisation) describe(f *labFile) {
	cast := o.Cast()
	f.head("ward", "", cast, cast.People["postmaster"], "dana", "erin")
	i := slices.IndexFunc(o.Services, func(s expose.Service) bool { return s.Port == submissionPort })
	if err := os.WriteFile(filepath.Join(f.dir, caFile), o.CA.PEM(), 0o600); err != nil {
		f.fault = err
	}
	f.line("endpoints: {smtp-submission: {addr: %s, host: %s, roots: %s}}", o.Services[i].Addr, o.Services[i].Host+"."+cast.Organisation.Domain, caFile)
}

// directory is where the domain controller can be reached.
func (o *organisation) directory() string { return address(o.Services, "ldaps") }

// trust knows the organisation's certificates.
func (o *organisation) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(o.CA.PEM())
	return &tls.Config{RootCAs: roots, ServerName: "dc1." + o.Cast().Organisation.Domain}
}

// state is everything that the directory has of its people, but for what
// changes by itself, and whether their passwords work.
func (o *organisation) state() (string, error) {
	c, err := o.bind("Administrator@"+o.Cast().Organisation.Domain, o.AdministratorPassword())
	if err != nil {
		return "", err
	}
	defer c.Close()
	res, err := c.Search(ldap.NewSearchRequest(o.Dir.Base(), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(mail=*)", []string{"*"}, nil))
	if err != nil {
		return "", err
	}
	var lines []string
	for _, e := range res.Entries {
		for _, a := range e.Attributes {
			if !slices.Contains(restless, strings.ToLower(a.Name)) {
				lines = append(lines, fmt.Sprintf("%s %s %q", e.DN, a.Name, a.Values))
			}
		}
	}
	for _, id := range []string{"dana", "erin"} {
		p := o.Cast().People[id]
		c, err := o.bind(p.Mail, p.Password)
		if err == nil {
			c.Close()
		}
		lines = append(lines, fmt.Sprintf("%s signs in: %v", id, err))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n", nil
}

// restless are the attributes of an account that count what happens to it.
var restless = []string{"pwdlastset", "whenchanged", "usnchanged", "lastlogon", "lastlogontimestamp", "badpwdcount", "badpasswordtime", "logoncount"}

// bind signs in to the directory.
func (o *organisation) bind(user, password string) (*ldap.Conn, error) {
	c, err := ldap.DialURL("ldaps://"+o.directory(), ldap.DialWithTLSConfig(o.trust()))
	if err != nil {
		return nil, err
	}
	if err := c.Bind(user, password); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}
