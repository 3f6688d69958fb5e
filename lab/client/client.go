// Package client holds one wire client per access path. A client speaks the
// path's real protocol over the connections that its lab dials, and cannot
// tell a simulated server from a real one.
//
// Apart from IMAP, whose library reads in the background, everything is
// request and answer in the goroutine that calls Do. All waiting is in a read
// on a dialled connection, with a deadline of whole seconds.
package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shutout/lab"
)

// New returns the client for the access path of env.Activity. The error wraps
// [lab.ErrNotAvailable] when there is no client for that path.
func New(env lab.Env) (lab.Client, error) {
	p, ok := paths[env.Activity.Path]
	if !ok {
		return nil, fmt.Errorf("access path %s: %w", env.Activity.Path, lab.ErrNotAvailable)
	}
	if env.Activity.Client.Auth == lab.AuthOAuth && env.Endpoint.Tokens == nil {
		return nil, fmt.Errorf("access tokens: %w: nobody gives them here", lab.ErrNotAvailable)
	}
	if env.Activity.Client.Auth == lab.AuthKerberos && env.Activity.Path == lab.IMAP && env.Endpoint.Realm == nil {
		return nil, fmt.Errorf("tickets: %w: IMAP takes none here", lab.ErrNotAvailable)
	}
	l := newLine(env)
	behaviour := env.Activity.Client
	return &client{
		path: p, line: l, open: p.open(l),
		never: behaviour.Reconnect == "never", every: behaviour.Every,
	}, nil
}

// A path is how a client for one access path is made.
type path struct {
	can []lab.Capability
	// short paths connect anew for every attempt.
	short bool
	// open returns a function that makes sessions; what they share (a
	// phone's partnership) lives in its closure.
	open func(*line) func() session
}

var paths = map[lab.Path]path{
	// Over OWA the server chooses the Message-ID, so no reply can be told to
	// belong to it.
	lab.OWA:            {can: []lab.Capability{lab.SignIn, lab.Read, lab.Receive, lab.Send}, open: openOWA},
	lab.ActiveSync:     {can: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send, lab.Reply}, open: openActiveSync},
	lab.IMAP:           {can: []lab.Capability{lab.SignIn, lab.Read, lab.Receive}, open: openIMAP},
	lab.POP3:           {can: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive}, short: true, open: openPOP3},
	lab.SMTPSubmission: {can: []lab.Capability{lab.SignIn, lab.Send, lab.Reply}, open: openSubmission},
	lab.SMTPAnonymous:  {can: []lab.Capability{lab.Send, lab.Reply, lab.Harvest}, short: true, open: openAnonymous},
	lab.Pickup:         {can: []lab.Capability{lab.SignIn, lab.Send}, open: openPickup},
	lab.SMTPDirect:     {can: []lab.Capability{lab.Send}, short: true, open: openAnonymous},
	// Outlook and EWS have the server make the Message-ID.
	lab.OutlookRPC:      {can: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send}, open: openOutlookRPC},
	lab.OutlookAnywhere: {can: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send}, open: openOutlookAnywhere},
	lab.MAPIHTTP:        {can: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send}, open: openMAPIHTTP},
	lab.EWS:             {can: []lab.Capability{lab.SignIn, lab.Read, lab.Receive, lab.Send, lab.SetRule}, open: openEWS},
}

// A session is one path's protocol, from signing in to leaving. Its errors
// are *lab.Failure, or *lost when the session is gone.
type session interface {
	// signIn connects and signs in. A refusal of the credentials has the
	// stage "sign-in"; then, and only then, another password is tried, in the
	// same session.
	signIn(ctx context.Context, password string) error
	// do makes one attempt other than sign-in.
	do(ctx context.Context, t lab.Task) error
	// leave says goodbye as the protocol wants it; errors do not matter.
	leave()
	// drop closes what is open without a word.
	drop()
}

// lost says that a session is gone: its connection died, or the server signed
// the client out.
type lost struct {
	*lab.Failure
	// again says that the attempt may be repeated in a new session: nothing
	// of an answer came, and nothing was handed over.
	again bool
}

// client keeps a session open and reuses it, and signs in anew when it is
// gone, as the activity's behaviour wants it.
type client struct {
	path  path
	line  *line
	open  func() session
	never bool          // once refused or cut off, stays so
	every time.Duration // signs in anew by the clock; 0: does not

	session  session // nil: none
	since    time.Time
	password int // the one in use, an index into the login's passwords
	over     *lab.Failure

	ctx    context.Context // the one that heed listens to
	unheed func() bool
}

// Connections tells how many connections were made so far, so that a report
// can say whether a capability went on over the old one.
func (c *client) Connections() int { return c.line.made }

// Kept tells what the program keeps on its own computer; ok is false where it is
// not known to keep anything.
func (c *client) Kept() (k lab.LocalCopy, ok bool) {
	if c.line.kept == nil {
		return lab.LocalCopy{}, false
	}
	return c.line.kept(), true
}

// AppendTranscript appends what was said in the latest attempt.
func (c *client) AppendTranscript(b []byte) []byte { return c.line.record.appendTo(b) }

