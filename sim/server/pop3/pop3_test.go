package pop3_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	popclient "shutout/lab/protocol/pop3"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/pop3"
	"shutout/sim/server/servertest"
)

func newWorld(t testing.TB, version string, settings ...string) *servertest.World {
	w := servertest.New(t, version, settings...)
	conf := w.Certificate("cas1")
	w.Listen("cas1", 110, func(l *network.Listener) { pop3.Serve(w.World, "cas1", conf, l) })
	w.Listen("cas1", 995, func(l *network.Listener) { pop3.ServeTLS(w.World, "cas1", conf, l) })
	return w
}

func connect(ctx context.Context, t testing.TB, w *servertest.World) *popclient.Client {
	raw, err := w.Dial(ctx, "dana", "cas1:995")
	if err != nil {
		t.Error(err)
		return nil
	}
	c := popclient.NewClient(tls.Client(raw, w.Trust("cas1")))
	if got, err := c.Greeting(); got != "The Microsoft Exchange POP3 service is ready." || err != nil {
		t.Error(got, err)
	}
	return c
}

func login(c *popclient.Client, user, password string) error {
	if err := c.User(user); err != nil {
		return err
	}
	return c.Pass(password)
}

func signIn(ctx context.Context, t testing.TB, w *servertest.World) *popclient.Client {
	c := connect(ctx, t, w)
	if err := login(c, "dana", servertest.Password); err != nil {
		t.Error(err)
	}
	return c
}

// text is what a refusal says.
func text(err error) string {
	var said *popclient.Error
	if errors.As(err, &said) {
		return said.Text
	}
	return fmt.Sprint(err)
}

// play runs f as dana's mail program, with mails of these subjects in the inbox.
func play(t *testing.T, f func(ctx context.Context, w *servertest.World), subjects ...string) *servertest.World {
	t.Helper()
	w := newWorld(t, "ex2010")
	w.Event(0, func(now time.Time) {
		for _, s := range subjects {
			w.Mail(now, "dana", s)
		}
	})
	w.At(time.Minute, "dana", func(ctx context.Context) { f(ctx, w) })
	w.Run(2 * time.Minute)
	return w
}

func TestSignIn(t *testing.T) {
	const failed = "Logon failure: unknown user name or bad password."
	play(t, func(ctx context.Context, w *servertest.World) {
		for _, c := range []struct{ user, password, want, reason string }{
			{"dana", servertest.Password, "<nil>", "mailbox-info-cache: pop3 flag"},
			{"dana@corp.example", servertest.Password, "<nil>", "directory: password accepted"},
			{"dana", "wrong", failed, "no directory: "},
			{"nobody", "wrong", failed, "no directory: no such user"},
		} {
			p := connect(ctx, t, w)
			if got := text(login(p, c.user, c.password)); got != c.want {
				t.Errorf("%s: %s, want %s", c.user, got, c.want)
			}
			w.WantReason("dana", c.reason)
			p.Quit()
		}
		o, _ := w.Dir.DCFor("cas1").Lookup("dana")
		w.Do(func(now time.Time) {
			w.Modify(now, "cas1", "dana", o.ProtocolMods(directory.POP3, false)...)
			w.CAS.Server("cas1").Directory().Flush()
			w.Store.Restart(now.Add(-time.Hour), "mbx1") // forgets the mailbox's flags
		})
		p := connect(ctx, t, w)
		if got := text(login(p, "dana", servertest.Password)); got != failed {
			t.Error(got)
		}
		w.WantReason("dana", "no mailbox-info-cache: pop3 flag off")
		p.Close()
	})
}

func TestTooManyConnections(t *testing.T) {
	w := newWorld(t, "ex2010", "popimap.connections_per_user=1")
	var second *popclient.Client
	w.At(0, "dana", func(ctx context.Context) {
		first := signIn(ctx, t, w)
		second = connect(ctx, t, w)
		if err := login(second, "dana", servertest.Password); err == nil {
			t.Error("a second connection was let in")
		}
		w.WantReason("dana", "no connection: too many connections of one user")
		first.Quit()
	})
	// The place is free when the server has ended, not when it has said so.
	w.At(time.Second, "dana", func(context.Context) {
		if err := login(second, "dana", servertest.Password); err != nil {
			t.Error(err)
		}
		second.Close()
	})
	w.Run(time.Minute)
}

