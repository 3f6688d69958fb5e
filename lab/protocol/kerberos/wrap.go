package kerberos

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"errors"
	"math/rand/v2"
)

// A Wrapper wraps messages between two ends that have presented a ticket (RFC
// 2743 section 2.3.3). It signs them and encrypts nothing, which is all that
// SASL asks of its negotiation (RFC 4752 section 3).
type Wrapper struct {
	security
	rand        *rand.Rand
	sign, order [16]byte // derived keys
}

var errTooEarly = errors.New("kerberos: the handshake is not over")

// Wrapper wraps messages. The handshake must be over.
func (i *Initiator) Wrapper() (*Wrapper, error) { return newWrapper(i.sec) }

// Wrapper wraps messages. The handshake must be over.
func (a *Acceptor) Wrapper() (*Wrapper, error) { return newWrapper(a.sec) }

func newWrapper(s *security) (*Wrapper, error) {
	if s == nil {
		return nil, errTooEarly
	}
	return &Wrapper{
		security: *s, rand: rand.New(rand.NewPCG(s.seed, 0)),
		sign: hmacMD5(s.key[:], []byte("signaturekey\x00")), order: hmacMD5(s.key[:], le32(0)),
	}, nil
}

// plainWrap is the head of a wrap token that is signed with HMAC and not
// encrypted (RFC 4757 section 7.3).
var plainWrap = []byte{2, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff}

// padding is what follows a message: this encryption type needs none, and RFC
// 1964 section 1.2.2.3 wants at least one octet.
const padding = 1

// maxWrapped bounds a wrapped message. What SASL negotiates has four octets and a
// name.
const maxWrapped = 1 << 10

// Wrap wraps a message.
func (w *Wrapper) Wrap(message []byte) []byte {
	body := make([]byte, confounder, confounder+len(message)+padding)
	fill(w.rand, body)
	body = append(append(body, message...), padding)
	sum := w.sum(body)
	at := position(w.send, w.initiator)
	xor(hmacMD5(w.order[:], sum[:]), at[:])
	w.send++
	return gssFrame(plainWrap, at[:], sum[:], body)
}

func (w *Wrapper) sum(body []byte) (out [cutSize]byte) {
	h := md5.New()
	h.Write(le32(numberWrap))
	h.Write(plainWrap)
	h.Write(body)
	whole := hmacMD5(w.sign[:], h.Sum(nil))
	return [cutSize]byte(whole[:])
}

// Unwrap takes the other end's next message.
func (w *Wrapper) Unwrap(token []byte) ([]byte, error) {
	if len(token) > maxWrapped {
		return nil, malformed("a wrapped message of %d octets", len(token))
	}
	rest, err := gssUnframe(token)
	if err != nil {
		return nil, err
	}
	body, ok := bytes.CutPrefix(rest, plainWrap)
	if !ok || len(body) < orderSize+cutSize+confounder+padding || body[len(body)-1] != padding {
		return nil, malformed("a wrapped message that is not signed as it should be")
	}
	at, sum, body := [orderSize]byte(body), body[orderSize:orderSize+cutSize], body[orderSize+cutSize:]
	want := w.sum(body)
	if !hmac.Equal(want[:], sum) {
		return nil, ErrSignature
	}
	xor(hmacMD5(w.order[:], sum), at[:])
	if next := position(w.receive, !w.initiator); !hmac.Equal(at[:], next[:]) {
		return nil, ErrSignature
	}
	w.receive++
	return body[confounder : len(body)-padding], nil
}
