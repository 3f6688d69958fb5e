package imap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	imaplib "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/imap"
	"shutout/sim/server/servertest"
	"shutout/sim/store"
)

func newWorld(t testing.TB, version string, settings ...string) *servertest.World {
	w := servertest.New(t, version, settings...)
	conf := w.Certificate("cas1")
	w.Listen("cas1", 143, func(l *network.Listener) { imap.Serve(w.World, "cas1", conf, l) })
	w.Listen("cas1", 993, func(l *network.Listener) { imap.ServeTLS(w.World, "cas1", conf, l) })
	return w
}

// patient ignores the library's deadlines, which it sets by the wall clock
// while it waits for nothing.
type patient struct{ net.Conn }

func (patient) SetDeadline(time.Time) error      { return nil }
func (patient) SetReadDeadline(time.Time) error  { return nil }
func (patient) SetWriteDeadline(time.Time) error { return nil }

// connect is a mail program's first step.
func connect(ctx context.Context, w *servertest.World, owner string) (*imapclient.Client, error) {
	c, err := w.Dial(ctx, owner, "cas1:993")
	if err != nil {
		return nil, err
	}
	u := imapclient.New(patient{tls.Client(c, w.Trust("cas1"))}, nil)
	return u, u.WaitGreeting()
}

func signIn(ctx context.Context, t testing.TB, w *servertest.World, owner string) *imapclient.Client {
	u, err := connect(ctx, w, owner)
	if err == nil {
		err = u.Login(owner, servertest.Password).Wait()
	}
	if err == nil {
		err = u.Noop().Wait()
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	u.Caps() // waits for the library to have asked, which it does beside us
	return u
}

func text(err error) string {
	var said *imaplib.Error
	if errors.As(err, &said) {
		return string(said.Type) + " " + said.Text
	}
	return fmt.Sprint(err)
}

func TestSignIn(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.At(0, "dana", func(ctx context.Context) {
		for _, c := range []struct {
			user, password, want, reason string
		}{
			{"dana", servertest.Password, "<nil>", "mailbox-info-cache: imap flag"},
			{`CORP\dana`, servertest.Password, "<nil>", "directory: password accepted"},
			{"dana@corp.example", servertest.Password, "<nil>", "directory: password accepted"},
			{"dana", "wrong", "NO LOGIN failed.", "no directory: "},
			{"nobody", "wrong", "NO LOGIN failed.", "no directory: no such user"},
		} {
			u, err := connect(ctx, w, "dana")
			if err != nil {
				t.Error(err)
				return
			}
			if got := text(u.Login(c.user, c.password).Wait()); got != c.want {
				t.Errorf("%s: %s, want %s", c.user, got, c.want)
			}
			w.WantReason("dana", c.reason)
			u.Close()
		}
		u, _ := connect(ctx, w, "dana")
		if got := text(u.Authenticate(sasl.NewPlainClient("", "dana", "wrong"))); got != "NO AUTHENTICATE failed." {
			t.Error(got)
		}
		if err := u.Authenticate(sasl.NewPlainClient("", "dana", servertest.Password)); err != nil {
			t.Error(err)
		}
		u.Close()
	})
	w.Run(time.Hour)
}

func TestProtocolFlagOff(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.Event(0, func(now time.Time) {
		o, _ := w.Dir.PDC().Lookup("dana")
		w.Modify(now, "cas1", "dana", o.ProtocolMods(directory.IMAP, false)...)
	})
	w.At(time.Minute, "dana", func(ctx context.Context) {
		u, _ := connect(ctx, w, "dana")
		if got := text(u.Login("dana", servertest.Password).Wait()); got != "BAD User is authenticated but not connected." {
			t.Error(got)
		}
		w.WantReason("dana", "no mailbox-info-cache: imap flag off")
		u.Close()
	})
	w.Run(time.Hour)
}

func TestTooManyConnections(t *testing.T) {
	w := newWorld(t, "ex2010", "popimap.connections_per_user=2")
	var b, u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) {
		a := signIn(ctx, t, w, "dana")
		b = signIn(ctx, t, w, "dana")
		u, _ = connect(ctx, w, "dana")
		if got := text(u.Login("dana", servertest.Password).Wait()); got != "NO LOGIN failed." {
			t.Error(got)
		}
		w.WantReason("dana", "no connection: too many")
		a.Logout().Wait()
	})
	// The place is free when the server has ended, not when it has said so.
	w.At(time.Second, "dana", func(context.Context) {
		if err := u.Login("dana", servertest.Password).Wait(); err != nil {
			t.Error("after another connection ended: ", err)
		}
		b.Close()
		u.Close()
	})
	w.Run(time.Minute)
}