func TestMaildrop(t *testing.T) {
	w := play(t, func(ctx context.Context, w *servertest.World) {
		c := signIn(ctx, t, w)
		count, size, err := c.Stat()
		if err != nil || count != 3 || size == 0 {
			t.Error(count, size, err)
		}
		list, err := c.List()
		if err != nil || len(list) != 3 || list[2].Number != 3 {
			t.Error(list, err)
		}
		uids, err := c.UIDL()
		if err != nil || len(uids) != 3 || uids[0].ID == uids[1].ID {
			t.Error(uids, err)
		}
		raw, err := c.Retr(2)
		if err != nil || !strings.Contains(string(raw), "Subject: two\r\n") || !strings.HasSuffix(string(raw), "\r\n.dotted line\r\n") || int64(len(raw)) != list[1].Size {
			t.Errorf("%q, %v", raw, err)
		}
		top, err := c.Top(2, 1)
		if err != nil || !strings.HasSuffix(string(top), "\r\n\r\nHello.\r\n") {
			t.Errorf("%q, %v", top, err)
		}
		c.Dele(1)
		if got := text(c.Dele(1)); got != "The specified message has been deleted." {
			t.Error(got)
		}
		if got := text(c.Dele(4)); got != "The specified message is out of range." {
			t.Error(got)
		}
		c.Rset()
		c.Dele(3)
		if count, _, _ := c.Stat(); count != 2 {
			t.Errorf("%d messages after RSET and DELE", count)
		}
		if err := c.Quit(); err != nil {
			t.Error(err)
		}

		c = signIn(ctx, t, w)
		again, _ := c.UIDL()
		if !slices.Equal(again, uids[:2]) {
			t.Errorf("UIDL %v, then %v", uids, again)
		}
		c.Dele(1)
		c.Close() // without QUIT nothing is removed
	}, "one", "two", "three")
	mb, _ := w.Store.Mailbox("dana")
	if got := mb.Folders()[0].Total; got != 2 {
		t.Errorf("%d messages left", got)
	}
	if n := len(mb.Sessions()) + len(w.CAS.Server("cas1").Sessions()); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func TestWords(t *testing.T) {
	const state, protocol = "-ERR Command is not valid in this state.", "-ERR Protocol error."
	plain := base64.StdEncoding.EncodeToString([]byte("\x00dana\x00" + servertest.Password))
	for _, version := range []string{"ex2003", "ex2010"} {
		secure := version != "ex2003"
		unless := func(plain string) string {
			if secure {
				return state
			}
			return plain
		}
		w := newWorld(t, version)
		w.At(0, "dana", func(ctx context.Context) {
			c, _ := w.Dial(ctx, "dana", "cas1:110")
			r := bufio.NewReader(c)
			r.ReadString('\n')
			for _, x := range [][2]string{
				{"STAT", state},
				{"USER dana", unless("+OK")},
				{"PASS wrong", unless("-ERR Logon failure: unknown user name or bad password.")},
				{"PASS " + servertest.Password, state}, // USER has to come first
				{"NOPE", protocol},
				{"RETR", protocol},
				{"no command at all", protocol},
				{strings.Repeat("x", 5000), protocol},
				{"AUTH CRAM-MD5", unless(protocol)},
				{"AUTH PLAIN !", unless(protocol)},
				{"AUTH PLAIN " + plain, unless("+OK User successfully logged on.")},
				{"USER dana", state},
				{"QUIT", "+OK Microsoft Exchange Server POP3 server signing off."},
				{"", ""},
			} {
				fmt.Fprint(c, x[0]+"\r\n")
				if got, _ := r.ReadString('\n'); strings.TrimRight(got, "\r\n") != x[1] {
					t.Errorf("%s: %q: %q, want %q", version, x[0], got, x[1])
				}
			}
			if secure {
				w.WantReason("dana", "no connection: password in the clear refused")
			}
		})
		w.Run(time.Minute)
	}
}

func TestStartTLS(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.At(0, "dana", func(ctx context.Context) {
		raw, _ := w.Dial(ctx, "dana", "cas1:110")
		c := popclient.NewClient(raw)
		c.Greeting()
		has := func(name string) bool {
			list, err := c.Capa()
			if err != nil {
				t.Error(err)
			}
			return slices.ContainsFunc(list, func(p popclient.Capability) bool { return p.Name == name })
		}
		if has("USER") || !has("STLS") {
			t.Error("in the clear USER is offered or STLS is not")
		}
		if err := c.StartTLS(w.Trust("cas1")); err != nil {
			t.Error(err)
			return
		}
		if !has("USER") || has("STLS") {
			t.Error("under TLS USER is not offered or STLS is")
		}
		if err := login(c, "dana", servertest.Password); err != nil {
			t.Error(err)
		}
		c.Quit()
	})
	w.Run(time.Minute)
	got := string(w.Talk("dana", "cas1:110", nil, time.Minute, []byte("STLS\r\nCAPA\r\n")))
	if !strings.HasSuffix(got, "-ERR Protocol error.\r\n") || strings.Contains(got, "Begin") {
		t.Errorf("commands behind STLS: %q", got)
	}
}

func TestServerEndsTheConnection(t *testing.T) {
	for _, c := range []struct {
		name   string
		signIn bool
		event  func(w *servertest.World, now time.Time)
		want   time.Duration
	}{
		{"silent before the sign-in", false, nil, time.Minute},
		{"silent after it", true, nil, 30 * time.Minute},
		{"Disable-Mailbox", true, func(w *servertest.World, now time.Time) { w.Store.Disconnect(now, "dana") }, 5 * time.Minute},
		{"restart of the store", true, func(w *servertest.World, now time.Time) { w.Store.Restart(now, "mbx1") }, 5 * time.Minute},
		{"disabled account", true, func(w *servertest.World, now time.Time) { w.Disable(now, "dana") }, 30 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "ex2010")
			var conn net.Conn
			w.At(0, "dana", func(ctx context.Context) {
				raw, _ := w.Dial(ctx, "dana", "cas1:995")
				conn = tls.Client(raw, w.Trust("cas1"))
				p := popclient.NewClient(conn)
				p.Greeting()
				if c.signIn {
					if err := login(p, "dana", servertest.Password); err != nil {
						t.Error(err)
					}
				}
			})
			if c.event != nil {
				w.Event(5*time.Minute, func(now time.Time) { c.event(w, now) })
			}
			w.Run(c.want - time.Second)
			if w.Net.Open() != 1 {
				t.Error("closed too early")
			}
			w.Run(c.want)
			if w.Net.Open() != 0 {
				t.Error("still open")
			}
			w.At(c.want+time.Second, "dana", func(context.Context) {
				if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
					t.Errorf("%q, %v", rest, err)
				}
			})
			w.Run(time.Hour)
		})
	}
}

func TestSessionOutlivesDisable(t *testing.T) {
	w := newWorld(t, "ex2010")
	var c *popclient.Client
	w.Event(0, func(now time.Time) { w.Mail(now, "dana", "one") })
	w.At(0, "dana", func(ctx context.Context) { c = signIn(ctx, t, w) })
	w.Event(time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	w.At(20*time.Minute, "dana", func(ctx context.Context) {
		w.Decisions("dana")
		if _, err := c.Retr(1); err != nil {
			t.Error(err)
		}
		w.WantReason("dana", "connection: signed in once on this connection, never asked again")
		c.Quit()
		again := connect(ctx, t, w)
		if err := login(again, "dana", servertest.Password); err == nil {
			t.Error("a disabled account signed in")
		}
		again.Close()
	})
	w.Run(time.Hour)
}
