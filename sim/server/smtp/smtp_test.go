package smtp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	smtplib "github.com/emersion/go-smtp"

	"shutout/sim/network"
	"shutout/sim/server/servertest"
	"shutout/sim/server/smtp"
	"shutout/sim/transport"
)

func newWorld(t testing.TB, version string, settings ...string) *servertest.World {
	w := servertest.New(t, version, settings...)
	conf := w.Certificate("mbx1")
	for _, port := range []int{25, 587} {
		w.Listen("mbx1", port, func(l *network.Listener) { smtp.Serve(w.World, "mbx1", conf, l) })
	}
	return w
}

// patient ignores the library's deadlines, which it sets by the wall clock.
type patient struct{ net.Conn }

func (patient) SetDeadline(time.Time) error      { return nil }
func (patient) SetReadDeadline(time.Time) error  { return nil }
func (patient) SetWriteDeadline(time.Time) error { return nil }

// play runs f as a client of a port of mbx1, which has said EHLO.
func play(t *testing.T, w *servertest.World, port int, secured bool, f func(c *smtplib.Client)) {
	t.Helper()
	ran := false
	w.At(w.Elapsed(), "dana", func(ctx context.Context) {
		raw, err := w.Dial(ctx, "dana", fmt.Sprintf("mbx1:%d", port))
		if err != nil {
			t.Error(err)
			return
		}
		c := smtplib.NewClient(patient{raw})
		if secured {
			if c, err = smtplib.NewClientStartTLS(patient{raw}, w.Trust("mbx1")); err != nil {
				t.Error(err)
				return
			}
		}
		defer c.Close()
		if err := c.Hello("home.example"); err != nil {
			t.Error(err)
			return
		}
		f(c)
		ran = true
	})
	w.Run(w.Elapsed() + time.Hour)
	if !ran {
		t.Error("the client did not get to its end")
	}
}

// text is a reply as the server wrote it.
func text(err error) string {
	var said *smtplib.SMTPError
	if errors.As(err, &said) {
		return fmt.Sprintf("%d %d.%d.%d %s", said.Code, said.EnhancedCode[0], said.EnhancedCode[1], said.EnhancedCode[2], said.Message)
	}
	return fmt.Sprint(err)
}

func want(t *testing.T, err error, want string) {
	t.Helper()
	if got := text(err); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func send(c *smtplib.Client, body string) (*smtplib.DataResponse, error) {
	d, err := c.Data()
	if err != nil {
		return nil, err
	}
	io.WriteString(d, body)
	return d.CloseWithResponse()
}

const mail = "From: dana@corp.example\r\nTo: erin@corp.example\r\nSubject: hello\r\nMessage-ID: <1@home.example>\r\n\r\nHello.\r\n"

func TestSubmission(t *testing.T) {
	for name, mechanism := range map[string]func(user, password string) sasl.Client{
		"LOGIN": sasl.NewLoginClient,
		"PLAIN": func(user, password string) sasl.Client { return sasl.NewPlainClient("", user, password) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "ex2016")
			play(t, w, 587, true, func(c *smtplib.Client) {
				want(t, c.Mail("dana@corp.example", nil), "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM")
				w.WantReason("dana", "no connector-permissions: ")
				begun := w.Now()
				want(t, c.Auth(mechanism("dana", "wrong")), "535 5.7.3 Authentication unsuccessful")
				w.WantReason("dana", "no directory: ")
				if got := w.Now().Sub(begun); got != w.Params.SMTP.AuthTarpit || got == 0 {
					t.Errorf("the refusal took %s", got)
				}
				begun = w.Now()
				want(t, c.Auth(mechanism("dana", servertest.Password)), "<nil>")
				w.WantReason("dana", "directory: password accepted")
				want(t, c.Mail("erin@corp.example", nil), "550 5.7.60 SMTP; Client does not have permissions to send as this sender")
				want(t, c.Mail("dana@corp.example", nil), "<nil>")
				w.WantReason("dana", "connection: signed in once on this connection, never asked again")
				want(t, c.Rcpt("erin@corp.example", nil), "<nil>")
				r, err := send(c, mail)
				if err != nil || !strings.Contains(r.StatusText, "Queued mail for delivery") {
					t.Error(r, err)
				}
				want(t, c.Mail("dana@corp.example", nil), "<nil>")
				want(t, c.Rcpt("olga@partner.example", nil), "<nil>")
				if w.Now() != begun {
					t.Error("what was granted took time")
				}
			})
			mb, _ := w.Store.Mailbox("erin")
			if got := mb.Folders()[0].Total; got != 1 {
				t.Errorf("%d messages arrived", got)
			}
		})
	}
}

