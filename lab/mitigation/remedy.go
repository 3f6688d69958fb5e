package mitigation

import "shutout/lab"

// A Remedy says what to do about a layer that kept access alive.
type Remedy struct {
	// Word is the layer in plain words: "a token that the web server had cached".
	Word string
	// Why says what this layer is to an SOP, in a sentence or two.
	Why string
	// Ends are the mitigations that end what the layer remembers, those that
	// disturb others least first. Each cites its own sources.
	Ends []string
}

// remedies is the one place that knows which mitigation is a match for which
// layer. docs/layers.md tells the same at length.
var remedies = map[lab.Layer]Remedy{
	lab.LayerDirectory: {"the account itself, which still let them in",
		"They signed in anew with a password that was good, so nothing had denied it yet on the domain controller that was asked.",
		[]string{"disable-account", "reset-password", "block-sign-in"}},
	lab.LayerTicket: {"a Kerberos ticket",
		"A ticket is at the client and good until it ends; no server asks about it. Shut what it opens, and cut what is open.",
		[]string{"disable-protocols", "disconnect-mailbox", "move-mailbox", "filter-disabled-accounts"}},
	lab.LayerOldPassword: {"the password from before the reset",
		"A domain controller takes the last password for a while after a reset. A second reset leaves the old one no place.",
		[]string{"reset-password", "disable-account"}},
	lab.LayerToken: {"a token that the web server had cached",
		"While the token is used it is renewed, and nobody asks the account. Empty the cache after access was denied, on every server.",
		[]string{"recycle-app-pool", "reset-iis", "flush-token-cache"}},
	lab.LayerAuthCache: {"a sign-in that the mail server remembered",
		"The same password is let in again without the directory being asked, until the entry is too old. Empty the cache after access was denied.",
		[]string{"flush-auth-cache", "restart-service"}},
	lab.LayerConnection: {"an open connection",
		"Who has signed in on a connection is not asked again. Cut it after access was denied.",
		[]string{"kick-sessions", "close-smtp-sessions", "disable-protocols", "block-source-ip", "stop-service", "reset-iis", "restart-server"}},
	lab.LayerCookie: {"the cookie of a browser",
		"The cookie holds the credentials, sealed. Restarting IIS gives it other keys up to Exchange 2010; a password that is no longer good ends it as soon as it is asked for.",
		[]string{"reset-password", "disable-account", "reset-iis"}},
	lab.LayerSession: {"a session that was open",
		"A session was let in once and is checked again late or never. Cut it after access was denied: whoever is cut off before that is back at once.",
		[]string{"kick-sessions", "close-smtp-sessions", "move-mailbox", "disconnect-mailbox", "restart-rpc-client-access", "failover-mailbox-server", "restart-store"}},
	lab.LayerMailboxInfo: {"what the store remembered of the mailbox",
		"Rights and protocol flags are read again only when this memory lapses. Moving the mailbox or restarting the store makes it read them.",
		[]string{"move-mailbox", "disconnect-mailbox", "restart-store"}},
	lab.LayerDirCache: {"what a server had read from the directory",
		"The server goes on with what it read until that is too old.",
		[]string{"restart-server"}},
	lab.LayerHanging: {"a request that the server held open",
		"It was signed in once and is answered without being asked again.",
		[]string{"kick-sessions", "recycle-app-pool", "reset-iis", "move-mailbox"}},
	lab.LayerLocalCopy: {"mail that is on the device",
		"Nothing on the servers takes it back. A wipe reaches a phone only while it is still let in, so it has to come before access is denied.",
		[]string{"wipe-device"}},
	lab.LayerCloudToken: {"an access token",
		"It is good until it expires, whatever becomes of the account, unless the servers hear of an event and the program follows it.",
		[]string{"block-sign-in", "reset-password", "disable-protocols"}},
	lab.LayerRefreshToken: {"a refresh token",
		"It gets new access tokens until it is revoked. Revoking alone is a blip: deny the sign-in as well.",
		[]string{"block-sign-in", "revoke-sessions", "reset-password"}},
	lab.LayerPermission: {"the permissions of a receive connector",
		"No account is asked there; what counts is the address that a mail comes from.",
		[]string{"restrict-anonymous", "deny-anonymous-relay", "disable-relay"}},
	lab.LayerTransport: {"transport, which took the mail",
		"The servers accept and pass on what nobody told them to hold.",
		[]string{"reject-mail", "restrict-senders", "limit-message-size", "limit-replies", "set-out-of-office", "freeze-outbound"}},
	lab.LayerStore: {"the mailbox, which was there and open",
		"What is in the mailbox is served for as long as it has a user.",
		[]string{"disconnect-mailbox", "move-mailbox"}},
	lab.LayerNetwork: {"the network, which let them through",
		"The firewall decides by address and port, and not by person.",
		[]string{"block-source-ip", "close-port", "close-outbound-port"}},
}

// Against tells what to do about a layer; ok is false where nothing is known.
func Against(layer lab.Layer) (r Remedy, ok bool) {
	r, ok = remedies[layer]
	return r, ok
}
