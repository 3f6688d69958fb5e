package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// A Lab is an environment that a scenario plays in: the simulation, real
// servers in containers, or a real Exchange lab. It is made for one run and
// closed after it.
type Lab interface {
	// Name is the word that reports use: "sim", "containers", ….
	Name() string
	// Cast tells who and what exists here, passwords included.
	Cast() *Cast
	// Clock is the time that the lab lives in.
	Clock() Clock
	// Endpoint tells where who reaches mail over path. It returns an error
	// that wraps [ErrNotAvailable] when this lab has no such path.
	Endpoint(who *Person, path Path) (Endpoint, error)
	// Dial connects to addr ("cas1:443") from a host of the cast, on behalf
	// of the activity called owner. The far end sees the host's own address.
	Dial(ctx context.Context, owner, from, addr string) (net.Conn, error)
	// Apply carries out one mitigation. The lab's answer to an action that it
	// does not know wraps [ErrNotAvailable].
	Apply(ctx context.Context, a Action) Outcome
	// Probe has a message from outside delivered to who, so that a client
	// can show that it still receives. It returns the subject to look for.
	Probe(ctx context.Context, who *Person) (subject string, err error)
	Close() error
}

// Simulation is the name of the lab whose servers are simulated.
const Simulation = "sim"

// ErrNotAvailable says that a lab has no such path or mitigation; what needed
// it gets the verdict n/a.
var ErrNotAvailable = errors.New("not available in this lab")

// An Explainer is a lab that can tell which layer granted or refused what an
// activity did. The simulation can; a real server mostly cannot.
type Explainer interface {
	// Decisions returns the decisions made for owner since the previous call,
	// oldest first, and forgets them.
	Decisions(owner string) []Decision
}

// A ReplyWatcher is a lab that can tell whether a mailbox answered a message
// by itself.
type ReplyWatcher interface {
	// AutomaticReply tells what became of the automatic reply to the message
	// with this Message-ID, which owner sent: whether one was made, and where
	// it is now ("queued for dead.example, Retry"). An error means that nobody
	// could look; it wraps [ErrNotAvailable] where nobody ever can.
	AutomaticReply(ctx context.Context, owner, messageID string) (state string, made bool, err error)
}

// An Introducer is a lab that wants to know whose doing an activity is: where a
// firewall lets in people and not only computers, it depends on who is logged
// on to the computer that calls.
type Introducer interface {
	// Introduce tells that who acts as the activity called owner.
	Introduce(owner string, who *Person)
}

// An Eavesdropper is a lab in which somebody can listen to what others send.
type Eavesdropper interface {
	// Eavesdrop has a host of the cast listen on its network segment from now
	// on. What it returns tells which passwords somebody's programs have sent
	// in the clear, the newest first.
	Eavesdrop(from string, who *Person) (overheard func() []string)
}

// A MailTracker is a lab that can tell what became of a message.
type MailTracker interface {
	// Whereabouts tells where the message with this subject, which owner sent,
	// is now ("queued for partner.example, Suspended"), and whether it has
	// arrived where the organisation has no more to do with it. An error means
	// that nobody could look; it wraps [ErrNotAvailable] where nobody ever can.
	Whereabouts(ctx context.Context, owner, subject string) (state string, arrived bool, err error)
}

// A Paced lab lives in real time, where an answer and a delivery take a while.
// In any other lab both are there before the clock moves.
type Paced interface {
	Pace() Pace
}

// Pace is how long things may take in a lab.
type Pace struct {
	// Attempt is how long one attempt may take; then it is cut off. 0: as long
	// as its client waits.
	Attempt time.Duration
	// Delivery is how long a message may be on its way into a mailbox. A client
	// that does not see it looks again until then.
	Delivery time.Duration
	// Watch is how long a sweep waits, after its attempts, for what leaves
	// later. 0: an hour.
	Watch time.Duration
}

// A Guarded lab lets mail go to some addresses only: behind those of others may
// be somebody who has nothing to do with the lab.
type Guarded interface {
	// MayWriteTo returns an error that wraps [ErrNotAvailable] if no mail may go
	// to an address, be it as an answer.
	MayWriteTo(address string) error
}

// Clock is a lab's time. In the simulation it is virtual: it moves only while
// Run plays, and only when the lab is at rest.
type Clock interface {
	Now() time.Time
	// At has f called at t, in a goroutine of its own that the clock waits
	// for. Of two calls for one instant the one with the lower class runs
	// first, then the one that was made first. Owner is the activity that f
	// acts for; it may be empty.
	At(t time.Time, class int, owner string, f func(ctx context.Context))
	// Run plays everything due up to and at until, then returns. It may be
	// called again to play on. Work that is still in flight when the lab is
	// closed is cut off by its context.
	Run(ctx context.Context, until time.Time) error
}

// Classes order what happens at one and the same instant: the SOP step comes
// before the attempts.
const (
	ClassStep    = 1
	ClassAttempt = 2
)