func TestSessionOutlivesDisable(t *testing.T) {
	w := newWorld(t, "ex2016", "smtp.connection_idle=1h", "smtp.connection_timeout=12h")
	var c *smtplib.Client
	w.At(0, "dana", func(ctx context.Context) {
		raw, _ := w.Dial(ctx, "dana", "mbx1:587")
		c, _ = smtplib.NewClientStartTLS(patient{raw}, w.Trust("mbx1"))
		want(t, c.Auth(sasl.NewLoginClient("dana", servertest.Password)), "<nil>")
	})
	w.Event(time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	for at := 2 * time.Minute; at < 5*time.Hour; at += 30 * time.Minute {
		w.At(at, "dana", func(context.Context) {
			want(t, c.Mail("dana@corp.example", nil), "<nil>")
			want(t, c.Rcpt("erin@corp.example", nil), "<nil>")
			_, err := send(c, mail)
			want(t, err, "<nil>")
		})
	}
	w.Run(5 * time.Hour)
	play(t, w, 587, true, func(c *smtplib.Client) {
		want(t, c.Auth(sasl.NewLoginClient("dana", servertest.Password)), "535 5.7.3 Authentication unsuccessful")
		w.WantReason("dana", "no directory: account disabled")
	})
}

func TestAnonymous(t *testing.T) {
	w := newWorld(t, "ex2016")
	play(t, w, 25, false, func(c *smtplib.Client) {
		want(t, c.Mail("anybody@outside.example", nil), "<nil>")
		want(t, c.Rcpt("dana@corp.example", nil), "<nil>")
		begun := w.Now()
		want(t, c.Rcpt("olga@partner.example", nil), "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain")
		if got := w.Now().Sub(begun); got != 5*time.Second {
			t.Errorf("the tarpit took %s", got)
		}
		w.WantReason("dana", "no connector-permissions: recipient's domain is not an accepted domain")
		if _, err := send(c, mail); err != nil {
			t.Error(err)
		}
		want(t, c.Reset(), "<nil>")
		want(t, c.Mail("not an address", nil), "501 5.5.2 Was expecting MAIL arg syntax of FROM:<address>")
	})
}

func TestSizeLimits(t *testing.T) {
	w := newWorld(t, "ex2016")
	connector, _ := w.Transport.Connector("mbx1", "Default Frontend MBX1")
	connector.MaxMessageSize, connector.MaxRecipients = 2000, 2
	play(t, w, 25, false, func(c *smtplib.Client) {
		const tooLarge = "552 5.3.4 Message size exceeds fixed maximum message size"
		want(t, c.Mail("a@outside.example", &smtplib.MailOptions{Size: 2001}), tooLarge)
		w.WantReason("dana", "no transport: message is larger than allowed")
		want(t, c.Mail("a@outside.example", nil), "<nil>")
		want(t, c.Rcpt("dana@corp.example", nil), "<nil>")
		want(t, c.Rcpt("erin@corp.example", nil), "<nil>")
		want(t, c.Rcpt("dana@corp.example", nil), "452 4.5.3 Too many recipients")
		_, err := send(c, mail+strings.Repeat("and so on\r\n", 100000))
		want(t, err, tooLarge)
		w.WantReason("dana", "no transport: message is larger than allowed")
		want(t, c.Mail("a@outside.example", nil), "<nil>") // the session goes on
	})
}

func TestHangsUpAfterFailedLogons(t *testing.T) {
	w := newWorld(t, "ex2016", "smtp.max_logon_failures=3")
	play(t, w, 587, true, func(c *smtplib.Client) {
		for range 3 {
			want(t, c.Auth(sasl.NewLoginClient("dana", "wrong")), "535 5.7.3 Authentication unsuccessful")
		}
		if err := c.Noop(); err == nil {
			t.Error("the session goes on after three failures")
		}
	})
	if n := w.Net.Open(); n != 0 {
		t.Errorf("%d connections left", n)
	}
}

func TestNoConnector(t *testing.T) {
	w := newWorld(t, "ex2016")
	connector, _ := w.Transport.Connector("mbx1", "Default Frontend MBX1")
	connector.Ranges, _ = transport.ParseRanges("10.0.0.0/8")
	w.At(0, "dana", func(ctx context.Context) {
		c, _ := w.Dial(ctx, "dana", "mbx1:25")
		got, _ := io.ReadAll(c)
		if string(got) != "421 4.3.2 Service not available\r\n" {
			t.Errorf("%q", got)
		}
		w.WantReason("dana", "no connector-permissions: client address is in no receive connector's remote ranges")
	})
	w.Run(time.Hour)
}

// lines talks to a port in the clear, a line each way.
func lines(t *testing.T, w *servertest.World, addr string, dialogue func(say func(line string) string, c net.Conn)) {
	w.At(0, "dana", func(ctx context.Context) {
		c, err := w.Dial(ctx, "dana", addr)
		if err != nil {
			t.Error(err)
			return
		}
		r := bufio.NewReader(c)
		dialogue(func(line string) string {
			if line != "" {
				fmt.Fprint(c, line+"\r\n")
			}
			var all []string
			for {
				answer, err := r.ReadString('\n')
				if err != nil {
					return err.Error()
				}
				all = append(all, strings.TrimRight(answer, "\r\n"))
				if answer[3] == ' ' {
					return strings.Join(all, "\n")
				}
			}
		}, c)
	})
	w.Run(time.Hour)
}

func TestWords(t *testing.T) {
	w := newWorld(t, "ex2010")
	lines(t, w, "mbx1:587", func(say func(string) string, c net.Conn) {
		defer c.Close()
		if got := say(""); got != "220 mbx1.corp.example Microsoft ESMTP MAIL Service ready at Thu, 15 Jan 2026 09:00:00 +0000" {
			t.Errorf("banner %q", got)
		}
		if got := say("EHLO home.example"); strings.Contains(got, "AUTH") || !strings.Contains(got, "STARTTLS") {
			t.Errorf("in the clear %q", got)
		}
		if got := say("AUTH LOGIN"); got != "504 5.7.4 Unrecognized authentication type" {
			t.Errorf("AUTH in the clear %q", got)
		}
		if got := say("STARTTLS"); !strings.HasPrefix(got, "220 ") {
			t.Error(got)
		}
		secured := tls.Client(c, w.Trust("mbx1"))
		r := bufio.NewReader(secured)
		fmt.Fprint(secured, "EHLO home.example\r\n")
		offered := ""
		for !strings.Contains(offered, "\n250 ") {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Error(err)
				return
			}
			offered += line
		}
		if !strings.Contains(offered, "AUTH LOGIN\r\n") || strings.Contains(offered, "STARTTLS") {
			t.Errorf("under TLS %q", offered)
		}
		for _, c := range [][2]string{
			{"AUTH LOGIN", "334 VXNlcm5hbWU6"},
			{base64.StdEncoding.EncodeToString([]byte("dana")), "334 UGFzc3dvcmQ6"},
			{base64.StdEncoding.EncodeToString([]byte(servertest.Password)), "235 "},
			{"AUTH LOGIN", "503 "},
		} {
			fmt.Fprint(secured, c[0]+"\r\n")
			if line, _ := r.ReadString('\n'); !strings.HasPrefix(line, c[1]) {
				t.Errorf("%q: %q, want %q", c[0], line, c[1])
			}
		}
	})
}

