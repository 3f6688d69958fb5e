package airsync

import "shutout/lab/protocol/wbxml"

// SyncResponse is the server's answer to Sync (MS-ASCMD 2.2.1.21). Without
// changes and without an error it has an empty body, which is how a server
// ends a Sync that it held back.
type SyncResponse struct {
	Status      Status // of the command as a whole; 0 is written like StatusOK
	Limit       int    // with SyncWaitOutOfRange: the nearest value that is allowed, in the unit of the request
	Collections []SyncResult
}

// SyncResult is one folder of a response.
type SyncResult struct {
	Class         string // written below version 14.0 only
	SyncKey       string // for the next request
	ID            string // the folder's server id
	Status        Status
	MoreAvailable bool          // more changes than the window holds
	Commands      []SyncCommand // the server's changes
	Responses     []SyncCommand // the outcome of the client's
}

// Encode is the response's body in version v; empty if nothing happened.
func (r SyncResponse) Encode(v Version) ([]byte, error) {
	if r.Status <= StatusOK && r.Limit == 0 && len(r.Collections) == 0 {
		return nil, nil
	}
	var l list
	if r.Status > StatusOK {
		l.status(tSyncStatus, r.Status)
	}
	l.number(tSyncLimit, r.Limit)
	if len(r.Collections) > 0 {
		collections := make(list, 0, len(r.Collections))
		for i := range r.Collections {
			c, err := r.Collections[i].nodes(v)
			if err != nil {
				return nil, err
			}
			collections.add(wbxml.Elem(tCollection, c...))
		}
		l.add(wbxml.Elem(tCollections, collections...))
	}
	return encode(wbxml.Elem(tSync, l...))
}

func (c *SyncResult) nodes(v Version) (list, error) {
	l := make(list, 0, 7)
	if v < V140 {
		l.text(tSyncClass, c.Class)
	}
	l.text(tSyncKey, c.SyncKey)
	l.text(tCollectionID, c.ID)
	l.status(tSyncStatus, c.Status)
	l.present(tMoreAvailable, c.MoreAvailable)
	l, err := l.commands(c.Commands, v)
	if err != nil {
		return nil, err
	}
	return l.items(tResponses, c.Responses, v)
}

// ParseSyncResponse reads a response's body of any version.
func ParseSyncResponse(body []byte) (SyncResponse, error) {
	r := SyncResponse{Status: StatusOK}
	if len(body) == 0 {
		return r, nil
	}
	root, err := decode(body, tSync)
	if err != nil {
		return SyncResponse{}, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tSyncStatus:
			r.Status, err = status(n)
		case tSyncLimit:
			r.Limit, err = number(n)
		case tCollections:
			r.Collections, err = parseCollections(n, parseResult)
		}
		if err != nil {
			return SyncResponse{}, err
		}
	}
	return r, nil
}

func parseResult(parent *wbxml.Node) (SyncResult, error) {
	var c SyncResult
	for i := range parent.Children {
		n := &parent.Children[i]
		var err error
		switch n.Tag {
		case tSyncClass:
			c.Class = n.Value()
		case tSyncKey:
			c.SyncKey = n.Value()
		case tCollectionID:
			c.ID = n.Value()
		case tSyncStatus:
			c.Status, err = status(n)
		case tMoreAvailable:
			// The element says it; a server that writes a value means it too.
			c.MoreAvailable = n.Value() != "0"
		case tCommands:
			c.Commands, err = parseCommands(n)
		case tResponses:
			c.Responses, err = parseCommands(n)
		}
		if err != nil {
			return SyncResult{}, err
		}
	}
	if c.Status == 0 {
		return SyncResult{}, schemaError(tSyncStatus, "is missing")
	}
	return c, nil
}
