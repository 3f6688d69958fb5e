package client

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/protocol/rpch"
)

// anywhereRequest reads the head of the next request, and of an OUT channel's
// the body.
func anywhereRequest(t *testing.T, r *bufio.Reader, method string) *http.Request {
	req, err := http.ReadRequest(r)
	if err != nil {
		t.Error(err)
		return new(http.Request)
	}
	user, password, _ := req.BasicAuth()
	if req.Method != method || req.URL.RequestURI() != rpch.Path+"?mbx1:6001" || user != testUser || password != oldPass {
		t.Errorf("%s %s by %s", req.Method, req.URL, user)
	}
	if method == rpch.MethodOut {
		if _, err := io.ReadAll(req.Body); err != nil {
			t.Error(err)
		}
	}
	return req
}

// says answers a request of a channel with text, and then waits for the client.
func says(t *testing.T, method, text string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		anywhereRequest(t, r, method)
		io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n"))
		io.Copy(io.Discard, r)
	}
}

func TestAnywhereRefusals(t *testing.T) {
	const (
		goOn   = "HTTP/1.1 100 Continue\n\n"
		opened = goOn + "HTTP/1.1 200 Success\nContent-Type: application/rpc\nContent-Length: 1073741824\n\n"
	)
	for name, tt := range map[string]struct {
		out, in string
		want    lab.Failure
	}{
		"wrong password": {"HTTP/1.1 401 Unauthorized\nContent-Length: 0\n\n", "",
			lab.Failure{Kind: lab.Refused, Stage: stageSignIn, Text: "401 Unauthorized"}},
		"wrong password on the second channel": {opened, "HTTP/1.1 401 Unauthorized\nContent-Length: 0\n\n",
			lab.Failure{Kind: lab.Refused, Stage: stageSignIn, Text: "401 Unauthorized"}},
		"forbidden": {"HTTP/1.1 403 Forbidden\nContent-Length: 0\n\n", "",
			lab.Failure{Kind: lab.Refused, Stage: stageMailbox, Text: "403 Forbidden"}},
		"no server behind the proxy": {goOn + "HTTP/1.0 503 RPC Error: 6ba\n\n", "",
			lab.Failure{Kind: lab.Unreachable, Stage: stageMailbox, Text: "503 RPC Error: 6ba"}},
		"a web page": {"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\n\nhi", "",
			lab.Failure{Kind: lab.Refused, Stage: stageProxy, Text: `unexpected answer: rpch: a response of type "text/html"`}},
		"no HTTP": {"220 ready\n", "",
			lab.Failure{Kind: lab.Unreachable, Stage: stageProxy, Text: `malformed HTTP status code "ready"`}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTestLab(t, lab.OutlookAnywhere)
			l.env.Endpoint.Server, l.env.Login.MailboxDN = "mbx1", "/o=Lab/cn=dana"
			script := []func(net.Conn){says(t, rpch.MethodOut, tt.out)}
			if tt.in != "" {
				script = append(script, says(t, rpch.MethodIn, tt.in))
			}
			l.script(script...)
			c := l.client()
			check(t, name, do(c, lab.Read), &tt.want)
			wantConnections(t, c, len(script))
			c.Close()
		})
	}
}

// The proxy hangs up when both channels are open already.
func TestAnywhereCutShort(t *testing.T) {
	l := newTestLab(t, lab.OutlookAnywhere)
	l.env.Endpoint.Server, l.env.Login.MailboxDN = "mbx1", "/o=Lab/cn=dana"
	opened := make(chan bool)
	l.script(func(c net.Conn) {
		anywhereRequest(t, bufio.NewReader(c), rpch.MethodOut)
		io.WriteString(c, "HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\nContent-Length: 1073741824\r\n\r\n")
		c.Write(rpch.Server{Timeout: 120000}.A3())
		<-opened
	}, func(c net.Conn) {
		r := bufio.NewReader(c)
		anywhereRequest(t, r, rpch.MethodIn)
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		first, err := rpch.ReadPDU(r)
		if err != nil {
			t.Error(err)
		} else if _, err := rpch.ParseInOpening(first); err != nil {
			t.Error(err)
		}
		close(opened)
	})
	check(t, "cut short", do(l.client(), lab.Read), &lab.Failure{Kind: lab.Unreachable, Stage: stageProxy, Text: closedText})
}

// Every virtual connection has names of its own, which a rerun makes again.
func TestAnywhereNames(t *testing.T) {
	seen := map[rpch.Cookie]bool{}
	for range 2 {
		l := newTestLab(t, lab.OutlookAnywhere)
		opened := 0
		c := &anywhereCarrier{line: newLine(l.env), opened: &opened}
		for range 3 {
			n := c.names()
			seen[n.Connection], seen[n.In], seen[n.Out] = true, true, true
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d names, want 9", len(seen))
	}
}