func (c *client) Close() {
	if c.unheed != nil {
		c.unheed()
	}
	c.forget()
	c.line.hangUp()
}

// heed hangs up when ctx ends, and returns what ends the attempt. Where attempts
// have no time limit they all have the context of the run, and what is open
// between them ends with it, too. A limit is the attempt's own: its context ends
// with the attempt, and the session goes on.
func (c *client) heed(ctx context.Context) (done func()) {
	if _, limited := ctx.Deadline(); limited {
		stop := context.AfterFunc(ctx, c.line.hangUp)
		return func() {
			if !stop() { // the lines have been cut
				c.forget()
			}
		}
	}
	if c.ctx != ctx {
		if c.unheed != nil {
			c.unheed()
		}
		c.ctx, c.unheed = ctx, context.AfterFunc(ctx, c.line.hangUp)
	}
	return func() {}
}

func (c *client) Do(ctx context.Context, t lab.Task) error {
	if !slices.Contains(c.path.can, t.Capability) {
		return fmt.Errorf("%s over %s: %w", t.Capability, c.line.env.Activity.Path, lab.ErrNotAvailable)
	}
	c.line.record.begin()
	if t.Capability == lab.ReadLocal {
		return c.readLocal()
	}
	if c.over != nil {
		return c.over
	}
	if (t.Capability == lab.Send || t.Capability == lab.Reply) && c.line.env.Activity.Client.Script {
		if f := guard(c.line.env); f != nil {
			return f
		}
	}
	defer c.heed(ctx)()
	var err error
	if t.Capability == lab.SignIn {
		err = c.try(ctx)
	} else {
		err = c.attempt(ctx, t)
	}
	if err == nil {
		return nil
	}
	f := failure(err, string(t.Capability))
	if ctx.Err() != nil {
		c.forget()
		text := "cut off before the answer came"
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			text = "no answer in time"
		}
		return &lab.Failure{Kind: lab.Unknown, Stage: f.Stage, Text: text}
	}
	f = &lab.Failure{Kind: f.Kind, Stage: f.Stage, Text: tidy(f.Text, c.line.secrets()), Absent: f.Absent}
	if c.never && c.final(f) {
		c.over = f
		c.forget()
	}
	return f
}

// readLocal opens what the program keeps on its own computer.
func (c *client) readLocal() error {
	k, _ := c.Kept()
	switch {
	case k.Messages > 0:
		return nil
	case k.Erased:
		return errWiped
	default:
		return refused(string(lab.ReadLocal), "no mail is kept on this computer")
	}
}

// final tells whether a client that never reconnects has nothing left to try:
// any failure but an answer within an open session.
func (c *client) final(f *lab.Failure) bool {
	switch {
	case f.Kind == lab.Unreachable:
		return true
	case c.path.short:
		return f.Kind != lab.Refused || f.Stage == stageSignIn
	default:
		return c.session == nil
	}
}

// failure takes an attempt's error apart.
func failure(err error, stage string) *lab.Failure {
	var l *lost
	if errors.As(err, &l) {
		return l.Failure
	}
	var f *lab.Failure
	if errors.As(err, &f) {
		return f
	}
	return &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: err.Error()}
}

// try signs in to a session of its own and leaves it.
func (c *client) try(ctx context.Context) error {
	s := c.open()
	defer s.drop()
	if err := c.signIn(ctx, s); err != nil {
		return err
	}
	s.leave()
	return nil
}

func (c *client) attempt(ctx context.Context, t lab.Task) error {
	if c.session != nil && c.every > 0 && c.line.env.Now().Sub(c.since) >= c.every {
		c.forget()
	}
	for {
		reused := c.session != nil
		if !reused {
			s := c.open()
			if err := c.signIn(ctx, s); err != nil {
				s.drop()
				return err
			}
			c.session, c.since = s, c.line.env.Now()
		}
		err := c.session.do(ctx, t)
		var gone *lost
		dead := errors.As(err, &gone)
		if c.path.short && !dead {
			c.session.leave()
		}
		if c.path.short || dead {
			c.forget()
		}
		if !dead || !gone.again || !reused || c.never || ctx.Err() != nil {
			return err
		}
	}
}

// signIn tries the password in use and, when that is refused, every other one
// once. It reports the first refusal, which speaks about the password in use.
func (c *client) signIn(ctx context.Context, s session) error {
	passwords := c.line.passwords()
	switch {
	case len(passwords) > 0:
	case c.line.env.Login.Overheard != nil:
		return refused(stageSignIn, "no password has been overheard")
	default:
		return s.signIn(ctx, "")
	}
	var first error
	for i := range passwords {
		k := (c.password + i) % len(passwords)
		err := s.signIn(ctx, passwords[k])
		if err == nil {
			c.password = k
			return nil
		}
		if f := failure(err, stageSignIn); f.Kind != lab.Refused || f.Stage != stageSignIn {
			return err
		}
		if first == nil {
			first = err
		}
		if c.never {
			break
		}
	}
	return first
}

func (c *client) forget() {
	if c.session != nil {
		c.session.drop()
		c.session = nil
	}
}