// lines talks to port 143 in the clear, a line each way.
func lines(t *testing.T, version string, dialogue func(w *servertest.World, say func(line string) string, c net.Conn)) {
	w := newWorld(t, version)
	w.At(0, "dana", func(ctx context.Context) {
		c, err := w.Dial(ctx, "dana", "cas1:143")
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		dialogue(w, func(line string) string {
			if line != "" {
				fmt.Fprint(c, line+"\r\n")
			}
			answer, _ := r.ReadString('\n')
			return strings.TrimRight(answer, "\r\n")
		}, c)
	})
	w.Run(time.Minute)
}

func TestInTheClear(t *testing.T) {
	lines(t, "ex2010", func(w *servertest.World, say func(string) string, _ net.Conn) {
		for _, c := range [][2]string{
			{"", "* OK The Microsoft Exchange IMAP4 service is ready."},
			{"a1 CAPABILITY", "* CAPABILITY IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS UIDPLUS MOVE CHILDREN IDLE NAMESPACE"},
			{"", "a1 OK CAPABILITY completed."},
			{"a2 LOGIN dana x", "a2 BAD Command received in Invalid state."},
			{"a3 noop", "a3 OK NOOP completed."},
			{"junk", "* BAD Command Argument Error. 12"},
			{`a(4 NOOP`, "* BAD Command Argument Error. 12"},
			{"a5 LOGOUT", "* BYE Microsoft Exchange Server IMAP4 server signing off."},
			{"", "a5 OK LOGOUT completed."},
			{"", ""},
		} {
			if got := say(c[0]); got != c[1] {
				t.Errorf("%q: %q, want %q", c[0], got, c[1])
			}
		}
		w.WantReason("dana", "no connection: password in the clear refused")
	})
}

func TestPasswordInTheClearWhereItIsAllowed(t *testing.T) {
	lines(t, "ex2003", func(_ *servertest.World, say func(string) string, _ net.Conn) {
		say("")
		say("a1 NOOP")
		if got := say("a2 LOGIN dana " + servertest.Password); !strings.HasPrefix(got, "a2 OK") {
			t.Error(got)
		}
		if got := say(`a3 STATUS INBOX (MESSAGES)`); got != "* STATUS INBOX (MESSAGES 0)" {
			t.Error(got)
		}
	})
}

func TestStartTLS(t *testing.T) {
	lines(t, "ex2010", func(w *servertest.World, say func(string) string, c net.Conn) {
		say("")
		if got := say("a1 STARTTLS"); got != "a1 OK Begin TLS negotiation now." {
			t.Error(got)
		}
		u := imapclient.New(patient{&greeted{Conn: tls.Client(c, w.Trust("cas1")), first: *strings.NewReader("* OK\r\n")}}, nil)
		if err := u.Login("dana", servertest.Password).Wait(); err != nil {
			t.Error(err)
		}
		if _, err := u.Select("INBOX", nil).Wait(); err != nil {
			t.Error(err)
		}
		u.Close()
	})
}

// greeted supplies the greeting that a client library waits for.
type greeted struct {
	net.Conn
	first strings.Reader
}

func (g *greeted) Read(b []byte) (int, error) {
	if g.first.Len() > 0 {
		return g.first.Read(b)
	}
	return g.Conn.Read(b)
}

func TestCommandsBehindStartTLSAreNotObeyed(t *testing.T) {
	w := newWorld(t, "ex2010")
	got := string(w.Talk("dana", "cas1:143", nil, time.Minute, []byte("a1 STARTTLS\r\na2 CAPABILITY\r\n")))
	if !strings.Contains(got, "a1 BAD") || strings.Contains(got, "a2") {
		t.Errorf("%q", got)
	}
}

func TestSessionOutlivesDisable(t *testing.T) {
	w := newWorld(t, "ex2010")
	var u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) { u = signIn(ctx, t, w, "dana") })
	w.Event(time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	for i := 2; i < 300; i += 20 {
		w.At(time.Duration(i)*time.Minute, "dana", func(ctx context.Context) {
			w.Decisions("dana")
			if _, err := u.Select("INBOX", nil).Wait(); err != nil {
				t.Errorf("after %s: %v", w.Elapsed(), err)
			}
			w.WantReason("dana", "connection: signed in once on this connection, never asked again")
		})
	}
	w.At(5*time.Hour, "dana", func(ctx context.Context) {
		again, _ := connect(ctx, w, "dana")
		if got := text(again.Login("dana", servertest.Password).Wait()); got != "NO LOGIN failed." {
			t.Error(got)
		}
		w.WantReason("dana", "no directory: account disabled")
		again.Close()
	})
	w.Run(6 * time.Hour)
}

