package client

import (
	"context"
	"encoding/asn1"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/kerberos"
	"shutout/lab/protocol/ntlm"
)

// serviceHTTP is the service whose tokens HTTP carries, wrapped in SPNEGO (RFC
// 4559). Every other is an RPC service, to which they go bare, as those of
// [dcerpc.AuthKerberos]: SPNEGO would only add a fourth to three.
const serviceHTTP = "HTTP"

// stageTicket is where a KDC has nothing against the user, and gives no ticket
// all the same.
const stageTicket = "ticket"

// wallet is the tickets of an activity, which outlive its connections.
type wallet struct {
	client  kerberos.Client // with the source of what has to be random
	tgt     *kerberos.Credential
	tickets map[string]*kerberos.Credential // by service
	used    time.Time                       // by the last authenticator
}

// ticketProof is Kerberos as a mechanism. Over HTTP one serves any number of
// requests: each next that has no challenge presents the ticket anew.
type ticketProof struct {
	line     *line
	password string
	service  kerberos.Name
	rpc      *kerberos.Initiator // nil over HTTP
}

func newKerberos(l *line, password, service, host string) (*ticketProof, error) {
	realm := l.env.Endpoint.Realm
	if realm == nil {
		return nil, refused(stageTicket, "the lab tells of no Kerberos realm")
	}
	w := &l.wallet
	if w.tickets == nil {
		// A run must be repeatable, so what Kerberos wants to be random follows
		// from whose tickets they are.
		h := fnv.New64a()
		h.Write([]byte(l.env.Activity.ID + "\x00" + l.env.Login.User))
		w.client = kerberos.Client{Realm: realm.Name, User: l.env.Login.User, Rand: rand.New(rand.NewPCG(h.Sum64(), 0))}
		w.tickets = map[string]*kerberos.Credential{}
	}
	name := kerberos.Name{Type: kerberos.NameInstance, Parts: []string{service, host}}
	return &ticketProof{line: l, password: password, service: name}, nil
}

func (p *ticketProof) next(ctx context.Context, challenge []byte) (token []byte, more bool, err error) {
	if challenge != nil {
		return p.finish(challenge)
	}
	ticket, err := p.line.ticket(ctx, p.password, p.service)
	if err != nil {
		return nil, false, err
	}
	w := &p.line.wallet
	now := w.moment(p.line.env.Now())
	if p.service.Parts[0] != serviceHTTP {
		p.rpc = kerberos.NewInitiator(ticket, true, w.client.Rand)
		return p.rpc.Token(now), true, nil
	}
	token, err = ntlm.NegInit{
		Mechs: []asn1.ObjectIdentifier{ntlm.MechKerberos, ntlm.MechMSKerberos},
		Token: kerberos.NewInitiator(ticket, false, w.client.Rand).Token(now),
	}.Encode()
	if err != nil {
		return nil, false, unknown(stageSignIn, err)
	}
	return token, false, nil
}

// moment is now, or a little later if a ticket was presented at now already: no
// two presentations may be alike.
func (w *wallet) moment(now time.Time) time.Time {
	if !now.After(w.used) {
		now = w.used.Add(time.Microsecond)
	}
	w.used = now
	return now
}

// finish is RPC's third token.
func (p *ticketProof) finish(challenge []byte) (token []byte, more bool, err error) {
	if p.rpc == nil {
		return nil, false, unexpected(stageSignIn, "a challenge to a ticket")
	}
	token, err = p.rpc.Finish(p.line.env.Now(), challenge)
	if err != nil {
		return nil, false, judgeProof(err)
	}
	return token, false, nil
}

// judgeProof tells what it means that a server's answer to a ticket is not as it
// should be.
func judgeProof(err error) *lab.Failure {
	if says, ok := errors.AsType[*kerberos.Error](err); ok {
		return refused(stageSignIn, "server: "+says.Error())
	}
	return unknown(stageSignIn, err)
}

func (p *ticketProof) protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	if p.rpc == nil {
		return nil, errors.New("a ticket shown over HTTP protects nothing")
	}
	return p.rpc.Protector(level)
}

// ticket returns a ticket for the service: one that is at hand and valid, or
// else one that the KDC gives for the ticket-granting ticket. The password is
// used only when that has ended, too.
func (l *line) ticket(ctx context.Context, password string, service kerberos.Name) (*kerberos.Credential, error) {
	w := &l.wallet
	if t := w.tickets[service.String()]; t != nil && t.Valid(l.env.Now()) {
		return t, nil
	}
	conn, err := l.dialKDC(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if w.tgt == nil || !w.tgt.Valid(l.env.Now()) {
		extend(conn, patience)
		w.tgt, err = w.client.SignIn(conn, l.env.Now(), password)
		l.record.kerberos("AS-REQ", err)
		if err != nil {
			return nil, judgeKDC(err)
		}
	}
	extend(conn, patience)
	t, err := w.client.Get(conn, w.moment(l.env.Now()), w.tgt, service)
	l.record.kerberos("TGS-REQ for "+service.Parts[0], err)
	if err != nil {
		return nil, judgeKDC(err)
	}
	w.tickets[service.String()] = t
	return t, nil
}

// dialKDC connects to the KDC, beside the activity's own connections and
// without counting among them.
func (l *line) dialKDC(ctx context.Context) (net.Conn, error) {
	raw, err := l.env.Dial(ctx, l.env.Endpoint.Realm.KDC)
	if err != nil {
		f := unreachable(stageDial, err)
		f.Text = "KDC: " + f.Text // and not the server
		return nil, f
	}
	t := &tracked{Conn: raw, line: l}
	l.mu.Lock()
	l.live[t] = struct{}{}
	l.mu.Unlock()
	if err := ctx.Err(); err != nil { // see dial
		t.Close()
		return nil, unreachable(stageDial, err)
	}
	return t, nil
}

// judgeKDC tells what a failure of an exchange with the KDC means.
func judgeKDC(err error) *lab.Failure {
	var says *kerberos.Error
	if !errors.As(err, &says) {
		return unreachable(stageTicket, err)
	}
	stage := stageTicket
	switch says.Code {
	case kerberos.ErrClientUnknown, kerberos.ErrRevoked, kerberos.ErrKeyExpired, kerberos.ErrPreAuthFailed:
		stage = stageSignIn
	}
	return refused(stage, "KDC: "+says.Error())
}
