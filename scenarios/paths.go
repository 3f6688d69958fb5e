package scenarios

import "shutout/lab"

// PathInfo is what people read about an access path.
type PathInfo struct {
	Path  lab.Path
	Title string
	Doc   string
	// Do lists the capabilities that the path has. A case may ask for these.
	Do []lab.Capability
	// Account tells whether who uses the path needs an account.
	Account bool
}

// PathInfos describes every access path, in the order of [lab.Paths].
func PathInfos() []PathInfo {
	mail := []lab.Capability{lab.SignIn, lab.Read, lab.Receive, lab.Send}
	fetch := []lab.Capability{lab.SignIn, lab.Read, lab.Receive}
	return []PathInfo{
		{lab.OutlookRPC, "Outlook over RPC/TCP",
			"Outlook in the office up to Exchange 2010. The session is held by the store or by RPC Client Access and does not pass IIS.", mail, true},
		{lab.OutlookAnywhere, "Outlook Anywhere (RPC over HTTP)",
			"Outlook from outside: the same RPC session inside an HTTPS tunnel through IIS.", mail, true},
		{lab.MAPIHTTP, "MAPI over HTTP",
			"Outlook from Exchange 2013 SP1 on: HTTPS requests that belong to a session context on the server.", mail, true},
		{lab.OWA, "Outlook on the web",
			"The browser: a sign-in form, then a cookie that carries the credentials. Each request is authenticated from the token cache of IIS.", mail, true},
		{lab.ActiveSync, "Exchange ActiveSync",
			"Phones: Basic authentication over HTTPS, and a Ping that the server holds open until mail arrives.",
			append(mail[:len(mail):len(mail)], lab.Reply), true},
		{lab.EWS, "Exchange Web Services",
			"Programs and Outlook for Mac: SOAP over HTTPS.", mail, true},
		{lab.IMAP, "IMAP4",
			"Mail programs. The password is asked once for each connection; IDLE keeps a connection open for days.", fetch, true},
		{lab.POP3, "POP3",
			"Mail programs that fetch and leave. Each poll is a connection of its own and asks for the password.", fetch, true},
		{lab.SMTPSubmission, "SMTP submission (port 587)",
			"How IMAP and POP3 programs send: SMTP with TLS and a password.", []lab.Capability{lab.SignIn, lab.Send, lab.Reply}, true},
		{lab.SMTPAnonymous, "SMTP without signing in (port 25)",
			"How mail comes in from the internet, and how machines and bots send. The sender is what the client says it is.",
			[]lab.Capability{lab.Send, lab.Reply}, false},
	}
}

// LookupPath returns what is known about a path.
func LookupPath(p lab.Path) (PathInfo, bool) {
	for _, info := range PathInfos() {
		if info.Path == p {
			return info, true
		}
	}
	return PathInfo{}, false
}