func TestSessionIsCheckedAgainWhereTheProfileSaysSo(t *testing.T) {
	w := newWorld(t, "ex2010", "popimap.session_revalidate=1h")
	var u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) { u = signIn(ctx, t, w, "dana") })
	w.Event(time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	for _, at := range []time.Duration{25 * time.Minute, 50 * time.Minute, 75 * time.Minute} {
		w.At(at, "dana", func(context.Context) {
			err := u.Noop().Wait()
			if (err == nil) != (at < time.Hour) {
				t.Errorf("after %s: %v", at, err)
			}
		})
	}
	w.Run(2 * time.Hour)
	w.WantReason("dana", "no directory: account disabled")
}

// recorder is a listener that notes when the server writes what, in the clear.
type recorder struct {
	net.Listener
	w     *servertest.World
	mu    sync.Mutex
	lines []string
}

type recorded struct {
	net.Conn
	r *recorder
}

func (r *recorder) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	return recorded{c, r}, err
}

func (c recorded) NetConn() net.Conn { return c.Conn }

func (c recorded) Write(b []byte) (int, error) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.lines = append(c.r.lines, c.r.w.Elapsed().String()+" "+strings.TrimSpace(string(b)))
	return c.Conn.Write(b)
}

// pushed is what the server has written since 0s.
func (r *recorder) pushed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(r.lines, func(l string) bool { return strings.HasPrefix(l, "0s ") })
}

// dialogue signs dana in without TLS, sends commands, and hangs on. What the
// server writes is recorded.
func dialogue(t *testing.T, commands ...string) (*servertest.World, *recorder, *net.Conn) {
	w := servertest.New(t, "ex2003", "popimap.idle=30m", "store.move_online=true")
	r := &recorder{w: w}
	w.Listen("cas1", 143, func(l *network.Listener) {
		r.Listener = l
		imap.Serve(w.World, "cas1", w.Certificate("cas1"), r)
	})
	conn := new(net.Conn)
	w.At(0, "dana", func(ctx context.Context) {
		c, err := w.Dial(ctx, "dana", "cas1:143")
		if err != nil {
			t.Error(err)
			return
		}
		*conn = c
		in := bufio.NewReader(c)
		in.ReadString('\n')
		for i, cmd := range append([]string{"LOGIN dana " + servertest.Password}, commands...) {
			fmt.Fprintf(c, "a%d %s\r\n", i, cmd)
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					t.Error(err)
					return
				}
				if strings.HasPrefix(line, fmt.Sprintf("a%d ", i)) || line == "+ idling\r\n" {
					break
				}
			}
		}
	})
	return w, r, conn
}

