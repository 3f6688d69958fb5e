package ldap_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestLdapsearch(t *testing.T) {
	tool, err := exec.LookPath("ldapsearch")
	if err != nil {
		t.Skip("ldapsearch is not installed")
	}
	w := newWorld(t)
	plain, _, _ := w.serve(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "pw")
	if err := os.WriteFile(secret, []byte("Secret-1"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		cmd := exec.Command(tool, append([]string{"-x", "-LLL", "-o", "nettimeout=10", "-H", "ldap://" + plain}, args...)...)
		cmd.Env = append(os.Environ(), "LDAPNOINIT=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("-s", "base", "-b", "", "defaultNamingContext")
	if err != nil || !strings.Contains(out, "defaultNamingContext: DC=corp,DC=example") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = run("-b", "DC=corp,DC=example", "-D", "dana@corp.example", "-y", secret, "-E", "pr=2/noprompt", "(objectClass=user)", "mail", "memberOf")
	if err != nil || strings.Count(out, "dn: ") != 3 || !strings.Contains(out, "mail: erin@corp.example") ||
		!strings.Contains(out, "memberOf: CN=Domain Admins,CN=Users,DC=corp,DC=example") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = run("-b", "DC=corp,DC=example", "-D", "erin@corp.example", "-y", secret)
	if err == nil || !strings.Contains(out, "Invalid credentials (49)") || !strings.Contains(out, "data 52e, v2580") {
		t.Errorf("%v\n%s", err, out)
	}
}
