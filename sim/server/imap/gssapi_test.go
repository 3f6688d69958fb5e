package imap_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"shutout/lab/protocol/kerberos"
	"shutout/sim/server/servertest"
)

// ticket presents a service ticket of dana's, and spoils the exchange where it
// is told to.
type ticket struct {
	at     time.Time
	i      *kerberos.Initiator
	wrap   *kerberos.Wrapper
	answer []byte // to the offer of security layers
}

func newTicket(w *servertest.World, who string, answer string) *ticket {
	numbers := rand.New(rand.NewPCG(uint64(w.Now().UnixNano()), 7))
	realm := w.Dir.Realm()
	c := kerberos.Contents{
		Key: kerberos.NewKey(numbers), ClientRealm: realm, Client: kerberos.Name{Type: kerberos.NamePrincipal, Parts: []string{who}},
		AuthTime: w.Now(), Start: w.Now(), End: w.Now().Add(10 * time.Hour),
	}
	name := kerberos.Name{Type: kerberos.NameInstance, Parts: []string{"imap", "cas1.corp.example"}}
	cred := &kerberos.Credential{Ticket: kerberos.NewTicket(realm, name, w.Dir.ServiceKey("cas1"), c, numbers), Contents: c}
	return &ticket{at: w.Now(), i: kerberos.NewMutual(cred, numbers), answer: []byte(answer)}
}

func (k *ticket) Start() (string, []byte, error) { return "GSSAPI", k.i.Token(k.at), nil }

func (k *ticket) Next(challenge []byte) ([]byte, error) {
	if k.wrap != nil {
		if offer, err := k.wrap.Unwrap(challenge); err != nil || len(offer) != 4 {
			return nil, err
		}
		return k.wrap.Wrap(k.answer), nil
	}
	_, err := k.i.Finish(k.at, challenge)
	if err == nil {
		k.wrap, err = k.i.Wrapper()
	}
	return []byte{}, err
}

const noLayer = "\x01\x00\x00\x00"

func TestSignInWithATicket(t *testing.T) {
	w := newWorld(t, "dovecot-postfix-samba")
	at := time.Duration(0)
	try := func(who, answer, want, reason string) {
		t.Helper()
		at += time.Second
		w.At(at, "dana", func(ctx context.Context) {
			u, err := connect(ctx, w, "dana")
			if err != nil {
				t.Error(err)
				return
			}
			defer u.Close()
			if !u.Caps().Has(imap.AuthCap("GSSAPI")) {
				t.Error("GSSAPI is not offered")
			}
			if got := text(u.Authenticate(newTicket(w, who, answer))); got != want {
				t.Errorf("%q: %s, want %s", who, got, want)
			}
			if reason != "" {
				w.WantReason("dana", reason)
			}
		})
		w.Run(at)
	}
	try("dana", noLayer, "<nil>", "kerberos-ticket: service ticket accepted, account not looked at")
	try("dana", noLayer+"dana@corp.example", "<nil>", "")
	try("dana", noLayer+"erin@corp.example", "NO AUTHENTICATE failed.", "no kerberos-ticket: acting for somebody else")
	try("dana", "\x04\x00\x00\x00", "NO AUTHENTICATE failed.", "no kerberos-ticket: not an answer to the offer of security layers")
	try("dana", "", "NO AUTHENTICATE failed.", "no kerberos-ticket: not an answer to the offer of security layers")
	try("nobody", noLayer, "NO AUTHENTICATE failed.", "no kerberos-ticket: service ticket of an account that does not exist")
	w.Event(at, func(now time.Time) { w.Disable(now, "dana") })
	try("dana", noLayer, "<nil>", "kerberos-ticket: service ticket accepted, account not looked at")
	w.Event(at, func(time.Time) { w.Open.FilterDisabled() })
	try("dana", noLayer, "NO AUTHENTICATE failed.", "no directory: the lookup finds no account that is enabled")
}

// Exchange takes no ticket over IMAP.
func TestNoTicketAtExchange(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.At(0, "dana", func(ctx context.Context) {
		u, err := connect(ctx, w, "dana")
		if err != nil {
			t.Error(err)
			return
		}
		if u.Caps().Has(imap.AuthCap("GSSAPI")) {
			t.Error("GSSAPI is offered")
		}
		if got := text(u.Authenticate(newTicket(w, "dana", noLayer))); got != "BAD Command Argument Error. 12" {
			t.Error(got)
		}
	})
	w.Run(0)
}
