package airsync

import (
	"time"

	"shutout/lab/protocol/wbxml"
)

var (
	tPing           = Pages.MustTag("Ping:Ping")
	tPingStatus     = Pages.MustTag("Ping:Status")
	tPingHeartbeat  = Pages.MustTag("Ping:HeartbeatInterval")
	tPingFolders    = Pages.MustTag("Ping:Folders")
	tPingFolder     = Pages.MustTag("Ping:Folder")
	tPingID         = Pages.MustTag("Ping:Id")
	tPingClass      = Pages.MustTag("Ping:Class")
	tPingMaxFolders = Pages.MustTag("Ping:MaxFolders")
)

// PingFolder is one folder to watch.
type PingFolder struct {
	ID    string // the folder's server id
	Class string // the kind of items, for example ClassEmail
}

// PingRequest asks the server to answer when something changes, or when the
// heartbeat interval is over (MS-ASCMD 2.2.1.13). What is left out keeps the
// value of the device's earlier request; a request without anything has an
// empty body (MS-ASCMD 3.1.5.8).
type PingRequest struct {
	Heartbeat time.Duration // whole seconds; 0 leaves it out
	Folders   []PingFolder
}

// Encode is the request's body, which is empty if the request says nothing.
func (r PingRequest) Encode() ([]byte, error) {
	if r.Heartbeat == 0 && len(r.Folders) == 0 {
		return nil, nil
	}
	var l list
	if err := l.duration(tPingHeartbeat, r.Heartbeat, time.Second); err != nil {
		return nil, err
	}
	if len(r.Folders) > 0 {
		folders := make(list, 0, len(r.Folders))
		for _, f := range r.Folders {
			folders.add(wbxml.Elem(tPingFolder, textOf(tPingID, f.ID), textOf(tPingClass, f.Class)))
		}
		l.add(wbxml.Elem(tPingFolders, folders...))
	}
	return encode(wbxml.Elem(tPing, l...))
}

// ParsePingRequest reads a request's body.
func ParsePingRequest(body []byte) (PingRequest, error) {
	var r PingRequest
	if len(body) == 0 {
		return r, nil
	}
	root, err := decode(body, tPing)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tPingHeartbeat:
			r.Heartbeat, err = duration(n, time.Second)
		case tPingFolders:
			r.Folders, err = parsePingFolders(n)
		}
		if err != nil {
			return PingRequest{}, err
		}
	}
	return r, nil
}

func parsePingFolders(parent *wbxml.Node) ([]PingFolder, error) {
	var folders []PingFolder
	for i := range parent.Children {
		n := &parent.Children[i]
		if n.Tag != tPingFolder {
			continue
		}
		var f PingFolder
		if id := n.Child(tPingID); id != nil {
			f.ID = id.Value()
		}
		if class := n.Child(tPingClass); class != nil {
			f.Class = class.Value()
		}
		if f.ID == "" || f.Class == "" {
			return nil, schemaError(tPingFolder, "needs an Id and a Class")
		}
		folders = append(folders, f)
	}
	return folders, nil
}

// PingResponse is the server's answer.
type PingResponse struct {
	Status     Status
	Folders    []string      // with PingChanges: the server ids of what changed
	Heartbeat  time.Duration // with PingHeartbeatOutOfRange: the nearest interval that is allowed
	MaxFolders int           // with PingTooManyFolders: how many are allowed
}

// Encode is the response's body.
func (r PingResponse) Encode() ([]byte, error) {
	var l list
	l.status(tPingStatus, r.Status)
	if len(r.Folders) > 0 {
		folders := make(list, 0, len(r.Folders))
		for _, id := range r.Folders {
			folders.add(textOf(tPingFolder, id))
		}
		l.add(wbxml.Elem(tPingFolders, folders...))
	}
	l.number(tPingMaxFolders, r.MaxFolders)
	if err := l.duration(tPingHeartbeat, r.Heartbeat, time.Second); err != nil {
		return nil, err
	}
	return encode(wbxml.Elem(tPing, l...))
}

// ParsePingResponse reads a response's body.
func ParsePingResponse(body []byte) (PingResponse, error) {
	var r PingResponse
	root, err := decode(body, tPing)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tPingStatus:
			r.Status, err = status(n)
		case tPingFolders:
			for j := range n.Children {
				if f := &n.Children[j]; f.Tag == tPingFolder && f.Value() != "" {
					r.Folders = append(r.Folders, f.Value())
				}
			}
		case tPingHeartbeat:
			r.Heartbeat, err = duration(n, time.Second)
		case tPingMaxFolders:
			r.MaxFolders, err = positive(n)
		}
		if err != nil {
			return PingResponse{}, err
		}
	}
	if r.Status == 0 {
		return PingResponse{}, schemaError(tPingStatus, "is missing")
	}
	return r, nil
}
