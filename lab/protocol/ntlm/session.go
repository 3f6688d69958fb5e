package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
)

// ErrSignature is the error for a message that was altered, or that is not the
// next one.
var ErrSignature = errors.New("ntlm: wrong signature")

// A Session signs and encrypts what follows a sign-in, with extended session
// security and in order (MS-NLMP 3.4). HTTP does without; RPC uses it.
type Session struct {
	send, receive direction
	exchanged     bool // KeyExchange: checksums are encrypted too
}

type direction struct {
	sign [16]byte
	seal *rc4.Cipher
	seq  uint32
}

// NewSession makes one side's session. exported is the exported session key,
// and flags are those of the AUTHENTICATE message, ExtendedSecurity among them.
func NewSession(f Flags, exported [16]byte, server bool) *Session {
	toServer := newDirection(f, exported, "client-to-server")
	toClient := newDirection(f, exported, "server-to-client")
	s := &Session{send: toServer, receive: toClient, exchanged: f.Has(KeyExchange)}
	if server {
		s.send, s.receive = s.receive, s.send
	}
	return s
}

// newDirection derives the keys (MS-NLMP 3.4.5.2 SIGNKEY, 3.4.5.3 SEALKEY).
func newDirection(f Flags, exported [16]byte, way string) direction {
	weak := exported[:5]
	switch {
	case f.Has(Key128):
		weak = exported[:]
	case f.Has(Key56):
		weak = exported[:7]
	}
	seal := derive(weak, "session key to "+way+" sealing key magic constant\x00")
	c, _ := rc4.NewCipher(seal[:]) // fails on its length only
	return direction{sign: derive(exported[:], "session key to "+way+" signing key magic constant\x00"), seal: c}
}

func derive(key []byte, magic string) [16]byte {
	h := md5.New()
	h.Write(key)
	h.Write([]byte(magic))
	return [16]byte(h.Sum(nil))
}

// Sign returns the signature of the next message (MS-NLMP 3.4.4.2).
func (s *Session) Sign(message []byte) [16]byte { return s.Seal(message, 0, 0) }

// Seal encrypts message[from:to] in place and returns the signature of the
// whole as it was. RPC leaves its headers in the clear.
func (s *Session) Seal(message []byte, from, to int) [16]byte {
	sum := s.send.sum(message)
	s.send.seal.XORKeyStream(message[from:to], message[from:to])
	return s.send.signature(sum, s.exchanged)
}

// Check tells whether signature is that of the next message.
func (s *Session) Check(message []byte, signature [16]byte) error {
	return s.Open(message, 0, 0, signature)
}

// Open decrypts message[from:to] in place and checks the signature. After an
// error the session is of no more use.
func (s *Session) Open(message []byte, from, to int, signature [16]byte) error {
	s.receive.seal.XORKeyStream(message[from:to], message[from:to])
	want := s.receive.signature(s.receive.sum(message), s.exchanged)
	if !hmac.Equal(want[:], signature[:]) {
		return ErrSignature
	}
	return nil
}

func (d *direction) sum(message []byte) [16]byte {
	return hmacMD5(d.sign[:], binary.LittleEndian.AppendUint32(nil, d.seq), message)
}

func (d *direction) signature(sum [16]byte, exchanged bool) (s [16]byte) {
	s[0] = 1
	copy(s[4:12], sum[:8])
	if exchanged {
		d.seal.XORKeyStream(s[4:12], s[4:12])
	}
	binary.LittleEndian.PutUint32(s[12:], d.seq)
	d.seq++
	return s
}
