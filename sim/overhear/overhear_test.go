package overhear

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPasswordsInTheClear(t *testing.T) {
	tests := []struct {
		name string
		sent []string
		want []string
	}{
		{"POP3", []string{"CAPA\r\nUSER Dana@corp.example\r\n", "PASS Abc d-1\r\nSTAT\r\n"}, []string{"Abc d-1"}},
		{"POP3 in pieces", []string{"US", "ER dana@corp.example\r", "\nPASS x", "yz\r\n"}, []string{"xyz"}},
		{"IMAP atoms", []string{"a1 LOGIN dana@corp.example secret\r\n"}, []string{"secret"}},
		{"IMAP strings", []string{`a1 login "dana@corp.example" "se\"c\\ret"` + "\r\n"}, []string{`se"c\ret`}},
		{"the newest first", []string{"USER dana@corp.example\nPASS one\nUSER dana@corp.example\nPASS two\n"}, []string{"two", "one"}},
		{"after STLS", []string{"STLS\r\nUSER dana@corp.example\r\nPASS one\r\n"}, nil},
		{"after STARTTLS", []string{"a1 STARTTLS\r\na2 LOGIN dana@corp.example one\r\n"}, nil},
		{"TLS from the start", []string{"\x16\x03\x01\x02\x00\x01\n", "USER dana@corp.example\nPASS one\n"}, nil},
		{"PASS without USER", []string{"PASS one\r\n"}, nil},
		{"an unfinished string", []string{`a1 LOGIN dana@corp.example "one` + "\r\n"}, nil},
		{"somebody else's", []string{"USER erin@corp.example\r\nPASS one\r\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := New()
			for _, s := range tt.sent {
				l.Feed(1, []byte(s))
			}
			if got := l.Passwords("dana@corp.example"); !slices.Equal(got, tt.want) {
				t.Errorf("heard %q, want %q", got, tt.want)
			}
		})
	}
}

// Whoever makes up names fills no memory and drowns nobody's password.
func TestMadeUpUsers(t *testing.T) {
	l := New()
	l.Feed(1, []byte("USER dana@corp.example\nPASS one\n"))
	for i := range 2 * maxUsers {
		l.Feed(2, fmt.Appendf(nil, "USER u%d\nPASS x\n", i))
	}
	if got := l.Passwords("dana@corp.example"); len(l.passwords) > maxUsers || !slices.Equal(got, []string{"one"}) {
		t.Errorf("%d users, dana's %q", len(l.passwords), got)
	}
}

func FuzzFeed(f *testing.F) {
	f.Add([]byte("USER dana\r\nPASS one\r\n"), []byte("a1 LOGIN \"da\\na\" one\r\n"))
	f.Add([]byte("STLS\r\n"), []byte("\x16\x03\x01"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		l := New()
		for i := range 3 {
			l.Feed(i%2, a)
			l.Feed(1, b)
		}
		for user, passwords := range l.passwords {
			if len(passwords) > maxPasswords || len(user) > maxLine || user != strings.ToLower(user) {
				t.Errorf("%q: %d passwords", user, len(passwords))
			}
		}
		for _, s := range l.streams {
			if len(s.line) > maxLine {
				t.Errorf("a line of %d octets is kept", len(s.line))
			}
		}
	})
}
