package cloud

import (
	"fmt"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
)

// codeLife is how long an authorisation code may be redeemed (RFC 6749 section
// 4.1.2).
const codeLife = 10 * time.Minute

// minSweep keeps a small table from being searched for lapsed tokens.
const minSweep = 256

// Client is the program that asks for tokens.
type Client struct {
	ID       string
	Redirect string // where its code was sent
	// Browser says that a web application keeps the tokens and not a device.
	Browser bool
	// CAE says that it follows continuous access evaluation (the capability cp1).
	CAE bool
}

// code is an authorisation code.
type code struct {
	user   *User
	client Client
	issued time.Time
}

// grant is a sign-in that a refresh token stands for.
type grant struct {
	user    *User
	client  Client
	browser bool
	signed  time.Time // in
	used    time.Time // last
	access  string    // the newest access token
}

// accessToken is what an access token says.
type accessToken struct {
	user          *User
	signed        time.Time // in with the password
	issued, until time.Time
	cae           bool
}

// Tokens is what a client is given.
type Tokens struct {
	Access, Refresh string
	Lifetime        time.Duration
}

// Problem is why the sign-in service refuses, with the number that Entra ID
// gives it.
type Problem struct {
	Number int    // AADSTS50126
	Text   string // what it is, in a few words
}

func (p *Problem) Error() string { return fmt.Sprintf("%s (AADSTS%d)", p.Text, p.Number) }

// Why a sign-in or a refresh token is refused (Entra authentication and
// authorization error codes).
var (
	noSuchUser    = Problem{50034, "no such user"}
	wrongPassword = Problem{50126, "wrong password"}
	signInBlocked = Problem{50057, "sign-in blocked"}
	revoked       = Problem{50173, "refresh token revoked"}
	expired       = Problem{700082, "refresh token expired"}
	unknown       = Problem{9002313, "no such token"}
	codeLapsed    = Problem{70008, "authorisation code expired"}
	deviceOff     = Problem{135011, "device disabled"}
)

// SignIn checks a name and a password at the sign-in form.
func (t *Tenant) SignIn(now time.Time, name, password string) (*User, lab.Decision, *Problem) {
	u, ok := t.User(name)
	switch {
	case !ok || u.deleted:
		return t.refuse(now, noSuchUser)
	case u.hash == "" || u.hash != directory.HashPassword(password):
		return t.refuse(now, wrongPassword)
	}
	if p := t.barred(now, u); p != nil {
		return t.refuse(now, *p)
	}
	return u, lab.Decision{At: now, Layer: lab.LayerDirectory, Server: t.host, Allowed: true, Reason: "password accepted"}, nil
}

// refuse is a refusal of a password.
func (t *Tenant) refuse(now time.Time, p Problem) (*User, lab.Decision, *Problem) {
	return nil, lab.Decision{At: now, Layer: lab.LayerDirectory, Server: t.host, Reason: p.Error()}, &p
}

// barred tells why an account may not have tokens now.
func (t *Tenant) barred(now time.Time, u *User) *Problem {
	switch {
	case u.deleted:
		return new(noSuchUser)
	case !u.blocked.IsZero() && !now.Before(u.blocked):
		return new(signInBlocked)
	}
	return nil
}

// Code gives a user who has signed in a code for a client.
func (t *Tenant) Code(now time.Time, u *User, c Client) string {
	for id, old := range t.codes {
		if now.Sub(old.issued) >= codeLife {
			delete(t.codes, id)
		}
	}
	id := t.handle()
	t.codes[id] = &code{u, c, now}
	return id
}

// Redeem gives a client tokens for a code. A code is good once, and for the
// client and the address that it was made for (RFC 6749 section 4.1.3).
func (t *Tenant) Redeem(now time.Time, id string, c Client) (Tokens, lab.Decision, *Problem) {
	k, ok := t.codes[id]
	delete(t.codes, id)
	if !ok || now.Sub(k.issued) >= codeLife || k.client.ID != c.ID || k.client.Redirect != c.Redirect {
		return t.deny(now, codeLapsed, nil)
	}
	if p := t.barred(now, k.user); p != nil {
		return t.deny(now, *p, nil)
	}
	k.client.CAE = k.client.CAE || c.CAE
	g := &grant{user: k.user, client: k.client, browser: c.Browser, signed: now, used: now}
	refresh := t.handle()
	t.grants[refresh] = g
	return t.issue(now, refresh, g), t.granted(now, g, "tokens given for a code"), nil
}

// Refresh gives a client a new access token for its refresh token.
func (t *Tenant) Refresh(now time.Time, refresh string) (Tokens, lab.Decision, *Problem) {
	g, ok := t.grants[refresh]
	if !ok {
		return t.deny(now, unknown, nil)
	}
	if p := t.barred(now, g.user); p != nil {
		return t.deny(now, *p, g) // a block may be taken back
	}
	if why := t.dead(now, g); why != nil {
		delete(t.grants, refresh)
		return t.deny(now, *why, g)
	}
	return t.issue(now, refresh, g), t.granted(now, g, "refresh token accepted"), nil
}

