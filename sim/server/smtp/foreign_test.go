package smtp_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"shutout/sim/server/servertest"
)

// arrived counts the messages in a user's inbox.
func arrived(w *servertest.World, user string) (n int) {
	mb, _ := w.Store.Mailbox(user)
	w.Do(func(time.Time) { n = mb.Folders()[0].Total })
	return n
}

func TestSwaks(t *testing.T) {
	swaks := servertest.Program(t, "swaks")
	w := newWorld(t, "ex2003") // takes passwords in the clear: swaks may lack TLS
	port := w.Expose("mbx1:25")
	w.Live()
	run := func(args ...string) (string, error) {
		args = append([]string{"--server", "127.0.0.1", "--port", port, "--ehlo", "home.example"}, args...)
		out, err := exec.Command(swaks, args...).CombinedOutput()
		return string(out), err
	}
	login := func(password string) (string, error) {
		return run("--from", "dana@corp.example", "--to", "erin@corp.example",
			"--auth", "LOGIN", "--auth-user", "dana", "--auth-password", password)
	}
	if out, err := login(servertest.Password); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := login("wrong"); err == nil || !strings.Contains(out, "535 5.7.3 Authentication unsuccessful") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("--from", "anybody@outside.example", "--to", "erin@corp.example"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("--from", "anybody@outside.example", "--to", "olga@partner.example"); err == nil || !strings.Contains(out, "550 5.7.1 Unable to relay") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := arrived(w, "erin"); n != 2 {
		t.Errorf("%d messages arrived", n)
	}
}

func TestCurl(t *testing.T) {
	curl := servertest.Program(t, "curl")
	w := newWorld(t, "ex2016")
	port := w.Expose("mbx1:587")
	w.Live()
	cmd := exec.Command(curl, "-sk", "--ssl-reqd", "--user", "dana:"+servertest.Password, "--mail-from", "dana@corp.example",
		"--mail-rcpt", "erin@corp.example", "--upload-file", "-", "smtp://localhost:"+port+"/home.example")
	cmd.Stdin = strings.NewReader(mail)
	servertest.Output(t, cmd)
	if n := arrived(w, "erin"); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}
