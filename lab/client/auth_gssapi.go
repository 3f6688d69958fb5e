package client

import (
	"context"

	"shutout/lab/protocol/kerberos"
)

// mechanismGSSAPI is Kerberos as SASL knows it (RFC 4752).
const mechanismGSSAPI = "GSSAPI"

// gssapi presents a ticket over SASL. It gives no name besides the ticket, and
// asks for no protection of what follows: TLS gives that.
type gssapi struct {
	line   *line
	ticket *kerberos.Initiator
	wrap   *kerberos.Wrapper // once the server has proved itself
	token  []byte            // the first
}

// newGSSAPI gets a ticket for a service of the endpoint's host, unless there is
// one at hand, and starts to present it.
func newGSSAPI(ctx context.Context, l *line, password, service string) (*gssapi, error) {
	m, err := newKerberos(l, password, service, l.env.Endpoint.Host)
	if err != nil {
		return nil, err
	}
	ticket, err := l.ticket(ctx, password, m.service)
	if err != nil {
		return nil, err
	}
	w := &l.wallet
	g := &gssapi{line: l, ticket: kerberos.NewMutual(ticket, w.client.Rand)}
	g.token = g.ticket.Token(w.moment(l.env.Now()))
	return g, nil
}

// Start is the first token.
func (g *gssapi) Start() (mechanism string, response []byte, err error) {
	return mechanismGSSAPI, g.token, nil
}

// The security layers that a server offers are bits of the first octet (RFC 4752
// section 3.3); four octets are the whole of what the two agree on.
const (
	noSecurityLayer = 1
	layerOffer      = 4
)

// Next takes the server's proof and then its offer of security layers.
func (g *gssapi) Next(challenge []byte) (response []byte, err error) {
	if g.wrap == nil {
		if _, err := g.ticket.Finish(g.line.env.Now(), challenge); err != nil {
			return nil, judgeProof(err)
		}
		if g.wrap, err = g.ticket.Wrapper(); err != nil {
			return nil, unknown(stageSignIn, err)
		}
		return []byte{}, nil
	}
	offer, err := g.wrap.Unwrap(challenge)
	switch {
	case err != nil:
		return nil, judgeProof(err)
	case len(offer) != layerOffer || offer[0]&noSecurityLayer == 0:
		return nil, refused("auth", "the server insists on a security layer")
	}
	return g.wrap.Wrap([]byte{noSecurityLayer, 0, 0, 0}), nil
}
