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
	logon := cas.DC().Logon(now, user, password, directory.Cleartext)
	w.Record(c, logon.Decision)
	if !logon.Decision.Allowed || logon.Object == nil {
		return ErrCredentials
	}
	sam := logon.Object.SAM()
	if limit := w.Params.PopImap.ConnectionsPerUser; s.connections(sam) >= limit {
		w.Record(c, lab.Decision{
			At: now, Layer: lab.LayerConnection, Server: s.Host,
			Reason: "too many connections of one user", Rule: "MaxConnectionsPerUser " + strconv.Itoa(limit),
		})
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
	d := lab.Decision{
		At: now, Layer: lab.LayerConnection, Server: c.s.Host, Allowed: true, Since: c.since,
		Reason: "signed in once on this connection, never asked again",
	}
	if limit != profile.Never {
		d.Reason, d.Rule = "signed in on this connection", "checked again every "+lab.Duration(limit)
		d.Renewed, d.Until = c.checked, c.checked.Add(limit)
	}
	c.s.World.Record(c, d)
	return c.mailbox, nil
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
