package client

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/mapi"
)

// emsmdbLine is the EMSMDB and AsyncEMSMDB interfaces on one RPC connection,
// whatever carries that. Its zero value has no connection.
type emsmdbLine struct {
	rpc *dcerpc.Conn
	// came tells, without waiting, whether an RPC PDU has come. Its error, like
	// a later read's, is the connection's end.
	came func() (bool, error)
	// patient gives the next exchange its time.
	patient func()
	hangUp  func()
	record  *record

	session dcerpc.ContextHandle
	async   dcerpc.ContextHandle // zero: the server has no EcDoAsyncWaitEx
	waiting uint32               // the call that waits for news; 0: none
	fresh   bool                 // there was news, and nobody has asked yet
}

// The numbers of the presentation contexts.
const (
	contextMailbox uint16 = iota
	contextAsync
)

var outlookContexts = []dcerpc.Context{
	{ID: contextMailbox, Abstract: emsmdb.EMSMDB, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}},
	{ID: contextAsync, Abstract: emsmdb.AsyncEMSMDB, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}},
}

var authTypes = map[lab.Auth]dcerpc.AuthType{lab.AuthNTLM: dcerpc.AuthNTLM, lab.AuthKerberos: dcerpc.AuthKerberos}

const (
	stageBind = "bind"
	stageAuth = "auth"
	// mailboxService is the service that Kerberos tickets for RPC are for.
	mailboxService = "exchangeMDB"
)

// prove makes the handshake of a bind that encrypts all calls.
func (l *line) prove(ctx context.Context, auth lab.Auth, password, host string) (*dcerpc.Handshake, mechanism, error) {
	m, err := l.newMechanism(auth, password, mailboxService, host)
	if err != nil {
		return nil, nil, failure(err, stageSignIn)
	}
	return &dcerpc.Handshake{
		Type: authTypes[auth], Level: dcerpc.LevelPrivacy, ContextID: 1, HeaderSign: true,
		Next: func(challenge []byte) ([]byte, bool, error) { return m.next(ctx, challenge) },
	}, m, nil
}

// bind asks for the interfaces; without a handshake the server has to know who
// calls.
func (e *emsmdbLine) bind(h *dcerpc.Handshake, m mechanism) error {
	e.patient()
	ack, err := e.rpc.Bind(outlookContexts, h)
	e.record.bound(h, err)
	if err != nil {
		return bindFailure(err)
	}
	if ack.Results[contextMailbox].Result != dcerpc.Accepted {
		return refused(stageBind, "the server does not serve mailboxes to Outlook")
	}
	e.async = dcerpc.ContextHandle{}
	if h == nil {
		return nil
	}
	p, err := m.protector(h.Level)
	if err != nil {
		return unknown(stageBind, err)
	}
	e.rpc.Protect(dcerpc.Auth{Type: h.Type, Level: h.Level, ContextID: h.ContextID}, p)
	return nil
}

// bindFailure judges a bind that did not succeed.
func bindFailure(err error) error {
	var f *lab.Failure
	var no *dcerpc.BindError
	switch {
	case errors.As(err, &f):
		return f
	case !errors.As(err, &no):
		return callFailure(stageBind, err)
	}
	switch no.Reason {
	case dcerpc.NakCongestion, dcerpc.NakLocalLimit:
		return unreachable(stageBind, err)
	case dcerpc.NakAuthType:
		return refused(stageAuth, "the server does not take this way to sign in")
	}
	return refused(stageSignIn, "the server refuses the bind")
}

// callFailure judges a call that failed before there was a session. Whoever is
// not let in learns it from his first call.
func callFailure(stage string, err error) error {
	var fault *dcerpc.FaultError
	if !errors.As(err, &fault) {
		return unreachable(stage, err)
	}
	switch fault.Status {
	case dcerpc.StatusAccessDenied:
		return refused(stageSignIn, "access denied")
	case dcerpc.StatusServerTooBusy:
		return &lab.Failure{Kind: lab.Unreachable, Stage: stage, Text: "the server is too busy"}
	}
	return refused(stage, faultText(fault))
}

func faultText(f *dcerpc.FaultError) string { return fmt.Sprintf("RPC fault 0x%08X", f.Status) }

// outlookVersion is Outlook 2010, 14.0.4760.1000 (MS-OXCRPC 3.1.4.1.3).
var outlookVersion = emsmdb.Version{14 << 8, 0x8000 | 4760, 1000}

const (
	codePage = 1252   // of strings that are not Unicode: Western European (MS-UCODEREF 2.2.1)
	locale   = 0x0409 // English, United States (MS-LCID 2.2)
	noLink   = 0xFFFFFFFF
)

