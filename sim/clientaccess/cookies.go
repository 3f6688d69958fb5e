package clientaccess

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"shutout/lab"
)

// maxCookie bounds a cookie's text before anything is decoded.
const maxCookie = 4096

var (
	errCookieForm    = errors.New("not a cookie of this server")
	errCookieKey     = errors.New("made under other keys")
	errCookieExpired = errors.New("idle for longer than its keys are kept")
)

// cookieKind tells the two boxes of the logon form apart.
type cookieKind byte

const (
	publicCookie  cookieKind = 1 // "this is a public or shared computer"
	privateCookie cookieKind = 2 // "this is a private computer"
)

func (k cookieKind) String() string {
	if k == privateCookie {
		return "private"
	}
	return "public"
}

// cookieBody is what a forms cookie holds, sealed: the credentials.
type cookieBody struct {
	session  uint64    // tells one sign-in from another
	issued   time.Time // when this copy was sealed
	user     string
	password string
}

// keyring seals and opens cookies of one kind. A key is current for a part of
// the time-out, and some older ones still open cookies: with three generations
// of half a time-out, a cookie that is never replaced lapses after 1.0 to 1.5
// times the time-out (TechNet bb123719, forms-based authentication of Outlook
// Web Access).
//
// The keys follow from root and their number since epoch, so none need be
// stored; those that are too old are refused by number.
type keyring struct {
	kind    cookieKind
	root    [32]byte
	epoch   time.Time
	timeout time.Duration
	rule    string        // the time-out as decisions tell it
	period  time.Duration // how long one key is current
	ciphers []keyCipher   // one per generation that is accepted, by number modulo their count
}

type keyCipher struct {
	gen  uint32
	aead cipher.AEAD
}

func newKeyring(kind cookieKind, root [32]byte, epoch time.Time, timeout time.Duration, perTimeout, generations int) *keyring {
	return &keyring{
		kind: kind, root: root, epoch: epoch, timeout: timeout,
		rule:    kind.String() + " time-out " + lab.Duration(timeout),
		period:  timeout / time.Duration(perTimeout),
		ciphers: make([]keyCipher, generations),
	}
}

// lapse is when the key with number gen opens cookies no more.
func (r *keyring) lapse(gen uint32) time.Time {
	return r.epoch.Add(time.Duration(int(gen)-1+len(r.ciphers)) * r.period)
}

// generation is the number of the key that is current at now. It starts at
// one, so that an empty cipher slot (zero) never matches.
func (r *keyring) generation(now time.Time) uint32 {
	return uint32(now.Sub(r.epoch)/r.period) + 1
}

func (r *keyring) aead(gen uint32) cipher.AEAD {
	slot := &r.ciphers[int(gen)%len(r.ciphers)]
	if slot.gen == gen {
		return slot.aead
	}
	mac := hmac.New(sha256.New, r.root[:])
	mac.Write([]byte{byte(r.kind)})
	mac.Write(binary.BigEndian.AppendUint32(nil, gen))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		panic(err) // unreachable: the key is 32 bytes long
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // unreachable: AES has 16-byte blocks
	}
	slot.gen, slot.aead = gen, aead
	return aead
}

// A sealed cookie is: kind (1 byte), generation (4), nonce (12), ciphertext.
// Kind and generation are authenticated with it.
const (
	cookiePrefix = 5
	cookieNonce  = 12
)

// seal returns the cookie's text. No two calls may share a nonce.
func (r *keyring) seal(now time.Time, b cookieBody, nonce [cookieNonce]byte) string {
	gen := r.generation(now)
	plain := make([]byte, 0, 18+len(b.user)+len(b.password))
	plain = binary.BigEndian.AppendUint64(plain, b.session)
	plain = binary.BigEndian.AppendUint64(plain, uint64(b.issued.UnixNano()))
	plain = binary.BigEndian.AppendUint16(plain, uint16(len(b.user)))
	plain = append(plain, b.user...)
	plain = append(plain, b.password...)

	aead := r.aead(gen)
	out := make([]byte, 0, cookiePrefix+cookieNonce+len(plain)+aead.Overhead())
	out = append(out, byte(r.kind))
	out = binary.BigEndian.AppendUint32(out, gen)
	out = append(out, nonce[:]...)
	out = aead.Seal(out, nonce[:], plain, out[:cookiePrefix])
	return base64.RawURLEncoding.EncodeToString(out)
}

// decodeCookie undoes the text form and reads the prefix.
func decodeCookie(text string) (kind cookieKind, gen uint32, raw []byte, err error) {
	if len(text) > maxCookie {
		return 0, 0, nil, errCookieForm
	}
	raw, err = base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < cookiePrefix+cookieNonce {
		return 0, 0, nil, errCookieForm
	}
	kind = cookieKind(raw[0])
	if kind != publicCookie && kind != privateCookie {
		return 0, 0, nil, errCookieForm
	}
	return kind, binary.BigEndian.Uint32(raw[1:]), raw, nil
}

// open returns what a decoded cookie holds.
func (r *keyring) open(now time.Time, gen uint32, raw []byte) (cookieBody, error) {
	current := r.generation(now)
	if gen > current || gen == 0 {
		return cookieBody{}, errCookieKey
	}
	if int(current-gen) >= len(r.ciphers) {
		return cookieBody{}, errCookieExpired
	}
	nonce := raw[cookiePrefix:][:cookieNonce]
	plain, err := r.aead(gen).Open(nil, nonce, raw[cookiePrefix+cookieNonce:], raw[:cookiePrefix])
	if err != nil {
		return cookieBody{}, errCookieKey
	}
	if len(plain) < 18 {
		return cookieBody{}, errCookieForm
	}
	n := int(binary.BigEndian.Uint16(plain[16:]))
	if len(plain) < 18+n {
		return cookieBody{}, errCookieForm
	}
	return cookieBody{
		session:  binary.BigEndian.Uint64(plain),
		issued:   time.Unix(0, int64(binary.BigEndian.Uint64(plain[8:]))).In(now.Location()),
		user:     string(plain[18 : 18+n]),
		password: string(plain[18+n:]),
	}, nil
}
