package client

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"shutout/lab"
	"shutout/lab/protocol/kerberos"
)

// newServedGSSAPI starts to present a ticket, and hands it to a server.
func newServedGSSAPI(t *testing.T) (*gssapi, *kerberos.Acceptor) {
	t.Helper()
	k := newTestKDC(t)
	g, err := newGSSAPI(context.Background(), newLine(k.env), newPass, "imap")
	if err != nil {
		t.Fatal(err)
	}
	name, token, err := g.Start()
	if err != nil || name != "GSSAPI" {
		t.Fatalf("%s, %v", name, err)
	}
	a, err := kerberos.Accept(serviceKey, token)
	if err != nil {
		t.Fatal(err)
	}
	return g, a
}

func TestGSSAPI(t *testing.T) {
	g, a := newServedGSSAPI(t)
	reply, _ := a.Reply(g.line.wallet.client.Rand)
	if response, err := g.Next(reply); err != nil || response == nil || len(response) > 0 {
		t.Fatalf("response %q, %v", response, err)
	}
	server, err := a.Wrapper()
	if err != nil {
		t.Fatal(err)
	}
	response, err := g.Next(server.Wrap([]byte{7, 0, 16, 0}))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := server.Unwrap(response); err != nil || !bytes.Equal(answer, []byte{1, 0, 0, 0}) {
		t.Errorf("answer %x, %v", answer, err)
	}
}

func TestGSSAPIRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		offer []byte
		kind  lab.FailureKind
	}{
		"a server that wants all protected": {[]byte{4, 0, 16, 0}, lab.Refused},
		"an offer of three octets":          {[]byte{1, 0, 0}, lab.Refused},
		"no wrapped offer":                  {nil, lab.Unknown},
	} {
		g, a := newServedGSSAPI(t)
		reply, _ := a.Reply(g.line.wallet.client.Rand)
		if _, err := g.Next(reply); err != nil {
			t.Fatal(err)
		}
		server, err := a.Wrapper()
		if err != nil {
			t.Fatal(err)
		}
		challenge := []byte("in the clear")
		if tt.offer != nil {
			challenge = server.Wrap(tt.offer)
		}
		_, err = g.Next(challenge)
		if f, ok := errors.AsType[*lab.Failure](err); !ok || f.Kind != tt.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	g, _ := newServedGSSAPI(t)
	if f, ok := errors.AsType[*lab.Failure](func() error { _, err := g.Next([]byte("not a proof")); return err }()); !ok || f.Kind != lab.Unknown {
		t.Errorf("a server that does not prove itself: %v", f)
	}
}

// IMAP takes tickets only where the lab tells of a realm.
func TestNoTicketsOverIMAP(t *testing.T) {
	l := newTestLab(t, lab.IMAP)
	l.env.Activity.Client.Auth = lab.AuthKerberos
	if _, err := New(l.env); !errors.Is(err, lab.ErrNotAvailable) {
		t.Errorf("error %v", err)
	}
}
