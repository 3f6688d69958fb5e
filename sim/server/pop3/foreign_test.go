package pop3_test

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

func TestFetchmail(t *testing.T) {
	fetchmail := servertest.Program(t, "fetchmail")
	w := newWorld(t, "ex2010")
	w.Do(func(now time.Time) {
		w.Mail(now, "dana", "one")
		w.Mail(now, "dana", "two")
	})
	port := w.Expose("cas1:110")
	w.Live()
	dir := t.TempDir()
	config, mail := filepath.Join(dir, "rc"), filepath.Join(dir, "mail")
	os.WriteFile(config, []byte(fmt.Sprintf(`
poll localhost protocol pop3 port %s
	user "dana" password "%s"
	sslproto "tls1.2+" sslcertck sslcertfile "%s"
	fetchall mda "cat >> %s"
`, port, servertest.Password, w.TrustFile(t), mail)), 0o600)
	cmd := exec.Command(fetchmail, "-f", config, "--pidfile", filepath.Join(dir, "pid"), "-v")
	cmd.Env = append(os.Environ(), "HOME="+dir, "FETCHMAILHOME="+dir)
	said := servertest.Output(t, cmd)
	got, _ := os.ReadFile(mail)
	for _, want := range []string{"Subject: one\n", "Subject: two\n", "\n.dotted line\n"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in %q\n%s", want, got, said)
		}
	}
	mb, _ := w.Store.Mailbox("dana")
	w.Do(func(time.Time) {
		if n := mb.Folders()[0].Total; n != 0 {
			t.Errorf("%d messages left on the server", n)
		}
	})
}

func TestCurl(t *testing.T) {
	curl := servertest.Program(t, "curl")
	w := newWorld(t, "ex2010")
	w.Do(func(now time.Time) { w.Mail(now, "dana", "one") })
	port := w.Expose("cas1:995")
	w.Live()
	got := servertest.Output(t, exec.Command(curl, "-sk", "--user", "dana:"+servertest.Password, "pop3s://localhost:"+port+"/1"))
	if !strings.Contains(got, "Subject: one\r\n") || !strings.Contains(got, "\r\n.dotted line\r\n") {
		t.Errorf("%q", got)
	}
}