// Endpoint is where a person reaches mail over a path.
type Endpoint struct {
	Addr string // "cas1:443", for Lab.Dial
	Host string // the name that the certificate carries and the Host header asks for
	// Security is how the connection is protected.
	Security Security
	// Plain is the address without TLS, where there is one.
	Plain string
	TLS   *tls.Config // roots, and the lab's clock
	// Server is the host that holds Outlook's session, where that is another
	// one than Host: the RPC server behind the proxy of Outlook Anywhere.
	Server string
	// Autodiscover is the host that tells Outlook where its mailbox is, where
	// that is another one than Host, as the directory or DNS name it.
	Autodiscover string
	// Tokens is where access tokens are had; nil where the lab has none. A client
	// that is told of one uses them.
	Tokens *TokenService
	// Heartbeat is how long phones ask this lab's servers to hold a Ping; 0
	// leaves it to the client.
	Heartbeat time.Duration
	// Realm is where Kerberos tickets are had; nil where the lab has none.
	Realm *Realm
}

// TokenService is a service that people sign in at and that gives their programs
// access tokens.
type TokenService struct {
	Addr string // "login:443", for Lab.Dial
	Host string // the name that its certificate carries
}

// Realm is a Kerberos realm.
type Realm struct {
	Name string // "CORP.EXAMPLE"
	KDC  string // "dc1:88", for Lab.Dial
}

// Security is how a connection is protected.
type Security string

const (
	Plain    Security = "plain"
	Implicit Security = "tls"
	StartTLS Security = "starttls"
)

// An Action is one mitigation with its parameters, e.g.
// &mitigation.DisableAccount{User: "dana"}.
type Action interface {
	// Name is the word that an SOP uses: "disable-account".
	Name() string
	// Validate tells what is wrong with the parameters, given the cast.
	Validate(*Cast) error
}

// Outcome is what became of an SOP step.
type Outcome struct {
	Result OutcomeResult
	Detail string // one line: "userAccountControl 512 -> 514 on dc1"
}

// OutcomeResult is done, failed or n/a.
type OutcomeResult string

const (
	Done          OutcomeResult = "done"
	Failed        OutcomeResult = "failed"
	NotApplicable OutcomeResult = "n/a"
)

// Env is what a client gets from the lab: its own line to one endpoint.
type Env struct {
	Endpoint Endpoint
	// Dial connects from the activity's host.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	Now  func() time.Time
	// Login is how the person signs in; empty for an outsider.
	Login Login
	// Activity is what the client acts out.
	Activity *Activity
	// Mailbox is the address of another's mailbox that the client opens, where
	// the path can; empty: the person's own.
	Mailbox string
	// Domain is the organisation's mail domain.
	Domain string
	// Transcribe has the client write down what is said, see [Transcriber].
	Transcribe bool
	// Desktop tells about the computer that the client runs on; nil where the
	// lab does not know it.
	Desktop func() Desktop
}

// Login is a user name with every password that its person knows, the one in
// use first. A client that is refused tries each once.
type Login struct {
	User      string // user principal name, e.g. dana@corp.example
	Address   string // mail address
	Passwords []string
	// Overheard, if set, tells further passwords, which somebody else's
	// programs have sent in the clear.
	Overheard func() []string
	// MailboxDN is the mailbox's legacy distinguished name, as an Outlook
	// profile keeps it. Where it is empty, Outlook asks Autodiscover for it.
	MailboxDN string
}

// A Client speaks one access path's real protocol. It is used by one
// goroutine at a time. Whatever it waits for, it waits in a read on a
// connection that Env.Dial made.
type Client interface {
	// Do makes one attempt. It returns nil when the capability worked, and
	// otherwise a *Failure (any other error counts as Unknown).
	Do(ctx context.Context, t Task) error
	// Close drops what is open without a farewell.
	Close()
}

// A Keeper is a client that knows what mail it keeps on its own computer, where
// no server can take it back (layer L11).
type Keeper interface {
	Kept() (k LocalCopy, ok bool)
}

// LocalCopy is the mail that a client keeps.
type LocalCopy struct {
	Messages int
	Since    time.Time // when the first was stored
	Erased   bool      // the client has wiped itself
}

// Task is one attempt's work.
type Task struct {
	Capability Capability
	To         string // recipient's address, for send and reply
	From       string // sender's address, for send and reply
	Subject    string // subject to send with, or to look for on receive
	MessageID  string // Message-ID to send with, without angle brackets
	Size       int    // body size in bytes for send; 0 means a short text
}

// Failure is an attempt that did not work.
type Failure struct {
	Kind FailureKind
	// Stage is where it happened: "dial", "sign-in", "read", "send", ….
	Stage string
	// Text is the server's own answer or the network's error, without
	// secrets: "401 Unauthorized", "535 5.7.3 Authentication unsuccessful".
	Text string
	// Absent says that the client was let in and saw no such message: it may
	// still be on its way.
	Absent bool
}

func (f *Failure) Error() string { return f.Stage + ": " + f.Text }

// FailureKind tells how clearly an attempt failed.
type FailureKind string

const (
	// Refused: the server understood and said no.
	Refused FailureKind = "refused"
	// Unreachable: nothing was there to say yes or no; nothing was handed over.
	Unreachable FailureKind = "unreachable"
	// Unknown: it may have worked, since the link died before the answer came, or
	// it might have at another moment: the server put the client off.
	Unknown FailureKind = "unknown"
)
