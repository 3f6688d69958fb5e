package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
)

func TestDoveadm(t *testing.T) {
	var asked, answer string
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.Path + " " + string(body)
		if r.Header.Get("Authorization") != "X-Dovecot-API bGFia2V5" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	defer srv.Close()
	e := &Doveadm{URL: srv.URL + "/", Key: Secret{Value: "labkey"}, User: "{local}"}
	flush := &mitigation.FlushAuthCache{User: "dana"}
	kick := &mitigation.KickSessions{User: "dana"}
	for _, tt := range []struct {
		order       Order
		asked       string
		answer      string
		detail, err string
	}{
		{order(flush, dana), `[["authCacheFlush",{"user":["a"]},"1"]]`, `[["doveadmResponse",[{"entries":"2"}],"1"]]`, `authCacheFlush: [{"entries":"2"}]`, ""},
		{order(&mitigation.FlushAuthCache{}, nil), `[["authCacheFlush",{"user":[]},"1"]]`, `[["doveadmResponse",[],"1"]]`, "authCacheFlush: []", ""},
		{order(kick, dana), `[["kick",{"mask":["a"]},"1"]]`, `[["doveadmResponse",[{"result":"a"}],"1"]]`, `kick: [{"result":"a"}]`, ""},
		{order(kick, dana), `[["kick",{"mask":["a"]},"1"]]`, `[["error",{"type":"exitCode","exitCode":68},"1"]]`, "no session was open", ""},
		{order(kick, dana), `[["kick",{"mask":["a"]},"1"]]`, `[["error",{"type":"exitCode","exitCode":75},"1"]]`, "", "doveadm kick: exit code 75"},
		{order(flush, dana), `[["authCacheFlush",{"user":["a"]},"1"]]`, `[["error",{"type":"exitCode","exitCode":68},"1"]]`, "", "exit code 68"},
		{order(flush, dana), `[["authCacheFlush",{"user":["a"]},"1"]]`, `[["error",{"type":"unknownMethod","exitCode":0},"1"]]`, "", "doveadm refuses: unknownMethod"},
		{order(flush, dana), `[["authCacheFlush",{"user":["a"]},"1"]]`, `[]`, "", "expected a list with one answer"},
		{order(flush, dana), `[["authCacheFlush",{"user":["a"]},"1"]]`, `<html>`, "", "expected a list with one answer"},
	} {
		answer = tt.answer
		c, err := e.Plan(t.Context(), tt.order)
		c = roundTrip(t, c, err)
		if c.Undo != "" || c.Lasting != "" || c.Executor != "doveadm" || !strings.HasSuffix(c.Target, " at "+e.URL) {
			t.Errorf("%+v", c)
		}
		detail, err := e.Do(t.Context(), c)
		if asked != "POST /doveadm/v1 "+tt.asked {
			t.Errorf("asked %s", asked)
		}
		if detail != tt.detail || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v", tt.answer, detail, err)
		}
	}
	if _, err := e.Plan(t.Context(), order(&mitigation.DisableAccount{User: "dana"}, dana)); !errors.Is(err, lab.ErrNotAvailable) {
		t.Error(err)
	}
	if err := e.Check(t.Context()); err != nil || asked != "GET /doveadm/v1 " {
		t.Error(err, asked)
	}
	status = http.StatusInternalServerError
	if err := e.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "answers 500") {
		t.Error(err)
	}
	e.Key = Secret{Value: "wrong"}
	if err := e.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "does not take the key kept in memory") || strings.Contains(err.Error(), "wrong") {
		t.Error(err)
	}
	srv.Close()
	if err := e.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "doveadm cannot be reached") {
		t.Error(err)
	}
}

func FuzzParseDoveadm(f *testing.F) {
	for _, s := range []string{`[["doveadmResponse",[],"1"]]`, `[["error",{"type":"exitCode","exitCode":68},"1"]]`, `[[]]`, `[["error",1]]`, `[[1,2]]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		result, exit, err := parseDoveadm(answer)
		if err != nil && (exit != 0 || result != nil || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Errorf("%s, %d, %q", result, exit, err)
		}
	})
}

// dovecotConf is a Dovecot of this test's own, for a user who needs no account.
const dovecotConf = `base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/dovecot.log
listen = 127.0.0.1
protocols = imap
ssl = no
disable_plaintext_auth = no
auth_cache_size = 1M
mail_location = maildir:~/Maildir
first_valid_uid = 1
passdb {
  driver = static
  args = password=pw
}
userdb {
  driver = static
  args = uid=%[4]d gid=%[4]d home=%[1]s/mail/%%n
}
service imap-login {
  inet_listener imap {
    port = %[2]s
  }
  inet_listener imaps {
    port = 0
  }
}
service doveadm {
  inet_listener http {
    address = 127.0.0.1
    port = %[3]s
  }
}
doveadm_api_key = labkey
`

// A Dovecot that nobody here wrote takes the calls: an open session ends with
// kick, and a second kick finds none.
func TestDoveadmAgainstDovecot(t *testing.T) {
	program, err := exec.LookPath("dovecot")
	if err != nil {
		t.Skip("dovecot is not installed here: apt-get install dovecot-imapd")
	}
	if os.Getuid() != 0 {
		t.Skip("Dovecot changes to other users, which takes root")
	}
	dir, err := os.MkdirTemp("", "shutout-dovecot-") // whose path everybody may pass
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const uid = 5000
	os.Chmod(dir, 0o755)
	os.Mkdir(filepath.Join(dir, "mail"), 0o700)
	os.Chown(filepath.Join(dir, "mail"), uid, uid)
	imap, http := freePort(t), freePort(t)
	conf := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, dovecotConf, dir, imap, http, uid), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-F", "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		defer timer.Stop()
		cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "dovecot.log"))
			t.Logf("Dovecot said\n%s", log)
		}
	})
	e := &Doveadm{URL: "http://127.0.0.1:" + http, Key: Secret{Value: "labkey"}, User: "{local}"}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for e.Check(ctx) != nil {
		select {
		case <-ctx.Done():
			t.Fatal("Dovecot did not come up: ", e.Check(t.Context()))
		case <-time.After(50 * time.Millisecond):
		}
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+imap)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "a LOGIN a pw\r\n")
	for line := ""; !strings.HasPrefix(line, "a OK"); {
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		a    lab.Action
		who  *lab.Person
		want string
	}{
		{&mitigation.FlushAuthCache{User: "dana"}, dana, "authCacheFlush: "},
		{&mitigation.FlushAuthCache{}, nil, "authCacheFlush: "},
		{&mitigation.KickSessions{User: "dana"}, dana, "kick: "},
	} {
		c, err := e.Plan(ctx, order(tt.a, tt.who))
		c = roundTrip(t, c, err)
		if detail, err := e.Do(ctx, c); err != nil || !strings.HasPrefix(detail, tt.want) {
			t.Errorf("%s: %q, %v", c.Do, detail, err)
		}
	}
	rest, err := io.ReadAll(r)
	if err != nil || !strings.Contains(string(rest), "BYE") {
		t.Errorf("the session was not ended: %q, %v", rest, err)
	}
	c, err := e.Plan(ctx, order(&mitigation.KickSessions{User: "dana"}, dana))
	c = roundTrip(t, c, err)
	for {
		detail, err := e.Do(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if detail == "no session was open" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("the session is still there")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