func TestMalformedSignInCountsAsFailure(t *testing.T) {
	w := newWorld(t, "ex2003")
	lines(t, w, "mbx1:25", func(say func(string) string, c net.Conn) {
		defer c.Close()
		say("")
		if got := say("EHLO home.example"); !strings.Contains(got, "AUTH LOGIN") {
			t.Errorf("2003 takes passwords in the clear, but offers %q", got)
		}
		if got := say("AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("no zero bytes"))); !strings.HasPrefix(got, "535 5.7.3") {
			t.Error(got)
		}
		if got := say("AUTH CRAM-MD5"); !strings.HasPrefix(got, "504 5.7.4") {
			t.Error(got)
		}
	})
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		settings []string
		every    time.Duration // NOOP
		want     time.Duration
	}{
		{[]string{"smtp.connection_idle=5m", "smtp.connection_timeout=10m"}, 0, 5 * time.Minute},
		{[]string{"smtp.connection_idle=5m", "smtp.connection_timeout=10m"}, 4 * time.Minute, 10 * time.Minute},
		{[]string{"smtp.connection_idle=5m", "smtp.connection_timeout=never"}, 4 * time.Minute, time.Hour},
	} {
		w := newWorld(t, "ex2016", c.settings...)
		lines(t, w, "mbx1:25", func(say func(string) string, conn net.Conn) {
			say("")
			for at := c.every; c.every > 0 && at < c.want; at += c.every {
				w.At(at, "dana", func(context.Context) { say("NOOP") })
			}
			for _, at := range []time.Duration{c.want - time.Second, c.want + time.Second} {
				w.At(at, "dana", func(context.Context) {
					if open, should := w.Net.Open() == 1, at < c.want; open != should {
						t.Errorf("%q: open is %v after %s", c.settings, open, at)
					}
				})
			}
		})
	}
}

func TestChunks(t *testing.T) {
	for _, c := range []struct {
		name, second, want string
		arrive             int
	}{
		{"two chunks", fmt.Sprintf("BDAT %d LAST\r\n%s", len(mail)-7, mail[7:]), "Queued mail for delivery", 1},
		{"broken off", "RSET\r\nMAIL FROM:<a@outside.example>\r\n", "421 4.7.0 ", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "ex2016")
			lines(t, w, "mbx1:25", func(say func(string) string, conn net.Conn) {
				defer conn.Close()
				say("")
				say("EHLO home.example")
				say("MAIL FROM:<a@outside.example> BODY=BINARYMIME")
				say("RCPT TO:<dana@corp.example>")
				fmt.Fprint(conn, "BDAT 7\r\n"+mail[:7])
				say("")
				fmt.Fprint(conn, c.second)
				got := say("")
				if strings.HasPrefix(c.second, "RSET") {
					got = say("")
				}
				if !strings.Contains(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
			mb, _ := w.Store.Mailbox("dana")
			if got := mb.Folders()[0].Total; got != c.arrive {
				t.Errorf("%d messages arrived", got)
			}
			if n := w.Net.Open(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}
