package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"shutout/sim"
	"shutout/sim/expose"
)

// serveLab opens the organisation until ctx ends, and returns the exit code.
func serveLab(ctx context.Context, o *serveOptions) (exit int, err error) {
	org, err := sim.New(sim.Options{Profile: o.Profile, Cast: o.Cast, Seed: o.Seed, Start: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return exitBad, err
	}
	defer org.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	services, err := expose.Services(ctx, org, o.Listen, o.From)
	if err != nil {
		return exitBad, err
	}
	ca, err := os.CreateTemp("", "shutout-ca-*.pem")
	if err != nil {
		return exitBad, err
	}
	defer os.Remove(ca.Name())
	if _, err := ca.Write(org.CA.PEM()); err != nil {
		return exitBad, err
	}
	if err := ca.Close(); err != nil {
		return exitBad, err
	}
	o.introduce(org, services, ca.Name())
	if err := org.Play(ctx, o.Speed); err != nil {
		return exitBad, err
	}
	return exitKept, nil
}

// introduce prints everything that somebody needs to look around.
func (o *serveOptions) introduce(org *sim.Organisation, services []expose.Service, ca string) {
	t, cast := o.Stdout, org.Cast()
	t.heading("%s, %s, at %gx real time", cast.Organisation.Domain, o.Profile.Title, o.Speed)
	var rows [][]string
	for _, s := range services {
		url := s.Scheme + "://" + s.Addr
		if s.Scheme == "https" {
			url += "/owa/"
		}
		rows = append(rows, []string{s.Host, s.Name, url})
	}
	t.heading("Services")
	t.table("  ", rows)

	rows = nil
	for _, id := range slices.Sorted(maps.Keys(cast.People)) {
		if who := cast.People[id]; !who.Outsider() {
			rows = append(rows, []string{who.Mail, who.Password, who.Name + ", " + who.CAS + ", " + who.Database})
		}
	}
	rows = append(rows, []string{"Administrator@" + cast.Organisation.Domain, org.AdministratorPassword(), "changes the directory, over LDAP"})
	t.heading("People and passwords")
	t.table("  ", rows)

	t.heading("Certificate of the lab's CA")
	fmt.Fprintln(t, "  "+ca)
	t.heading("Try")
	for _, line := range o.examples(org, services, ca) {
		fmt.Fprintln(t, "  "+line)
	}
	fmt.Fprintln(t, "Ctrl-C ends it.")
}

// examples are command lines that work as they are printed.
func (o *serveOptions) examples(org *sim.Organisation, services []expose.Service, ca string) []string {
	dana := org.Cast().People["dana"]
	at := func(scheme string) string {
		i := slices.IndexFunc(services, func(s expose.Service) bool { return s.Scheme == scheme })
		if i < 0 {
			return ""
		}
		return services[i].Addr
	}
	var lines []string
	if addr := at("https"); addr != "" {
		// A phone's way in, which stays open for as long as the token is cached.
		lines = append(lines, fmt.Sprintf("curl --cacert %s -u %s:%s -i -X OPTIONS https://%s/Microsoft-Server-ActiveSync", ca, dana.Mail, dana.Password, addr))
	}
	if addr := at("imaps"); addr != "" {
		lines = append(lines, fmt.Sprintf("curl --cacert %s -u %s:%s 'imaps://%s/INBOX;MAILINDEX=1'", ca, dana.Mail, dana.Password, addr))
	}
	if addr := at("ldaps"); addr != "" {
		lines = append(lines,
			fmt.Sprintf("printf 'dn: CN=%s,CN=Users,%s\\nchangetype: modify\\nreplace: userAccountControl\\nuserAccountControl: 514\\n' |", dana.Name, org.Dir.Base()),
			fmt.Sprintf("  LDAPTLS_CACERT=%s ldapmodify -H ldaps://%s -x -D Administrator@%s -w %s", ca, addr, org.Cast().Organisation.Domain, org.AdministratorPassword()))
	}
	return lines
}
