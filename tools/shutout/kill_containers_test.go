package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/containers"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
)

var slow = flag.Bool("containers", false, "run the slow tests with containers, too")

// sambaCase has every step of this world that a lab file can carry out without
// stopping a server.
const sambaCase = `id: samba
title: Somebody is cut off, and the power fails
activities:
  - {id: gone, who: LEAVER, from: home, path: imap, do: [sign-in], every: 1s, since: -1s}
controls:
  - {id: erin, who: erin, from: home, path: imap, do: [sign-in], every: 1s, since: -1s}
sop:
  - {at: 0s, do: disable-account, user: LEAVER}
  - {at: 0s, do: reset-password, user: LEAVER}
  - {at: 0s, do: expire-account, user: LEAVER}
  - {at: 0s, do: deny-logon-hours, user: LEAVER}
  - {at: 0s, do: flush-auth-cache, user: LEAVER}
  - {at: 0s, do: kick-sessions, user: LEAVER}
within: 3s
horizon: 15s
`

// TestContainersKilled ends the program before and after each call of the
// journal, and at every seventh of what it says to the directory, with Samba,
// Dovecot and Postfix that stay: then the account is as it was.
func TestContainersKilled(t *testing.T) {
	if !*slow {
		t.Skip("this takes minutes: make containers runs it")
	}
	if err := containers.Available(t.Context()); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	cast := fixtures.DefaultCast()
	cast.SetPasswords(rand.New(rand.NewPCG(1, 0)))
	cfg, stop, err := containers.Start(t.Context(), cast, containers.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	s := &site{cfg: cfg, cast: cast}
	if s.directory, err = mapped(t.Context(), cfg, directoryAddr(cfg)); err != nil {
		t.Fatal(err)
	}
	const points = 6 * 3 * 2 // before and after intend, done and undone of six steps
	// Two people leave, each in a row of points of their own.
	leavers := []string{"dana", "frank"}
	sideBySide(t, len(leavers), func(i int) error {
		who := cast.People[leavers[i]]
		before, err := s.state(who)
		if err != nil {
			return err
		}
		try := func(what string, play func(*ward) (dead bool, said string, err error)) (dead bool, err error) {
			dir, err := os.MkdirTemp(t.TempDir(), "ward")
			if err != nil {
				return false, err
			}
			w := &ward{t: t, dir: dir, name: "served", text: strings.ReplaceAll(sambaCase, "LEAVER", who.ID), describe: s.describe}
			if err := s.forget(t.Context(), who); err != nil {
				return false, err
			}
			dead, said, err := play(w)
			if err == nil && dead {
				err = w.revertOver(s.directory)
			}
			var after string
			if err == nil {
				after, err = s.state(who)
			}
			if err == nil && after != before {
				err = fmt.Errorf("it was\n%sand is\n%s", before, after)
			}
			if err != nil {
				return dead, fmt.Errorf("%s: %w\n%s", what, err, said)
			}
			return dead, nil
		}
		for at := i; at < points+len(leavers); at += len(leavers) {
			last := ""
			dead, err := try(fmt.Sprintf("killed at call %d of the journal", at), func(w *ward) (bool, string, error) {
				if err := errors.Join(w.describe(w.dir, s.directory), os.WriteFile(w.path("case.yaml"), []byte(w.text), 0o600)); err != nil {
					return false, "", err
				}
				cmd, out := w.command("shutout-killed", w.run()...)
				cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", killAt, at))
				cmd.Run()
				last = out.String()
				return killed(cmd), last, nil
			})
			if err != nil {
				return err
			}
			if dead != (at < points) {
				return fmt.Errorf("at %d of %d calls of the journal, killed is %v\n%s", at, points, dead, last)
			}
		}
		wires := 0
		for at := 3 * i; ; at += 7 {
			dead, err := try(fmt.Sprintf("killed at %d on the wire", at), func(w *ward) (bool, string, error) {
				return w.killedOnTheWire(s.directory, at)
			})
			if err != nil {
				return err
			}
			if !dead {
				break
			}
			wires++
		}
		t.Logf("%s: %d points of the journal, %d on the wire", who.ID, points/len(leavers), wires)
		if wires < 8 {
			return fmt.Errorf("killed at %d points on the wire only", wires)
		}
		return nil
	})
}

// site is servers in containers, and the directory as this machine reaches it.
type site struct {
	cfg       *remote.Config
	cast      *lab.Cast
	directory string
}

// directoryAddr is the directory's address among the containers.
func directoryAddr(cfg *remote.Config) string {
	u, err := url.Parse(cfg.Directory.URL)
	if err != nil {
		return err.Error()
	}
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "636")
}

// describe leaves a lab file in which the directory is at an address, and in
// which nobody waits for what servers remember: accounts are what counts here.
func (s *site) describe(dir, directory string) error {
	f, err := containersFile(context.Background(), dir, s.cfg, s.cast)
	if err != nil {
		return err
	}
	if err := f.write(); err != nil {
		return err
	}
	path := filepath.Join(dir, labFileName)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "ldaps://"+s.directory, "ldaps://"+directory)), 0o600)
}

// forget has Dovecot forget what it was told of somebody in the play before:
// nobody waits here until it does so by itself.
func (s *site) forget(ctx context.Context, who *lab.Person) error {
	l, err := remote.Open(ctx, s.cfg, remote.Options{Cast: s.cast})
	if err != nil {
		return err
	}
	defer l.Close()
	if out := l.Apply(ctx, &mitigation.FlushAuthCache{User: who.ID}); out.Result != lab.Done {
		return fmt.Errorf("flush-auth-cache: %s", out.Detail)
	}
	return nil
}

// state is everything that the directory has of somebody, but for what changes by
// itself, and whether the password works.
func (s *site) state(who *lab.Person) (string, error) {
	conf := s.cfg.Directory.TLS.Clone()
	conf.ServerName, _, _ = net.SplitHostPort(directoryAddr(s.cfg))
	bind := func(user, password string) (*ldap.Conn, error) {
		c, err := ldap.DialURL("ldaps://"+s.directory, ldap.DialWithTLSConfig(conf))
		if err != nil {
			return nil, err
		}
		if err := c.Bind(user, password); err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}
	c, err := bind(s.cfg.Directory.Bind, s.cfg.Directory.Password.Value)
	if err != nil {
		return "", err
	}
	defer c.Close()
	res, err := c.Search(ldap.NewSearchRequest(s.cfg.Directory.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(sAMAccountName="+ldap.EscapeFilter(who.ID)+")", []string{"*"}, nil))
	if err != nil {
		return "", err
	}
	if len(res.Entries) != 1 {
		return "", fmt.Errorf("%s is there %d times", who.ID, len(res.Entries))
	}
	var lines []string
	for _, a := range res.Entries[0].Attributes {
		if !slices.Contains(restless, strings.ToLower(a.Name)) {
			lines = append(lines, fmt.Sprintf("%s %q", a.Name, a.Values))
		}
	}
	slices.Sort(lines)
	signed, err := bind(who.Mail, who.Password)
	if err == nil {
		signed.Close()
	}
	return strings.Join(append(lines, fmt.Sprintf("signs in: %v", err)), "\n") + "\n", nil
}
