package client

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

// fake is a session that does what a test wants and notes what was asked.
type fake struct {
	log    *[]string
	accept *map[string]error // by password; nil: taken
	next   *[]error          // what do returns, then nil
}

func (f *fake) note(s string) { *f.log = append(*f.log, s) }

func (f *fake) signIn(_ context.Context, password string) error {
	f.note("sign-in " + password)
	return (*f.accept)[password]
}

func (f *fake) do(_ context.Context, t lab.Task) error {
	f.note(string(t.Capability))
	if len(*f.next) == 0 {
		return nil
	}
	err := (*f.next)[0]
	*f.next = (*f.next)[1:]
	return err
}

func (f *fake) leave() { f.note("leave") }
func (f *fake) drop()  { f.note("drop") }

func TestSessions(t *testing.T) {
	no := func(text string) *lab.Failure { return refused(stageSignIn, text) }
	down := &lab.Failure{Kind: lab.Unreachable, Stage: stageDial, Text: "connection refused"}
	full := refused("send", "552 5.2.3 too large")
	gone := &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: closedText}
	type step struct {
		can    lab.Capability
		accept map[string]error // replaces the earlier one when set
		do     []error
		wait   time.Duration
		want   *lab.Failure
		log    string
	}
	all := []lab.Capability{lab.SignIn, lab.Read, lab.Send}
	tests := []struct {
		name      string
		short     bool
		behaviour lab.Behaviour
		steps     []step
	}{
		{"keeps its session", false, lab.Behaviour{}, []step{
			{can: lab.Read, log: "sign-in old, read"},
			{can: lab.Read, log: "read"},
		}},
		{"sign-in is a session of its own", false, lab.Behaviour{}, []step{
			{can: lab.Read, log: "sign-in old, read"},
			{can: lab.SignIn, log: "sign-in old, leave, drop"},
			{can: lab.Read, log: "read"},
		}},
		{"short paths sign in for each attempt", true, lab.Behaviour{}, []step{
			{can: lab.Read, log: "sign-in old, read, leave, drop"},
			{can: lab.Read, do: []error{full}, want: full, log: "sign-in old, read, leave, drop"},
		}},
		{"tries every password once and keeps the one that works", false, lab.Behaviour{}, []step{
			{can: lab.SignIn, accept: map[string]error{"old": no("535 first")}, log: "sign-in old, sign-in new, leave, drop"},
			{can: lab.SignIn, log: "sign-in new, leave, drop"},
			{can: lab.SignIn, accept: map[string]error{"old": no("535 first"), "new": no("535 second")},
				want: no("535 second"), log: "sign-in new, sign-in old, drop"},
		}},
		{"does not try passwords when nothing said no", false, lab.Behaviour{}, []step{
			{can: lab.Read, accept: map[string]error{"old": down}, want: down, log: "sign-in old, drop"},
			{can: lab.Read, accept: map[string]error{"old": full}, want: full, log: "sign-in old, drop"},
		}},
		{"signs in again when the session is gone", false, lab.Behaviour{}, []step{
			{can: lab.Read, log: "sign-in old, read"},
			{can: lab.Read, do: []error{&lost{gone, true}}, log: "read, drop, sign-in old, read"},
			{can: lab.Read, do: []error{&lost{gone, true}, &lost{gone, true}}, want: gone, log: "read, drop, sign-in old, read, drop"},
			{can: lab.Read, log: "sign-in old, read"},
		}},
		{"does not repeat what may have been done", false, lab.Behaviour{}, []step{
			{can: lab.Send, log: "sign-in old, send"},
			{can: lab.Send, do: []error{&lost{gone, false}}, want: gone, log: "send, drop"},
		}},
		{"does not repeat in a new session", false, lab.Behaviour{}, []step{
			{can: lab.Send, do: []error{&lost{gone, true}}, want: gone, log: "sign-in old, send, drop"},
		}},
		{"a refusal leaves the session open", false, lab.Behaviour{}, []step{
			{can: lab.Send, do: []error{full}, want: full, log: "sign-in old, send"},
			{can: lab.Read, log: "read"},
		}},
		{"by the clock", false, lab.Behaviour{Reconnect: "every 10m", Every: 10 * time.Minute}, []step{
			{can: lab.Read, log: "sign-in old, read"},
			{can: lab.Read, wait: 9 * time.Minute, log: "read"},
			{can: lab.Read, wait: time.Minute, log: "drop, sign-in old, read"},
			{can: lab.Read, log: "read"},
		}},
		{"never again after a lost session", false, lab.Behaviour{Reconnect: "never"}, []step{
			{can: lab.Read, log: "sign-in old, read"},
			{can: lab.Send, do: []error{full}, want: full, log: "send"},
			{can: lab.Read, log: "read"},
			{can: lab.Read, do: []error{&lost{gone, true}}, want: gone, log: "read, drop"},
			{can: lab.Read, want: gone},
			{can: lab.SignIn, want: gone},
		}},
		{"never again after a signed-out session", false, lab.Behaviour{Reconnect: "never"}, []step{
			{can: lab.Read, log: "sign-in old, read"},
			{can: lab.Read, do: []error{&lost{no("440"), true}}, want: no("440"), log: "read, drop"},
			{can: lab.Read, want: no("440")},
		}},
		{"never again after the first refusal", false, lab.Behaviour{Reconnect: "never"}, []step{
			{can: lab.Read, accept: map[string]error{"old": no("535")}, want: no("535"), log: "sign-in old, drop"},
			{can: lab.Read, want: no("535")},
		}},
		{"never, on a path with short sessions", true, lab.Behaviour{Reconnect: "never"}, []step{
			{can: lab.Read, do: []error{missing()}, want: missing(), log: "sign-in old, read, leave, drop"},
			{can: lab.Read, accept: map[string]error{"old": no("-ERR")}, want: no("-ERR"), log: "sign-in old, drop"},
			{can: lab.Read, want: no("-ERR")},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.IMAP)
			l.env.Login.Passwords = []string{"old", "new"}
			l.env.Activity.Client = tt.behaviour
			var log []string
			var accept map[string]error
			var next []error
			c := l.client().(*client)
			c.path.can, c.path.short = all, tt.short
			c.open = func() session { return &fake{&log, &accept, &next} }
			for i, s := range tt.steps {
				if s.accept != nil {
					accept = s.accept
				}
				log, next = nil, s.do
				l.advance(s.wait)
				check(t, string(rune('1'+i)), do(c, s.can), s.want)
				if got := strings.Join(log, ", "); got != s.log {
					t.Errorf("step %d: %q, want %q", i+1, got, s.log)
				}
			}
		})
	}
}

