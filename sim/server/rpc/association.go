package rpc

import (
	"errors"
	"slices"
	"sync"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/sim/directory"
	"shutout/sim/server/signin"
)

// Bounds of one connection. They keep the simulation's memory small and say
// nothing about Exchange.
const (
	maxContexts = 64
	maxSessions = 64
)

// interfaces are what a port serves.
type interfaces []struct {
	id         dcerpc.SyntaxID
	operations map[uint16]operation
}

// find returns the operations of an interface. A client may ask for an older
// minor version than there is (C706 6.1.3.3).
func (list interfaces) find(id dcerpc.SyntaxID) map[uint16]operation {
	for _, i := range list {
		if i.id.UUID == id.UUID && i.id.Major == id.Major && i.id.Minor >= id.Minor {
			return i.operations
		}
	}
	return nil
}

// An operation carries a call out, with the world's lock held.
type operation func(a *association, now time.Time, call *dcerpc.PDU, stub []byte) outcome

// outcome is what became of a call.
type outcome struct {
	stub  []byte
	fault uint32 // if not 0, the answer is this fault
	held  bool   // the answer comes later
}

// answer is an outcome with the stub that encode returns.
func answer(stub []byte, err error) outcome {
	if err != nil {
		return outcome{fault: dcerpc.StatusBadStub}
	}
	return outcome{stub: stub}
}

// association is one client's connection.
type association struct {
	Stream
	s        *Server
	rpc      *dcerpc.Conn
	serves   interfaces
	bound    bool
	contexts map[uint16]map[uint16]operation // operations by context number and opnum

	user     *directory.Object // who calls; nil: nobody may call
	auth     *dcerpc.Auth      // what the bind says of its authentication; nil: it has none
	exchange *signin.Exchange  // the sign-in that goes on

	writing sync.Mutex // one message at a time: answers to held calls come beside the others

	// Guarded by the world's lock.
	sessions []*session
	watcher  *watcher
	ready    []*dcerpc.PDU // answers to held calls that are still to be written
}

func newAssociation(s *Server, from Stream, serves interfaces) *association {
	return &association{
		Stream: from, s: s, rpc: dcerpc.NewConn(from, dcerpc.Limits{}), serves: serves,
		contexts: map[uint16]map[uint16]operation{},
	}
}

// errProtocol ends a connection whose client does not keep to the protocol.
var errProtocol = errors.New("rpc: protocol violation")

// serve answers until the connection ends.
func (a *association) serve() {
	for {
		p, err := a.rpc.ReadMessage()
		if err != nil {
			return
		}
		switch body := p.Body.(type) {
		case *dcerpc.Bind:
			err = a.bind(p, body)
		case *dcerpc.Auth3:
			err = a.finishSignIn(p)
		case *dcerpc.Request:
			err = a.call(p, body)
		case *dcerpc.Signal:
			if body.Kind == dcerpc.TypeOrphaned {
				a.s.w.Do(func(time.Time) { a.abandon(p.CallID) })
			}
		default:
			err = errProtocol
		}
		if err != nil {
			return
		}
	}
}

// write writes a message, between those of others.
func (a *association) write(p *dcerpc.PDU) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	return a.rpc.WriteMessage(p)
}

// bind answers a bind or alter_context.
func (a *association) bind(p *dcerpc.PDU, b *dcerpc.Bind) error {
	if b.Alter != a.bound {
		return errProtocol
	}
	ack := dcerpc.Negotiate(b, 0, func(id dcerpc.SyntaxID) bool { return a.serves.find(id) != nil })
	for i, c := range b.Contexts {
		if ack.Results[i].Result == dcerpc.Accepted {
			a.contexts[c.ID] = a.serves.find(c.Abstract)
		}
	}
	if len(a.contexts) > maxContexts {
		return errProtocol
	}
	token, reason := a.signIn(p.Auth, b.Alter)
	switch {
	case reason == refusedType:
		return a.refuse(p, b, dcerpc.NakAuthType)
	case reason == refusedUser:
		return a.refuse(p, b, dcerpc.NakNotSpecified)
	}
	if !b.Alter {
		a.bound = true
		ack.SecondaryAddr = a.secondaryAddress()
		if ack.Group == 0 {
			a.s.w.Do(func(time.Time) {
				a.s.groups++
				ack.Group = a.s.groups
			})
		}
	}
	flags := p.Flags & (dcerpc.FlagMultiplex | dcerpc.FlagHeaderSign)
	return a.write(&dcerpc.PDU{Flags: flags, CallID: p.CallID, Body: ack, Auth: token})
}

// refuse answers a bind as a whole with no. An alter_context has no such
// answer but a fault (C706 12.6.4.1).
func (a *association) refuse(p *dcerpc.PDU, b *dcerpc.Bind, reason uint16) error {
	if !b.Alter {
		_ = a.write(&dcerpc.PDU{CallID: p.CallID, Body: &dcerpc.BindNak{Reason: reason}})
		return errProtocol
	}
	return a.fault(p, dcerpc.StatusAccessDenied)
}

func (a *association) fault(p *dcerpc.PDU, status uint32) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	return a.rpc.Fault(p, status)
}

// call carries out a request and answers it, and then whatever held calls it
// has brought to an end.
func (a *association) call(p *dcerpc.PDU, q *dcerpc.Request) error {
	operations, ok := a.contexts[q.ContextID]
	if !ok {
		return a.fault(p, dcerpc.StatusUnknownIf)
	}
	if a.user == nil && !a.open() {
		return a.fault(p, dcerpc.StatusAccessDenied)
	}
	operation, ok := operations[q.Opnum]
	if !ok {
		return a.fault(p, dcerpc.StatusOpRange)
	}
	var done outcome
	var due []*dcerpc.PDU
	a.s.w.Do(func(now time.Time) {
		done = operation(a, now, p, q.Stub)
		due = a.due(now)
	})
	var err error
	switch {
	case done.held:
	case done.fault != 0:
		err = a.fault(p, done.fault)
	default:
		err = a.write(reply(p.CallID, q.ContextID, done.stub))
	}
	return errors.Join(err, a.writeAll(due))
}

func reply(call uint32, context uint16, stub []byte) *dcerpc.PDU {
	return &dcerpc.PDU{CallID: call, Body: &dcerpc.Response{ContextID: context, Stub: stub}}
}

func (a *association) writeAll(list []*dcerpc.PDU) error {
	for _, p := range list {
		if err := a.write(p); err != nil {
			return err
		}
	}
	return nil
}

// rundown ends what the client has left open. The world's lock is held.
func (a *association) rundown(now time.Time) {
	for _, x := range slices.Clone(a.sessions) {
		a.end(now, x)
	}
	a.ready = nil
	if a.watcher != nil {
		close(a.watcher.stop)
		a.watcher = nil
	}
}
