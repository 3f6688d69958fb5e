package client

import (
	"context"
	"fmt"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
)

// A mechanism proves with tokens who its user is: NTLM or Kerberos, over HTTP
// and over RPC alike. One mechanism serves one connection.
type mechanism interface {
	// next takes the server's token, nil at first, and returns the client's.
	// More says that an answer to it is expected. Errors are *lab.Failure: of
	// kind Refused and stage "sign-in" where the password, or the KDC, says no.
	next(ctx context.Context, challenge []byte) (token []byte, more bool, err error)
	// protector protects the RPC connection once the handshake is over.
	protector(level dcerpc.AuthLevel) (dcerpc.Protector, error)
}

// authOf is how an activity's client proves who it is, where it does not say.
func (l *line) authOf(otherwise lab.Auth) lab.Auth {
	switch {
	case l.env.Activity.Client.Auth != "":
		return l.env.Activity.Client.Auth
	case l.env.Endpoint.Tokens != nil:
		return lab.AuthOAuth
	}
	return otherwise
}

// newMechanism starts to prove the line's user to a service ("HTTP",
// "exchangeMDB") on a host, by its name in DNS.
func (l *line) newMechanism(auth lab.Auth, password, service, host string) (mechanism, error) {
	switch auth {
	case lab.AuthNTLM:
		return newNTLM(l, password)
	case lab.AuthKerberos:
		return newKerberos(l, password, service, host)
	}
	return nil, fmt.Errorf("%s proves nothing with tokens", auth)
}
