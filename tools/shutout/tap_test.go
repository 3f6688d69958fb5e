package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"sync"

	"shutout/lab"
	"shutout/sim"
)

// tapped is the simulation with a tap on every connection: what clients and
// servers said to each other in clear words. Clients write down the keys of
// their TLS connections, as browsers do for whoever debugs them.
type tapped struct {
	*sim.Organisation

	mu    sync.Mutex
	keys  bytes.Buffer
	conns []*tappedConn
}

// tappedConn keeps what went over one connection.
type tappedConn struct {
	net.Conn
	mu             sync.Mutex
	toward, answer bytes.Buffer
}

func (t *tapped) Dial(ctx context.Context, owner, from, addr string) (net.Conn, error) {
	c, err := t.Organisation.Dial(ctx, owner, from, addr)
	if err != nil {
		return nil, err
	}
	tc := &tappedConn{Conn: c}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns = append(t.conns, tc)
	return tc, nil
}

func (t *tapped) Endpoint(who *lab.Person, path lab.Path) (lab.Endpoint, error) {
	e, err := t.Organisation.Endpoint(who, path)
	if e.TLS != nil {
		e.TLS = e.TLS.Clone()
		e.TLS.KeyLogWriter = lockedWriter{t}
		e.TLS.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	}
	return e, err
}

// lockedWriter takes the keys.
type lockedWriter struct{ t *tapped }

func (w lockedWriter) Write(b []byte) (int, error) {
	w.t.mu.Lock()
	defer w.t.mu.Unlock()
	return w.t.keys.Write(b)
}

func (c *tappedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.toward.Write(b[:n])
	return n, err
}

func (c *tappedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer.Write(b[:n])
	return n, err
}

// heard is everything that was said, decrypted.
func (t *tapped) heard() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	masters := map[string][]byte{}
	for line := range strings.Lines(t.keys.String()) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "CLIENT_RANDOM" {
			masters[f[1]], _ = hex.DecodeString(f[2])
		}
	}
	var all []byte
	for _, c := range t.conns {
		c.mu.Lock()
		plain, toward := split(c.toward.Bytes())
		greeting, answer := split(c.answer.Bytes())
		c.mu.Unlock()
		all = append(append(all, plain...), greeting...)
		clientRandom, serverRandom := helloRandom(toward), helloRandom(answer)
		master := masters[hex.EncodeToString(clientRandom)]
		if master == nil || serverRandom == nil {
			continue
		}
		// RFC 5246 section 6.3: the keys of both sides, then the fixed parts of
		// their nonces.
		block := prf(master, "key expansion", append(bytes.Clone(serverRandom), clientRandom...), 2*16+2*4)
		all = append(all, decrypted(toward, block[:16], block[32:36])...)
		all = append(all, decrypted(answer, block[16:32], block[36:40])...)
	}
	return all
}

// split parts what was said before TLS, all of it where there was none, from
// the records.
func split(b []byte) (plain, records []byte) {
	if i := bytes.Index(b, []byte{22, 3}); i == 0 || i > 0 && b[i-1] == '\n' {
		return b[:i], b[i:]
	}
	return b, nil
}

// helloRandom is the random of the hello that begins a side's records (RFC 5246
// section 7.4.1.2).
func helloRandom(b []byte) []byte {
	if len(b) < 5+4+2+32 {
		return nil
	}
	return b[11:43]
}

// decrypted decrypts the records of one side that stand behind its change of
// cipher (RFC 5246 section 6.2, RFC 5288).
func decrypted(b, key, iv []byte) (out []byte) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	changed, seq := false, uint64(0)
	for len(b) >= 5 {
		kind, n := b[0], int(binary.BigEndian.Uint16(b[3:5]))
		if len(b) < 5+n {
			break
		}
		body := b[5 : 5+n]
		b = b[5+n:]
		switch {
		case kind == 20:
			changed = true
		case changed && n > 8+gcm.Overhead():
			aad := binary.BigEndian.AppendUint64(nil, seq)
			aad = append(aad, kind, 3, 3)
			aad = binary.BigEndian.AppendUint16(aad, uint16(n-8-gcm.Overhead()))
			seq++
			text, err := gcm.Open(nil, append(bytes.Clone(iv), body[:8]...), body[8:], aad)
			if err == nil && kind == 23 {
				out = append(out, text...)
			}
		}
	}
	return out
}

// prf is the pseudo-random function of TLS 1.2 (RFC 5246 section 5).
func prf(secret []byte, label string, seed []byte, n int) []byte {
	sum := func(b []byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(b)
		return h.Sum(nil)
	}
	seed = append([]byte(label), seed...)
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(append(bytes.Clone(a), seed...))...)
	}
	return out[:n]
}
