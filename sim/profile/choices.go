package profile

import (
	"fmt"
	"slices"
)

// choice is a parameter type with a fixed list of words. The list is the same as the data's; Load checks that.
type choice interface{ choices() []string }

// Family says whose servers a profile has.
type Family string

const (
	Exchange Family = "exchange"
	Open     Family = "open" // Samba AD, Dovecot, Postfix and SOGo

	everywhere Family = "all" // in the tag of a parameter
)

func (Family) choices() []string { return []string{string(Exchange), string(Open)} }

// TTLMode says when the clock of a cached token starts again.
type TTLMode string

const (
	Sliding  TTLMode = "sliding"  // at each reuse
	Absolute TTLMode = "absolute" // never
)

func (TTLMode) choices() []string { return []string{string(Sliding), string(Absolute)} }

// TTLReload says when an edit of the token lifetime takes effect.
type TTLReload string

const (
	ReloadOnRestart TTLReload = "restart" // when IIS restarts
	ReloadLive      TTLReload = "live"    // at once, for tokens made from then on
)

func (TTLReload) choices() []string { return []string{string(ReloadOnRestart), string(ReloadLive)} }

// TTLZero says what a token lifetime of 0 means.
type TTLZero string

const (
	NeverFlush  TTLZero = "never-flush" // time removes no token
	Immediately TTLZero = "immediately" // no token is reused
)

func (TTLZero) choices() []string { return []string{string(NeverFlush), string(Immediately)} }

// TokenScope says who shares a token cache.
type TokenScope string

const (
	PerWorkerProcess TokenScope = "worker-process" // the requests of one worker process on one server
	PerOrganisation  TokenScope = "organisation"   // the Client Access servers of the organisation
)

func (TokenScope) choices() []string {
	return []string{string(PerWorkerProcess), string(PerOrganisation)}
}

// AuthScope says what one sign-in over HTTP is good for.
type AuthScope string

const (
	PerConnection AuthScope = "connection"
	PerRequest    AuthScope = "request"
)

func (AuthScope) choices() []string { return []string{string(PerConnection), string(PerRequest)} }

// SessionHolder names the service that holds an open Outlook session.
type SessionHolder string

const (
	HeldByStore        SessionHolder = "store"         // the information store, MSExchangeIS
	HeldByClientAccess SessionHolder = "client-access" // RPC Client Access, MSExchangeRPC
)

func (SessionHolder) choices() []string {
	return []string{string(HeldByStore), string(HeldByClientAccess)}
}

// ServerVersion is the build number of the servers: major version, service pack, build, revision.
type ServerVersion string

// The builds that the profiles name (Exchange Server build numbers and release dates, Exchange documentation).
const (
	Build2003 ServerVersion = "6.5.7654.4"  // after SP2
	Build2007 ServerVersion = "8.3.83.6"    // SP3
	Build2010 ServerVersion = "14.3.123.4"  // SP3
	Build2013 ServerVersion = "15.0.1497.2" // CU23
	Build2016 ServerVersion = "15.1.2308.8" // CU21
	Build2019 ServerVersion = "15.2.922.7"  // CU10
	// BuildOnline is one that Exchange Online has had.
	BuildOnline ServerVersion = "15.20.7544.21"
)

func (ServerVersion) choices() []string {
	return []string{string(Build2003), string(Build2007), string(Build2010), string(Build2013), string(Build2016), string(Build2019), string(BuildOnline)}
}

// Numbers are the four parts of the build number.
func (v ServerVersion) Numbers() (n [4]int) {
	fmt.Sscanf(string(v), "%d.%d.%d.%d", &n[0], &n[1], &n[2], &n[3])
	return n
}

// Before tells whether the servers are older than a build.
func (v ServerVersion) Before(other ServerVersion) bool {
	a, b := v.Numbers(), other.Numbers()
	return slices.Compare(a[:], b[:]) < 0
}

// OfficeVersion is the number of an Outlook's keys in the registry.
type OfficeVersion string

func (OfficeVersion) choices() []string { return []string{"11.0", "12.0", "14.0", "15.0", "16.0"} }

// Windows is a version of Windows as ver prints it.
type Windows string

func (Windows) choices() []string {
	return []string{"5.1.2600", "6.0.6000", "6.0.6001", "6.1.7601", "10.0.19045"}
}

// Guard says what Outlook does when a foreign program sends through it.
type Guard string

