// Package lab says what an experiment is: who tries to reach mail over which
// access path, what an administrator does about it, and what was observed. It
// knows no particular lab; a simulated organisation, containers and real
// servers all implement [Lab].
package lab

// Path is an access path: one way to reach mail.
type Path string

// The access paths. Outlook's own (outlook-rpc, outlook-anywhere, mapi-http)
// and ews are words of the product; a lab says which paths it has.
const (
	OutlookRPC      Path = "outlook-rpc"
	OutlookAnywhere Path = "outlook-anywhere"
	MAPIHTTP        Path = "mapi-http"
	OWA             Path = "owa"
	ActiveSync      Path = "activesync"
	EWS             Path = "ews"
	IMAP            Path = "imap"
	POP3            Path = "pop3"
	SMTPSubmission  Path = "smtp-submission"
	SMTPAnonymous   Path = "smtp-anonymous"
	SMTPDirect      Path = "smtp-direct"
	Pickup          Path = "pickup"
)

// Paths lists every access path in the order in which it is presented.
var Paths = []Path{OutlookRPC, OutlookAnywhere, MAPIHTTP, OWA, ActiveSync, EWS, IMAP, POP3, SMTPSubmission, SMTPAnonymous, SMTPDirect, Pickup}

// Capability is what is done over a path. Each has its own verdict: a size
// limit ends send and leaves read.
type Capability string

const (
	// SignIn opens a new session with the person's credentials.
	SignIn Capability = "sign-in"
	// Read lists the inbox and fetches a message that the server holds.
	Read Capability = "read"
	// Receive sees a message that arrived after the previous attempt.
	Receive Capability = "receive"
	// ReadLocal reads a message that the program keeps on its own computer,
	// without asking any server.
	ReadLocal Capability = "read-local"
	// Send has a message accepted for delivery.
	Send Capability = "send"
	// Reply makes the recipient's mailbox answer by itself (out-of-office):
	// a message is sent and an automatic reply to it is queued or delivered.
	Reply Capability = "reply"
	// Deliver sends a message and sees that it arrives: in the recipient's
	// mailbox, or at the mail server of another domain. Mail that is taken and
	// then held in a queue, bounced or removed was sent, and not delivered.
	Deliver Capability = "deliver"
	// Harvest finds out which addresses exist: a server that refuses made-up
	// ones, and fast enough, tells (directory harvest).
	Harvest Capability = "harvest"
)

// SetRule makes an inbox rule that sends everything on. It prepares a case, see
// [Scene], and is nothing that an activity does over and over.
const SetRule Capability = "set-rule"

// Capabilities lists every capability in the order in which it is presented.
var Capabilities = []Capability{SignIn, Read, ReadLocal, Receive, Send, Reply, Deliver, Harvest}

// Layer is one thing that keeps a session alive, each with its own clock.
// The numbers L1 to L14 in the comments are those of the product's layer
// model (docs/layers.md).
type Layer string

const (
	LayerDirectory    Layer = "directory"             // L1 the replica that the server asks
	LayerTicket       Layer = "kerberos-ticket"       // L2
	LayerOldPassword  Layer = "old-password-window"   // L3
	LayerToken        Layer = "iis-token-cache"       // L4
	LayerConnection   Layer = "connection"            // L5
	LayerCookie       Layer = "owa-cookie"            // L6
	LayerSession      Layer = "protocol-session"      // L7
	LayerMailboxInfo  Layer = "mailbox-info-cache"    // L8
	LayerDirCache     Layer = "directory-cache"       // L9
	LayerHanging      Layer = "hanging-request"       // L10
	LayerLocalCopy    Layer = "local-copy"            // L11
	LayerCloudToken   Layer = "cloud-token"           // L12
	LayerRefreshToken Layer = "refresh-token"         // L13
	LayerAuthCache    Layer = "auth-cache"            // L14
	LayerPermission   Layer = "connector-permissions" // transport: permission groups and remote ranges
	LayerTransport    Layer = "transport"             // transport: limits, queues, out-of-office
	LayerNetwork      Layer = "network"               // firewall, address, port
	LayerService      Layer = "service"               // a server or service is down
	LayerStore        Layer = "store"                 // mailbox missing, locked, over quota
)
