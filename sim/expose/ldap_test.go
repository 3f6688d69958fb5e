package expose_test

import (
	"fmt"
	"testing"
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
