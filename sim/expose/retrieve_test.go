package expose_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMbsync(t *testing.T) {
	w := open(t, "mbsync")
	config := w.write("mbsyncrc", fmt.Sprintf(`
IMAPAccount corp
Host localhost
Port %s
User %s
Pass %s
SSLType IMAPS
CertificateFile %s
AuthMechs LOGIN
Timeout 15

IMAPStore far
Account corp

MaildirStore near
Path %[5]s/mail/
Inbox %[5]s/mail/INBOX
SubFolders Verbatim

Channel corp
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`, w.port("cas1", 993), w.dana.Mail, w.dana.Password, w.ca, w.dir))
	if err := os.Mkdir(filepath.Join(w.dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	sync := func() *result { return w.run("", "mbsync", "--config", config, "--verbose", "--debug-net", "corp") }
	files := func(folder string) (all []string) {
		for _, d := range []string{"cur", "new"} {
			found, err := filepath.Glob(filepath.Join(w.dir, "mail", folder, d, "*"))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, found...)
		}
		return all
	}
	file := func(folder, subject string) string {
		t.Helper()
		for _, path := range files(folder) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(b), "Subject: "+subject+"\n") {
				return path
			}
		}
		t.Fatalf("no message %q in %s", subject, folder)
		return ""
	}

	sync().want(0, "Opening far side box INBOX")
	if got := files("INBOX"); len(got) != 3 {
		t.Fatalf("the first sync brought %q", got)
	}
	for _, folder := range []string{"Sent Items", "Deleted Items"} {
		if _, err := os.Stat(filepath.Join(w.dir, "mail", folder, "cur")); err != nil {
			t.Errorf("folder %s: %v", folder, err)
		}
	}
	first := w.deliver()
	sync().want(0)
	path := file("INBOX", first)
	if got := files("INBOX"); len(got) != 4 {
		t.Errorf("the second sync brought %q", got)
	}

	// What the user does here is pushed back: one message read and flagged,
	// another thrown away, a third written.
	mark := func(path, flags string) {
		t.Helper()
		base, _, _ := strings.Cut(filepath.Base(path), ":2,")
		if err := os.Rename(path, filepath.Join(filepath.Dir(filepath.Dir(path)), "cur", base+":2,"+flags)); err != nil {
			t.Fatal(err)
		}
	}
	mark(path, "FS")
	mark(file("INBOX", "Lunch on Friday?"), "ST")
	w.write("mail/Drafts/cur/1.local:2,S", "From: "+w.dana.Mail+"\nSubject: written offline\n\nNot finished.\n")
	sync().want(0, `+FLAGS`, "APPEND")
	for _, m := range w.inbox(w.dana) {
		if strings.Contains(m, "Lunch on Friday?") {
			t.Error("the message that was thrown away is still on the server")
		}
	}
	if err := os.RemoveAll(filepath.Join(w.dir, "mail")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	sync().want(0) // everything anew, as another computer would
	if got := files("INBOX"); len(got) != 3 {
		t.Errorf("another computer gets %q", got)
	}
	if path := file("INBOX", first); !strings.HasSuffix(path, ":2,FS") {
		t.Errorf("flags of %s", path)
	}
	file("Drafts", "written offline")

	w.disable()
	late, err := w.Probe(t.Context(), w.dana)
	if err != nil {
		t.Fatal(err)
	}
	sync().want(1, "NO LOGIN failed.")
	for _, path := range files("INBOX") {
		if b, _ := os.ReadFile(path); strings.Contains(string(b), late) {
			t.Error("mail arrived after the account was disabled")
		}
	}
}

func TestFetchmail(t *testing.T) {
	w := open(t, "fetchmail")
	subject := w.deliver()
	rc := func(options string) string {
		return w.write("fetchmailrc", fmt.Sprintf("poll localhost protocol POP3 uidl port %s\n"+
			"  username %q password %q\n  %s ssl sslproto TLS1.2+ sslcertck sslcertfile %q\n  mda \"cat >> %s/mbox\"\n",
			w.port("cas1", 995), w.dana.Mail, w.dana.Password, options, w.ca, w.dir))
	}
	fetch := func(options string) *result {
		return w.run("", "fetchmail", "-v", "-v", "--nosyslog", "--pidfile", w.dir+"/pid", "-f", rc(options))
	}
	mbox := func() string {
		b, err := os.ReadFile(w.dir + "/mbox")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const nothingNew, noSignIn = 1, 3 // fetchmail(1), EXIT CODES
	fetch("keep").want(0, "+OK User successfully logged on", "4 messages for "+w.dana.Mail)
	if got := mbox(); strings.Count(got, "\nSubject: ") != 4 || !strings.Contains(got, "\nSubject: "+subject+"\n") {
		t.Errorf("fetchmail kept\n%s", got)
	}
	fetch("keep").want(nothingNew, "(4 seen) for "+w.dana.Mail)
	fetch("fetchall").want(0, "DELE 4")
	if got := w.inbox(w.dana); len(got) != 0 {
		t.Errorf("%d messages are still on the server", len(got))
	}

	subject = w.deliver()
	w.disable()
	fetch("fetchall").want(noSignIn, "-ERR Logon failure: unknown user name or bad password.")
	if strings.Contains(mbox(), subject) {
		t.Error("mail was fetched after the account was disabled")
	}
}
