package remote_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
)

// checker is an executor that can say beforehand that it cannot work.
type checker struct {
	fake
	err error
}

func (c *checker) Check(context.Context) error { return c.err }

// Everything that is wrong with a lab is told before anything is changed, each
// in one line that says what to do.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := open(t)
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deaf.Close() }) // takes connections and says nothing
	sc := &lab.Scenario{
		ID: "short",
		Activities: []*lab.Activity{
			activity("imap", "dana", lab.Threat, lab.IMAP, lab.Read), activity("pop", "dana", lab.Threat, lab.POP3, lab.Read),
			activity("mail", "dana", lab.Threat, lab.SMTPSubmission, lab.Send), activity("in", "olga", lab.Threat, lab.SMTPAnonymous, lab.Send),
			activity("phone", "dana", lab.Threat, lab.ActiveSync, lab.Read), activity("web", "dana", lab.Threat, lab.OWA, lab.Read),
			activity("none", "dana", lab.Threat, lab.MAPIHTTP, lab.Read), activity("frank", "frank", lab.Threat, lab.IMAP, lab.Read),
		},
		Controls: []*lab.Activity{activity("erin", "erin", lab.Control, lab.IMAP, lab.Read)},
	}
	change := func(path lab.Path, f func(*lab.Endpoint)) func(*remote.Config) {
		return func(c *remote.Config) {
			ep := c.Endpoints[path]
			f(&ep)
			c.Endpoints[path] = ep
		}
	}
	frank := w.Cast().People["frank"]
	canary := remote.Canary{Mailbox: frank.Mail, Password: remote.Secret{Value: frank.Password}}
	for _, tt := range []struct {
		name   string
		change func(*remote.Config)
		want   []string
	}{
		{"right", func(*remote.Config) {}, nil},
		{"an object as canary", func(c *remote.Config) { c.Canary = remote.Canary{Object: "CN=Users,DC=corp,DC=example"} }, nil},
		{"no such object", func(c *remote.Config) { c.Canary = remote.Canary{Object: "CN=canary,DC=corp,DC=example"} },
			[]string{"the canary of the lab loopback is not there, so this may be another system: the directory has no object CN=canary,DC=corp,DC=example"}},
		{"no such mailbox", func(c *remote.Config) { c.Canary.Mailbox = "canary@corp.example" },
			[]string{"the canary of the lab loopback is not there", "canary (canary@corp.example) does not sign in"}},
		{"no canary", func(c *remote.Config) { c.Canary = remote.Canary{} }, []string{"the lab names none"}},
		{"a wrong password", func(c *remote.Config) { c.People["erin"].Password = remote.Secret{Value: "hunter2"} },
			[]string{"imap at 127.0.0.1:", "erin (erin@corp.example) does not sign in: NO LOGIN failed.: correct the password kept in memory"}},
		{"nobody listens", change(lab.POP3, func(ep *lab.Endpoint) { ep.Addr = "127.0.0.1:1" }),
			[]string{"pop3 at 127.0.0.1:1 cannot be reached: ", "connection refused: correct the endpoint, or start the server"}},
		{"nobody listens to outsiders", change(lab.SMTPAnonymous, func(ep *lab.Endpoint) { ep.Addr = "127.0.0.1:1" }), []string{"smtp-anonymous at 127.0.0.1:1 cannot be reached"}},
		{"nobody answers", change(lab.SMTPAnonymous, func(ep *lab.Endpoint) { ep.Addr = deaf.Addr().String() }), []string{"does not greet as a mail server does"}},
		{"nobody answers a client", change(lab.SMTPSubmission, func(ep *lab.Endpoint) { ep.Addr = deaf.Addr().String() }), []string{"smtp-submission at 127.0.0.1:", "no answer in time"}},
		{"a certificate of somebody else", change(lab.ActiveSync, func(ep *lab.Endpoint) { ep.TLS = nil }),
			[]string{"activesync at 127.0.0.1:", "no trust in the connection: ", "certificate signed by unknown authority", "give the lab's authority as roots"}},
		{"a certificate for another name", change(lab.SMTPSubmission, func(ep *lab.Endpoint) { ep.Host = "mail.our.example" }),
			[]string{"smtp-submission at 127.0.0.1:", "no trust in the connection: ", "not mail.our.example"}},
		{"another directory", func(c *remote.Config) { c.Directory.Filter = "(mail=x{mail})" }, []string{"the directory has nobody below DC=corp,DC=example with (mail=xdana@corp.example)"}},
		{"a wrong directory password", func(c *remote.Config) { c.Directory.Password = remote.Secret{Value: "hunter2"} }, []string{"does not let CORP\\Administrator in"}},
		{"an executor that cannot", func(c *remote.Config) { c.Executors["restart-service"] = &checker{err: errors.New("no way there")} }, []string{"restart-service: no way there"}},
		{"two things", func(c *remote.Config) {
			c.Executors["restart-service"] = &checker{err: errors.New("no way there")}
			change(lab.POP3, func(ep *lab.Endpoint) { ep.Addr = "127.0.0.1:1" })(c)
		}, []string{"pop3 at 127.0.0.1:1 cannot be reached", "restart-service: no way there"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := w.config()
			c.Canary = canary
			c.Timeouts.Attempt = 3 * time.Second
			if tt.want == nil {
				c.Timeouts.Attempt = 30 * time.Second // a machine may be busy
			}
			tt.change(c)
			j := &journal{}
			err := openLab(t, c, j).Check(t.Context(), sc)
			if tt.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("%v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nlacks %q", err, want)
				}
			}
			if len(j.entries) > 0 {
				t.Errorf("something was changed: %+v", j.entries)
			}
		})
	}
}
