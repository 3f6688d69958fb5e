package pop3

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"shutout/lab/authority/authoritytest"
	"strings"
	"testing"
	"time"
)

// script is a connection whose other end says all of it at once and takes
// whatever is written.
type script struct {
	net.Conn  // the methods that the client must not need
	in        io.Reader
	out       bytes.Buffer
	deadlines []time.Time
	closed    bool
}

func newScript(says string) *script { return &script{in: strings.NewReader(says)} }

func (s *script) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s *script) Write(b []byte) (int, error) { return s.out.Write(b) }
func (s *script) Close() error                { s.closed = true; return nil }
func (s *script) SetDeadline(t time.Time) error {
	s.deadlines = append(s.deadlines, t)
	return nil
}

func TestClientSession(t *testing.T) {
	conn := newScript("+OK ready\r\n" +
		"+OK Capability list follows\r\nTOP\r\nSASL PLAIN NTLM\r\n.\r\n" +
		"+OK\r\n" + "+OK signed in\r\n" + "+OK 2 320\r\n" +
		"+OK 2 messages\r\n1 120\r\n2 200 more\r\n.\r\n" +
		"+OK\r\n1 abc\r\n2 ~x\r\n.\r\n" +
		"+OK\r\nSubject: x\r\n\r\n..\r\nhello\r\n.\r\n" +
		"+OK\r\nSubject: x\r\n\r\n.\r\n" +
		"+OK\r\n" + "+OK\r\n" + "+OK\r\n" + "+OK bye\r\n")
	c := NewClient(conn)
	must := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v, want %v", what, got, err, want)
		}
	}
	greeting, err := c.Greeting()
	must("greeting", greeting, "ready", err)
	capabilities, err := c.Capa()
	must("capa", capabilities, []Capability{{"TOP", nil}, {"SASL", []string{"PLAIN", "NTLM"}}}, err)
	must("user", nil, nil, c.User("dana"))
	must("pass", nil, nil, c.Pass("open sesame"))
	count, size, err := c.Stat()
	must("stat", []int{count, int(size)}, []int{2, 320}, err)
	listing, err := c.List()
	must("list", listing, []Listing{{1, 120}, {2, 200}}, err)
	uids, err := c.UIDL()
	must("uidl", uids, []UID{{1, "abc"}, {2, "~x"}}, err)
	mail, err := c.Retr(1)
	must("retr", string(mail), "Subject: x\r\n\r\n.\r\nhello\r\n", err)
	head, err := c.Top(1, 0)
	must("top", string(head), "Subject: x\r\n\r\n", err)
	must("dele", nil, nil, c.Dele(2))
	must("rset", nil, nil, c.Rset())
	must("noop", nil, nil, c.Noop())
	must("quit", nil, nil, c.Quit())

	want := "CAPA\r\nUSER dana\r\nPASS open sesame\r\nSTAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 1 0\r\nDELE 2\r\nRSET\r\nNOOP\r\nQUIT\r\n"
	if got := conn.out.String(); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if !conn.closed {
		t.Error("Quit leaves the connection open")
	}
	if conn.deadlines != nil {
		t.Error("a deadline without Timeout")
	}
}

