package ews

import (
	"math"
	"strconv"
	"strings"
	"time"

	"shutout/lab/protocol/ews/xmltree"
)

// A Response answers an operation, with a message for each part of the request.
type Response struct {
	Server   ServerVersion // zero to leave it out
	Op       string        // the operation's name, for example "GetFolder"
	Messages []Message
}

// A Message is the outcome of one part of a request. Which of the fields after
// BackOff it has depends on the operation; an error has none.
type Message struct {
	Code    ResponseCode
	Warning bool          // a response of class Warning: done, but not whole
	Text    string        // of an error or warning, for people
	BackOff time.Duration // ErrorServerBusy: when to come back, to the millisecond

	Folders       []Folder       // GetFolder
	Items         []Item         // GetItem, CreateItem, UpdateItem, MoveItem, CopyItem
	Page          *Page          // FindItem, FindFolder
	Sync          *SyncResult    // SyncFolderItems
	Subscription  string         // Subscribe
	Notifications []Notification // GetStreamingEvents
	Connection    Connection     // GetStreamingEvents
	Lost          []string       // GetStreamingEvents: subscriptions that the error is about
	ID            *AlternateID   // ConvertId
	RuleBlob      Flag           // GetInboxRules: Outlook keeps something of its rules for itself
	Rules         []Rule         // GetInboxRules
}

// A Page is a part of what was found (RootFolder).
type Page struct {
	Next    int  // IndexedPagingOffset: where the next page begins
	Total   int  // TotalItemsInView
	Last    bool // IncludesLastItemInRange
	Items   []Item
	Folders []Folder
}

// A SyncResult is what has changed in a folder.
type SyncResult struct {
	State   string
	Last    bool // IncludesLastItemInRange: there is nothing more
	Changes []Change
}

// Connection tells whether a streaming connection goes on (ConnectionStatus).
type Connection string

const (
	ConnectionOK     Connection = "OK"
	ConnectionClosed Connection = "Closed" // the client is to ask anew
)

// Err returns what is wrong, or nil for a message of class Success or Warning.
func (m Message) Err() error {
	if m.Code == NoError || m.Warning {
		return nil
	}
	return &Fault{m.Code, m.Text, m.BackOff}
}

// Encode writes the envelope.
func (r Response) Encode() ([]byte, error) {
	var header list
	if r.Server != (ServerVersion{}) {
		header.add(r.Server.node())
	}
	if flat(r.Op) && len(r.Messages) == 1 {
		return envelope(header, r.Messages[0].node(r.Op, r.Op+"Response"))
	}
	messages := msg("ResponseMessages")
	for _, m := range r.Messages {
		messages.Children = append(messages.Children, m.node(r.Op, r.Op+"ResponseMessage"))
	}
	return envelope(header, msg(r.Op+"Response", messages))
}

// flat tells whether an operation is answered by one message that is the
// response itself.
func flat(op string) bool { return op == "GetInboxRules" || op == "UpdateInboxRules" }

func (m Message) node(op, name string) xmltree.Node {
	class := "Error"
	switch {
	case m.Warning:
		class = "Warning"
	case m.Code == NoError:
		class = "Success"
	}
	var l list
	l.text(msg("MessageText"), m.Text)
	l.add(withText(msg("ResponseCode"), string(m.Code)))
	if class != "Success" {
		l.add(withText(msg("DescriptiveLinkKey"), "0"))
	}
	if m.BackOff > 0 {
		l.add(msg("MessageXml", backOff(m.BackOff)))
	}
	m.content(&l, op)
	return with(msg(name, l...), "ResponseClass", class)
}