func TestCapabilitiesByPath(t *testing.T) {
	for path, can := range map[lab.Path][]lab.Capability{
		lab.OWA:            {lab.SignIn, lab.Read, lab.Receive, lab.Send},
		lab.ActiveSync:     {lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send, lab.Reply},
		lab.IMAP:           {lab.SignIn, lab.Read, lab.Receive},
		lab.POP3:           {lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive},
		lab.SMTPSubmission: {lab.SignIn, lab.Send, lab.Reply},
		lab.SMTPAnonymous:  {lab.Send, lab.Reply, lab.Harvest},
		lab.Pickup:         {lab.SignIn, lab.Send},
	} {
		l := newTestLab(t, path)
		l.script() // nobody listens
		c := l.client()
		var got []lab.Capability
		for _, k := range lab.Capabilities {
			err := do(c, k)
			if errors.Is(err, lab.ErrNotAvailable) {
				continue
			}
			got = append(got, k)
			if k == lab.ReadLocal {
				check(t, string(path), err, refused("read-local", "no mail is kept on this computer"))
				continue
			}
			var f *lab.Failure
			if !errors.As(err, &f) || f.Kind != lab.Unreachable || f.Stage != stageDial || !strings.Contains(f.Text, "refused") {
				t.Errorf("%s %s: %#v, want unreachable on dial", path, k, err)
			}
		}
		if !reflect.DeepEqual(got, can) {
			t.Errorf("%s can %v, want %v", path, got, can)
		}
	}
}

func TestUnknownPath(t *testing.T) {
	l := newTestLab(t, lab.Path("pigeon"))
	if _, err := New(l.env); !errors.Is(err, lab.ErrNotAvailable) {
		t.Errorf("%v, want ErrNotAvailable", err)
	}
}

// Each path's first answer never comes; the attempt is cut off.
func TestCutOff(t *testing.T) {
	for _, path := range []lab.Path{lab.OWA, lab.ActiveSync, lab.IMAP, lab.POP3, lab.SMTPSubmission, lab.SMTPAnonymous} {
		for _, security := range []lab.Security{lab.Plain, lab.Implicit, lab.StartTLS} {
			l := newTestLab(t, path)
			l.env.Endpoint.Security = security
			silent := make(chan struct{})
			l.script(func(c net.Conn) {
				close(silent)
				buf := make([]byte, 4096)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
				}
			})
			c := l.client()
			ctx, cancel := context.WithCancel(context.Background())
			go func() { <-silent; cancel() }()
			can := c.(*client).path.can[0]
			err := c.Do(ctx, lab.Task{Capability: can, To: "erin@corp.example"})
			var f *lab.Failure
			if !errors.As(err, &f) || f.Kind != lab.Unknown || !strings.Contains(f.Text, "cut off") {
				t.Errorf("%s %s: %v, want unknown", path, security, err)
			}
		}
	}
}

func TestTidy(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"535 5.7.3  no\r\n such user", "535 5.7.3 no such user"},
		{"BAD LOGIN dana " + oldPass + " what?", "BAD LOGIN dana *** what?"},
		{"caf\xe9", "caf?"},
		{strings.Repeat("é", 200), strings.Repeat("é", 100) + "…"},
	} {
		if got := tidy(tt.in, []string{"", oldPass}); got != tt.want {
			t.Errorf("tidy(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// A time limit is an attempt's own: its end leaves the session alone, and an
// attempt that it cuts off may have worked.
func TestTimeLimit(t *testing.T) {
	l := newTestLab(t, lab.IMAP)
	m := l.serveIMAP(lab.Plain)
	c := l.client()
	m.deliver("probe 7")
	limited := func(d time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		return c.Do(ctx, lab.Task{Capability: lab.Receive, Subject: "probe 7"})
	}
	for range 3 {
		check(t, "in time", limited(time.Minute), nil)
	}
	wantConnections(t, c, 1)
	silent := newTestLab(t, lab.IMAP)
	silent.script(func(conn net.Conn) { io.Copy(io.Discard, conn) })
	c = silent.client()
	check(t, "no answer", limited(100*time.Millisecond), &lab.Failure{Kind: lab.Unknown, Stage: stageGreeting, Text: "no answer in time"})
}
