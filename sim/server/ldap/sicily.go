package ldap

import (
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"shutout/lab"
	"shutout/sim/server/signin"
)

// Choices of authentication in a bind request: the simple one (RFC 4511,
// section 4.2), and those of Sicily, which carry NTLM (MS-ADTS 5.1.1.1.3).
const (
	authSimple          ber.Tag = 0
	authSicilyDiscovery ber.Tag = 9
	authSicilyNegotiate ber.Tag = 10
	authSicilyResponse  ber.Tag = 11
)

func isSicily(t ber.Tag) bool { return t >= authSicilyDiscovery && t <= authSicilyResponse }

// sicily answers one of the bind requests of a sign-in with NTLM. Where other
// answers have the matched name, these have the server's token. Under is the
// sign-in that the connection's latest bind has begun, if it was one of these.
func (ss *session) sicily(now time.Time, choice ber.Tag, token string, under *signin.Exchange) (result, lab.Decision) {
	switch choice {
	case authSicilyDiscovery:
		return result{dn: "NTLM"}, lab.Decision{} // the packages that there are
	case authSicilyNegotiate:
		under = ss.srv.SignIn.Begin(signin.NTLM)
	}
	if under == nil {
		return result{code: protocolError, text: "a response without a challenge"}, lab.Decision{}
	}
	reply, done := under.Step(now, []byte(token))
	if !done {
		ss.ntlm = under
		return result{dn: string(reply)}, lab.Decision{}
	}
	id := under.Identity()
	if id.User == nil {
		return denied("8009030C", id.Code), id.Decision
	}
	ss.user = id.User.DN()
	return result{}, id.Decision
}
