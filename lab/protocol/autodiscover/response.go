package autodiscover

import (
	"strconv"

	"shutout/lab/protocol/ews/xmltree"
)

// A Response gives the settings of an account, or sends the client elsewhere.
type Response struct {
	User      User
	Action    Action
	Redirect  string // the address or URL to ask with or at next; "" for Settings
	Protocols []Protocol
}

// Action is what the client is to do (Action).
type Action string

const (
	Settings     Action = "settings"     // use the protocols
	RedirectAddr Action = "redirectAddr" // ask anew for another address
	RedirectURL  Action = "redirectUrl"  // ask anew at another URL
)

// User tells of the mailbox's owner.
type User struct {
	DisplayName  string
	LegacyDN     string
	SMTPAddress  string // AutoDiscoverSMTPAddress
	DeploymentID string // of the forest
}

func (u *User) fields() []field {
	return []field{{"DisplayName", &u.DisplayName}, {"LegacyDN", &u.LegacyDN},
		{"AutoDiscoverSMTPAddress", &u.SMTPAddress}, {"DeploymentId", &u.DeploymentID}}
}

// Kinds of protocols (Type).
const (
	EXCH     = "EXCH"     // RPC from inside
	EXPR     = "EXPR"     // RPC over HTTP from outside
	EXHTTP   = "EXHTTP"   // RPC over HTTP, from Exchange 2013 on
	WEB      = "WEB"      // Outlook on the web
	MAPIHTTP = "mapiHttp" // MAPI over HTTP; only for clients that say that they speak it
)

// A Protocol is one way to the mailbox and what goes with it. What is empty is
// left out.
type Protocol struct {
	Type string

	Server            string // for RPC the CAS, or the mailbox's own name from 2013 on
	ServerDN          string
	ServerVersion     string // eight hexadecimal digits
	MdbDN             string
	AD                string
	SSL               string // "On" or "Off"
	AuthPackage       string // for example "Ntlm", "Basic" or "Negotiate"
	CertPrincipalName string // for example "msstd:mail.corp.example"
	ExclusiveConnect  string // "on" or "off": ask this one first
	ASURL, EwsURL     string // availability and Exchange Web Services
	EcpURL            string
	OOFURL            string
	UMURL             string
	OABURL            string

	Internal, External *Web // WEB only

	Version                int      // MAPIHTTP only, 1
	MailStore, AddressBook Endpoint // MAPIHTTP only
}

// An Endpoint is where MAPI over HTTP is served (MS-OXDSCLI 2.2.4.1.1.2.6).
type Endpoint struct{ InternalURL, ExternalURL string }

// Web is where Outlook on the web is served.
type Web struct {
	OWA []OWA
	// Protocol and ASURL repeat what goes with it: EXCH inside, EXPR outside.
	Protocol, ASURL string
}

// OWA is a URL with the ways to sign in there, for example "Basic, Fba".
type OWA struct{ URL, AuthenticationMethod string }

// fields are in the order in which Exchange writes them.
func (p *Protocol) fields() []field {
	return []field{{"Type", &p.Type}, {"Server", &p.Server}, {"ServerDN", &p.ServerDN}, {"ServerVersion", &p.ServerVersion},
		{"MdbDN", &p.MdbDN}, {"AD", &p.AD}, {"SSL", &p.SSL}, {"AuthPackage", &p.AuthPackage},
		{"CertPrincipalName", &p.CertPrincipalName}, {"ServerExclusiveConnect", &p.ExclusiveConnect},
		{"ASUrl", &p.ASURL}, {"EwsUrl", &p.EwsURL}, {"EcpUrl", &p.EcpURL}, {"OOFUrl", &p.OOFURL}, {"UMUrl", &p.UMURL}, {"OABUrl", &p.OABURL}}
}

func (e *Endpoint) fields() []field {
	return []field{{"InternalUrl", &e.InternalURL}, {"ExternalUrl", &e.ExternalURL}}
}

var (
	outer   = builder{nsAutodiscover}
	outlook = builder{OutlookSchema}
)

// Encode writes the document.
func (r Response) Encode() ([]byte, error) {
	var parts []xmltree.Node
	if user := outlook.texts(r.User.fields()); user != nil {
		parts = append(parts, outlook.node("User", user...))
	}
	account := outlook.node("Account")
	if r.Action == Settings {
		account.Children = append(account.Children, outlook.text("AccountType", "email"))
	}
	account.Children = append(account.Children, outlook.text("Action", string(r.Action)))
	switch r.Action {
	case RedirectAddr:
		account.Children = append(account.Children, outlook.text("RedirectAddr", r.Redirect))
	case RedirectURL:
		account.Children = append(account.Children, outlook.text("RedirectUrl", r.Redirect))
	}
	for _, p := range r.Protocols {
		account.Children = append(account.Children, p.node())
	}
	root := outer.node("Autodiscover", outlook.node("Response", append(parts, account)...))
	return root.Encode(nil)
}

