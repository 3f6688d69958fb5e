package imap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"shutout/sim/server/servertest"
)

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
