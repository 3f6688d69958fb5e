package scenarios

import "shutout/lab"

// PathInfo is what people read about an access path.
type PathInfo struct {
	Path  lab.Path
	Short string // the head of a narrow column
	Title string
	Doc   string
	// Do lists the capabilities that the path has. A case may ask for these.
	Do []lab.Capability
	// Account tells whether who uses the path needs an account.
	Account bool
	// Auth lists the ways to prove who one is, the usual one first, where
	// there are several.
	Auth []lab.Auth
	// Sources cites the texts that describe the path, see fixtures/sources.
	Sources []string
}

// PathInfos describes every access path, in the order of [lab.Paths].
func PathInfos() []PathInfo {
	cached := []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send, lab.Deliver}
	mail := []lab.Capability{lab.SignIn, lab.Read, lab.Receive, lab.Send, lab.Deliver}
	fetch := []lab.Capability{lab.SignIn, lab.Read, lab.Receive}
	any := []lab.Auth{lab.AuthBasic, lab.AuthNTLM, lab.AuthKerberos, lab.AuthOAuth}
	return []PathInfo{
		{Path: lab.OutlookRPC, Short: "RPC", Title: "Outlook over RPC/TCP", Do: cached, Account: true,
			Auth:    []lab.Auth{lab.AuthKerberos, lab.AuthNTLM},
			Doc:     "Outlook in the office up to Exchange 2010. The session is held by the store or by RPC Client Access and does not pass IIS.",
			Sources: []string{"BLOG-P2", "MAPIHTTP", "000_aa5026bcf9d1a159.txt#open-outlook-goes-on"}},
		{Path: lab.OutlookAnywhere, Short: "Anywhere", Title: "Outlook Anywhere (RPC over HTTP)", Do: cached, Account: true,
			Auth: []lab.Auth{lab.AuthBasic, lab.AuthNTLM, lab.AuthKerberos},
			Doc:  "Outlook from outside: the same RPC session inside an HTTPS tunnel through IIS.",
			Sources: []string{
				"BLOG-P2", "MAPIHTTP", "000_aa5026bcf9d1a159.txt#open-outlook-goes-on",
				"004_4d27062e20911578.txt#other-ways-than-pop3",
			}},
		{Path: lab.MAPIHTTP, Short: "MAPI", Title: "MAPI over HTTP", Do: cached, Account: true,
			Auth:    []lab.Auth{lab.AuthNTLM, lab.AuthBasic, lab.AuthKerberos, lab.AuthOAuth},
			Doc:     "Outlook from Exchange 2013 SP1 on: HTTPS requests that belong to a session context on the server.",
			Sources: []string{"MAPIHTTP", "OXC-NEW", "OXC-RE"}},
		{Path: lab.OWA, Short: "OWA", Title: "Outlook on the web", Do: mail, Account: true,
			Doc:     "The browser: a sign-in form, then a cookie that carries the credentials. Each request is authenticated from the token cache of IIS, in Exchange Online from an access token.",
			Sources: []string{"KB3035228", "OWA-KEYS", "001_01342c1255a20eb5.txt#token-at-first-logon"}},
		{Path: lab.ActiveSync, Short: "EAS", Title: "Exchange ActiveSync", Do: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive, lab.Send, lab.Reply, lab.Deliver}, Account: true,
			Doc: "Phones: Basic authentication over HTTPS, or access tokens in Exchange Online, and a Ping that the server holds open until mail arrives.",
			Sources: []string{
				"KB2612821", "DIRECTPUSH", "000_aa5026bcf9d1a159.txt#any-device",
				"004_4d27062e20911578.txt#other-ways-than-pop3",
			}},
		{Path: lab.EWS, Short: "EWS", Title: "Exchange Web Services", Do: mail, Account: true, Auth: any,
			Doc:     "Programs and Outlook for Mac: SOAP over HTTPS.",
			Sources: []string{"EWS-VERSIONS", "AUTOD-2007"}},
		{Path: lab.IMAP, Short: "IMAP", Title: "IMAP4", Do: fetch, Account: true,
			Auth: []lab.Auth{lab.AuthBasic, lab.AuthKerberos},
			Doc:  "Mail programs. The password, or an access token in Exchange Online, is asked once for each connection; IDLE keeps a connection open for days. The mail stays on the server.",
			Sources: []string{
				"POPIMAP", "004_4d27062e20911578.txt#imap-instead", "004_4d27062e20911578.txt#other-ways-than-pop3",
			}},
		{Path: lab.POP3, Short: "POP3", Title: "POP3", Do: []lab.Capability{lab.SignIn, lab.Read, lab.ReadLocal, lab.Receive}, Account: true,
			Doc: "Mail programs that fetch and leave. Each poll is a connection of its own and asks for the password. There is mail and nothing else: no address list, no calendar.",
			Sources: []string{
				"POPIMAP", "004_4d27062e20911578.txt#any-program-any-device",
				"004_4d27062e20911578.txt#pop3-loses-features",
			}},
		{Path: lab.SMTPSubmission, Short: "SMTP", Title: "SMTP submission (port 587)", Do: []lab.Capability{lab.SignIn, lab.Send, lab.Reply, lab.Deliver}, Account: true,
			Doc:     "How IMAP and POP3 programs send: SMTP with TLS and a password.",
			Sources: []string{"SMTP-AUTH", "RECV"}},
		{Path: lab.SMTPAnonymous, Short: "Port25", Title: "SMTP without signing in (port 25)", Do: []lab.Capability{lab.Send, lab.Reply, lab.Deliver, lab.Harvest},
			Doc: "How mail comes in from the internet, and how machines and bots send. The sender is what the client says it is. Outlook does not use it: it has to sign in.",
			Sources: []string{
				"RECV", "003_049f916dd82b29d8.txt#anonymous-to-internal", "003_049f916dd82b29d8.txt#outlook-signs-in",
			}},
		{Path: lab.SMTPDirect, Short: "Direct", Title: "SMTP past the organisation's server (port 25)", Do: []lab.Capability{lab.Send},
			Doc:     "A program with an SMTP engine of its own, as a bot has one, speaks to the recipient's mail server. The organisation's queues and logs show nothing of it; its firewall may.",
			Sources: []string{"004_4d27062e20911578.txt#bot-own-engine", "004_4d27062e20911578.txt#not-through-exchange"}},
		{Path: lab.Pickup, Short: "Pickup", Title: "Pickup directory over a share", Do: []lab.Capability{lab.SignIn, lab.Send, lab.Deliver}, Account: true,
			Doc: "A program writes a message as a file into the server's Pickup directory, where the share's permissions let its account; the server sends it at its next look. Here the share is reached by HTTP (PUT, with NTLM) on the port of file sharing, as a stand-in for SMB: accounts, permissions and the directory behave as they should, an SMB client finds nothing there.",
			Sources: []string{
				"PICKUP", "003_049f916dd82b29d8.txt#close-port-use-pickup", "003_049f916dd82b29d8.txt#pickup-needs-a-file",
			}},
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
