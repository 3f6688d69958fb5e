package rpc

import (
	"strconv"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/sim/server/signin"
)

// mechanisms are the security providers that a bind may name.
var mechanisms = map[dcerpc.AuthType]signin.Mechanism{
	dcerpc.AuthNTLM:      signin.NTLM,
	dcerpc.AuthKerberos:  signin.Kerberos,
	dcerpc.AuthNegotiate: signin.Negotiate,
}

// refusal is why a bind is refused as a whole.
type refusal int

const (
	accepted refusal = iota
	refusedType
	refusedUser
)

// signIn takes the authentication of a bind or alter_context one step further
// and returns what the answer carries. Authentication begins in the bind or
// not at all; an alter_context only goes on with it.
func (a *association) signIn(t *dcerpc.Auth, alter bool) (*dcerpc.Auth, refusal) {
	switch {
	case t == nil:
		if !alter {
			a.user = a.User // who has signed in below, if anybody
		}
		return nil, accepted
	case !alter:
		mechanism, ok := mechanisms[t.Type]
		if !ok || !level(t.Level) {
			return nil, refusedType
		}
		a.auth = &dcerpc.Auth{Type: t.Type, Level: t.Level, ContextID: t.ContextID}
		a.exchange = a.s.signin.Begin(mechanism)
	}
	token, ok := a.step(t)
	if !ok {
		return nil, refusedUser
	}
	if len(token) == 0 {
		return nil, accepted
	}
	answer := *a.auth
	answer.Token = token
	return &answer, accepted
}

// level tells whether there is such an authentication level.
func level(l dcerpc.AuthLevel) bool {
	switch l {
	case dcerpc.LevelConnect, dcerpc.LevelPacket, dcerpc.LevelIntegrity, dcerpc.LevelPrivacy:
		return true
	}
	return false
}

// step gives the sign-in the client's next token. Ok is false when it is over
// and has failed.
func (a *association) step(t *dcerpc.Auth) (token []byte, ok bool) {
	if a.exchange == nil || t.Type != a.auth.Type || t.Level != a.auth.Level || t.ContextID != a.auth.ContextID {
		return nil, false
	}
	var done bool
	a.s.w.Do(func(now time.Time) { token, done = a.exchange.Step(now, t.Token) })
	if !done {
		return token, true
	}
	x := a.exchange
	a.exchange = nil
	id := x.Identity()
	a.s.w.Record(a.Conn, id.Decision)
	if id.User == nil {
		return nil, false
	}
	if t.Level >= dcerpc.LevelPacket {
		p, err := x.Protector(t.Level)
		if err != nil {
			return nil, false
		}
		// Nothing is on its way: nobody could call so far.
		a.rpc.Protect(*a.auth, p)
	}
	a.user = id.User
	return token, true
}

// finishSignIn takes the token of an rpc_auth_3, to which there is no answer: a
// refusal shows in the first call (MS-RPCE 3.3.1.5.2).
func (a *association) finishSignIn(p *dcerpc.PDU) error {
	if p.Auth == nil || a.exchange == nil {
		return errProtocol
	}
	a.step(p.Auth)
	a.exchange = nil
	return nil
}

// open tells whether anybody may call: the endpoint mapper asks nobody who he
// is.
func (a *association) open() bool { return a.Path == "" }

// secondaryAddress is the port that the connection came to, as bind_ack tells
// it (C706 12.6.4.4).
func (a *association) secondaryAddress() string {
	if a.open() {
		return strconv.Itoa(dcerpc.EndpointMapperPort)
	}
	return strconv.Itoa(a.s.port)
}
