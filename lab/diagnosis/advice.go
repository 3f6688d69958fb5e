package diagnosis

// Advice is what a cause means and what can be done about it.
type Advice struct {
	Title string
	Means string // in plain words
	// Mitigations are names of the catalogue, the first to be done first.
	Mitigations []string
	Beyond      []string // what to do that no mitigation is
	Cases       []string // of the catalogue, which replay it
	Sources     []string // citations
}

// AdviceFor tells about a cause.
func AdviceFor(c Class) Advice { return advice[c] }

// Classes lists the causes.
func Classes() []Class {
	return []Class{NDRAttack, AuthenticatedRelay, OpenRelay, Relay, OutOfOffice, DirectoryHarvest, InfectedWorkstation, InfectedServer, SmartHost}
}

var advice = map[Class]Advice{
	NDRAttack: {
		Title: "reverse NDR attack",
		Means: `Somebody sends spam to people whom you do not have, in the name of those who are to get it. Your server takes it,
			cannot deliver it, and returns it to them. No computer of yours is infected and no account is stolen. A server that
			returns much can come onto a block list for that alone.`,
		Mitigations: []string{"filter-recipients", "set-tarpit", "remove-queued-mail"},
		Cases:       []string{"ndr-attack"},
		Sources: []string{
			"004_4d27062e20911578.txt#ndr-attack", "004_4d27062e20911578.txt#queues-from-outside",
			"004_4d27062e20911578.txt#ex2003-can-filter", "KB909005", "HARDISTY",
		},
	},
	AuthenticatedRelay: {
		Title: "authenticated relay",
		Means: `Somebody has the password of an account, signs in to SMTP from outside and sends through your server to
			whomever he likes. The server is no open relay, and no computer of yours needs to be infected.`,
		Mitigations: []string{"reset-password", "disable-relay", "freeze-outbound", "remove-queued-mail", "thaw-outbound"},
		Cases:       []string{"authenticated-relay"},
		Sources: []string{
			"004_4d27062e20911578.txt#guessed-password", "004_4d27062e20911578.txt#relay-by-default",
			"004_4d27062e20911578.txt#disable-relay", "RECV", "TRACK", "KB909005",
		},
	},
	OpenRelay: {
		Title: "open relay",
		Means: `A receive connector lets whoever connects send to any domain, without signing in: it gives anonymous clients the
			right ms-Exch-SMTP-Accept-Any-Recipient.`,
		Mitigations: []string{"deny-anonymous-relay", "restrict-anonymous", "freeze-outbound", "remove-queued-mail", "thaw-outbound"},
		Cases:       []string{"open-relay"},
		Sources:     []string{"004_4d27062e20911578.txt#not-an-open-relay", "ANON", "RECV", "KB909005"},
	},
	Relay: {
		Title: "relay, open or with a stolen account",
		Means: `Mail that comes from outside goes out again through your server. What was given does not show whether somebody
			signs in with a stolen password or a connector lets everybody relay.`,
		Mitigations: []string{"disable-relay", "deny-anonymous-relay", "freeze-outbound", "remove-queued-mail"},
		Beyond:      []string{"Switch the SMTP protocol log on and look for who signs in: Set-ReceiveConnector -ProtocolLoggingLevel Verbose; in Exchange 2003 the log of the SMTP virtual server, and event 1708."},
		Cases:       []string{"authenticated-relay", "open-relay"},
		Sources:     []string{"004_4d27062e20911578.txt#not-an-open-relay", "KB909005", "HARDISTY"},
	},
	OutOfOffice: {
		Title: "out-of-office replies to forged senders",
		Means: `A mailbox with automatic replies gets spam and answers each forged sender. The answers cannot be delivered and
			stay in the queues, with the user as their sender. The user's computer is not infected and nobody sends by hand.`,
		Mitigations: []string{"set-out-of-office", "limit-replies", "remove-queued-mail"},
		Cases:       []string{"spam-to-ooo-user"},
		Sources: []string{
			"002_235895b6475120ef.txt#hung-messages-of-one-user", "002_235895b6475120ef.txt#queues-in-retry",
			"002_235895b6475120ef.txt#unlike-reverse-ndr", "002_235895b6475120ef.txt#reply-to-forged-sender",
			"KB266166",
		},
	},
	DirectoryHarvest: {
		Title: "directory harvest",
		Means: `Somebody tries many addresses to learn which of them exist. They are refused, so nothing is sent, but each one that is
			not refused is known from now on.`,
		Mitigations: []string{"set-tarpit", "block-source-ip"},
		Cases:       []string{"directory-harvest"},
		Sources: []string{
			"004_4d27062e20911578.txt#directory-harvest", "004_4d27062e20911578.txt#filter-needs-tarpit",
			"RECIPF",
		},
	},
	InfectedWorkstation: {
		Title: "infected workstation",
		Means: `A computer in the office sends by an SMTP engine of its own, straight to the internet and past the mail server,
			from the public address that all share. The mail server is neither cause nor cure.`,
		Mitigations: []string{"freeze-outbound", "close-outbound-port", "thaw-outbound", "use-second-address", "use-smart-host", "request-delisting"},
		Beyond: []string{
			"Find the computer by its address, take it off the network and install it anew: a virus scanner is not enough.",
		},
		Cases: []string{"infected-workstation", "shared-address-blacklisted", "second-address-for-the-server"},
		Sources: []string{
			"004_4d27062e20911578.txt#listed-with-clear-queues", "004_4d27062e20911578.txt#bot-own-engine",
			"004_4d27062e20911578.txt#freeze-close-and-watch", "004_4d27062e20911578.txt#firewall-log-shows-it",
			"004_4d27062e20911578.txt#wipe-the-computer", "004_4d27062e20911578.txt#second-address", "XBL-NAT",
		},
	},
	InfectedServer: {
		Title: "infected mail server",
		Means: `The mail server calls other mail servers far more often than it has mail for: something on it sends by itself, as
			happens when somebody has browsed the web from it. The queues do not show it.`,
		Mitigations: []string{"close-outbound-port"},
		Beyond:      []string{"Treat the server as one that is no longer yours: restore it from before."},
		Cases:       []string{"infected-workstation"},
		Sources:     []string{"004_4d27062e20911578.txt#bot-on-the-server"},
	},
	SmartHost: {
		Title: "look at the smart host",
		Means: `All mail leaves by a smart host, so the queues here are clear even while the server is abused. What waits, and who
			complained, its operator knows.`,
		Mitigations: []string{"disable-relay", "filter-recipients"},
		Beyond:      []string{"Ask the smart host's operator what waits there and from whom."},
		Cases:       []string{"smart-host-hides-the-abuse"},
		Sources:     []string{"004_4d27062e20911578.txt#smart-host-hides-abuse", "004_4d27062e20911578.txt#smart-host-blocks"},
	},
}
