package rpc

import (
	"slices"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/mapi"
	"shutout/sim/server/outlook"
)

// What EcDoConnectEx recommends to clients (MS-OXCRPC 3.1.4.1: pcmsPollsMax,
// pcRetry, pcmsRetryDelay), in milliseconds but for the number of retries.
const (
	pollsMax   = 60000
	retries    = 6
	retryDelay = 10000
)

// serverVersion is the version that every server says it has, 14.3.123.4, for
// clients that ask it what they may call: all that is served here (MS-OXCRPC
// 1.7, and 3.1.4.1.3 for the three words).
var serverVersion = emsmdb.Version{14<<8 | 3, 0x8000 | 123, 4}

// session is a session that a client has a handle to.
type session struct {
	*outlook.Session
	handle dcerpc.ContextHandle
	async  dcerpc.ContextHandle // of EcDoAsyncConnectEx; zero: none
	used   time.Time            // when EcDoRpcExt2 was last called
	wait   *wait                // the EcDoAsyncWaitEx that is held
	unhear func()               // ends OnNews
}

// find returns the session with a handle that f takes from it.
func (a *association) find(h dcerpc.ContextHandle, of func(*session) dcerpc.ContextHandle) *session {
	i := slices.IndexFunc(a.sessions, func(x *session) bool { return of(x) == h })
	if i < 0 || h.IsZero() {
		return nil
	}
	return a.sessions[i]
}

func handle(x *session) dcerpc.ContextHandle { return x.handle }
func async(x *session) dcerpc.ContextHandle  { return x.async }

// end closes a session and forgets it: its handles name nothing any more. A
// call that waits for its news is answered.
func (a *association) end(now time.Time, x *session) {
	x.Close(now)
	if x.unhear != nil {
		x.unhear()
	}
	if x.wait != nil {
		a.ready = append(a.ready, a.release(x, emsmdb.AsyncWaitExResponse{Flags: emsmdb.NotificationPending}))
	}
	a.sessions = slices.DeleteFunc(a.sessions, func(y *session) bool { return y == x })
}

var (
	mismatch = outcome{fault: dcerpc.StatusContextMismatch}
	badStub  = outcome{fault: dcerpc.StatusBadStub}
)

// connectEx is EcDoConnectEx (MS-OXCRPC 3.1.4.1).
func (a *association) connectEx(now time.Time, _ *dcerpc.PDU, stub []byte) outcome {
	q, err := emsmdb.ParseConnectExRequest(stub)
	if err != nil {
		return badStub
	}
	out := emsmdb.ConnectExResponse{ServerVersion: serverVersion, BestVersion: q.ClientVersion, TimeStamp: q.TimeStamp}
	if len(a.sessions) >= maxSessions {
		out.Result = emsmdb.ErrorCode(mapi.CodeServerMemory)
		return answer(out.Encode())
	}
	opened, code := a.s.sessions.Connect(now, outlook.Caller{User: a.user, Path: a.Path, Conn: a.Conn}, q.UserDN)
	if code != mapi.Success {
		out.Result = emsmdb.ErrorCode(code)
		return answer(out.Encode())
	}
	x := &session{Session: opened, handle: a.s.newHandle(), used: now}
	a.sessions = append(a.sessions, x)
	x.OnEnd(func(time.Time, string) {
		if a.watcher != nil {
			a.watcher.gate.Wake() // who waits for news of it learns that there is some
		}
	})
	out.Session, out.Index = x.handle, x.Index()
	out.PollsMax, out.Retries, out.RetryDelay = pollsMax, retries, retryDelay
	out.DisplayName = x.DisplayName()
	return answer(out.Encode())
}

// rpcExt2 is EcDoRpcExt2 (MS-OXCRPC 3.1.4.2). When the session has ended it
// says so once, with the reason's code and without a handle; after that the
// handle names nothing.
func (a *association) rpcExt2(now time.Time, _ *dcerpc.PDU, stub []byte) outcome {
	q, err := emsmdb.ParseRpcExt2Request(stub)
	if err != nil {
		return badStub
	}
	x := a.find(q.Session, handle)
	if x == nil {
		return mismatch
	}
	buffer, code := x.Execute(now, a.Conn, q.Buffer, int(q.MaxBufferOut))
	x.touch(a.s.w.TL, now)
	out := emsmdb.RpcExt2Response{Session: q.Session, Result: emsmdb.ErrorCode(code)}
	switch code {
	case mapi.Success:
		out.Buffer = buffer
	case mapi.CodeBufferTooSmall, mapi.CodeRPCFormat:
	default:
		out.Session = dcerpc.ContextHandle{}
		a.end(now, x)
	}
	if code == mapi.CodeLogonFailed {
		a.user = nil // the password that this connection was signed in with is not good any more
	}
	return answer(out.Encode())
}

// disconnect is EcDoDisconnect (MS-OXCRPC 3.1.4.3).
func (a *association) disconnect(now time.Time, _ *dcerpc.PDU, stub []byte) outcome {
	q, err := emsmdb.ParseDisconnect(stub)
	if err != nil {
		return badStub
	}
	x := a.find(q.Session, handle)
	if x == nil {
		return mismatch
	}
	a.end(now, x)
	return answer(emsmdb.DisconnectResponse{}.Encode())
}

// dummy is EcDummyRpc (MS-OXCRPC 3.1.4.5), which does nothing but answer.
func (a *association) dummy(_ time.Time, _ *dcerpc.PDU, _ []byte) outcome {
	var w dcerpc.Writer
	w.Uint32(uint32(emsmdb.None))
	return answer(w.Finish())
}

// asyncConnectEx is EcDoAsyncConnectEx (MS-OXCRPC 3.1.4.4).
func (a *association) asyncConnectEx(_ time.Time, _ *dcerpc.PDU, stub []byte) outcome {
	q, err := emsmdb.ParseAsyncConnectExRequest(stub)
	if err != nil {
		return badStub
	}
	x := a.find(q.Session, handle)
	if x == nil {
		return mismatch
	}
	if x.async.IsZero() {
		x.async = a.s.newHandle()
		w := a.watch()
		x.unhear = x.OnNews(w.gate.Wake)
	}
	return answer(emsmdb.AsyncConnectExResponse{Async: x.async}.Encode())
}
