package ews

import (
	"shutout/lab"
	"shutout/lab/protocol/ews"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/store"
)

// Bounds on what a request may ask for; they keep the simulation's memory small
// and say nothing about Exchange.
const (
	maxParts       = 1000
	maxProperties  = 200
	responseBudget = 64 << 20
	itemOverhead   = 1 << 10 // of an item in a response, beside its content
)

// admit opens the mailbox that the request is about: the caller's own, or
// another one if the caller holds a right on it. When the caller may not come in,
// it returns what each part of the request is answered, or the fault for the
// whole.
func (c *call) admit(op ews.Operation) (*ews.Message, *ews.Fault) {
	r := store.Request{User: c.user.SAM(), Protocol: directory.EWS, Cache: c.cas.Directory(), Owner: network.Owner(c.conn)}
	other := c.whose(op)
	if other != "" {
		o, _, ok := c.cas.Directory().Get(c.now, other)
		if !ok {
			return failed(ews.ErrorNonExistentMailbox, "The SMTP address has no mailbox associated with it."), nil
		}
		r.User, r.As = o.SAM(), c.user.SAM()
	}
	s, d := c.w.Store.Logon(c.now, r)
	c.record(d)
	if d.Allowed {
		c.session = s
		return nil, nil
	}
	switch {
	case d.Layer == lab.LayerMailboxInfo && other != "":
		return failed(ews.ErrorAccessDenied, "Access is denied. Check credentials and try again."), nil
	case d.Layer == lab.LayerMailboxInfo: // a flag or a permission
		return nil, &ews.Fault{Code: ews.ErrorAccessDenied, Text: "Access is denied. Check credentials and try again."}
	case d.Layer == lab.LayerService:
		return failed(ews.ErrorMailboxStoreUnavailable, "The mailbox database is temporarily unavailable."), nil
	case d.Layer == lab.LayerStore && !d.Until.IsZero():
		return failed(ews.ErrorMailboxMoveInProgress, "The mailbox is being moved."), nil
	default:
		return failed(ews.ErrorNonExistentMailbox, "The SMTP address has no mailbox associated with it."), nil
	}
}

// failed is an error in a response.
func failed(code ews.ResponseCode, text string) *ews.Message {
	return &ews.Message{Code: code, Text: text}
}

// parts is how many things an operation is about, and whether the response has
// a message for each of them.
func parts(op ews.Operation) (n int, each bool) {
	switch op := op.(type) {
	case ews.GetFolder:
		return len(op.Folders), true
	case ews.FindFolder:
		return len(op.Parents), true
	case ews.FindItem:
		return len(op.Parents), true
	case ews.GetItem:
		return len(op.Items), true
	case ews.CreateItem:
		return len(op.Items), true
	case ews.SendItem:
		return len(op.Items), true
	case ews.UpdateItem:
		return len(op.Changes), true
	case ews.DeleteItem:
		return len(op.Items), true
	case ews.MoveItem:
		return len(op.Items), true
	case ews.CopyItem:
		return len(op.Items), true
	case ews.ConvertID:
		return len(op.IDs), true
	case ews.Subscribe:
		return len(op.Folders), false
	case ews.SyncFolderItems:
		return len(op.Ignore), false
	case ews.GetStreamingEvents:
		return len(op.Subscriptions), false
	case ews.UpdateInboxRules:
		return len(op.Changes), false
	}
	return 1, false
}

// asked is how many properties an operation asks for, searches and sorts by.
func asked(op ews.Operation) int {
	switch op := op.(type) {
	case ews.GetFolder:
		return len(op.Shape.Extra)
	case ews.FindFolder:
		return len(op.Shape.Extra) + conditions(op.Restriction)
	case ews.FindItem:
		return len(op.Shape.Extra) + conditions(op.Restriction) + len(op.Sort)
	case ews.GetItem:
		return len(op.Shape.Extra)
	case ews.SyncFolderItems:
		return len(op.Shape.Extra)
	}
	return 0
}

// tooMuch answers what the budget has no room for.
func tooMuch() ews.Message {
	return *failed(ews.ErrorDataSizeLimitExceeded, "The size limit of the response has been reached.")
}
