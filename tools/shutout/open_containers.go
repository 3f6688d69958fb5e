package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"shutout/lab"
	"shutout/lab/containers"
	"shutout/lab/remote"
	"shutout/sim/profile"
)

// serveContainers starts real servers, leaves a lab file of them, and keeps them
// until ctx ends.
func serveContainers(ctx context.Context, o *serveOptions) (exit int, err error) {
	dir, _, err := o.folder()
	if err != nil {
		return exitBad, err
	}
	o.Cast.SetPasswords(rand.New(rand.NewPCG(o.Seed, 0)))
	cfg, stop, err := containers.Start(ctx, o.Cast, containers.Options{ActiveSync: true, Progress: o.Stderr})
	if err != nil {
		return exitBad, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	f, err := containersFile(ctx, dir, cfg, o.Cast)
	if err != nil {
		return exitBad, err
	}
	// What the servers are told while the lab is looked over they remember.
	twin, err := profile.Load(cfg.Profile)
	if err != nil {
		return exitBad, err
	}
	f.line("timeouts: {settle: %v}", lab.Duration(twin.Params().Dovecot.CacheTTL))
	if err := f.write(); err != nil {
		return exitBad, err
	}
	t := o.Stdout
	t.heading("%s, %s", cfg.Domain, twin.Title)
	var rows [][]string
	for _, path := range lab.Paths {
		if ep, ok := cfg.Endpoints[path]; ok {
			addr, err := mapped(ctx, cfg, ep.Addr)
			if err != nil {
				return exitBad, err
			}
			rows = append(rows, []string{string(path), ep.Host, addr})
		}
	}
	t.heading("Services")
	t.table("  ", rows)
	t.heading("People")
	rows = nil
	for _, id := range slices.Sorted(maps.Keys(cfg.People)) {
		rows = append(rows, []string{id, cfg.People[id].Mail, cfg.People[id].Name})
	}
	t.table("  ", rows)
	file := filepath.Join(dir, labFileName)
	t.heading("Files")
	t.table("  ", [][]string{{"lab file", file}, {"passwords", filepath.Join(dir, passwordsFolder)}, {"certificate of the lab's CA", filepath.Join(dir, caFile)}})
	t.heading("Try")
	fmt.Fprintf(t, "  shutout probe --lab %s\n  shutout run dovecot-kick-alone --lab %s --plan\nCtrl-C ends it.\n", shellWord(file), shellWord(file))
	<-ctx.Done()
	return exitKept, nil
}

// containersFile describes servers in containers as a file describes a lab. It
// has those mitigations that the file's own ways can carry out: none that stops a
// server, whose ports are others when it is started again.
func containersFile(ctx context.Context, dir string, cfg *remote.Config, cast *lab.Cast) (*labFile, error) {
	f := &labFile{dir: dir}
	f.head("served", cfg.Profile, cast, cast.People["postmaster"], "dana", "erin", "frank")
	f.fault = errors.Join(f.fault, os.WriteFile(filepath.Join(dir, caFile), cfg.Authority, 0o600))
	at := func(addr string) string {
		m, err := mapped(ctx, cfg, addr)
		f.fault = errors.Join(f.fault, err)
		return m
	}
	f.line("endpoints:")
	for _, path := range lab.Paths {
		if ep, ok := cfg.Endpoints[path]; ok {
			f.line("  %v: {addr: %s, host: %s, security: %v, roots: %s}", path, at(ep.Addr), ep.Host, ep.Security, caFile)
		}
	}
	if r := cfg.Endpoints[lab.IMAP].Realm; r != nil {
		f.line("kerberos: {realm: %s, kdc: %s}", r.Name, at(r.KDC))
	}
	u, err := url.Parse(cfg.Directory.URL)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = "636" // of ldaps
	}
	f.line("directory:")
	f.line("  url: %s", "ldaps://"+at(net.JoinHostPort(u.Hostname(), port)))
	f.line("  host: %s", u.Hostname())
	f.line("  roots: %s", caFile)
	f.line("  bind: %s", cfg.Directory.Bind)
	f.line("  password: {file: %s}", f.secret("administrator", cfg.Directory.Password.Value))
	f.line("  base: %s", cfg.Directory.Base)
	ways := "disable-account: ldap, enable-account: ldap, expire-account: ldap, deny-logon-hours: ldap, reset-password: ldap"
	if d, ok := cfg.Executors["flush-auth-cache"].(*remote.Doveadm); ok {
		u, err := url.Parse(d.URL)
		if err != nil {
			return nil, err
		}
		f.line("doveadm: {url: %s, key: {file: %s}, user: %s}", "http://"+at(u.Host), f.secret("doveadm", d.Key.Value), d.User)
		ways += ", flush-auth-cache: doveadm, kick-sessions: doveadm"
	}
	f.line("mitigations: {%v}", plain(ways))
	return f, f.fault
}

// mapped is where this machine reaches a server's port.
func mapped(ctx context.Context, cfg *remote.Config, addr string) (string, error) {
	c, err := cfg.Dial(ctx, "", addr)
	if err != nil {
		return "", fmt.Errorf("%s: %w", addr, err)
	}
	defer c.Close()
	return c.RemoteAddr().String(), nil
}
