package expose_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shutout/lab/mitigation"
	"shutout/sim/clientaccess"
)

// davmail is DavMail, running as a server of dana's: it speaks IMAP and SMTP to
// mail programs and Exchange Web Services to the lab.
type davmail struct {
	w          *world
	imap, smtp string // where it listens
	log        *lockedBuffer
}

// lockedBuffer takes what a program says while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freePort is a port on which nobody listens now.
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

// startDavmail starts DavMail and waits until it listens. It knows the lab's
// server by the fingerprint of its certificate.
func startDavmail(w *world) *davmail {
	w.t.Helper()
	conn, err := tls.Dial("tcp", w.addr("cas1", 443), w.trust())
	if err != nil {
		w.t.Fatal(err)
	}
	print := sha1.Sum(conn.ConnectionState().PeerCertificates[0].Raw)
	conn.Close()
	imap, smtp := freePort(w.t), freePort(w.t)
	config := w.write("davmail.properties", fmt.Sprintf(`davmail.server=true
davmail.mode=EWS
davmail.url=https://127.0.0.1:%s/EWS/Exchange.asmx
davmail.server.certificate.hash=%s
davmail.bindAddress=127.0.0.1
davmail.imapPort=%s
davmail.smtpPort=%s
davmail.popPort=
davmail.caldavPort=
davmail.ldapPort=
davmail.allowRemote=false
davmail.disableUpdateCheck=true
davmail.enableKerberos=false
davmail.enableProxy=false
davmail.useSystemProxies=false
davmail.logFilePath=%s/davmail.log
log4j.rootLogger=WARN
log4j.logger.davmail=INFO
log4j.logger.org.apache.http=WARN
`, w.port("cas1", 443), fingerprint(print[:]), imap, smtp, w.dir))
	d := &davmail{w: w, imap: "127.0.0.1:" + imap, smtp: "127.0.0.1:" + smtp, log: new(lockedBuffer)}
	cmd := exec.Command("davmail-server", config)
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, d.log, d.log
	cmd.Env = []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C", "JAVA_TOOL_OPTIONS=-Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		defer timer.Stop()
		cmd.Wait()
		if w.t.Failed() {
			w.t.Logf("DavMail said\n%s", d.log)
		}
	})
	w.eventually("DavMail", func() bool {
		c, err := net.Dial("tcp", d.imap)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return d
}

// fingerprint writes a hash as people compare it.
func fingerprint(hash []byte) string {
	return strings.ToUpper(strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% x", hash), " ", ":"), ":"))
}

// imapSession is a mail program that reads over IMAP.
type imapSession struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	n    int
	text string // what the server is to be given when it asks for it
}

// open connects and waits for the greeting.
func (d *davmail) open() *imapSession {
	d.w.t.Helper()
	conn, err := net.Dial("tcp", d.imap)
	if err != nil {
		d.w.t.Fatal(err)
	}
	d.w.t.Cleanup(func() { conn.Close() })
	s := &imapSession{t: d.w.t, conn: conn, r: bufio.NewReader(conn)}
	s.conn.SetDeadline(time.Now().Add(patience))
	if line, err := s.r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* OK") {
		d.w.t.Fatalf("greeting %q, %v", line, err)
	}
	return s
}

// literal is how the length of a text that follows is told.
var literal = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// ask sends a command and returns all of its answer.
func (s *imapSession) ask(format string, args ...any) (answer string, ok bool) {
	s.t.Helper()
	s.n++
	tag := fmt.Sprintf("a%d", s.n)
	s.conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(s.conn, tag+" "+format+"\r\n", args...)
	var b strings.Builder
	for {
		line, err := s.r.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			return b.String() + err.Error(), false
		}
		if m := literal.FindStringSubmatch(line); m != nil {
			n := 0
			fmt.Sscan(m[1], &n)
			io.CopyN(&b, s.r, int64(n))
		}
		if strings.HasPrefix(line, "+") {
			fmt.Fprintf(s.conn, "%s\r\n", s.text)
		}
		if rest, done := strings.CutPrefix(line, tag+" "); done {
			return b.String(), strings.HasPrefix(rest, "OK")
		}
	}
}

// good is a command that must succeed.
func (s *imapSession) good(format string, args ...any) string {
	s.t.Helper()
	answer, ok := s.ask(format, args...)
	if !ok {
		s.t.Fatalf("%.5s: %s", format, answer)
	}
	return answer
}

// has fails the test unless each text is in an answer.
func (s *imapSession) has(answer string, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(answer, text) {
			s.t.Fatalf("no %q in\n%s", text, answer)
		}
	}
}

