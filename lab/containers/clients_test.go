package containers

import (
	"errors"
	"testing"
	"time"

	"shutout/lab"
)

// The same clients that meet the simulation meet servers that others wrote.
func TestClients(t *testing.T) {
	w := theWorld(t)
	plain := func(env *lab.Env) { env.Endpoint.Addr, env.Endpoint.Security = env.Endpoint.Plain, lab.Plain }
	startTLS := func(env *lab.Env) { env.Endpoint.Addr, env.Endpoint.Security = env.Endpoint.Plain, lab.StartTLS }
	smtps := func(env *lab.Env) { env.Endpoint.Addr, env.Endpoint.Security = hostMX+":465", lab.Implicit }
	submission := func(env *lab.Env) { env.Endpoint.Addr, env.Endpoint.Host = hostMail+":587", hostMail }
	for _, c := range []struct {
		name   string
		path   lab.Path
		change func(*lab.Env)
		do     []lab.Capability
	}{
		{"IMAP", lab.IMAP, nil, []lab.Capability{lab.SignIn, lab.Read, lab.Receive}},
		{"IMAP with STARTTLS", lab.IMAP, startTLS, []lab.Capability{lab.SignIn, lab.Read, lab.Receive}},
		{"IMAP without TLS", lab.IMAP, plain, []lab.Capability{lab.SignIn, lab.Read, lab.Receive}},
		{"POP3", lab.POP3, nil, []lab.Capability{lab.SignIn, lab.Read, lab.Receive}},
		{"POP3 with STLS", lab.POP3, startTLS, []lab.Capability{lab.SignIn, lab.Read, lab.Receive}},
		{"POP3 without TLS", lab.POP3, plain, []lab.Capability{lab.SignIn, lab.Read, lab.Receive}},
		{"Postfix, port 587", lab.SMTPSubmission, nil, []lab.Capability{lab.SignIn, lab.Send, lab.Reply}},
		{"Postfix, port 465", lab.SMTPSubmission, smtps, []lab.Capability{lab.SignIn, lab.Send, lab.Reply}},
		{"Dovecot, port 587", lab.SMTPSubmission, submission, []lab.Capability{lab.SignIn, lab.Send, lab.Reply}},
		{"ActiveSync", lab.ActiveSync, nil, []lab.Capability{lab.SignIn, lab.Read, lab.Receive, lab.Send, lab.Reply}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := w.client(t, "erin", c.path, c.change)
			for _, can := range c.do {
				task := lab.Task{Capability: can, Subject: t.Name() + " " + time.Now().Format(time.RFC3339Nano)}
				switch can {
				case lab.Receive:
					must(t, client, lab.Task{Capability: lab.Read})
					subject, err := w.Probe(t.Context(), w.Cast().People["erin"])
					if err != nil {
						t.Fatal(err)
					}
					task.Subject = subject
					eventually(t, 10*time.Second, func() error { return try(t, client, task) })
					continue
				case lab.Send, lab.Reply:
					task.To, task.From, task.MessageID = "olga@partner.example", w.Cast().People["erin"].Mail, "test."+time.Now().Format("150405.000000000")+"@corp.example"
				}
				must(t, client, task)
				// A look at an empty mailbox would work, too, and show nothing.
				if k, ok := client.(lab.Keeper); ok && can == lab.Read && c.path == lab.ActiveSync {
					if kept, _ := k.Kept(); kept.Messages == 0 {
						t.Error("a phone that has read has no message")
					}
				}
			}
			wrong := w.client(t, "erin", c.path, func(env *lab.Env) {
				if c.change != nil {
					c.change(env)
				}
				env.Login.Passwords = []string{"Not-The-Password-1"}
			})
			err := try(t, wrong, lab.Task{Capability: lab.SignIn})
			if f, ok := errors.AsType[*lab.Failure](err); !ok || f.Kind != lab.Refused || f.Stage != "sign-in" {
				t.Errorf("a wrong password gives %v instead of a refusal at sign-in", err)
			}
		})
	}
}

func TestAnonymousClient(t *testing.T) {
	w := theWorld(t)
	c := w.client(t, "olga", lab.SMTPAnonymous, nil)
	must(t, c, lab.Task{Capability: lab.Send, From: "olga@partner.example", To: "erin@corp.example", Subject: "from outside"})
	err := try(t, c, lab.Task{Capability: lab.Send, From: "olga@partner.example", To: "somebody@refusing.example", Subject: "relay"})
	if f, ok := errors.AsType[*lab.Failure](err); !ok || f.Kind != lab.Refused {
		t.Errorf("relaying gives %v instead of a refusal", err)
	}
	err = try(t, c, lab.Task{Capability: lab.Send, From: "olga@partner.example", To: "nobody@corp.example", Subject: "harvest"})
	if f, ok := errors.AsType[*lab.Failure](err); !ok || f.Kind != lab.Refused {
		t.Errorf("an unknown recipient gives %v instead of a refusal", err)
	}
}