func TestServerEndsTheConnection(t *testing.T) {
	const severed, idle = "* BYE Connection closed. 14", "* BYE Connection is closed. 13"
	for _, c := range []struct {
		name     string
		commands []string
		event    func(w *servertest.World, now time.Time)
		want     string
	}{
		{"idle time-out", nil, nil, "30m0s " + idle},
		{"idle time-out in IDLE", []string{"SELECT INBOX", "IDLE"}, nil, "30m0s " + idle},
		{"restart of the store", []string{"SELECT INBOX"}, func(w *servertest.World, now time.Time) { w.Store.Restart(now, "mbx1") }, "5m0s " + severed},
		{"restart of the store in IDLE", []string{"SELECT INBOX", "IDLE"}, func(w *servertest.World, now time.Time) { w.Store.Restart(now, "mbx1") }, "5m0s " + severed},
		{"Disable-Mailbox", nil, func(w *servertest.World, now time.Time) { w.Store.Disconnect(now, "dana") }, "5m0s " + severed},
		{"another user's mailbox", nil, func(w *servertest.World, now time.Time) { w.Store.Disconnect(now, "erin") }, "30m0s " + idle},
		{"move in IDLE", []string{"SELECT INBOX", "IDLE"}, func(w *servertest.World, now time.Time) {
			if _, err := w.Store.Move(now, "dana", "db2"); err != nil {
				t.Error(err)
			}
		}, severed},
		{"restart of the service", []string{"IDLE"}, func(w *servertest.World, now time.Time) {
			w.CAS.Server("cas1").RestartService(now, "MSExchangeIMAP4", time.Minute)
		}, "5m0s " + severed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, r, _ := dialogue(t, c.commands...)
			if c.event != nil {
				w.Event(5*time.Minute, func(now time.Time) { c.event(w, now) })
			}
			w.Run(2 * time.Hour)
			if got := r.pushed(); len(got) != 1 || !strings.HasSuffix(got[0], c.want) {
				t.Errorf("pushed %q, want %q", got, c.want)
			}
			if n := len(w.CAS.Server("cas1").Sessions()); n != 0 {
				t.Errorf("%d sessions left", n)
			}
			mb, _ := w.Store.Mailbox("dana")
			if n := len(mb.Sessions()); n != 0 {
				t.Errorf("%d logons left", n)
			}
			if n := w.Net.Open(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

func TestServerSaysGoodbyeOverTLS(t *testing.T) {
	w := newWorld(t, "ex2016")
	var c *tls.Conn
	w.At(0, "dana", func(ctx context.Context) {
		raw, _ := w.Dial(ctx, "dana", "cas1:993")
		c = tls.Client(raw, w.Trust("cas1"))
		in := bufio.NewReader(c)
		in.ReadString('\n')
		fmt.Fprintf(c, "a LOGIN dana %s\r\n", servertest.Password)
		in.ReadString('\n')
	})
	w.Event(time.Minute, func(now time.Time) { w.Store.Disconnect(now, "dana") })
	w.At(2*time.Minute, "dana", func(context.Context) {
		rest, err := io.ReadAll(c)
		if string(rest) != "* BYE Connection closed. 14\r\n" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
	w.Run(time.Hour)
}

func TestSilentBeforeSignIn(t *testing.T) {
	for addr, want := range map[string]string{"cas1:143": "* BYE Connection is closed. 13", "cas1:993": ""} {
		w := newWorld(t, "ex2010")
		var c net.Conn
		w.At(0, "dana", func(ctx context.Context) { c, _ = w.Dial(ctx, "dana", addr) })
		w.Run(time.Minute - time.Second)
		if w.Net.Open() != 1 {
			t.Error(addr, "is closed too early")
		}
		w.Run(time.Minute)
		if w.Net.Open() != 0 {
			t.Error(addr, "is still open")
		}
		w.At(2*time.Minute, "dana", func(context.Context) {
			if got, _ := io.ReadAll(c); !strings.Contains(string(got), want) {
				t.Errorf("%s: %q", addr, got)
			}
		})
		w.Run(time.Hour)
	}
}

func TestIdlePushesAtOnce(t *testing.T) {
	for range 50 { // the clock must never run ahead of the goroutine that pushes
		w, r, c := dialogue(t, "SELECT INBOX", "IDLE")
		w.Event(time.Second, func(now time.Time) { w.Mail(now, "dana", "one") })
		w.Event(2*time.Second, func(now time.Time) { w.Mail(now, "dana", "two") })
		w.Event(3*time.Second, func(now time.Time) {
			x, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: directory.OWA})
			x.Mark(now, store.Inbox, []uint32{2}, store.Seen, 0)
			x.Delete(now, store.Inbox, []uint32{1})
		})
		w.At(4*time.Second, "dana", func(context.Context) {
			fmt.Fprint(*c, "DONE\r\n")
			in := bufio.NewReader(*c)
			for line := ""; !strings.HasPrefix(line, "a2 OK"); {
				var err error
				if line, err = in.ReadString('\n'); err != nil {
					t.Error(err)
					return
				}
			}
		})
		w.Run(time.Minute)
		want := []string{"1s * 1 EXISTS", "2s * 2 EXISTS", `3s * 2 FETCH (UID 2 FLAGS (\Seen))`, "3s * 1 EXPUNGE", "4s a2 OK IDLE completed"}
		if got := r.pushed(); !slices.Equal(got, want) {
			t.Fatalf("pushed %q, want %q", got, want)
		}
	}
}

func TestMailboxLockedByAMove(t *testing.T) {
	w := newWorld(t, "ex2010", "store.move_online=false", "store.move_lock=2m")
	var u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) {
		u = signIn(ctx, t, w, "dana")
		u.Select("INBOX", nil).Wait()
	})
	w.Event(time.Minute, func(now time.Time) { w.Store.Move(now, "dana", "db2") })
	w.At(90*time.Second, "dana", func(context.Context) {
		w.Decisions("dana")
		if got := text(u.Store(imaplib.SeqSetNum(1), &imaplib.StoreFlags{Op: imaplib.StoreFlagsAdd}, nil).Close()); got != "NO Server Unavailable. 15" {
			t.Error(got)
		}
		w.WantReason("dana", "no store: mailbox locked")
	})
	w.Run(time.Hour)
}
