package signin

import (
	"errors"

	"shutout/lab/protocol/kerberos"
)

// GSSAPI is the server's side of SASL's mechanism of that name (RFC 4752): a
// ticket is presented, the server proves itself, and the two agree that nothing
// is protected afterwards. It is a sasl.Server.
type GSSAPI struct {
	s    *Server
	x    *Exchange
	wrap *kerberos.Wrapper // once the server has proved itself
	sent bool              // the offer has been
}

// MechanismGSSAPI is the name by which SASL knows it.
const MechanismGSSAPI = "GSSAPI"

// GSSAPI begins a sign-in with a ticket.
func (s *Server) GSSAPI() *GSSAPI { return &GSSAPI{s: s, x: s.Begin(Kerberos)} }

// Identity is who has signed in, or why nobody has.
func (g *GSSAPI) Identity() Identity { return g.x.Identity() }

// noLayer is the security layer "none", and the answer's length (RFC 4752
// section 3.3).
const (
	noLayer    = 1
	answerSize = 4
)

var (
	errTicket  = errors.New("the ticket is refused")
	errBadStep = errors.New("not an answer to the offer of security layers")
	errOther   = errors.New("acting for somebody else")
)

// Next takes the client's response. The world's lock is not held.
func (g *GSSAPI) Next(response []byte) (challenge []byte, done bool, err error) {
	g.s.w.Lock()
	defer g.s.w.Unlock()
	switch {
	case g.wrap == nil && response == nil:
		return []byte{}, false, nil // the ticket did not come with the command
	case g.wrap == nil:
		return g.present(response)
	case !g.sent && len(response) > 0:
		return nil, true, errBadStep
	case !g.sent:
		g.sent = true
		return g.wrap.Wrap([]byte{noLayer, 0, 0, 0}), false, nil
	}
	answer, err := g.wrap.Unwrap(response)
	switch {
	case err != nil:
		return nil, true, err
	case len(answer) < answerSize || answer[0] != noLayer:
		return nil, true, errBadStep
	case len(answer) > answerSize && !sameUser(string(answer[answerSize:]), g.Identity()):
		return nil, true, errOther
	}
	return nil, true, nil
}

// present takes the ticket.
func (g *GSSAPI) present(token []byte) (challenge []byte, done bool, err error) {
	reply, over := g.x.Step(g.s.w.Now(), token)
	a, ok := g.x.acceptor.(*kerberosAcceptor)
	if !over || !ok || g.Identity().User == nil || a.peer == nil {
		return nil, true, errTicket
	}
	if g.wrap, err = a.peer.Wrapper(); err != nil {
		return nil, true, errTicket // the client did not ask the server to prove itself
	}
	return reply, false, nil
}

// sameUser tells whether a name is that of who has signed in.
func sameUser(name string, id Identity) bool {
	return name == id.User.SAM() || name == id.User.UPN()
}