const (
	GuardDeny        Guard = "deny"
	GuardPrompt      Guard = "prompt"
	GuardAllow       Guard = "allow"
	GuardByAntivirus Guard = "by-antivirus" // asks only when antivirus is missing or out of date
)

func (Guard) choices() []string {
	return []string{string(GuardDeny), string(GuardPrompt), string(GuardAllow), string(GuardByAntivirus)}
}

// CookieScope says who can read a forms cookie.
type CookieScope string

const (
	ServerKeys  CookieScope = "server-keys" // the server that made it, until its keys are replaced or it restarts
	Certificate CookieScope = "certificate" // every server with the same certificate, restarts included
)

func (CookieScope) choices() []string { return []string{string(ServerKeys), string(Certificate)} }

// LoginType says how a password may reach POP3 and IMAP4.
type LoginType string

const (
	LoginPlain  LoginType = "plain"  // also in the clear
	LoginSecure LoginType = "secure" // under TLS only
)

func (LoginType) choices() []string { return []string{string(LoginPlain), string(LoginSecure)} }

// RecipientValidation says what happens to unknown local recipients.
type RecipientValidation string

const (
	ValidateOff       RecipientValidation = "off"       // accepted, and returned to the sender later
	ValidateRecipient RecipientValidation = "recipient" // each refused at RCPT TO
	ValidateMessage   RecipientValidation = "message"   // one of them costs the whole message
)

func (RecipientValidation) choices() []string {
	return []string{string(ValidateOff), string(ValidateRecipient), string(ValidateMessage)}
}

// ProtocolLog says whether a connector logs its conversations.
type ProtocolLog string

const (
	LogNone    ProtocolLog = "none"
	LogVerbose ProtocolLog = "verbose"
)

func (ProtocolLog) choices() []string { return []string{string(LogNone), string(LogVerbose)} }

// OOFType is a remote domain's AllowedOOFType: which out-of-office replies it lets out.
type OOFType string

const (
	OOFExternal       OOFType = "external"        // external replies of users who set them with 2007 or later
	OOFExternalLegacy OOFType = "external-legacy" // also replies set with older clients
	OOFInternalLegacy OOFType = "internal-legacy" // internal replies and those of older clients
	OOFNone           OOFType = "none"
)

func (OOFType) choices() []string {
	return []string{string(OOFExternal), string(OOFExternalLegacy), string(OOFInternalLegacy), string(OOFNone)}
}

// Audience says which outside senders get an out-of-office reply.
type Audience string

const (
	AudienceNone  Audience = "none"
	AudienceKnown Audience = "known" // those in the user's contacts
	AudienceAll   Audience = "all"
)

func (Audience) choices() []string {
	return []string{string(AudienceNone), string(AudienceKnown), string(AudienceAll)}
}

// ForwardScope says which forwarding a remote domain's AutoForwardEnabled decides about.
type ForwardScope string

const (
	ForwardRules      ForwardScope = "rules"             // what inbox rules send on
	ForwardAddress    ForwardScope = "rules-and-address" // also what a mailbox sends on to a bare address
	ForwardEverything ForwardScope = "everything"        // also what a mailbox sends on to a contact
)

func (ForwardScope) choices() []string {
	return []string{string(ForwardRules), string(ForwardAddress), string(ForwardEverything)}
}

// FlagsOf says whose protocol flags count where somebody opens another's mailbox.
type FlagsOf string

const (
	FlagsOfCaller  FlagsOf = "caller"  // who opens it
	FlagsOfMailbox FlagsOf = "mailbox" // whose mailbox it is
)

func (FlagsOf) choices() []string { return []string{string(FlagsOfCaller), string(FlagsOfMailbox)} }

// MailboxOOF is a mailbox's ExternalOofOptions.
type MailboxOOF string

const (
	MailboxOOFExternal     MailboxOOF = "external"      // the mailbox may reply to outside senders
	MailboxOOFInternalOnly MailboxOOF = "internal-only" // it may not
)

func (MailboxOOF) choices() []string {
	return []string{string(MailboxOOFExternal), string(MailboxOOFInternalOnly)}
}

// EnvelopeSender is the reverse path of an automatic reply.
type EnvelopeSender string

const (
	SenderUser  EnvelopeSender = "user"
	SenderEmpty EnvelopeSender = "empty" // MAIL FROM:<>
)

func (EnvelopeSender) choices() []string { return []string{string(SenderUser), string(SenderEmpty)} }
