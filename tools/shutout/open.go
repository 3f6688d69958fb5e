package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/lab/protocol/autodiscover"
	"shutout/lab/protocol/ews"
	"shutout/lab/protocol/mapihttp"
	"shutout/lab/protocol/oauth"
	"shutout/lab/protocol/rpch"
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
	dir, done, err := o.folder()
	if err != nil {
		return exitBad, err
	}
	defer done()
	if err := leave(dir, org, services); err != nil {
		return exitBad, err
	}
	if o.Out != "" {
		if err := leaveLabFile(dir, org, services, o.Profile.Name); err != nil {
			return exitBad, err
		}
	}
	stopped, err := o.openWeb(ctx, org, services)
	if err != nil {
		return exitBad, err
	}
	o.introduce(org, services, dir)
	err = org.Play(ctx, o.Speed)
	cancel()
	if err = errors.Join(err, <-stopped); err != nil {
		return exitBad, err
	}
	return exitKept, nil
}

// folder is where the files go: one that somebody named, which stays, or one
// that is removed when nobody is served any more.
func (o *serveOptions) folder() (dir string, done func(), err error) {
	if o.Out == "" {
		dir, err = os.MkdirTemp("", "shutout-serve-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if dir, err = filepath.Abs(o.Out); err == nil {
		err = unwritable(o.Out, os.MkdirAll(dir, 0o700))
	}
	return dir, func() {}, err
}

// What clients need from files, below the folder of a serve.
const (
	caFile      = "ca.pem"
	krb5File    = "krb5.conf"
	ticketsFile = "tickets" // which kinit writes
)

// leave writes the files that clients need.
func leave(dir string, org *sim.Organisation, services []expose.Service) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, caFile), org.CA.PEM(), 0o600),
		os.WriteFile(filepath.Join(dir, krb5File), krb5Config(org, services, filepath.Join(dir, ticketsFile)), 0o600))
}

// introduce prints everything that somebody needs to look around.
func (o *serveOptions) introduce(org *sim.Organisation, services []expose.Service, dir string) {
	t, cast := o.Stdout, org.Cast()
	t.heading("%s, %s, at %gx real time", cast.Organisation.Domain, o.Profile.Title, o.Speed)
	var rows [][]string
	for _, s := range services {
		rows = append(rows, []string{s.Host, s.Name, urlOf(org, s)})
	}
	if o.address != "" {
		t.heading("In the browser")
		fmt.Fprintln(t, "  http://"+o.address+"/")
	}
	t.heading("Services")
	t.table("  ", rows)
	if site := address(services, "https"); site != "" {
		t.heading("Addresses for programs")
		t.table("  ", programs(org, "https://"+site))
	}

	rows = nil
	for _, id := range slices.Sorted(maps.Keys(cast.People)) {
		if who := cast.People[id]; !who.Outsider() {
			rows = append(rows, []string{who.Mail, who.Password, who.Name + ", " + who.CAS + ", " + who.Database})
		}
	}
	rows = append(rows, []string{"Administrator@" + cast.Organisation.Domain, org.AdministratorPassword(), "changes the directory, over LDAP"})
	t.heading("People and passwords")
	t.table("  ", rows)

	t.heading("Files")
	files := [][]string{
		{"certificate of the lab's CA", filepath.Join(dir, caFile)},
		{"configuration of Kerberos", filepath.Join(dir, krb5File)},
	}
	if o.Out != "" {
		files = append(files, []string{"lab file", filepath.Join(dir, labFileName)})
	}
	t.table("  ", files)
	t.heading("Try")
	for _, line := range o.examples(org, services, dir) {
		fmt.Fprintln(t, "  "+line)
	}
	fmt.Fprintln(t, "Ctrl-C ends it.")
}

// urlOf is where a service is found.
func urlOf(org *sim.Organisation, s expose.Service) string {
	url := s.Scheme + "://" + s.Addr
	switch {
	case s.Scheme != "https":
		return url
	case slices.Contains(org.Servers().SignIn, s.Host):
		return url + oauth.TokenPath
	default:
		return url + "/owa/"
	}
}

// address is where the first service of a scheme can be reached, or nothing.
func address(services []expose.Service, scheme string) string {
	i := slices.IndexFunc(services, func(s expose.Service) bool { return s.Scheme == scheme })
	if i < 0 {
		return ""
	}
	return services[i].Addr
}

// programs are the addresses that a program's settings ask for, as far as this
// version has what answers there.
func programs(org *sim.Organisation, site string) [][]string {
	var rows [][]string
	for _, p := range []struct {
		on         bool
		name, path string
	}{
		{org.Params.EWS.Available, "EWS (davmail.url, with davmail.mode=EWS)", ews.URLPath},
		{org.Params.Autodiscover.Available, "Autodiscover", autodiscover.URLPath},
		{org.Params.RPC.HTTP, "Outlook Anywhere (RPC over HTTP)", rpch.Path},
		{org.Params.MAPIHTTP.Available, "MAPI over HTTP", mapihttp.URLPath},
	} {
		if p.on {
			rows = append(rows, []string{p.name, site + p.path})
		}
	}
	return rows
}