func (m Message) content(l *list, op string) {
	failed := m.Code != NoError && !m.Warning
	switch op {
	case "GetFolder":
		l.folders(msg("Folders"), m.Folders)
	case "GetItem", "CreateItem", "UpdateItem", "MoveItem", "CopyItem":
		l.items(msg("Items"), m.Items)
	case "FindItem", "FindFolder":
		if m.Page != nil {
			l.add(m.Page.node(op))
		}
	case "SyncFolderItems":
		if s := m.Sync; s != nil {
			l.add(withText(msg("SyncState"), s.State))
			l.add(withText(msg("IncludesLastItemInRange"), strconv.FormatBool(s.Last)))
			changes := msg("Changes")
			for _, c := range s.Changes {
				changes.Children = append(changes.Children, c.node())
			}
			l.add(changes)
		}
	case "Subscribe":
		l.text(msg("SubscriptionId"), m.Subscription)
	case "GetStreamingEvents":
		if len(m.Notifications) > 0 {
			n := msg("Notifications")
			for _, v := range m.Notifications {
				n.Children = append(n.Children, v.node())
			}
			l.add(n)
		}
		if len(m.Lost) > 0 {
			n := msg("ErrorSubscriptionIds")
			for _, id := range m.Lost {
				n.Children = append(n.Children, withText(msg("SubscriptionId"), id))
			}
			l.add(n)
		}
		l.text(msg("ConnectionStatus"), string(m.Connection))
	case "ConvertId":
		if m.ID != nil && !failed {
			l.add(m.ID.node(msg("AlternateId")))
		}
	case "GetInboxRules":
		l.flag(msg("OutlookRuleBlobExists"), m.RuleBlob)
		if m.Rules != nil {
			n := msg("InboxRules")
			for _, r := range m.Rules {
				n.Children = append(n.Children, r.node())
			}
			l.add(n)
		}
	}
}

// items writes an element that holds items; Exchange writes it even if empty.
func (l *list) items(n xmltree.Node, items []Item) {
	for _, i := range items {
		n.Children = append(n.Children, i.node())
	}
	l.add(n)
}

func (l *list) folders(n xmltree.Node, folders []Folder) {
	for _, f := range folders {
		n.Children = append(n.Children, f.node())
	}
	l.add(n)
}

func (p Page) node(op string) xmltree.Node {
	n := with(msg("RootFolder"), "IndexedPagingOffset", strconv.Itoa(p.Next))
	n = with(with(n, "TotalItemsInView", strconv.Itoa(p.Total)), "IncludesLastItemInRange", strconv.FormatBool(p.Last))
	var l list
	if op == "FindItem" {
		l.items(typ("Items"), p.Items)
	} else {
		l.folders(typ("Folders"), p.Folders)
	}
	n.Children = l
	return n
}

// ParseResponse reads a response. A SOAP fault is returned as a *Fault; other
// errors wrap xmltree.ErrXML or are a *SchemaError.
func ParseResponse(body []byte) (Response, error) {
	n, err := xmltree.Parse(body, Limits)
	if err != nil {
		return Response{}, err
	}
	return parseResponse(n)
}

func parseResponse(n *xmltree.Node) (Response, error) {
	header, body, err := open(n)
	if err != nil {
		return Response{}, err
	}
	if in(body, nsSOAP) == "Fault" {
		f, err := parseFault(body)
		if err != nil {
			return Response{}, err
		}
		return Response{}, f
	}
	var r Response
	op, isResponse := strings.CutSuffix(inMessages(body), "Response")
	messages := body.Child(nsMessages, "ResponseMessages")
	if !isResponse || operations[op] == nil || messages == nil && !flat(op) {
		return Response{}, schemaError(body, "is not a response that is known here")
	}
	r.Op = op
	if header != nil {
		if v := header.Child(nsTypes, "ServerVersionInfo"); v != nil {
			if r.Server, err = parseServerVersion(v); err != nil {
				return Response{}, err
			}
		}
	}
	if flat(op) {
		m, err := parseMessage(body, op)
		r.Messages = []Message{m}
		if err != nil {
			return Response{}, err
		}
		return r, nil
	}
	err = each(messages, func(c *xmltree.Node) error {
		if inMessages(c) != r.Op+"ResponseMessage" {
			return schemaError(c, "does not answer %s", r.Op)
		}
		m, err := parseMessage(c, r.Op)
		r.Messages = append(r.Messages, m)
		return err
	})
	if err != nil {
		return Response{}, err
	}
	return r, nil
}