// openSession is EcDoConnectEx and EcDoAsyncConnectEx.
func (e *emsmdbLine) openSession(dn string) error {
	h := fnv.New32a()
	h.Write([]byte(dn))
	stub, err := emsmdb.ConnectExRequest{
		UserDN: dn, ConnectionMod: h.Sum32(), CodePage: codePage, LCIDString: locale, LCIDSort: locale, Link: noLink,
		ConvertPages: 1, ClientVersion: outlookVersion, MaxAuxiliaryOut: emsmdb.MaxAuxiliary,
	}.Encode()
	if err != nil {
		return unexpected(stageMailbox, "%v", err)
	}
	out, _, err := e.call(contextMailbox, emsmdb.OpConnectEx, stub)
	if err != nil {
		return callFailure(stageMailbox, err)
	}
	r, err := emsmdb.ParseConnectExResponse(out)
	switch {
	case err != nil:
		return unexpected(stageMailbox, "%v", err)
	case r.Result != emsmdb.None:
		e.record.line(serverSays, "EcDoConnectEx: ", mapi.ErrorCode(r.Result).String())
		return connectFailure(mapi.ErrorCode(r.Result))
	}
	e.session = r.Session
	if stub, err = (emsmdb.AsyncConnectExRequest{Session: e.session}).Encode(); err != nil {
		return unexpected(stageMailbox, "%v", err)
	}
	out, _, err = e.call(contextMailbox, emsmdb.OpAsyncConnectEx, stub)
	var fault *dcerpc.FaultError
	if errors.As(err, &fault) {
		return nil // an old server, which has to be asked for news
	} else if err != nil {
		return callFailure(stageMailbox, err)
	}
	if a, err := emsmdb.ParseAsyncConnectExResponse(out); err == nil && a.Result == emsmdb.None {
		e.async = a.Async
	}
	return nil
}

// connectFailure judges what EcDoConnectEx returned (MS-OXCRPC 3.1.4.1).
func connectFailure(code mapi.ErrorCode) *lab.Failure {
	f := refused(stageMailbox, code.Error())
	switch code {
	case mapi.CodeLogonFailed:
		f.Stage = stageSignIn
	case mapi.CodeServerPaused, mapi.CodeServerBusy, mapi.CodeServerMemory, mapi.CodeRPCServerTooBusy,
		mapi.CodeRPCServerUnavailable, mapi.CodeDatabaseNotInitialized, mapi.CodeExiting, mapi.CodeNetworkError:
		f.Kind = lab.Unreachable
	}
	return f
}

// call makes a call and waits for its answer. Sent says that the request went
// out, so that it may have been carried out.
func (e *emsmdbLine) call(context, opnum uint16, stub []byte) (answer []byte, sent bool, err error) {
	answer, sent, err = e.exchange(context, opnum, stub)
	e.record.called(opnum, len(stub), len(answer), err)
	return answer, sent, err
}

func (e *emsmdbLine) exchange(context, opnum uint16, stub []byte) (answer []byte, sent bool, err error) {
	e.patient()
	id, err := e.rpc.Send(&dcerpc.Request{ContextID: context, Opnum: opnum, Stub: stub})
	if err != nil {
		return nil, false, err
	}
	for {
		p, err := e.read()
		if err != nil || p == nil {
			if err != nil {
				return nil, true, err
			}
			continue // the answer to the call that waits for news
		}
		if p.CallID != id {
			return nil, true, fmt.Errorf("an answer to call %d in place of %d", p.CallID, id)
		}
		switch body := p.Body.(type) {
		case *dcerpc.Response:
			return body.Stub, true, nil
		case *dcerpc.Fault:
			return nil, true, &dcerpc.FaultError{Status: body.Status, DidNotExecute: p.Flags&dcerpc.FlagDidNotExecute != 0}
		}
		return nil, true, fmt.Errorf("%v in answer to a call", p.Body.Type())
	}
}

// read reads a message. It keeps the answer to the call that waits for news to
// itself and returns nil for it.
func (e *emsmdbLine) read() (*dcerpc.PDU, error) {
	p, err := e.rpc.ReadMessage()
	if err != nil {
		return nil, err
	}
	if s, ok := p.Body.(*dcerpc.Signal); ok && s.Kind == dcerpc.TypeShutdown {
		return nil, dcerpc.ErrShutdown
	}
	if e.waiting == 0 || p.CallID != e.waiting {
		return p, nil
	}
	e.waiting = 0
	if r, ok := p.Body.(*dcerpc.Response); ok {
		if out, err := emsmdb.ParseAsyncWaitExResponse(r.Stub); err == nil && out.Result == emsmdb.None {
			e.fresh = out.Flags&emsmdb.NotificationPending != 0
			return nil, nil
		}
	}
	e.async = dcerpc.ContextHandle{} // it is not to be tried again (MS-OXCNOTIF 3.2.5.5.1)
	return nil, nil
}

