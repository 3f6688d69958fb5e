package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

// A parenthesis among capabilities, in whatever pieces it comes, does not keep an
// attempt beyond its time.
func TestParenthesisAmongCapabilities(t *testing.T) {
	for _, greeting := range []string{
		"* OK [CAPABILITY IMAP4rev1 (X) AUTH=PLAIN] hello (there)\r\n",
		"* OK [CAPABILITY(X)] hello\r\n",
		"* OK [capability (X)] hello\r\n",
		"* OK hello\r\n* CAPABILITY IMAP4rev1 (\r\n",
	} {
		l := newTestLab(t, lab.IMAP)
		l.env.Endpoint.Security = lab.Plain
		l.script(func(c net.Conn) {
			for _, b := range []byte(greeting) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
			}
			io.Copy(io.Discard, c)
		})
		ended := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			ended <- l.client().Do(ctx, lab.Task{Capability: lab.Read})
		}()
		select {
		case err := <-ended:
			if f, ok := errors.AsType[*lab.Failure](err); !ok || f.Kind == lab.Refused {
				t.Errorf("%q: %v", greeting, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%q: the attempt does not end", greeting)
		}
	}
}

// What is no list of capabilities stays as it is.
func TestOtherParenthesesStay(t *testing.T) {
	for in, want := range map[string]string{
		"* LIST (\\HasNoChildren) \"/\" INBOX\r\n":           "* LIST (\\HasNoChildren) \"/\" INBOX\r\n",
		"* OK [CAPABILITY A] Dovecot (Ubuntu) ready.\r\n":    "* OK [CAPABILITY A] Dovecot (Ubuntu) ready.\r\n",
		"* CAPABILITY A(B\r\n* 1 FETCH (FLAGS ())\r\n":       "* CAPABILITY A?B\r\n* 1 FETCH (FLAGS ())\r\n",
		"A1 OK [CAPABILITY A (] (\r\n":                       "A1 OK [CAPABILITY A ?] (\r\n",
		"* CAPABILITY A](\r\n":                               "* CAPABILITY A]?\r\n",
		"* 1 FETCH (ENVELOPE (\"[CAPABILITY x\" ((\"a\"))))": "* 1 FETCH (ENVELOPE (\"[CAPABILITY x\" ((\"a\"))))",
	} {
		for size := 1; size <= len(in); size++ {
			got, c := []byte(in), capabilities{}
			for piece := got; len(piece) > 0; piece = piece[min(size, len(piece)):] {
				c.mend(piece[:min(size, len(piece))])
			}
			if string(got) != want {
				t.Errorf("in pieces of %d: %q, want %q", size, got, want)
			}
		}
	}
}

// chatter says the same for ever.
type chatter struct{ net.Conn }

func (chatter) Read(b []byte) (int, error) { return copy(b, strings.Repeat("a", len(b))), nil }

func TestServerThatDoesNotStopTalking(t *testing.T) {
	c := &patientConn{Conn: chatter{}}
	c.room.Store(1 << 16)
	var got bytes.Buffer
	if _, err := io.Copy(&got, c); !errors.Is(err, errEndless) || !errors.Is(c.ended, errEndless) || got.Len() > 1<<16 {
		t.Errorf("%d bytes, %v, ended by %v", got.Len(), err, c.ended)
	}
}