func (p Protocol) node() xmltree.Node {
	if p.Type == MAPIHTTP {
		n := attr(attr(outlook.node("Protocol"), "Type", MAPIHTTP), "Version", strconv.Itoa(p.Version))
		n.Children = []xmltree.Node{outlook.node("MailStore", outlook.texts(p.MailStore.fields())...),
			outlook.node("AddressBook", outlook.texts(p.AddressBook.fields())...)}
		return n
	}
	n := outlook.node("Protocol", outlook.texts(p.fields())...)
	if p.External != nil {
		n.Children = append(n.Children, p.External.node("External"))
	}
	if p.Internal != nil {
		n.Children = append(n.Children, p.Internal.node("Internal"))
	}
	return n
}

func (w Web) node(local string) xmltree.Node {
	n := outlook.node(local)
	for _, o := range w.OWA {
		n.Children = append(n.Children, attr(outlook.text("OWAUrl", o.URL), "AuthenticationMethod", o.AuthenticationMethod))
	}
	if w.Protocol != "" {
		n.Children = append(n.Children, outlook.node("Protocol",
			outlook.texts([]field{{"Type", &w.Protocol}, {"ASUrl", &w.ASURL}})...))
	}
	return n
}

// ParseResponse reads a response. A refusal is returned as an *Error; other
// errors wrap xmltree.ErrXML or are a *SchemaError.
func ParseResponse(body []byte) (Response, error) {
	root, err := xmltree.Parse(body, Limits)
	if err != nil {
		return Response{}, err
	}
	if root.Name.Local != "Autodiscover" || root.Name.Space != nsAutodiscover {
		return Response{}, schemaError(root, "is not a response")
	}
	// A refusal is in the outer namespace, or in the one that was asked for.
	for _, space := range []string{nsAutodiscover, OutlookSchema} {
		if n := root.Child(space, "Response"); n != nil {
			if e := n.Child(space, "Error"); e != nil {
				return Response{}, parseError(e, space)
			}
		}
	}
	n := root.Child(OutlookSchema, "Response")
	if n == nil {
		return Response{}, schemaError(root, "has no Response of Outlook's schema")
	}
	account := n.Child(OutlookSchema, "Account")
	if account == nil {
		return Response{}, schemaError(n, "has no Account")
	}
	var r Response
	if u := n.Child(OutlookSchema, "User"); u != nil {
		read(u, OutlookSchema, r.User.fields())
	}
	return r, r.account(account)
}

func (r *Response) account(n *xmltree.Node) error {
	var action, addr, url string
	read(n, OutlookSchema, []field{{"Action", &action}, {"RedirectAddr", &addr}, {"RedirectUrl", &url}})
	switch r.Action = Action(action); r.Action {
	case Settings:
	case RedirectAddr:
		r.Redirect = addr
	case RedirectURL:
		r.Redirect = url
	default:
		return schemaError(n, "has an unknown Action: %.40q", action)
	}
	if r.Action != Settings && r.Redirect == "" {
		return schemaError(n, "does not say where to ask")
	}
	for i := range n.Children {
		c := &n.Children[i]
		if c.Name.Space != OutlookSchema || c.Name.Local != "Protocol" {
			continue
		}
		p, err := parseProtocol(c)
		if err != nil {
			return err
		}
		r.Protocols = append(r.Protocols, p)
	}
	return nil
}

func parseProtocol(n *xmltree.Node) (Protocol, error) {
	var p Protocol
	if n.Attr("Type") == MAPIHTTP {
		v, err := strconv.ParseUint(n.Attr("Version"), 10, 31)
		if err != nil || v == 0 {
			return p, schemaError(n, "has no Version")
		}
		p.Type, p.Version = MAPIHTTP, int(v)
		if c := n.Child(OutlookSchema, "MailStore"); c != nil {
			read(c, OutlookSchema, p.MailStore.fields())
		}
		if c := n.Child(OutlookSchema, "AddressBook"); c != nil {
			read(c, OutlookSchema, p.AddressBook.fields())
		}
		return p, nil
	}
	read(n, OutlookSchema, p.fields())
	if p.Type == "" || p.Type == MAPIHTTP {
		return p, schemaError(n, "has no Type")
	}
	p.External = parseWeb(n.Child(OutlookSchema, "External"))
	p.Internal = parseWeb(n.Child(OutlookSchema, "Internal"))
	return p, nil
}

func parseWeb(n *xmltree.Node) *Web {
	if n == nil {
		return nil
	}
	w := new(Web)
	for i := range n.Children {
		c := &n.Children[i]
		if c.Name.Space != OutlookSchema {
			continue
		}
		switch c.Name.Local {
		case "OWAUrl":
			w.OWA = append(w.OWA, OWA{c.Text, c.Attr("AuthenticationMethod")})
		case "Protocol":
			var p Web
			read(c, OutlookSchema, []field{{"Type", &p.Protocol}, {"ASUrl", &p.ASURL}})
			if p.Protocol != "" {
				w.Protocol, w.ASURL = p.Protocol, p.ASURL
			}
		}
	}
	return w
}

// Find returns the first protocol of a type.
func (r Response) Find(kind string) (Protocol, bool) {
	for _, p := range r.Protocols {
		if p.Type == kind {
			return p, true
		}
	}
	return Protocol{}, false
}
