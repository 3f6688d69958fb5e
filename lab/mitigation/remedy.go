package mitigation

import (
	"slices"

	"shutout/lab"
)

// A Remedy says what to do about a layer that kept access alive.
type Remedy struct {
	// Word is the layer in plain words: "a token that the web server had cached".
	Word string
	// Why says what this layer is to an SOP, in a sentence or two.
	Why string
	// Ends are the mitigations that end what the layer remembers, those that
	// disturb others least first. Each cites its own sources.
	Ends []Match
}

// A Match is a mitigation that ends what a layer remembers.
type Match struct {
	Name string
	// Over are the paths over which it does; nil: all.
	Over []lab.Path
}

// Fits tells whether the mitigation is a match over a path.
func (m Match) Fits(path lab.Path) bool { return m.Over == nil || slices.Contains(m.Over, path) }

// Over lists the matches over one path.
func (r Remedy) Over(path lab.Path) (names []string) {
	for _, m := range r.Ends {
		if m.Fits(path) {
			names = append(names, m.Name)
		}
	}
	return names
}

// Paths that a server's service or a mailbox's place has a hold on.
var (
	// throughIIS pass the web service of Exchange.
	throughIIS = []lab.Path{lab.OutlookAnywhere, lab.MAPIHTTP, lab.OWA, lab.ActiveSync, lab.EWS}
	// rpc are sessions that RPC Client Access holds from Exchange 2010 on.
	rpc = []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere}
	// atStore are sessions and connections that end with the store's.
	atStore = []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP, lab.IMAP, lab.POP3}
	phones  = []lab.Path{lab.ActiveSync}
	fetch   = []lab.Path{lab.IMAP, lab.POP3}
	submit  = []lab.Path{lab.SMTPSubmission}
	direct  = []lab.Path{lab.SMTPDirect}
	// through are paths of mail through the organisation's own transport.
	through = []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP, lab.OWA, lab.ActiveSync, lab.EWS, lab.SMTPSubmission, lab.SMTPAnonymous, lab.Pickup}
)

// everywhere lists matches over every path.
func everywhere(names ...string) (list []Match) {
	for _, name := range names {
		list = append(list, Match{Name: name})
	}
	return list
}

// remedies is the one place that knows which mitigation is a match for which
// layer. docs/layers.md tells the same at length.
var remedies = map[lab.Layer]Remedy{
	lab.LayerDirectory: {"the account itself, which still let them in",
		"They signed in anew with a password that was good, so nothing had denied it yet on the domain controller that was asked.",
		everywhere("disable-account", "reset-password", "block-sign-in")},
	lab.LayerTicket: {"a Kerberos ticket",
		"A ticket is at the client and good until it ends; no server asks about it. Shut what it opens, and cut what is open.",
		everywhere("disable-protocols", "disconnect-mailbox", "move-mailbox", "filter-disabled-accounts")},
	lab.LayerOldPassword: {"the password from before the reset",
		"A domain controller takes the last password for a while after a reset. A second reset leaves the old one no place.",
		everywhere("reset-password", "disable-account")},
	lab.LayerToken: {"a token that the web server had cached",
		"While the token is used it is renewed, and nobody asks the account. Empty the cache after access was denied, on every server.",
		[]Match{{"recycle-app-pool", throughIIS}, {"flush-token-cache", throughIIS}, {"block-device", phones}, {"reset-iis", throughIIS}, {"restart-server", nil}}},
	lab.LayerAuthCache: {"a sign-in that the mail server remembered",
		"The same password is let in again without the directory being asked, until the entry is too old. Empty the cache after access was denied.",
		everywhere("flush-auth-cache", "restart-service")},
	lab.LayerConnection: {"an open connection",
		"Who has signed in on a connection is not asked again. Cut it after access was denied.",
		[]Match{
			{"kick-sessions", fetch}, {"close-smtp-sessions", submit}, {"move-mailbox", atStore}, {"recycle-app-pool", throughIIS},
			{"failover-mailbox-server", atStore}, {"restart-store", atStore}, {"reset-iis", throughIIS}, {"restart-server", nil}, {"block-source-ip", nil},
		}},
	lab.LayerCookie: {"the cookie of a browser",
		"The cookie holds the credentials, sealed. Restarting IIS gives it other keys up to Exchange 2010; a password that is no longer good ends it as soon as it is asked for.",
		everywhere("reset-password", "disable-account", "reset-iis")},
	lab.LayerSession: {"a session that was open",
		"A session was let in once and is checked again late or never. Cut it after access was denied: whoever is cut off before that is back at once.",
		[]Match{
			{"kick-sessions", fetch}, {"close-smtp-sessions", submit}, {"recycle-app-pool", throughIIS}, {"restart-rpc-client-access", rpc},
			{"move-mailbox", atStore}, {"failover-mailbox-server", atStore}, {"restart-store", atStore}, {"reset-iis", throughIIS}, {"disconnect-mailbox", nil},
		}},
	lab.LayerMailboxInfo: {"what the store remembered of the mailbox",
		"Rights and protocol flags are read again only when this memory lapses. Moving the mailbox or restarting the store makes it read them.",
		everywhere("move-mailbox", "disconnect-mailbox", "restart-store")},
	lab.LayerDirCache: {"what a server had read from the directory",
		"The server goes on with what it read until that is too old.",
		everywhere("restart-server")},
	lab.LayerHanging: {"a request that the server held open",
		"It was signed in once and is answered without being asked again.",
		[]Match{{"kick-sessions", fetch}, {"recycle-app-pool", throughIIS}, {"reset-iis", throughIIS}, {"move-mailbox", atStore}}},
	lab.LayerLocalCopy: {"mail that is on the device",
		"Nothing on the servers takes it back. A wipe reaches a phone only while it is still let in, so it has to come before access is denied.",
		[]Match{{"wipe-device", phones}}},
	lab.LayerCloudToken: {"an access token",
		"It is good until it expires, whatever becomes of the account, unless the servers hear of an event and the program follows it.",
		[]Match{{"block-sign-in", nil}, {"reset-password", nil}, {"disable-protocols", nil}, {"block-device", phones}, {"disconnect-mailbox", nil}}},
	lab.LayerRefreshToken: {"a refresh token",
		"It gets new access tokens until it is revoked. Revoking alone is a blip: deny the sign-in as well.",
		everywhere("block-sign-in", "revoke-sessions", "reset-password")},
	lab.LayerPermission: {"the permissions of a receive connector",
		"No account is asked there; what counts is the address that a mail comes from.",
		everywhere("restrict-anonymous", "deny-anonymous-relay", "disable-relay")},
	lab.LayerTransport: {"transport, which took the mail",
		"The servers accept and pass on what nobody told them to hold.",
		[]Match{
			{"reject-mail", through}, {"restrict-senders", through}, {"limit-message-size", through}, {"limit-replies", through},
			{"set-out-of-office", through}, {"freeze-outbound", through}, {"close-outbound-port", direct},
		}},
	lab.LayerStore: {"the mailbox, which was there and open",
		"What is in the mailbox is served for as long as it has a user.",
		everywhere("disconnect-mailbox", "move-mailbox")},
	lab.LayerNetwork: {"the network, which let them through",
		"The firewall decides by address and port, and not by person.",
		[]Match{{"close-outbound-port", direct}, {"block-source-ip", nil}, {"close-port", nil}}},
}

// Against tells what to do about a layer; ok is false where nothing is known.
func Against(layer lab.Layer) (r Remedy, ok bool) {
	r, ok = remedies[layer]
	return r, ok
}
