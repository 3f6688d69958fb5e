package airsync

import "shutout/lab/protocol/wbxml"

var (
	tCommands     = Pages.MustTag("AirSync:Commands")
	tResponses    = Pages.MustTag("AirSync:Responses")
	tAdd          = Pages.MustTag("AirSync:Add")
	tChange       = Pages.MustTag("AirSync:Change")
	tDelete       = Pages.MustTag("AirSync:Delete")
	tSoftDelete   = Pages.MustTag("AirSync:SoftDelete")
	tFetch        = Pages.MustTag("AirSync:Fetch")
	tSyncServerID = Pages.MustTag("AirSync:ServerId")
	tSyncClientID = Pages.MustTag("AirSync:ClientId")
	tData         = Pages.MustTag("AirSync:ApplicationData")
)

// SyncOp is what happened, or shall happen, to an item.
type SyncOp uint8

const (
	Add        SyncOp = iota + 1
	Change            // only the properties that changed
	Delete            // gone
	SoftDelete        // no longer within the client's filter; from servers only
	Fetch             // the whole item is wanted; from clients only
)

var opTags = [...]wbxml.Tag{Add: tAdd, Change: tChange, Delete: tDelete, SoftDelete: tSoftDelete, Fetch: tFetch}

func opOf(tag wbxml.Tag) (SyncOp, bool) {
	for op := Add; op <= Fetch; op++ {
		if opTags[op] == tag {
			return op, true
		}
	}
	return 0, false
}

// SyncCommand is one change. Items that come from the server have a ServerID;
// one that a client adds has a ClientID until the response gives it the other.
// An item that a client changes or fetches has its ServerID.
type SyncCommand struct {
	Op       SyncOp
	ServerID string
	ClientID string
	Status   Status // in responses to a client's commands only
	Email    *Email // with Add and Change, and in the response to Fetch
}

// commands appends a Commands element, if there is anything to put into it.
func (l list) commands(commands []SyncCommand, v Version) (list, error) {
	return l.items(tCommands, commands, v)
}

func (l list) items(parent wbxml.Tag, commands []SyncCommand, v Version) (list, error) {
	if len(commands) == 0 {
		return l, nil
	}
	items := make(list, 0, len(commands))
	for i := range commands {
		c := &commands[i]
		if c.Op < Add || c.Op > Fetch {
			return nil, schemaError(parent, "has a command of no known kind")
		}
		item := make(list, 0, 3)
		item.text(tSyncClientID, c.ClientID)
		item.text(tSyncServerID, c.ServerID)
		item.status(tSyncStatus, c.Status)
		if c.Email != nil {
			data, err := c.Email.nodes(v)
			if err != nil {
				return nil, err
			}
			item.add(wbxml.Elem(tData, data...))
		}
		items.add(wbxml.Elem(opTags[c.Op], item...))
	}
	l.add(wbxml.Elem(parent, items...))
	return l, nil
}

func parseCommands(parent *wbxml.Node) ([]SyncCommand, error) {
	var commands []SyncCommand
	for i := range parent.Children {
		n := &parent.Children[i]
		op, ok := opOf(n.Tag)
		if !ok {
			continue
		}
		c := SyncCommand{Op: op}
		for j := range n.Children {
			child := &n.Children[j]
			var err error
			switch child.Tag {
			case tSyncServerID:
				c.ServerID = child.Value()
			case tSyncClientID:
				c.ClientID = child.Value()
			case tSyncStatus:
				c.Status, err = status(child)
			case tData:
				c.Email, err = parseEmail(child)
			}
			if err != nil {
				return nil, err
			}
		}
		if c.ServerID == "" && c.ClientID == "" {
			return nil, schemaError(n.Tag, "has neither ServerId nor ClientId")
		}
		commands = append(commands, c)
	}
	return commands, nil
}
