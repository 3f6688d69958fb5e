package signin

import (
	"fmt"
	"time"

	"shutout/lab/protocol/oauth"
	"shutout/sim/directory"
)

// bearer looks at an access token. When the server has heard of an event that
// makes it ask for a newer one, the challenge says so, and what the client is
// to show at the sign-in service (continuous access evaluation).
func (a *Web) bearer(now time.Time, token string) (id Identity, challenge string) {
	r := a.w.Cloud.Check(now, a.host, token)
	id.Decision = r.Decision
	if r.User == nil {
		id.Code = directory.BadPassword
		c := oauth.Challenge{SignIn: a.w.SignInURL(), Error: oauth.InvalidToken}
		if r.Challenge {
			c.Error = oauth.InsufficientClaims
			c.Claims = fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now.Unix())
		}
		return id, c.Header()
	}
	var known bool
	if id.User, known = a.cas.DC().Lookup(r.User.SAM); !known {
		id.Code = directory.NoSuchUser
		id.Decision.Allowed, id.Decision.Reason = false, id.Code.String()
	}
	return id, ""
}
