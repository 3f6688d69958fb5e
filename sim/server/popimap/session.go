package popimap

import (
	"errors"
	"strconv"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/timeline"
)

// Why a sign-in or a command is refused. What the client is told says less;
// the decision that is recorded with it says more.
var (
	ErrCredentials = errors.New("the directory refused the credentials")
	ErrConnections = errors.New("the user has too many connections")
	ErrMailbox     = errors.New("the mailbox may not be used")
	ErrEnded       = errors.New("the connection is being closed")
)

// session is what a client has after it has signed in.
type session struct {
	user    string // sAMAccountName
	since   time.Time
	checked time.Time
	mailbox *store.Session // nil before the sign-in and after the end
	place   *clientaccess.Session
	token   *lab.Decision   // what admitted the access token that was shown; nil: a password was
	lapse   *timeline.Event // the token's end, if it is the connection's
}

func (x *session) leave(now time.Time) {
	if x.mailbox != nil {
		x.mailbox.Close(now)
		x.place.Close()
		x.mailbox = nil
	}
}

// SignIn checks a user's password at the domain controller that this server
// uses and opens the mailbox. That is done once in a connection: nothing asks
// for the password again, see [Conn.Use].
func (c *Conn) SignIn(user, password string) error {
	w, s := c.s.World, c.s
	w.Lock()
	defer w.Unlock()
	now := w.Now()
	cas := w.CAS.Server(s.Host)
	if w.Cloud != nil {
		w.Record(c, c.refused(now, "Basic authentication is off"))
		return ErrCredentials
	}
	logon := cas.DC().Logon(now, user, password, directory.Cleartext)
	w.Record(c, logon.Decision)
	if !logon.Decision.Allowed || logon.Object == nil {
		return ErrCredentials
	}
	return c.admit(now, logon.Object.SAM())
}

// SignInToken is [Conn.SignIn] with an access token. Where the profile has it
// so, the connection ends when the token does.
func (c *Conn) SignInToken(user, token string) error {
	w, s := c.s.World, c.s
	w.Lock()
	defer w.Unlock()
	now := w.Now()
	if w.Cloud == nil {
		w.Record(c, c.refused(now, "access tokens are not taken here"))
		return ErrCredentials
	}
	r := w.Cloud.CheckFor(now, s.Host, user, token)
	w.Record(c, r.Decision)
	if r.User == nil {
		return ErrCredentials
	}
	if err := c.admit(now, r.User.SAM); err != nil {
		return err
	}
	c.token = &r.Decision
	if w.Params.PopImap.EndsWithToken {
		c.lapse = w.TL.At(r.Until, 0, func(now time.Time) { c.End(TokenExpired) })
	}
	return nil
}

func (c *Conn) refused(now time.Time, reason string) lab.Decision {
	return lab.Decision{At: now, Layer: lab.LayerConnection, Server: c.s.Host, Reason: reason}
}

// admit opens the mailbox of a user who has signed in.
func (c *Conn) admit(now time.Time, sam string) error {
	w, s := c.s.World, c.s
	cas := w.CAS.Server(s.Host)
	if limit := w.Params.PopImap.ConnectionsPerUser; s.connections(sam) >= limit {
		d := c.refused(now, "too many connections of one user")
		d.Rule = "MaxConnectionsPerUser " + strconv.Itoa(limit)
		w.Record(c, d)
		return ErrConnections
	}
	mailbox, d := c.open(now, sam)
	w.Record(c, d)
	if mailbox == nil {
		return ErrMailbox
	}
	mailbox.OnSever(func(string) { c.End(Severed) })
	c.session = session{
		user: sam, since: now, checked: now, mailbox: mailbox,
		place: cas.OpenSession(now, s.Name, sam, func(time.Time, string) { c.End(Severed) }),
	}
	c.place.Tell = c.why
	c.mu.Lock()
	defer c.mu.Unlock()
	c.member = true
	return nil
}

func (c *Conn) open(now time.Time, sam string) (*store.Session, lab.Decision) {
	w := c.s.World
	return w.Store.Logon(now, store.Request{
		User: sam, Protocol: c.s.Protocol, Cache: w.CAS.Server(c.s.Host).Directory(), Owner: network.Owner(c),
	})
}

// RefuseClear records that a password was not taken because it came in the
// clear.
func (c *Conn) RefuseClear() {
	c.s.World.Do(func(now time.Time) {
		c.s.World.Record(c, lab.Decision{
			At: now, Layer: lab.LayerConnection, Server: c.s.Host,
			Reason: "password in the clear refused", Rule: "LoginType SecureLogin",
		})
	})
}

// Use is the start of whatever a client that has signed in does: it returns
// the open mailbox, and records why the client is still let in. The world's
// lock is held.
func (c *Conn) Use(now time.Time) (*store.Session, error) {
	if c.mailbox == nil || c.Over() != Open {
		return nil, ErrEnded
	}
	limit := c.s.World.Params.PopImap.SessionRevalidate
	if limit != profile.Never && now.Sub(c.checked) >= limit {
		if !c.revalidate(now) {
			c.End(Severed)
			return nil, ErrEnded
		}
		c.checked = now
	}
	c.s.World.Record(c, c.why(now))
	return c.mailbox, nil
}

// why is the record that a client goes on because it has signed in.
func (c *Conn) why(now time.Time) lab.Decision {
	d := lab.Decision{
		At: now, Layer: lab.LayerConnection, Server: c.s.Host, Allowed: true, Since: c.since,
		Reason: "signed in once on this connection, never asked again",
	}
	if limit := c.s.World.Params.PopImap.SessionRevalidate; limit != profile.Never {
		d.Reason, d.Rule = "signed in on this connection", "checked again every "+lab.Duration(limit)
		d.Renewed, d.Until = c.checked, c.checked.Add(limit)
	}
	if c.token != nil {
		d.Layer, d.Reason, d.Rule = lab.LayerCloudToken, "signed in with an access token on this connection", c.token.Rule
		d.Since, d.Renewed = c.token.Since, c.token.Renewed
		if c.s.World.Params.PopImap.EndsWithToken {
			d.Until = c.token.Until
		}
	}
	return d
}

// revalidate asks the directory and the store anew whether the user may be
// here, without a password.
func (c *Conn) revalidate(now time.Time) bool {
	w := c.s.World
	dc := w.CAS.Server(c.s.Host).DC()
	code := directory.NoSuchUser
	if o, ok := dc.Lookup(c.user); ok {
		code = dc.Restriction(now, o)
	}
	w.Record(c, lab.Decision{
		At: now, Layer: lab.LayerDirectory, Server: dc.Host(), Allowed: code == directory.OK, Reason: code.String(),
		Rule: "open session checked again",
	})
	if code != directory.OK {
		return false
	}
	again, d := c.open(now, c.user)
	w.Record(c, d)
	if again == nil {
		return false
	}
	again.Close(now)
	return true
}
