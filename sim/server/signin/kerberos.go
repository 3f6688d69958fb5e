package signin

import (
	"errors"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/kerberos"
	"shutout/sim/directory"
)

// kerberosAcceptor takes service tickets. It asks no domain controller whether
// the account may still sign in: the ticket says who it is, and until when
// (L2). The directory is asked for the account's name alone.
type kerberosAcceptor struct {
	s    *Server
	peer *kerberos.Acceptor // whose last token of three is due
	id   Identity
}

func newKerberos(s *Server) acceptor { return &kerberosAcceptor{s: s} }

func (a *kerberosAcceptor) step(now time.Time, token []byte) (reply []byte, done bool) {
	if a.peer != nil {
		if err := a.peer.Finish(token); err != nil {
			a.id = a.refuse(now, "the client did not finish the Kerberos exchange")
		}
		return nil, true
	}
	peer, err := kerberos.Accept(a.s.w.Dir.ServiceKey(a.s.host), token)
	if err != nil {
		a.id = a.refuse(now, "service ticket refused: "+kerberos.Reason(err))
		return nil, true
	}
	if a.id = a.check(now, peer); a.id.User == nil {
		return nil, true
	}
	reply, more := peer.Reply(a.s.rand)
	a.peer = peer
	return reply, !more
}

// check decides about a ticket that this server could read.
func (a *kerberosAcceptor) check(now time.Time, peer *kerberos.Acceptor) Identity {
	skew := a.s.w.Params.Kerberos.ClockSkew
	if err := peer.CheckTimes(now, skew); err != nil {
		id := a.refuse(now, "service ticket refused: "+kerberos.Reason(err))
		id.Decision.Since, id.Decision.Until = peer.AuthTime, kerberos.Lapse(peer.End)
		return id
	}
	if !a.s.tickets.add(now, peer.ID, skew) {
		return a.refuse(now, "service ticket refused: "+kerberos.Reason(&kerberos.Error{Code: kerberos.ErrRepeat}))
	}
	user, ok := a.s.w.Dir.DCFor(a.s.host).Principal(peer.Client.String())
	if !ok {
		id := a.refuse(now, "service ticket of an account that does not exist")
		id.Code = directory.NoSuchUser
		return id
	}
	return Identity{User: user, Decision: lab.Decision{
		At: now, Layer: lab.LayerTicket, Server: a.s.host, Allowed: true,
		Reason: "service ticket accepted, account not looked at",
		Since:  peer.AuthTime, Until: kerberos.Lapse(peer.End),
	}}
}

func (a *kerberosAcceptor) refuse(now time.Time, why string) Identity {
	id := a.s.refuse(now, why)
	id.Decision.Layer = lab.LayerTicket
	return id
}

func (a *kerberosAcceptor) identity() Identity { return a.id }

func (a *kerberosAcceptor) protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	if a.peer == nil {
		return nil, errors.New("no ticket has been accepted")
	}
	return a.peer.Protector(level)
}

// replays remembers the tickets that were presented lately, so that nobody can
// show what he has overheard (RFC 4120 section 3.2.3).
type replays struct {
	seen  map[[16]byte]struct{}
	order []presentation // the oldest first
}

type presentation struct {
	at time.Time
	id [16]byte
}

// maxReplays bounds what is remembered; the oldest go first.
const maxReplays = 10000

// add notes a presentation, and tells whether it is the first of its kind. Those
// whose time, even on a wrong clock, is too old to be taken again are
// forgotten.
func (r *replays) add(now time.Time, id [16]byte, skew time.Duration) bool {
	n := max(0, len(r.order)+1-maxReplays)
	for n < len(r.order) && now.Sub(r.order[n].at) > 2*skew {
		n++
	}
	for _, old := range r.order[:n] {
		delete(r.seen, old.id)
	}
	r.order = r.order[n:]
	if _, again := r.seen[id]; again {
		return false
	}
	if r.seen == nil {
		r.seen = map[[16]byte]struct{}{}
	}
	r.seen[id] = struct{}{}
	r.order = append(r.order, presentation{now, id})
	return true
}
