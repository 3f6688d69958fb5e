package client

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

// guarded is an SMTP server by hand: it knows one password and one address, and
// hangs up after some failed logons.
type guarded struct {
	logons int // failed ones until it hangs up
	rcpt   func(address string) string
	tried  []string
}

func (g *guarded) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	say := func(s string) { fmt.Fprintf(c, "%s\r\n", s) }
	say("220 ready")
	failed := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "EHLO"):
			say("250-hello\r\n250 AUTH LOGIN PLAIN")
		case line == "AUTH LOGIN":
			say("334 VXNlcm5hbWU6")
			r.ReadString('\n')
			say("334 UGFzc3dvcmQ6")
			word, _ := r.ReadString('\n')
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(word))
			g.tried = append(g.tried, string(plain))
			if string(plain) == oldPass {
				say("235 welcome")
				continue
			}
			say("535 5.7.3 Authentication unsuccessful")
			if failed++; failed == g.logons {
				return
			}
		case strings.HasPrefix(line, "AUTH PLAIN"):
			say("235 welcome")
		case strings.HasPrefix(line, "RCPT TO:<"):
			say(g.rcpt(line[9 : len(line)-1]))
		case line == "QUIT":
			say("221 bye")
			return
		case line == "DATA":
			say("354 go on")
			for line != ".\r\n" && err == nil {
				line, err = r.ReadString('\n')
			}
			say("250 taken")
		default:
			say("250 fine")
		}
	}
}

// A list is gone through in order, each word once, over as many connections
// and attempts as the server makes it take; then the password is known.
func TestWordlist(t *testing.T) {
	for _, tt := range []struct{ words, logons, attempts int }{{1, 3, 1}, {7, 3, 3}, {7, 100, 1}, {6, 2, 3}, {9, 1, 9}} {
		l := newTestLab(t, lab.SMTPSubmission)
		l.env.Activity.Client.Wordlist, l.env.Activity.Every = tt.words, time.Minute
		g := &guarded{logons: tt.logons, rcpt: func(string) string { return "250 fine" }}
		l.script(g.serve, g.serve, g.serve, g.serve, g.serve, g.serve, g.serve, g.serve, g.serve, g.serve, g.serve)
		c := l.client()
		attempts := 1
		for ; do(c, lab.Send) != nil; attempts++ {
			if attempts > 20 {
				t.Fatalf("%+v: never in; tried %q", tt, g.tried)
			}
		}
		if attempts != tt.attempts || len(g.tried) != tt.words || g.tried[tt.words-1] != oldPass {
			t.Errorf("%+v: in after %d attempts with %q", tt, attempts, g.tried)
		}
		c.Close()
	}
}

func TestHarvest(t *testing.T) {
	var l *testLab
	known := func(address string) string {
		if strings.HasPrefix(address, "guess-") {
			return "550 5.1.1 User unknown"
		}
		return "250 fine"
	}
	slow := func(address string) string {
		l.advance(5 * time.Second)
		return known(address)
	}
	for name, tt := range map[string]struct {
		rcpt func(string) string
		want string
	}{
		"tells":    {known, ""},
		"accepts":  {func(string) string { return "250 fine" }, "nothing is learnt"},
		"refuses":  {func(string) string { return "550 5.1.1 User unknown" }, "550 5.1.1 User unknown"},
		"puts off": {func(string) string { return "450 4.2.0 Greylisted" }, "450 4.2.0 Greylisted"},
		"slow":     {slow, "too slow: 6 of 10 addresses asked for in 30s"},
	} {
		l = newTestLab(t, lab.SMTPAnonymous)
		l.env.Activity.Client.Guesses, l.env.Activity.Every = 10, 30*time.Second
		g := &guarded{rcpt: tt.rcpt}
		l.script(g.serve)
		err := do(l.client(), lab.Harvest)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// A word that the server has not looked at is tried again.
func TestWordlistPutOff(t *testing.T) {
	l := newTestLab(t, lab.SMTPSubmission)
	l.env.Activity.Client.Wordlist, l.env.Activity.Every = 2, time.Minute
	g := &guarded{logons: 100, rcpt: func(string) string { return "250 fine" }}
	l.script(dialogue("220 mx", "250-mx\r\n250 AUTH LOGIN", "334 go", "334 go", "454 4.7.0 Temporary authentication failure", "221 bye"), g.serve, g.serve)
	c := l.client()
	check(t, "put off", do(c, lab.Send), later(stageSignIn, "454 4.7.0 Temporary authentication failure"))
	check(t, "found", do(c, lab.Send), nil)
	if len(g.tried) != 2 || g.tried[1] != oldPass {
		t.Errorf("tried %q", g.tried)
	}
}
