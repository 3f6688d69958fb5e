package kerberos

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"math/rand/v2"

	"shutout/lab/protocol/ntlm"
)

// Numbers of the encryption and checksum types (RFC 4757 section 2; RFC 3961
// section 8 for rsa-md5).
const (
	TypeRC4 = 23 // rc4-hmac

	sumMD5     = 7    // rsa-md5, without a key
	sumHMACMD5 = -138 // KERB_CHECKSUM_HMAC_MD5
)

// A Key is a key of type rc4-hmac.
type Key [16]byte

// PasswordKey is a user's long-term key: the NT hash (RFC 4757 section 2).
func PasswordKey(password string) Key { return ntlm.NTHash(password) }

// NewKey makes a session key.
func NewKey(r *rand.Rand) (k Key) {
	fill(r, k[:])
	return k
}

func fill(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// usage tells what is encrypted, so that nothing can be passed off for another
// (RFC 4120 section 7.5.1).
type usage uint32

const (
	usageTimestamp        usage = 1 // PA-ENC-TIMESTAMP
	usageTicket           usage = 2
	usageASReply          usage = 3
	usageTGSChecksum      usage = 6 // of the request's body, in the authenticator
	usageTGSAuthenticator usage = 7
	usageTGSReply         usage = 8 // with the session key
	usageTGSReplySubkey   usage = 9
	usageAPChecksum       usage = 10
	usageAPAuthenticator  usage = 11
	usageAPReply          usage = 12
)

// number is the usage as this encryption type counts (RFC 4757 section 3).
func (u usage) number() uint32 {
	if u == usageASReply || u == usageTGSReplySubkey {
		return 8
	}
	return uint32(u)
}

const (
	sumSize    = 16 // HMAC-MD5
	confounder = 8
)

// ErrIntegrity is the error for what does not decrypt with the key at hand.
var ErrIntegrity = errors.New("kerberos: encrypted with another key, or altered")

// encrypt is RFC 4757 section 5.
func (k Key) encrypt(u usage, plain []byte, r *rand.Rand) []byte {
	b := make([]byte, sumSize+confounder+len(plain))
	fill(r, b[sumSize:sumSize+confounder])
	copy(b[sumSize+confounder:], plain)
	k1 := hmacMD5(k[:], le32(u.number()))
	sum := hmacMD5(k1[:], b[sumSize:])
	copy(b, sum[:])
	xor(hmacMD5(k1[:], sum[:]), b[sumSize:])
	return b
}

func (k Key) decrypt(u usage, cipher []byte) ([]byte, error) {
	if len(cipher) < sumSize+confounder {
		return nil, ErrIntegrity
	}
	k1 := hmacMD5(k[:], le32(u.number()))
	plain := append([]byte(nil), cipher[sumSize:]...)
	xor(hmacMD5(k1[:], cipher[:sumSize]), plain)
	if sum := hmacMD5(k1[:], plain); !hmac.Equal(sum[:], cipher[:sumSize]) {
		return nil, ErrIntegrity
	}
	return plain[confounder:], nil
}

// checksum is RFC 4757 section 4.
func (k Key) checksum(u usage, data []byte) []byte {
	sign := hmacMD5(k[:], []byte("signaturekey\x00"))
	h := md5.New()
	h.Write(le32(u.number()))
	h.Write(data)
	sum := hmacMD5(sign[:], h.Sum(nil))
	return sum[:]
}

// verify tells whether c is a checksum of data.
func (k Key) verify(u usage, c Checksum, data []byte) bool {
	switch c.Type {
	case sumHMACMD5:
		return hmac.Equal(k.checksum(u, data), c.Sum)
	case sumMD5: // encrypted together with the authenticator that holds it
		sum := md5.Sum(data)
		return hmac.Equal(sum[:], c.Sum)
	}
	return false
}

// xor encrypts or decrypts b in place with RC4.
func xor(key [16]byte, b []byte) {
	c, _ := rc4.NewCipher(key[:]) // fails on its length only
	c.XORKeyStream(b, b)
}

func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func hmacMD5(key []byte, parts ...[]byte) (out [16]byte) {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	return out
}
