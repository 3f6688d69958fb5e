package kerberos

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"shutout/lab/protocol/dcerpc"
)

// security is what both ends share once a ticket has been presented.
type security struct {
	key           Key
	send, receive uint32 // sequence numbers of the next fragment
	initiator     bool
	seed          uint64 // of the confounders
}

// ErrSignature is the error for a fragment that was altered, or that is not the
// next one.
var ErrSignature = errors.New("kerberos: wrong signature")

// Protector protects an RPC connection. The handshake must be over.
func (i *Initiator) Protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	return newProtector(i.sec, level)
}

// Protector protects an RPC connection. The handshake must be over.
func (a *Acceptor) Protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	return newProtector(a.sec, level)
}

func newProtector(s *security, level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	switch {
	case s == nil:
		return nil, errors.New("kerberos: the handshake is not over")
	case level == dcerpc.LevelPacket, level == dcerpc.LevelIntegrity, level == dcerpc.LevelPrivacy:
		return newGuard(*s, level == dcerpc.LevelPrivacy), nil
	}
	return nil, fmt.Errorf("kerberos: nothing to protect at level %d", level)
}

// guard signs each fragment (RFC 4757 section 7.2), or seals it (section 7.3)
// with the token apart from what is encrypted and nothing padded, which is the
// DCE style.
type guard struct {
	security
	seal  bool
	head  []byte // what the token begins with
	rand  *rand.Rand
	sign  [16]byte // derived keys
	order [16]byte
	crypt [16]byte

	// Whether headers are signed the binds have settled (MS-RPCE 2.2.2.3,
	// PFC_SUPPORT_HEADER_SIGN). An acceptor sees it in the first fragment.
	stubOnly, settled bool
}

// A token is the mechanism's frame, 8 octets that say what it is, the encrypted
// sequence number, the checksum and, if sealed, the encrypted confounder.
const (
	kindSize  = 8
	orderSize = 8
	cutSize   = 8 // of a checksum
)

func newGuard(s security, sealed bool) *guard {
	g := &guard{security: s, seal: sealed, rand: rand.New(rand.NewPCG(s.seed, 0))}
	kind := []byte{1, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff} // a MIC, HMAC
	rest := orderSize + cutSize
	if sealed {
		kind = []byte{2, 1, 0x11, 0, 0x10, 0, 0xff, 0xff} // a wrap token, HMAC, RC4
		rest += confounder
	}
	g.head = append([]byte{byte(initialToken), byte(len(mechanism) + len(kind) + rest)}, mechanism...)
	g.head = append(g.head, kind...)

	g.sign = hmacMD5(s.key[:], []byte("signaturekey\x00"))
	g.order = hmacMD5(s.key[:], le32(0))
	local := s.key
	for i := range local {
		local[i] ^= 0xf0
	}
	g.crypt = hmacMD5(local[:], le32(0))
	return g
}

func (g *guard) TokenSize() int {
	n := len(g.head) + orderSize + cutSize
	if g.seal {
		n += confounder
	}
	return n
}

// The "usages" of the two checksums, as this encryption type counts (RFC 4757
// sections 7.2 and 7.3).
const (
	numberMIC  = 15
	numberWrap = 13
)

// sum is the checksum of a fragment in the clear.
func (g *guard) sum(conf, fragment []byte, stub, trailer int) (out [cutSize]byte) {
	if g.stubOnly {
		fragment = fragment[stub:trailer]
	}
	n := uint32(numberMIC)
	if g.seal {
		n = numberWrap
	}
	h := md5.New()
	h.Write(le32(n))
	h.Write(g.head[len(g.head)-kindSize:])
	h.Write(conf)
	h.Write(fragment)
	whole := hmacMD5(g.sign[:], h.Sum(nil))
	return [cutSize]byte(whole[:])
}

// position is a sequence number with the direction, in the clear.
func position(n uint32, fromInitiator bool) (b [orderSize]byte) {
	binary.BigEndian.PutUint32(b[:], n)
	if !fromInitiator {
		copy(b[4:], "\xff\xff\xff\xff")
	}
	return b
}

// encrypt encrypts or decrypts what is confidential, which for RC4 is the same:
// the confounder first, then the stub.
func (g *guard) encrypt(n uint32, conf, stub []byte) {
	key := hmacMD5(g.crypt[:], binary.BigEndian.AppendUint32(nil, n))
	both := append(append(make([]byte, 0, len(conf)+len(stub)), conf...), stub...)
	xor(key, both)
	copy(stub, both[copy(conf, both):])
}

func (g *guard) Protect(fragment []byte, stub, trailer int) ([]byte, error) {
	token := append(make([]byte, 0, g.TokenSize()), g.head...)
	var conf []byte
	if g.seal {
		conf = make([]byte, confounder)
		fill(g.rand, conf)
	}
	sum := g.sum(conf, fragment, stub, trailer)
	if g.seal {
		g.encrypt(g.send, conf, fragment[stub:trailer])
	}
	at := position(g.send, g.initiator)
	xor(hmacMD5(g.order[:], sum[:]), at[:])
	g.send++
	token = append(token, at[:]...)
	token = append(token, sum[:]...)
	return append(token, conf...), nil
}

func (g *guard) Unprotect(fragment []byte, stub, trailer int, token []byte) error {
	if len(token) != g.TokenSize() || !hmac.Equal(token[:len(g.head)], g.head) {
		return ErrSignature
	}
	rest := token[len(g.head):]
	at, sum := [orderSize]byte(rest), rest[orderSize:orderSize+cutSize]
	conf := append([]byte(nil), rest[orderSize+cutSize:]...)
	xor(hmacMD5(g.order[:], sum), at[:])
	if want := position(g.receive, !g.initiator); !hmac.Equal(at[:], want[:]) {
		return ErrSignature
	}
	if g.seal {
		g.encrypt(g.receive, conf, fragment[stub:trailer])
	}
	if !g.signed(sum, conf, fragment, stub, trailer) {
		return ErrSignature
	}
	g.settled = true
	g.receive++
	return nil
}

func (g *guard) signed(sum, conf, fragment []byte, stub, trailer int) bool {
	want := g.sum(conf, fragment, stub, trailer)
	if hmac.Equal(want[:], sum) {
		return true
	}
	if g.settled || g.initiator {
		return false
	}
	g.stubOnly = true
	want = g.sum(conf, fragment, stub, trailer)
	g.stubOnly = hmac.Equal(want[:], sum)
	return g.stubOnly
}
