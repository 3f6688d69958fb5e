package remote_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"shutout/lab"
)

// inlet is a mail server that answers every recipient in the same words.
func inlet(t *testing.T, answer string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fmt.Fprint(c, "220 hello\r\n")
				for in := bufio.NewScanner(c); in.Scan(); {
					if strings.HasPrefix(in.Text(), "RCPT") {
						fmt.Fprint(c, answer+"\r\n")
					} else {
						fmt.Fprint(c, "250 ok\r\n")
					}
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// Only a server that will never take a message for somebody says something about
// what they receive: one that is broken or busy does not show that it has ended.
func TestMailThatCannotBeHandedInShowsNothing(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	for name, c := range map[string]struct {
		addr string
		want lab.FailureKind
	}{
		"nobody there":   {nobody.Addr().String(), lab.Unknown},
		"busy":           {inlet(t, "451 4.3.0 Temporary lookup failure"), lab.Unknown},
		"no such person": {inlet(t, "550 5.1.1 User unknown"), lab.Refused},
	} {
		cfg := bare(true, nil)
		cfg.Inlet = &lab.Endpoint{Addr: c.addr, Security: lab.Plain}
		l := openLab(t, cfg, nil)
		subject, err := l.Probe(t.Context(), l.Cast().People["dana"])
		f, ok := err.(*lab.Failure)
		if !ok || f.Kind != c.want || f.Stage != "probe" || subject != "" {
			t.Errorf("%s: %q, %#v", name, subject, err)
		}
	}
}