func parseMessage(n *xmltree.Node, op string) (m Message, err error) {
	class, err := oneOf(n, n.Attr("ResponseClass"), "Success", "Warning", "Error")
	if err != nil {
		return m, err
	}
	m.Warning = class == "Warning"
	for i := range n.Children {
		c := &n.Children[i]
		switch inMessages(c) {
		case "MessageText":
			m.Text = c.Text
		case "ResponseCode":
			m.Code, err = parseCode(c)
		case "MessageXml":
			m.BackOff, err = parseBackOff(c)
		default:
			if class != "Error" || op == "GetStreamingEvents" {
				err = m.parseContent(c, op)
			}
		}
		if err != nil {
			return m, err
		}
	}
	if m.Code == "" || (class == "Success") != (m.Code == NoError) {
		return m, schemaError(n, "is of class %s with the code %q", class, m.Code)
	}
	return m, nil
}

func (m *Message) parseContent(n *xmltree.Node, op string) (err error) {
	switch op + " " + inMessages(n) {
	case "GetFolder Folders":
		m.Folders, err = parseFolders(n)
	case "GetItem Items", "CreateItem Items", "UpdateItem Items", "MoveItem Items", "CopyItem Items":
		m.Items, err = parseItems(n)
	case "FindItem RootFolder", "FindFolder RootFolder":
		m.Page, err = parsePage(n, op)
	case "SyncFolderItems SyncState":
		m.sync().State = n.Text
	case "SyncFolderItems IncludesLastItemInRange":
		m.sync().Last, err = boolean(n, n.Text)
	case "SyncFolderItems Changes":
		s := m.sync()
		s.Changes = nil
		err = each(n, func(c *xmltree.Node) error {
			change, err := parseChange(c)
			s.Changes = append(s.Changes, change)
			return err
		})
	case "Subscribe SubscriptionId":
		m.Subscription = n.Text
	case "GetStreamingEvents Notifications":
		m.Notifications = nil
		err = each(n, func(c *xmltree.Node) error {
			if inMessages(c) != "Notification" {
				return schemaError(c, "is not a Notification")
			}
			v, err := parseNotification(c)
			m.Notifications = append(m.Notifications, v)
			return err
		})
	case "GetStreamingEvents ErrorSubscriptionIds":
		m.Lost = nil
		for i := range n.Children {
			m.Lost = append(m.Lost, n.Children[i].Text)
		}
	case "GetStreamingEvents ConnectionStatus":
		m.Connection, err = oneOf(n, n.Text, ConnectionOK, ConnectionClosed)
	case "ConvertId AlternateId":
		var id AlternateID
		id, err = parseAlternateID(n)
		m.ID = &id
	case "GetInboxRules OutlookRuleBlobExists":
		m.RuleBlob, err = flag(n)
	case "GetInboxRules InboxRules":
		m.Rules, err = parseRules(n)
	}
	return err
}

func (m *Message) sync() *SyncResult {
	if m.Sync == nil {
		m.Sync = new(SyncResult)
	}
	return m.Sync
}

func parseFolders(n *xmltree.Node) (folders []Folder, err error) {
	return folders, each(n, func(c *xmltree.Node) error {
		f, err := parseFolder(c)
		folders = append(folders, f)
		return err
	})
}

func parsePage(n *xmltree.Node, op string) (*Page, error) {
	p := new(Page)
	for _, a := range []struct {
		name  string
		value *int
	}{{"IndexedPagingOffset", &p.Next}, {"TotalItemsInView", &p.Total}} {
		if s := n.Attr(a.name); s != "" {
			v, err := number(n, s, 0, math.MaxInt32)
			if err != nil {
				return nil, err
			}
			*a.value = v
		}
	}
	if s := n.Attr("IncludesLastItemInRange"); s != "" {
		var err error
		if p.Last, err = boolean(n, s); err != nil {
			return nil, err
		}
	}
	return p, each(n, func(c *xmltree.Node) (err error) {
		switch op + " " + inTypes(c) {
		case "FindItem Items":
			p.Items, err = parseItems(c)
		case "FindFolder Folders":
			p.Folders, err = parseFolders(c)
		}
		return err
	})
}
