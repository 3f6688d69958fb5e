package servertest

import (
	"context"
	"errors"
	"net"

	"shutout/lab"
	"shutout/lab/client"
)

// A LabClient is dana's program, as the runner has it: a client of the lab that
// works for an activity.
type LabClient struct {
	lab.Client
	w     *World
	owner string
}

// LabClient makes the client of an activity of dana's. She knows the passwords.
func (w *World) LabClient(a *lab.Activity, at lab.Endpoint, passwords ...string) *LabClient {
	w.TB.Helper()
	const mail = "dana@corp.example"
	c, err := client.New(lab.Env{
		Endpoint: at,
		Dial:     func(ctx context.Context, addr string) (net.Conn, error) { return w.Dial(ctx, a.ID, addr) },
		Now:      w.Now,
		Login:    lab.Login{User: mail, Address: mail, Passwords: passwords, MailboxDN: w.Dir.LegacyDN("dana")},
		Activity: a,
		Domain:   "corp.example",
	})
	if err != nil {
		w.TB.Fatal(err)
	}
	return &LabClient{c, w, a.ID}
}

// Want makes an attempt now, with erin as the recipient, and plays the world
// until it waits or is over. The attempt must fail in this way at this stage, or
// work: "".
func (c *LabClient) Want(what lab.Capability, subject string, kind lab.FailureKind, stage string) {
	c.w.TB.Helper()
	var err error
	c.w.At(c.w.Elapsed(), c.owner, func(ctx context.Context) {
		err = c.Do(ctx, lab.Task{
			Capability: what, From: "dana@corp.example", To: "erin@corp.example", Subject: subject, MessageID: "m@corp.example",
		})
	})
	c.w.Run(c.w.Elapsed())
	var f *lab.Failure
	switch {
	case kind == "":
		if err != nil {
			c.w.TB.Errorf("%s: %v", what, err)
		}
	case !errors.As(err, &f) || f.Kind != kind || f.Stage != stage:
		c.w.TB.Errorf("%s: %v, want %v at %s", what, err, kind, stage)
	}
}
