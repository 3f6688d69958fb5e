package imap_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shutout/sim/server/servertest"
)

func TestMbsync(t *testing.T) {
	mbsync := servertest.Program(t, "mbsync")
	w := newWorld(t, "ex2010")
	w.Do(func(now time.Time) {
		w.Mail(now, "dana", "one")
		w.Mail(now, "dana", "two")
	})
	port := w.Expose("cas1:143")
	w.Live()
	dir := t.TempDir()
	config := filepath.Join(dir, "rc")
	os.WriteFile(config, []byte(fmt.Sprintf(`
IMAPAccount corp
Host localhost
Port %s
User dana
Pass %s
SSLType STARTTLS
CertificateFile %s
AuthMechs LOGIN

IMAPStore far
Account corp

MaildirStore near
Path %[4]s/mail/
Inbox %[4]s/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`, port, servertest.Password, w.TrustFile(t), dir)), 0o600)
	os.Mkdir(filepath.Join(dir, "mail"), 0o700)
	run := func() { servertest.Output(t, exec.Command(mbsync, "-c", config, "-a")) }
	run()
	got, _ := filepath.Glob(filepath.Join(dir, "mail/INBOX/*/*"))
	if len(got) != 2 {
		t.Fatalf("fetched %q", got)
	}
	// Delete one here, put another there.
	os.Remove(got[0])
	draft := "From: dana@corp.example\nSubject: a draft\n\nHello.\n"
	os.WriteFile(filepath.Join(dir, "mail/Drafts/new/1.1.home"), []byte(draft), 0o600)
	run()
	mb, _ := w.Store.Mailbox("dana")
	w.Do(func(time.Time) {
		for _, f := range mb.Folders() {
			if want := map[string]int{"Inbox": 1, "Drafts": 1}[f.Name]; f.Total != want {
				t.Errorf("%s has %d messages, want %d", f.Name, f.Total, want)
			}
		}
	})
}

func TestCurl(t *testing.T) {
	curl := servertest.Program(t, "curl")
	w := newWorld(t, "ex2010")
	w.Do(func(now time.Time) { w.Mail(now, "dana", "one") })
	port := w.Expose("cas1:993")
	w.Live()
	get := func(args ...string) string {
		return servertest.Output(t, exec.Command(curl, append([]string{"-sk", "--user", "dana:" + servertest.Password}, args...)...))
	}
	if got := get("imaps://localhost:" + port + "/INBOX;MAILINDEX=1"); !strings.Contains(got, "Subject: one\r\n") {
		t.Errorf("%q", got)
	}
	if got := get("imaps://localhost:"+port+"/INBOX", "-X", "SEARCH UNSEEN"); got != "* SEARCH\r\n" {
		t.Errorf("%q", got) // curl has read it
	}
}