func TestClientError(t *testing.T) {
	c := NewClient(newScript("-ERR [AUTH] Logon failure: unknown user name or bad password.\r\n+OK\r\n"))
	err := c.Pass("secret")
	var refused *Error
	if !errors.As(err, &refused) || refused.Verb != "PASS" || refused.Code() != "AUTH" ||
		refused.Text != "[AUTH] Logon failure: unknown user name or bad password." {
		t.Fatalf("got %#v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("the password is in the error")
	}
	if err := c.Noop(); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	if code := (&Error{Text: "no [AUTH] here"}).Code(); code != "" {
		t.Errorf("code %q", code)
	}
}

func TestClientRefusesArguments(t *testing.T) {
	conn := newScript("")
	c := NewClient(conn)
	for _, bad := range []string{"dana\r\nDELE 1", "dana\n", "dana\x00", strings.Repeat("a", MaxCommand)} {
		if err := c.Pass(bad); err == nil || strings.Contains(err.Error(), "dana") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if conn.out.Len() > 0 {
		t.Errorf("sent %q", conn.out.String())
	}
}

func TestClientRefusesAnswers(t *testing.T) {
	list := func(c *Client) error { _, err := c.List(); return err }
	uidl := func(c *Client) error { _, err := c.UIDL(); return err }
	stat := func(c *Client) error { _, _, err := c.Stat(); return err }
	tests := map[string]struct {
		says string
		do   func(*Client) error
	}{
		"no status":         {"* OK imap\r\n", (*Client).Noop},
		"status run on":     {"+OKAY\r\n", (*Client).Noop},
		"lower case":        {"+ok\r\n", (*Client).Noop},
		"no return":         {"+OK\n", (*Client).Noop},
		"long status":       {"+OK " + strings.Repeat("x", maxStatus) + "\r\n", (*Client).Noop},
		"stat without size": {"+OK 2\r\n", stat},
		"negative stat":     {"+OK -2 5\r\n", stat},
		"signed stat":       {"+OK +2 5\r\n", stat},
		"huge stat":         {"+OK 4294967296 5\r\n", stat},
		"bad listing":       {"+OK\r\n1 x\r\n.\r\n", list},
		"empty line":        {"+OK\r\n\r\n.\r\n", list},
		"no uid":            {"+OK\r\n1 \r\n.\r\n", uidl},
		"uid with space":    {"+OK\r\n1 a b\r\n.\r\n", uidl},
		"long uid":          {"+OK\r\n1 " + strings.Repeat("a", 71) + "\r\n.\r\n", uidl},
		"large message": {"+OK\r\n" + strings.Repeat("x", 100) + "\r\n.\r\n", func(c *Client) error {
			c.MaxMessage = 50
			_, err := c.Retr(1)
			return err
		}},
		"command injected before TLS": {"+OK\r\n+OK\r\n", func(c *Client) error { return c.StartTLS(&tls.Config{}) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var protocol *ProtocolError
			if err := tt.do(NewClient(newScript(tt.says))); !errors.As(err, &protocol) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, half := range []string{"", "+OK", "+O"} {
		if err := NewClient(newScript(half)).Noop(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", half, err)
		}
	}
}

func TestClientTimeout(t *testing.T) {
	conn := newScript("+OK\r\n+OK\r\n")
	c := NewClient(conn)
	c.Timeout = time.Hour
	if _, err := c.Greeting(); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(); err != nil {
		t.Fatal(err)
	}
	if len(conn.deadlines) != 2 || time.Until(conn.deadlines[1]) < 59*time.Minute || conn.deadlines[1].Before(conn.deadlines[0]) {
		t.Errorf("deadlines %v", conn.deadlines)
	}

	silent, server := net.Pipe()
	defer server.Close()
	c = NewClient(silent)
	c.Timeout = time.Millisecond
	if _, err := c.Greeting(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent server: %v", err)
	}
}

// TestStartTLS plays both ends of RFC 2595 section 4, the server's with this
// package's codec.
func TestStartTLS(t *testing.T) {
	server, client := authoritytest.Configs(t, "mail.corp.example")
	client.ServerName = "mail.corp.example"
	near, far := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- serveTLS(far, server) }()

	c := NewClient(near)
	c.Timeout = time.Minute
	if _, err := c.Greeting(); err != nil {
		t.Fatal(err)
	}
	if err := c.StartTLS(client); err != nil {
		t.Fatal(err)
	}
	if err := c.User("dana"); err != nil {
		t.Fatal(err)
	}
	var refused *Error
	if err := c.Pass("secret"); !errors.As(err, &refused) || refused.Code() != "SYS/TEMP" {
		t.Errorf("got %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func serveTLS(conn net.Conn, config *tls.Config) error {
	defer conn.Close()
	if _, err := conn.Write(AppendOK(nil, "ready")); err != nil {
		return err
	}
	r := NewCommandReader(conn)
	if c, err := r.Read(); err != nil || c.Verb != "STLS" || r.Buffered() > 0 {
		return errors.Join(errors.New("no STLS"), err)
	}
	if _, err := conn.Write(AppendOK(nil, "begin TLS")); err != nil {
		return err
	}
	secure := tls.Server(conn, config)
	r = NewCommandReader(secure)
	for {
		c, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case c.Verb == "USER":
			_, err = secure.Write(AppendOK(nil, ""))
		default:
			_, err = secure.Write(AppendErr(nil, "SYS/TEMP", "later"))
		}
		if err != nil {
			return err
		}
	}
}

func FuzzClient(f *testing.F) {
	f.Add("+OK ready\r\n+OK\r\nTOP\r\n.\r\n+OK 1 2\r\n+OK\r\n1 2\r\n.\r\n+OK\r\n1 a\r\n.\r\n+OK\r\nx\r\n..\r\n.\r\n")
	f.Add("-ERR [IN-USE] locked\r\n")
	f.Add("+OK\r\n+OK\r\n\r\n.\r\n")
	f.Fuzz(func(t *testing.T, says string) {
		c := NewClient(newScript(says))
		c.MaxMessage = 1 << 16
		_, _ = c.Greeting()
		_, _ = c.Capa()
		_, _, _ = c.Stat()
		if listing, err := c.List(); err == nil {
			for _, l := range listing {
				if l.Number < 0 || l.Size < 0 {
					t.Fatalf("listing %v", l)
				}
			}
		}
		_, _ = c.UIDL()
		if mail, err := c.Retr(1); err == nil && len(mail) > c.MaxMessage {
			t.Fatalf("a message of %d octets", len(mail))
		}
		_ = c.Quit()
	})
}

func BenchmarkSession(b *testing.B) {
	says := "+OK ready\r\n+OK\r\n+OK\r\n+OK 1 9\r\n+OK\r\nhello\r\n.\r\n+OK\r\n"
	b.ReportAllocs()
	for b.Loop() {
		c := NewClient(newScript(says))
		_, _ = c.Greeting()
		_ = c.User("dana")
		_ = c.Pass("secret")
		_, _, _ = c.Stat()
		_, _ = c.Retr(1)
		if err := c.Quit(); err != nil {
			b.Fatal(err)
		}
	}
}
