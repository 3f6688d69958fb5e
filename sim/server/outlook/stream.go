package outlook

import (
	"slices"

	"shutout/lab/protocol/mapi"
)

// stream is a property that is read or written in pieces.
type stream struct {
	data []byte
	at   int
	// to is the message that gets what is written; nil for reading.
	to    *message
	tag   mapi.PropTag
	dirty bool // the message has not got all of it yet
}

func (s *stream) close(x *Session) {
	if s.to == nil {
		return
	}
	// A stream on a message writes through: releasing it commits (MS-OXCPRPT
	// 3.2.5.14, only streams on folders wait for RopCommitStream).
	x.held -= len(s.data)
	if s.dirty {
		s.commit(x)
	}
	s.to = nil
}

func (s *stream) commit(x *Session) mapi.ErrorCode {
	if s.to.closed {
		return mapi.CodeObjectDeleted
	}
	var v mapi.Value = slices.Clone(s.data)
	switch s.tag.Type() {
	case mapi.TypeString:
		v = fromUTF16(s.data)
	case mapi.TypeString8:
		v = string(s.data)
	}
	code := s.to.draft.set(x, s.tag, v)
	s.dirty = s.dirty && code != mapi.Success
	return code
}

func (r *run) openStream(q *mapi.OpenStreamRequest) (mapi.Response, mapi.ErrorCode) {
	if code := r.mayAdd(q.Output); code != mapi.Success {
		return nil, code
	}
	o, code := r.open(q.Input)
	if code != mapi.Success {
		return nil, code
	}
	switch q.Tag.Type() {
	case mapi.TypeString, mapi.TypeString8, mapi.TypeBinary:
	default:
		return nil, mapi.CodeNotSupported
	}
	s := &stream{tag: q.Tag, dirty: q.Mode == mapi.OpenCreate}
	m, isMessage := o.(*message)
	n, ok := r.property(o, q.Tag.ID())
	if q.Mode == mapi.OpenReadWrite || q.Mode == mapi.OpenCreate {
		if !isMessage || m.draft == nil {
			return nil, mapi.CodeAccessDenied
		}
		s.to = m
		ok = ok || q.Mode == mapi.OpenCreate
	}
	if !ok {
		return nil, mapi.CodeNotFound
	}
	if q.Mode != mapi.OpenCreate {
		switch v := cell(q.Tag.Type(), true, n, true).(type) {
		case string:
			if s.data = []byte(v); q.Tag.Type() == mapi.TypeString {
				s.data = utf16le(v)
			}
		case []byte:
			s.data = slices.Clone(v)
		default:
			return nil, mapi.CodeNotFound
		}
	}
	if s.to != nil {
		if !r.x.hold(len(s.data)) {
			return nil, mapi.CodeServerMemory
		}
	}
	r.add(q.Output, s)
	return &mapi.OpenStreamResponse{Index: q.Output, Size: uint32(len(s.data))}, mapi.Success
}

func (r *run) readStream(q *mapi.ReadStreamRequest) (mapi.Response, mapi.ErrorCode) {
	s, code := input[*stream](r, q.Input)
	if code != mapi.Success {
		return nil, code
	}
	n := int(q.ByteCount)
	if q.ByteCount == mapi.ReadStreamMaximum {
		n = int(min(q.MaximumByteCount, mapi.MaxPayload))
	}
	n = min(n, len(s.data)-s.at, max(r.room()-smallest/2, 0))
	p := &mapi.ReadStreamResponse{Index: q.Input, Data: s.data[s.at : s.at+n]}
	s.at += n
	return p, mapi.Success
}

func (r *run) writeStream(q *mapi.WriteStreamRequest) (mapi.Response, mapi.ErrorCode) {
	s, code := input[*stream](r, q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case s.to == nil:
		return nil, mapi.CodeAccessDenied
	}
	end := s.at + len(q.Data)
	if grown := end - len(s.data); grown > 0 {
		if !r.x.hold(grown) {
			return nil, mapi.CodeServerMemory
		}
		s.data = append(s.data, make([]byte, grown)...)
	}
	copy(s.data[s.at:], q.Data)
	s.at, s.dirty = end, true
	return &mapi.WriteStreamResponse{Index: q.Input, Written: uint16(len(q.Data))}, mapi.Success
}

func (r *run) commitStream(q *mapi.CommitStreamRequest) (mapi.Response, mapi.ErrorCode) {
	s, code := input[*stream](r, q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case s.to == nil:
		return nil, mapi.CodeAccessDenied
	}
	if code := s.commit(r.x); code != mapi.Success {
		return nil, code
	}
	return &mapi.CommitStreamResponse{Index: q.Input}, mapi.Success
}
