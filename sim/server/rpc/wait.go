package rpc

import (
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/sim/network"
	"shutout/sim/timeline"
)

// maxWait is how long after the client's last EcDoRpcExt2 the server gives up
// waiting for news (MS-OXCRPC 3.3.4.1).
const maxWait = 5 * time.Minute

// ecRejected answers an EcDoAsyncWaitEx while another is held (MS-OXCRPC
// 3.3.4.1).
const ecRejected emsmdb.ErrorCode = 0x7EE

// wait is an EcDoAsyncWaitEx that is held.
type wait struct {
	call    uint32
	context uint16
	until   *timeline.Event
}

// watcher answers held calls beside the goroutine that reads.
type watcher struct {
	gate *network.Gate
	stop chan struct{}
}

// watch sees to a watcher. The world's lock is held.
func (a *association) watch() *watcher {
	if a.watcher == nil {
		w := &watcher{gate: a.s.w.Net.Gate(a.Conn), stop: make(chan struct{})}
		a.watcher = w
		go func() {
			defer w.gate.Done()
			for w.gate.Watch(w.stop) == network.Woken {
				var due []*dcerpc.PDU
				a.s.w.Do(func(now time.Time) { due = a.due(now) })
				_ = a.writeAll(due) // a connection that is gone ends the reader
			}
		}()
	}
	return a.watcher
}

// asyncWaitEx is EcDoAsyncWaitEx. The call is only noted down; [association.due]
// answers it.
func (a *association) asyncWaitEx(_ time.Time, call *dcerpc.PDU, stub []byte) outcome {
	q, err := emsmdb.ParseAsyncWaitExRequest(stub)
	if err != nil {
		return badStub
	}
	x := a.find(q.Async, async)
	switch {
	case x == nil:
		return mismatch
	case x.wait != nil:
		return answer(emsmdb.AsyncWaitExResponse{Result: ecRejected}.Encode())
	}
	w := a.watch()
	x.wait = &wait{
		call: call.CallID, context: call.Body.(*dcerpc.Request).ContextID,
		until: a.s.w.TL.At(x.used.Add(maxWait), 0, func(time.Time) { w.gate.Wake() }),
	}
	return outcome{held: true}
}

// touch notes that the client has used the session, which gives a held call
// its time anew.
func (x *session) touch(tl *timeline.Timeline, now time.Time) {
	x.used = now
	if x.wait != nil {
		tl.Move(x.wait.until, now.Add(maxWait))
	}
}

// due takes the held calls whose time has come and returns their answers. A
// session that has ended counts as news, so that the client asks and is told.
// The world's lock is held.
func (a *association) due(now time.Time) []*dcerpc.PDU {
	answers := a.ready
	a.ready = nil
	for _, x := range a.sessions {
		if x.wait == nil {
			continue
		}
		var out emsmdb.AsyncWaitExResponse
		_, ended := x.Ended()
		switch {
		case ended || x.Pending(now):
			out.Flags = emsmdb.NotificationPending
		case now.Before(x.used.Add(maxWait)):
			continue
		}
		answers = append(answers, a.release(x, out))
	}
	return answers
}

// release makes the answer to a session's held call.
func (a *association) release(x *session, out emsmdb.AsyncWaitExResponse) *dcerpc.PDU {
	held := x.wait
	x.wait = nil
	a.s.w.TL.Cancel(held.until)
	stub, _ := out.Encode() // two words, which cannot fail
	return reply(held.call, held.context, stub)
}

// abandon forgets a held call that the client has given up.
func (a *association) abandon(call uint32) {
	for _, x := range a.sessions {
		if x.wait != nil && x.wait.call == call {
			a.s.w.TL.Cancel(x.wait.until)
			x.wait = nil
		}
	}
}
