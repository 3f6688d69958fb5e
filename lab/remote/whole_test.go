package remote_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/remote"
	"shutout/scenarios"
)

// A lab that a file describes is looked over, a case from a file is hastened and
// played on it, and what an SOP has changed, in the directory and by a command,
// is as before in the end.
func TestLabFile(t *testing.T) {
	t.Parallel()
	w := open(t)
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("ca.pem", string(w.CA.PEM()))
	for id, p := range w.Cast().People {
		write(id, p.Password+"\n")
	}
	write("admin", w.AdministratorPassword())
	write("new", "Another-Secret-7\n")
	write("vacation", "all\n")
	path := write("lab.yaml", fmt.Sprintf(`kind: lab
name: loopback
domain: corp.example
canary: {mailbox: postmaster@corp.example, password: {file: postmaster}}
allow: [dana@corp.example, erin@corp.example]
people:
  dana: {mail: dana@corp.example, password: {file: dana}, new_password: {file: new}}
  erin: {mail: erin@corp.example, password: {file: erin}}
hosts:
  home: {local: 127.0.0.1}
endpoints:
  imap: {addr: %q, host: mail.corp.example, roots: ca.pem}
  smtp-submission: {addr: %q, host: mbx1.corp.example, roots: ca.pem}
  smtp-anonymous: {addr: %q}
directory: {url: "ldaps://%s", roots: ca.pem, bind: 'CORP\Administrator', password: {file: admin}, base: "DC=corp,DC=example"}
mitigations:
  disable-account: ldap
  reset-password: ldap
  set-out-of-office:
    run: [sh, -c, 'echo "$SHUTOUT_AUDIENCE" > "$1"', sh, %[5]q]
    read: [cat, %[5]q]
    undo: [sh, -c, 'echo "$2" > "$1"', sh, %[5]q, "{before}"]
timeouts: {attempt: 20s, delivery: 10s}
`, w.addr("cas1", 993), w.addr("mbx1", 587), w.addr("mbx1", 25), w.addr("dc1", 636), filepath.Join(dir, "vacation")))
	cfg, err := remote.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Parse("case.yaml", []byte(`id: whole
title: A session goes on after the account is disabled
activities:
  - {id: dana-imap, who: dana, from: home, path: imap, do: [read, receive]}
  - {id: dana-anew, who: dana, from: home, path: imap, do: [sign-in]}
  - {id: dana-mail, who: dana, from: home, path: smtp-submission, do: [send]}
  - {id: dana-owa, who: dana, from: home, path: owa, do: [read]}
controls:
  - {id: erin-imap, who: erin, from: home, path: imap, do: [read, receive]}
  - {id: erin-mail, who: erin, from: home, path: smtp-submission, do: [send]}
sop:
  - {at: 0s, do: reset-password, user: dana}
  - {at: 0s, do: disable-account, user: dana}
  - {at: 1s, do: set-out-of-office, user: dana, audience: off}
`))
	if err != nil {
		t.Fatal(err)
	}
	scenarios.Hasten(sc, 4*time.Second, 2*time.Second)
	if err := scenarios.SetTimes(sc, 5*time.Second, 12*time.Second); err != nil {
		t.Fatal(err)
	}
	j := &journal{}
	l, err := remote.Open(t.Context(), cfg, remote.Options{Cast: sc.Cast, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Check(t.Context(), sc); err != nil {
		t.Fatal(err)
	}
	res, err := (&lab.Runner{NewClient: client.New}).Run(t.Context(), l, sc)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"set the password kept in file " + filepath.Join(dir, "new"), "userAccountControl 512 -> 514", "all -> off"} {
		if s := res.Steps[i]; s.Outcome != lab.Done || s.Detail != want {
			t.Errorf("%+v, want %s", *s, want)
		}
	}
	for id, want := range map[string]lab.Verdict{
		"dana-imap read": lab.Open, "dana-imap receive": lab.Open, "dana-anew sign-in": lab.Ended, "dana-mail send": lab.Open,
		"dana-owa read": lab.NotAvailable, "erin-imap read": lab.Kept, "erin-imap receive": lab.Kept, "erin-mail send": lab.Kept,
	} {
		if a := result(t, res, id); a.Verdict != want {
			t.Errorf("%s is %s, want %s: %+v", id, a.Verdict, want, a)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	vacation, _ := os.ReadFile(filepath.Join(dir, "vacation"))
	if uac := w.attribute("dana", "userAccountControl"); uac != "512" || string(vacation) != "all\n" {
		t.Errorf("after the run: userAccountControl %s, vacation %q", uac, vacation)
	}
	// The old password is there again: dana signs in as before.
	again, err := remote.Open(t.Context(), cfg, remote.Options{Cast: sc.Cast, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Check(t.Context(), sc); err != nil {
		t.Error(err)
	}
	for _, e := range j.entries {
		if e.done == "" || e.undone == "" || strings.Contains(fmt.Sprintf("%+v %s", *e.Change, e.State), "Another-Secret") {
			t.Errorf("%+v", e)
		}
	}
}
