package kerberos

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrFrameTooLong is the error for a frame that is longer than [MaxMessage].
// What follows its length has not been read.
var ErrFrameTooLong = errors.New("kerberos: a message is too long")

// ReadFrame reads one message from a TCP connection: its length in four octets,
// the highest bit of which is reserved, and the message (RFC 4120 section
// 7.2.2). The error is io.EOF if the stream ends before it.
func ReadFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > MaxMessage {
		return nil, ErrFrameTooLong
	}
	m := make([]byte, n)
	if _, err := io.ReadFull(r, m); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return m, nil
}

// WriteFrame writes one message, with one Write.
func WriteFrame(w io.Writer, m []byte) error {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(m)), uint32(len(m)))
	_, err := w.Write(append(b, m...))
	return err
}
