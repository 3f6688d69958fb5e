package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"strings"

	"golang.org/x/crypto/md4" // the NT hash is an MD4 (MS-NLMP 3.3.1)
)

// NTHash is NTOWFv1: what a directory stores of a password (MS-NLMP 3.3.1).
func NTHash(password string) [16]byte {
	h := md4.New()
	h.Write(toUTF16(password))
	return [16]byte(h.Sum(nil))
}

// ResponseKey is NTOWFv2: the key to NTLMv2 responses (MS-NLMP 3.3.2). user and
// domain are as the client sends them.
func ResponseKey(hash [16]byte, user, domain string) [16]byte {
	return hmacMD5(hash[:], toUTF16(strings.ToUpper(user)+domain))
}

// A Response is the client's part of an NTLMv2 response, NTLMv2_CLIENT_CHALLENGE
// (MS-NLMP 2.2.2.7), after the 16 octets of proof.
type Response struct {
	Proof     [16]byte
	Time      uint64 // FILETIME
	Challenge [8]byte
	Info      TargetInfo
}

// responseHeader is the proof and NTLMv2_CLIENT_CHALLENGE up to its AV pairs.
const responseHeader = 16 + 28

// ParseResponse reads an NtChallengeResponse of version 2.
func ParseResponse(b []byte) (Response, error) {
	switch {
	case len(b) < responseHeader:
		return Response{}, malformed("a response of %d octets is not of version 2", len(b))
	case b[16] != 1 || b[17] != 1:
		return Response{}, malformed("a response of type %d and %d", b[16], b[17])
	}
	r := Response{
		Proof: [16]byte(b[:16]), Time: binary.LittleEndian.Uint64(b[24:]), Challenge: [8]byte(b[32:40]),
	}
	var err error
	r.Info, err = ParseTargetInfo(b[responseHeader:])
	return r, err
}

// Respond makes an NtChallengeResponse (MS-NLMP 3.3.2, ComputeResponse). r.Proof
// is not read.
func Respond(key [16]byte, server [8]byte, r Response) ([]byte, error) {
	info, err := r.Info.Encode()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 16, responseHeader+len(info)+4)
	b = append(b, 1, 1, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, r.Time)
	b = append(b, r.Challenge[:]...)
	b = append(b, 0, 0, 0, 0)
	b = append(b, info...)
	b = append(b, 0, 0, 0, 0)
	proof := hmacMD5(key[:], server[:], b[16:])
	copy(b, proof[:])
	return b, nil
}

// RespondLM makes the LMv2 response (MS-NLMP 3.3.2), which a client sends when
// the server gave no time.
func RespondLM(key [16]byte, server, client [8]byte) []byte {
	proof := hmacMD5(key[:], server[:], client[:])
	return append(proof[:], client[:]...)
}

// Verify tells whether an NtChallengeResponse was made with key for the
// server's challenge.
func Verify(key [16]byte, server [8]byte, response []byte) bool {
	if len(response) < responseHeader {
		return false
	}
	proof := hmacMD5(key[:], server[:], response[16:])
	return hmac.Equal(proof[:], response[:16])
}

// SessionBaseKey is the key that a proof yields (MS-NLMP 3.3.2). With version
// 2 it is the key exchange key too (3.4.5.1).
func SessionBaseKey(key, proof [16]byte) [16]byte { return hmacMD5(key[:], proof[:]) }

// ExchangeKey encrypts or decrypts the client's random session key with the key
// exchange key (MS-NLMP 3.1.5.1.2 and 3.2.5.1.2). The random key is then the
// exported session key; without KeyExchange the session base key is.
func ExchangeKey(key, random [16]byte) (out [16]byte) {
	c, _ := rc4.NewCipher(key[:]) // fails on its length only
	c.XORKeyStream(out[:], random[:])
	return out
}

func hmacMD5(key []byte, parts ...[]byte) [16]byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return [16]byte(h.Sum(nil))
}
