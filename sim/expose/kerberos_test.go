package expose_test

import (
	"fmt"
	"strings"
	"testing"

	"shutout/lab/mitigation"
)

// kerberos runs a program of MIT Kerberos, or one that uses it, against the
// KDC of dc1. Its tickets are in the world's directory.
func (w *world) kerberos(stdin, name string, args ...string) *result {
	w.t.Helper()
	domain := w.Cast().Organisation.Domain
	config := w.write("krb5.conf", fmt.Sprintf(`
[libdefaults]
default_realm = %[1]s
dns_lookup_realm = false
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
allow_weak_crypto = true
permitted_enctypes = arcfour-hmac
default_tkt_enctypes = arcfour-hmac
default_tgs_enctypes = arcfour-hmac
[realms]
%[1]s = {
  kdc = %[2]s
}
[domain_realm]
.%[3]s = %[1]s
`, strings.ToUpper(domain), w.addr("dc1", 88), domain))
	return w.run(stdin, "env", append([]string{"KRB5_CONFIG=" + config, "KRB5CCNAME=FILE:" + w.dir + "/tickets", "KRB5_TRACE=" + w.dir + "/trace", name}, args...)...)
}

func (w *world) kinit(password string, args ...string) *result {
	w.t.Helper()
	return w.kerberos(password+"\n", "kinit", args...)
}

func TestMITKerberos(t *testing.T) {
	w := open(t, "kinit", "kvno", "klist")
	domain := w.Cast().Organisation.Domain
	realm := strings.ToUpper(domain)
	const refused = 1

	w.kinit("not-hers", "dana").want(refused, "Password incorrect")
	w.kinit(w.dana.Password, "nobody").want(refused, "not found in Kerberos database")
	w.kinit(w.dana.Password, "dana").want(0)
	w.kerberos("", "kvno", "HTTP/cas1."+domain, "exchangeMDB/mbx1", "ldap/dc1."+domain).want(0, "HTTP/cas1."+domain+"@"+realm+": kvno = 1")
	w.kerberos("", "kvno", "HTTP/nowhere."+domain).want(refused, "not found in Kerberos database")
	w.kerberos("", "klist", "-e", "-f").want(0, "Default principal: dana@"+realm, "exchangeMDB/mbx1@"+realm, "arcfour-hmac", "Flags: IA")
	w.kinit(w.dana.Password, "-r", "2d", "-l", "1h", "dana").want(0)
	w.kinit("", "-R").want(0)
	w.kinit(w.dana.Password, "-E", w.dana.Mail).want(0)
	w.kerberos("", "klist").want(0, "krbtgt/"+realm+"@"+realm)

	w.disable()
	w.kinit(w.dana.Password, "dana").want(refused, "credentials have been revoked")
	// The ticket from before is younger than krb.recheck_age.
	w.kerberos("", "kvno", "HTTP/cas2."+domain).want(0, "kvno = 1")
	w.apply(&mitigation.ResetPassword{User: "erin", Times: 1})
	w.kinit(w.erin.Password, "erin").want(refused, "Password incorrect")
	w.kinit(w.erin.NewPassword, "erin").want(0)
}

// curl shows a ticket in place of a password, and goes on with it when the
// account has been disabled.
func TestCurlShowsTickets(t *testing.T) {
	w := open(t, "kinit", "curl")
	if !strings.Contains(w.run("", "curl", "--version").out, "SPNEGO") {
		t.Skip("this curl has no SPNEGO")
	}
	name := "cas1." + w.Cast().Organisation.Domain
	ask := func() *result {
		return w.kerberos("", "curl", "--silent", "--show-error", "--max-time", "15", "--cacert", w.ca, "--write-out", "\n%{http_code}\n",
			"--connect-to", name+":443:"+w.addr("cas1", 443), "--negotiate", "--user", ":", "https://"+name+"/owa/")
	}
	ask().want(0, "\n302\n") // to the form
	w.kinit(w.dana.Password, "dana").want(0)
	ask().want(0, "<h1>Inbox</h1>", "\n200\n")
	w.disable()
	ask().want(0, "<h1>Inbox</h1>", "\n200\n")
	w.kinit(w.dana.Password, "dana").want(1, "credentials have been revoked")
}
