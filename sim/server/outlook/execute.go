package outlook

import (
	"encoding/binary"
	"errors"
	"net"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/store"
)

// Bounds on what a client may have open. Exchange has such bounds too; the
// numbers say nothing about it.
const (
	maxObjects = 500
	maxHeld    = 64 << 20 // bytes in messages and streams that are being written
)

const (
	headerSize = 8  // RPC_HEADER_EXT
	smallest   = 64 // octets: all answers fit that do not carry data
)

// An object is what a handle stands for: *logon, *folder, *contents,
// *hierarchy, *message, *stream or *subscription.
type object any

// closer is an object that lets go of something when its handle is released.
type closer interface{ close(x *Session) }

// run is one Execute.
type run struct {
	x       *Session
	now     time.Time
	conn    net.Conn
	handles []uint32
	out     []byte // the list of responses, with room for its size in front
	limit   int    // of out
	told    bool   // the store's refusal is recorded
}

// Execute carries out an extended buffer of ROPs and returns the answer's,
// which has at most max octets. A code other than mapi.Success ends the
// session, save for mapi.CodeBufferTooSmall and mapi.CodeRPCFormat.
func (x *Session) Execute(now time.Time, conn net.Conn, buffer []byte, max int) ([]byte, mapi.ErrorCode) {
	if code := x.use(now, conn); code != mapi.Success {
		return nil, code
	}
	payloads, err := mapi.ParsePayloads(buffer)
	if err != nil || len(payloads) != 1 {
		return nil, mapi.CodeRPCFormat
	}
	q, err := mapi.ParseRequests(payloads[0])
	var unknown *mapi.UnknownRopError
	if err != nil && !errors.As(err, &unknown) {
		return nil, mapi.CodeRPCFormat
	}
	r := run{x: x, now: now, conn: conn, handles: q.Handles, out: make([]byte, 2, 512)}
	r.limit = min(max-headerSize, mapi.MaxPayload) - 4*len(q.Handles)
	if r.limit < smallest {
		return nil, mapi.CodeBufferTooSmall
	}
	whole, code := r.all(q.Rops)
	if code != mapi.Success {
		return nil, code
	}
	if whole && unknown != nil {
		r.put(&mapi.ErrorResponse{ID: unknown.ID, Index: indexBehind(payloads[0], unknown.Offset), Code: mapi.CodeNotImplemented})
	}
	if whole {
		r.notify()
	}
	binary.LittleEndian.PutUint16(r.out, uint16(len(r.out)))
	for _, h := range r.handles {
		r.out = binary.LittleEndian.AppendUint32(r.out, h)
	}
	answer, err := mapi.AppendPayload(make([]byte, 0, headerSize+len(r.out)), r.out, mapi.FlagLast)
	if err != nil {
		return nil, mapi.CodeGeneralFailure
	}
	return answer, mapi.Success
}

// indexBehind is the handle index of the ROP at that offset: all have the id,
// the logon and the index in front.
func indexBehind(payload []byte, rop int) uint8 {
	if rop+2 < len(payload) {
		return payload[rop+2]
	}
	return 0
}

// all carries the ROPs out. Whole says that every one of them was answered.
func (r *run) all(rops []mapi.Request) (whole bool, code mapi.ErrorCode) {
	for i, q := range rops {
		if r.room() < smallest {
			return false, r.tooSmall(rops[i:])
		}
		before := r.x.last
		p, code := r.do(q)
		if r.x.over {
			return false, mapi.CodeEndOfSession
		}
		if code != mapi.Success {
			p = &mapi.ErrorResponse{ID: q.Rop(), Index: answerIndex(q), Code: code}
		}
		if p != nil && !r.put(p) {
			r.undo(before)
			return false, r.tooSmall(rops[i:])
		}
	}
	return true, mapi.Success
}

// room is how many octets are left for responses.
func (r *run) room() int { return r.limit - len(r.out) }

// put appends a response. It returns false, and changes nothing, when that does
// not fit.
func (r *run) put(p mapi.Response) bool {
	n := len(r.out)
	out, err := mapi.AppendResponse(r.out, p)
	if err != nil { // something in it cannot be written
		out, err = mapi.AppendResponse(r.out[:n], &mapi.ErrorResponse{ID: p.Rop(), Code: mapi.CodeGeneralFailure})
	}
	if err != nil || len(out) > r.limit {
		r.out = r.out[:n]
		return false
	}
	r.out = out
	return true
}

// tooSmall gives back the requests whose answers do not fit.
func (r *run) tooSmall(rest []mapi.Request) mapi.ErrorCode {
	list, err := mapi.RequestBuffer{Rops: rest}.Encode()
	if err != nil || !r.put(&mapi.BufferTooSmallResponse{SizeNeeded: mapi.MaxPayload, Requests: list[2:]}) {
		return mapi.CodeBufferTooSmall
	}
	return mapi.Success
}

// add gives an object a handle and puts that into the table at the index.
func (r *run) add(index uint8, o object) {
	r.x.last++
	r.x.objects[r.x.last] = o
	r.handles[index] = r.x.last
}

// mayAdd tells whether another object may be opened, with its handle at the
// index.
func (r *run) mayAdd(index uint8) mapi.ErrorCode {
	switch {
	case int(index) >= len(r.handles):
		return mapi.CodeInvalidParameter
	case len(r.x.objects) >= maxObjects:
		return mapi.CodeTooManyOpenObjects
	}
	return mapi.Success
}

// undo closes what was opened since the handle was the last one.
func (r *run) undo(last uint32) {
	for i, h := range r.handles {
		if h > last && h <= r.x.last {
			r.x.release(h)
			r.handles[i] = mapi.NoHandle
		}
	}
}

func (x *Session) release(handle uint32) {
	if c, ok := x.objects[handle].(closer); ok {
		c.close(x)
	}
	delete(x.objects, handle)
}

// at returns the object whose handle stands at the index, nil if there is none.
func (r *run) at(index uint8) object {
	if int(index) >= len(r.handles) {
		return nil
	}
	return r.x.objects[r.handles[index]]
}

// input is the object at the index if it is a T.
func input[T object](r *run, index uint8) (T, mapi.ErrorCode) {
	o, ok := r.at(index).(T)
	if !ok {
		return o, mapi.CodeNullObject
	}
	return o, mapi.Success
}

// code is the code for an error of the store, whose decision it records.
func (r *run) code(err error) mapi.ErrorCode {
	var no *store.Refusal
	switch {
	case err == nil:
		return mapi.Success
	case errors.Is(err, store.ErrNoFolder), errors.Is(err, store.ErrNoItem):
		return mapi.CodeNotFound
	case !errors.As(err, &no):
		return mapi.CodeGeneralFailure
	}
	if !r.told {
		r.told = true
		r.x.svc.w.Record(r.conn, no.Decision)
	}
	switch {
	case no.Decision.Layer == lab.LayerService:
		return mapi.CodeServerPaused
	case no.Temporary:
		return mapi.CodeMailboxInTransit
	case no.Decision.Layer == lab.LayerSession:
		return mapi.CodeEndOfSession
	default: // the store takes nothing more
		return mapi.CodeShutoffQuotaExceeded
	}
}