// dead tells why a refresh token is good no more.
func (t *Tenant) dead(now time.Time, g *grant) *Problem {
	switch {
	case g.signed.Before(g.user.validFrom):
		return &Problem{revoked.Number, revoked.Text + ": " + g.user.why}
	case t.p.RefreshToken != profile.Never && !now.Before(g.used.Add(t.p.RefreshToken)):
		return new(expired)
	case !g.browser && g.signed.Before(g.user.devicesOff):
		return new(deviceOff)
	}
	return nil
}

// issue makes an access token.
func (t *Tenant) issue(now time.Time, refresh string, g *grant) Tokens {
	t.sweep(now)
	a := &accessToken{user: g.user, signed: g.signed, issued: now, cae: t.p.CAE && g.client.CAE}
	life := t.p.AccessToken
	if a.cae {
		life = t.p.CAEToken
	}
	a.until = now.Add(life)
	g.access, g.used = t.handle(), now
	t.access[g.access] = a
	return Tokens{Access: g.access, Refresh: refresh, Lifetime: life}
}

// sweep forgets tokens that have lapsed so long ago that nobody shows them.
func (t *Tenant) sweep(now time.Time) {
	if len(t.access)+len(t.grants) < t.sweepAt {
		return
	}
	for id, a := range t.access {
		if now.Sub(a.until) >= t.p.AccessToken {
			delete(t.access, id)
		}
	}
	for id, g := range t.grants {
		if life := t.p.RefreshToken; life != profile.Never && now.Sub(g.used) >= 2*life {
			delete(t.grants, id)
		}
	}
	t.sweepAt = max(minSweep, 2*(len(t.access)+len(t.grants)))
}

func (t *Tenant) granted(now time.Time, g *grant, reason string) lab.Decision {
	d := lab.Decision{
		At: now, Layer: lab.LayerRefreshToken, Server: t.host, Allowed: true, Reason: reason, Since: g.signed,
	}
	if t.p.RefreshToken != profile.Never {
		d.Rule, d.Until = "for "+lab.Duration(t.p.RefreshToken), now.Add(t.p.RefreshToken)
	}
	return d
}

func (t *Tenant) deny(now time.Time, p Problem, g *grant) (Tokens, lab.Decision, *Problem) {
	d := lab.Decision{At: now, Layer: lab.LayerRefreshToken, Server: t.host, Reason: p.Error()}
	if g != nil {
		d.Since = g.signed
	}
	return Tokens{}, d, &p
}

// Access is what a server makes of an access token.
type Access struct {
	User     *User // nil: refused
	Decision lab.Decision
	Until    time.Time // when it expires
	// Challenge says that the server has heard of an event: it asks for a token
	// from after that (a claims challenge).
	Challenge bool
}

// Check has a server look at an access token. It asks nobody: what counts is
// what the token says and, with continuous access evaluation, the events that
// the server has heard of.
func (t *Tenant) Check(now time.Time, server, token string) Access {
	r := Access{Decision: lab.Decision{At: now, Layer: lab.LayerCloudToken, Server: server}}
	d := &r.Decision
	a, ok := t.access[token]
	if !ok {
		d.Reason = "access token unknown"
		return r
	}
	d.Since, d.Renewed, d.Until = a.signed, a.issued, a.until
	d.Rule = "for " + lab.Duration(a.until.Sub(a.issued))
	if a.cae {
		d.Rule += ", events heard of within " + lab.Duration(t.p.CAEDelay)
		if e, heard := a.user.heard(now, a.issued, t.p.CAEDelay); heard {
			d.Reason, d.Until, r.Challenge = "access token refused: "+e.what, time.Time{}, true
			return r
		}
	}
	if !now.Before(a.until) {
		d.Reason = "access token expired"
		return r
	}
	d.Allowed, d.Reason = true, "access token accepted"
	r.User, r.Until = a.user, a.until
	return r
}

// CheckFor is [Tenant.Check] for a client that names its user beside the token,
// as SASL has it.
func (t *Tenant) CheckFor(now time.Time, server, user, token string) Access {
	r := t.Check(now, server, token)
	if named, ok := t.User(user); r.User != nil && (!ok || named != r.User) {
		r.User, r.Decision.Allowed, r.Decision.Reason = nil, false, "the access token is another user's"
	}
	return r
}

// Session is [Tenant.Check] for a web application that keeps a user's tokens:
// it shows the newest access token, and gets another one when that is refused.
// The decisions are in order.
func (t *Tenant) Session(now time.Time, server, refresh string) (Access, []lab.Decision) {
	g, ok := t.grants[refresh]
	if !ok {
		_, d, _ := t.deny(now, unknown, nil)
		return Access{Decision: d}, []lab.Decision{d}
	}
	r := t.Check(now, server, g.access)
	if r.User != nil {
		return r, []lab.Decision{r.Decision}
	}
	all := []lab.Decision{r.Decision}
	_, d, p := t.Refresh(now, refresh)
	all = append(all, d)
	if p != nil {
		return Access{Decision: d}, all
	}
	r = t.Check(now, server, g.access)
	return r, append(all, r.Decision)
}