// send hands a message in at DavMail's SMTP port, with the port's own password
// check.
func (d *davmail) send(to, subject string) error {
	conn, err := net.Dial("tcp", d.smtp)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return err
	}
	dana := d.w.dana
	if err := c.Auth(smtp.PlainAuth("", dana.Mail, dana.Password, "127.0.0.1")); err != nil {
		return err
	}
	if err := c.Mail(dana.Mail); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	body, err := c.Data()
	if err != nil {
		return err
	}
	fmt.Fprintf(body, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nHello from DavMail.\r\n", dana.Mail, to, subject)
	if err := body.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// tokens counts what IIS remembers of dana's sign-ins to web services.
func (w *world) tokens() (n int) {
	w.Do(func(now time.Time) { n = w.CAS.Server("cas1").Tokens(now, clientaccess.PoolEWS) })
	return n
}

// DavMail, which nobody here wrote, works with the lab's Exchange Web Services,
// and goes on with what IIS remembers of a password after the account has been
// disabled, until IIS forgets it.
func TestDavmail(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("davmail-server"); err != nil {
		t.Skip("davmail-server is not installed here")
	}
	w := start(t, "iis.reset_down=1s")
	d := startDavmail(w)
	s := d.open()
	if answer, ok := s.ask("LOGIN %s not-hers", w.dana.Mail); ok {
		t.Fatalf("signed in with a wrong password: %s", answer)
	}
	s.good("LOGIN %s %s", w.dana.Mail, w.dana.Password)
	s.has(s.good(`LIST "" "*"`), `"INBOX"`, `"Sent"`, `"Drafts"`, `"Trash"`)
	s.has(s.good("SELECT INBOX"), "* 3 EXISTS", "UIDNEXT 4")
	s.has(s.good("UID FETCH 1:* (FLAGS BODY.PEEK[])"), "Subject: Price list, confidential", "this message was in the mailbox before the scenario began", "UID 3")
	s.has(s.good("UID SEARCH SUBJECT lunch"), "* SEARCH 3")

	// What a mail program does to messages is done on the server.
	s.good(`UID STORE 1 +FLAGS (\Seen \Flagged)`)
	s.good("UID COPY 1 Drafts")
	s.good(`UID STORE 3 +FLAGS (\Deleted)`)
	s.good("EXPUNGE")
	s.text = "Subject: written offline\r\n\r\nNot finished.\r\n"
	s.good(`APPEND Drafts (\Seen) {%d}`, len(s.text))
	s.has(s.good("SELECT Drafts"), "* 2 EXISTS")
	s.has(s.good("UID FETCH 1:* (BODY.PEEK[])"), "Subject: Welcome", "Subject: written offline")
	s.has(s.good("SELECT INBOX"), "* 2 EXISTS")
	s.has(s.good("UID FETCH 1 (FLAGS)"), `\Seen`, `\Flagged`)
	if got := w.inbox(w.dana); len(got) != 2 {
		t.Errorf("%d messages are in the inbox", len(got))
	}
	send := func(subject string) {
		t.Helper()
		if err := d.send(w.erin.Mail, subject); err != nil {
			t.Fatal(err)
		}
		if m := w.arrived(w.erin, subject); !strings.Contains(m, "Hello from DavMail.") {
			t.Errorf("erin got\n%s", m)
		}
	}
	send("from DavMail")
	s.has(s.good("SELECT Sent"), "* 1 EXISTS")

	// The account is disabled. Each of DavMail's requests shows the password,
	// and the token that it has left in IIS answers for it.
	if n := w.tokens(); n != 1 {
		t.Fatalf("%d tokens", n)
	}
	w.disable()
	news, err := w.Probe(t.Context(), w.dana)
	if err != nil {
		t.Fatal(err)
	}
	s.has(s.good("SELECT INBOX"), "* 3 EXISTS")
	s.has(s.good("UID FETCH 4 (BODY.PEEK[])"), "Subject: "+news)
	send("still from DavMail")
	again := d.open()
	again.good("LOGIN %s %s", w.dana.Mail, w.dana.Password)

	w.apply(&mitigation.ResetIIS{})
	w.eventually("IIS", func() bool {
		conn, err := tls.Dial("tcp", w.addr("cas1", 443), w.trust())
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	if n := w.tokens(); n != 0 {
		t.Errorf("%d tokens after the reset", n)
	}
	for _, session := range []*imapSession{s, again} {
		if answer, ok := session.ask("SELECT INBOX"); ok || strings.Contains(answer, "EXISTS") {
			t.Errorf("an open session reads on: %s", answer)
		}
	}
	if answer, ok := d.open().ask("LOGIN %s %s", w.dana.Mail, w.dana.Password); ok {
		t.Errorf("signed in again: %s", answer)
	}
	if err := d.send(w.erin.Mail, "too late"); err == nil {
		t.Error("sent after the reset")
	}
}