// krb5Config leads the programs of MIT Kerberos to the lab, and keeps the
// lab's tickets apart from others.
func krb5Config(org *sim.Organisation, services []expose.Service, tickets string) []byte {
	return fmt.Appendf(nil, `[libdefaults]
  default_realm = %[1]s
  default_ccache_name = FILE:%[4]s
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
  permitted_enctypes = arcfour-hmac
  allow_rc4 = true
[realms]
  %[1]s = {
    kdc = %[2]s
  }
[domain_realm]
  .%[3]s = %[1]s
`, org.Dir.Realm(), address(services, "kerberos"), org.Cast().Organisation.Domain, tickets)
}

// examples are command lines that work as they are printed. Those with curl
// come before the one that disables dana's account, and can be tried again
// behind it.
func (o *serveOptions) examples(org *sim.Organisation, services []expose.Service, dir string) []string {
	dana, domain := org.Cast().People["dana"], org.Cast().Organisation.Domain
	ca := filepath.Join(dir, caFile)
	curl := "curl --cacert " + ca + " "
	user := "-u " + dana.Mail + ":" + dana.Password + " "
	var lines []string
	if org.Cloud != nil {
		return append(lines, o.tokenExamples(org, services, curl)...)
	}
	if site := address(services, "https"); site != "" {
		lines = append(lines,
			// A phone's way in, which stays open for as long as the token is cached.
			curl+user+"-i -X OPTIONS https://"+site+airsync.URLPath,
			// One that is asked anew with each connection.
			curl+"--ntlm "+user+"https://"+site+"/owa/")
		// Clocks must agree: in another time tickets are of no use.
		if address(services, "kerberos") != "" && o.Speed == 1 {
			host := services[0].Host + "." + domain
			config := "KRB5_CONFIG=" + filepath.Join(dir, krb5File)
			lines = append(lines,
				fmt.Sprintf("echo %s | %s kinit %s && %s klist", dana.Password, config, dana.ID, config),
				// One that nobody is asked about until the ticket ends.
				fmt.Sprintf("%s %s--negotiate -u : --connect-to %s:443:%s https://%s/owa/", config, curl, host, site, host))
		}
	}
	if addr := address(services, "imaps"); addr != "" {
		lines = append(lines, fmt.Sprintf("%s%s'imaps://%s/INBOX;MAILINDEX=1'", curl, user, addr))
	}
	if addr := address(services, "ldaps"); addr != "" {
		lines = append(lines,
			fmt.Sprintf("printf 'dn: CN=%s,CN=Users,%s\\nchangetype: modify\\nreplace: userAccountControl\\nuserAccountControl: 514\\n' |", dana.Name, org.Dir.Base()),
			fmt.Sprintf("  LDAPTLS_CACERT=%s ldapmodify -H ldaps://%s -x -D Administrator@%s -w %s", ca, addr, domain, org.AdministratorPassword()))
	}
	return lines
}

// tokenExamples are those for an organisation whose people sign in at the
// cloud: a code, tokens for it, and mail for the access token.
func (o *serveOptions) tokenExamples(org *sim.Organisation, services []expose.Service, curl string) []string {
	i := slices.IndexFunc(services, func(s expose.Service) bool { return slices.Contains(org.Servers().SignIn, s.Host) })
	site := address(services, "https")
	if i < 0 || site == "" {
		return nil
	}
	dana, at := org.Cast().People["dana"], "https://"+services[i].Addr
	mail := ""
	if addr := address(services, "imaps"); addr != "" {
		mail = fmt.Sprintf(`%s-u %s: --oauth2-bearer $token 'imaps://%s/INBOX;MAILINDEX=1'`, curl, dana.Mail, addr)
	}
	const program = "-d client_id=curl -d redirect_uri=http://localhost"
	return []string{
		fmt.Sprintf(`code=$(%s-s -o /dev/null -w '%%{redirect_url}' %s -d login=%s -d passwd=%s %s | sed 's/.*code=//')`, curl, program, dana.Mail, dana.Password, at+oauth.LoginPath),
		fmt.Sprintf(`token=$(%s-s -d grant_type=authorization_code -d code=$code %s %s | sed 's/.*"access_token":"\([^"]*\)".*/\1/')`, curl, program, at+oauth.TokenPath),
		fmt.Sprintf(`%s-i -H "Authorization: Bearer $token" -X OPTIONS https://%s%s`, curl, site, airsync.URLPath),
		mail,
	}
}