// catchUp reads what has come between calls, without waiting.
func (e *emsmdbLine) catchUp() error {
	for {
		e.patient() // to look may mean to read a ping
		if ok, err := e.came(); err != nil || !ok {
			return err
		}
		p, err := e.read()
		if err != nil {
			return err
		}
		if p != nil {
			return fmt.Errorf("%v without a call", p.Body.Type())
		}
	}
}

// maxOut is the room for the buffer that comes back: one of the largest that
// may come when the client does not ask for several (MS-OXCRPC 3.1.4.2, pcbOut).
const maxOut = 0x8007

// execute is EcDoRpcExt2.
func (e *emsmdbLine) execute(_ context.Context, stage string, buffer []byte, once bool) ([]byte, error) {
	if err := e.catchUp(); err != nil {
		return nil, &lost{Failure: unreachable(stage, err), again: true}
	}
	stub, err := emsmdb.RpcExt2Request{
		Session: e.session, Flags: emsmdb.NoCompression | emsmdb.NoXorMagic, Buffer: buffer, MaxBufferOut: maxOut,
		MaxAuxiliaryOut: emsmdb.MaxAuxiliary,
	}.Encode()
	if err != nil {
		return nil, unexpected(stage, "%v", err)
	}
	out, sent, err := e.call(contextMailbox, emsmdb.OpRpcExt2, stub)
	if err != nil {
		return nil, executeFailure(stage, err, sent && once)
	}
	r, err := emsmdb.ParseRpcExt2Response(out)
	code := mapi.ErrorCode(r.Result)
	if err == nil && code != mapi.Success {
		e.record.line(serverSays, "EcDoRpcExt2: ", code.String())
	}
	switch {
	case err != nil:
		return nil, muddled(stage, once, err)
	case r.Session.IsZero(): // the server has ended the session instead
		return nil, &lost{Failure: refused(stage, code.Error()), again: code != mapi.Success}
	case code != mapi.Success:
		return nil, refused(stage, code.Error())
	}
	return r.Buffer, nil
}

// executeFailure judges a call in a session that got no answer or a fault.
// Done says that it may have been carried out, and must not be twice.
func executeFailure(stage string, err error, done bool) error {
	var fault *dcerpc.FaultError
	switch {
	case !errors.As(err, &fault):
		if done {
			return &lost{Failure: unknown(stage, err)}
		}
		return &lost{Failure: unreachable(stage, err), again: closed(err) || errors.Is(err, dcerpc.ErrShutdown)}
	case fault.Status == dcerpc.StatusContextMismatch:
		return &lost{Failure: refused(stage, "the server does not know the session any more"), again: true}
	case fault.Status == dcerpc.StatusAccessDenied:
		return &lost{Failure: refused(stage, "access denied"), again: true}
	case fault.Status == dcerpc.StatusServerTooBusy:
		return &lab.Failure{Kind: lab.Unreachable, Stage: stage, Text: "the server is too busy"}
	}
	f := refused(stage, faultText(fault))
	if done && !fault.DidNotExecute {
		f.Kind = lab.Unknown
	}
	return f
}

// wait is EcDoAsyncWaitEx. While there is news that nobody has asked for, more
// of it would say nothing.
func (e *emsmdbLine) wait(context.Context) {
	if e.rpc == nil || e.async.IsZero() || e.waiting != 0 || e.fresh {
		return
	}
	stub, err := emsmdb.AsyncWaitExRequest{Async: e.async}.Encode()
	if err != nil {
		return
	}
	e.patient()
	if id, err := e.rpc.Send(&dcerpc.Request{ContextID: contextAsync, Opnum: emsmdb.OpAsyncWaitEx, Stub: stub}); err == nil {
		e.waiting = id
	}
}

// news tells whether there is some. A server that gave up waiting has none.
func (e *emsmdbLine) news() bool {
	if e.rpc == nil || e.catchUp() != nil {
		return false
	}
	fresh := e.fresh
	e.fresh = false
	return fresh
}

// leave is EcDoDisconnect.
func (e *emsmdbLine) leave() {
	if e.rpc == nil || e.session.IsZero() {
		return
	}
	if stub, err := (emsmdb.Disconnect{Session: e.session}).Encode(); err == nil {
		e.call(contextMailbox, emsmdb.OpDisconnect, stub)
	}
	e.session = dcerpc.ContextHandle{}
}

func (e *emsmdbLine) drop() {
	if e.rpc != nil {
		e.hangUp()
	}
	*e = emsmdbLine{}
}
