package expose_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"shutout/lab/protocol/ntlm"
)

// ldap runs one of OpenLDAP's programs against a domain controller over TLS,
// signed in with a password. For "localhost" these programs put the name of
// this machine, which is in no certificate of the lab's.
func (w *world) ldap(program, user, password, stdin string, args ...string) *result {
	w.t.Helper()
	return w.run(stdin, program, append([]string{
		"-H", "ldaps://" + w.addr("dc1", 636), "-x", "-D", user, "-w", password, "-o", "nettimeout=15",
	}, args...)...)
}

func TestLDAP(t *testing.T) {
	w := open(t, "ldapsearch", "ldapmodify", "ldapwhoami", "curl")
	const invalidCredentials, insufficientRights = 49, 50 // RFC 4511, appendix A.2
	base := w.Dir.Base()
	administrator := "Administrator@" + w.Cast().Organisation.Domain
	asDana := func(program string, args ...string) *result {
		return w.ldap(program, w.dana.Mail, w.dana.Password, "", args...)
	}
	asAdministrator := func(program, stdin string, args ...string) *result {
		return w.ldap(program, administrator, w.AdministratorPassword(), stdin, args...)
	}

	asDana("ldapwhoami").want(0, `u:CORP\dana`)
	own := asDana("ldapsearch", "-LLL", "-b", base, "(sAMAccountName=dana)", "mail", "userAccountControl").
		want(0, "mail: "+w.dana.Mail, "userAccountControl: 512")
	dn := own.find(`(?m)^dn: (.*)$`)
	asDana("ldapsearch", "-LLL", "-b", base, "-E", "pr=2/noprompt", "(&(objectCategory=person)(mail=*))", "mail").
		want(0, "mail: "+w.erin.Mail, "mail: "+w.dana.Mail)
	w.run("", "ldapsearch", "-H", "ldap://"+w.addr("dc2", 389), "-ZZ", "-x", "-D", `CORP\dana`, "-w", w.dana.Password,
		"-LLL", "-b", dn, "-s", "base", "memberOf", "displayName").want(0, "displayName: "+w.dana.Name)
	// The usual filter for disabled accounts (LDAP_MATCHING_RULE_BIT_AND,
	// MS-ADTS 3.1.1.3.4.4.1).
	disabled := []string{"-LLL", "-b", base, "(userAccountControl:1.2.840.113556.1.4.803:=2)", "sAMAccountName"}
	asDana("ldapsearch", disabled...).want(0).lacks("sAMAccountName: dana")

	change := fmt.Sprintf("dn: %s\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n", dn)
	w.ldap("ldapmodify", w.dana.Mail, w.dana.Password, change).want(insufficientRights)
	w.curl("cas1", 993, "--user", w.credentials(), w.url("imaps", "cas1", 993, "/INBOX;MAILINDEX=1")).want(0, "Subject: Welcome")
	asAdministrator("ldapmodify", change).want(0, `modifying entry "`+dn+`"`)

	asDana("ldapwhoami").want(invalidCredentials, "Invalid credentials (49)", "80090308: LdapErr: ", "data 533")
	w.ldap("ldapwhoami", w.dana.Mail, "wrong", "").want(invalidCredentials, "data 52e")
	asAdministrator("ldapsearch", "", disabled...).want(0, "sAMAccountName: dana")
	w.curl("cas1", 993, "--user", w.credentials(), w.url("imaps", "cas1", 993, "/INBOX;MAILINDEX=1")).
		want(loginDenied, "NO AUTHENTICATE failed.").lacks("Subject:")
	w.ldap("ldapwhoami", w.erin.Mail, w.erin.Password, "").want(0, `u:CORP\erin`)
}

// ldap3Bind signs in with NTLM and tells who that is, or why not.
const ldap3Bind = `
import ssl, sys, ldap3
host, port = sys.argv[1].split(':')
tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=sys.argv[2], valid_names=['dc1.corp.example'])
c = ldap3.Connection(ldap3.Server(host, int(port), use_ssl=True, tls=tls, get_info=ldap3.NONE), user=sys.argv[3], password=sys.argv[4], authentication=ldap3.NTLM)
print(c.bind(), c.extend.standard.who_am_i() if c.bound else c.last_error + ' ' + c.result['message'])
`

// TestLDAP3 has a client in another language bind with NTLM.
func TestLDAP3(t *testing.T) {
	w := open(t)
	python := ""
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(p, "-c", "import ldap3").Run() == nil {
			python = p
			break
		}
	}
	if python == "" {
		t.Skip("python3-ldap3 is not installed here")
	}
	bind := func(password string) *result {
		// It takes hashes too; MD4 is not to be had in every Python.
		hashes := strings.Repeat("0", 32) + ":" + fmt.Sprintf("%x", ntlm.NTHash(password))
		return w.run("", python, "-c", ldap3Bind, w.addr("dc1", 636), w.ca, `CORP\dana`, hashes)
	}
	bind(w.dana.Password).want(0, `True u:CORP\dana`)
	bind("not-hers").want(0, "False invalidCredentials", "data 52e")
	w.disable()
	bind(w.dana.Password).want(0, "False invalidCredentials", "data 533")
}
