package clientaccess

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

// Cookie is what a forms cookie tells once it is open. Where people sign in at
// the cloud, the password is OWA's refresh token.
type Cookie struct {
	User, Password string
	Private        bool
	// Session tells one sign-in from another.
	Session uint64
	// Stale says that the cookie is under an older key: the answer must carry
	// a new one, from RenewCookie.
	Stale bool
}

// startKeys makes the cookie keys at IIS's start: keys of this server alone, or
// those that follow from the certificate, which outlive the start.
func (s *Server) startKeys(now time.Time) {
	p := &s.ca.p.OWA
	root, epoch := secret(s.rand), now
	if p.CookieScope == profile.Certificate {
		root, epoch = s.ca.certificate, s.ca.began
	} else {
		clear(s.issued) // no key opens them any more
	}
	s.keys[publicCookie] = newKeyring(publicCookie, root, epoch, p.PublicTimeout, p.KeysPerTimeout, p.KeyGenerations)
	s.keys[privateCookie] = newKeyring(privateCookie, root, epoch, p.PrivateTimeout, p.KeysPerTimeout, p.KeyGenerations)
}

// IssueCookie seals the credentials of a sign-in with the logon form. They must
// have been checked.
func (s *Server) IssueCookie(now time.Time, user, password string, private bool) (Cookie, string) {
	s.signIns++
	c := Cookie{User: user, Password: password, Private: private, Session: uint64(s.number)<<48 | s.signIns}
	s.touch(now, c.Session)
	return c, s.seal(now, c)
}

// issuedCookie is what is known of the newest cookie of a sign-in. It decides
// nothing: whoever shows a cookie has it opened.
type issuedCookie struct {
	user   string // as it was typed
	kind   cookieKind
	gen    uint32
	issued time.Time
}

// note keeps what is known of a cookie that was just sealed.
func (s *Server) note(now time.Time, c Cookie, kind cookieKind) {
	if len(s.issued) >= s.issuedMax {
		for id, old := range s.issued {
			if !now.Before(s.keys[old.kind].lapse(old.gen)) {
				delete(s.issued, id)
			}
		}
		s.issuedMax = max(minSweep, 2*len(s.issued))
	}
	s.issued[c.Session] = issuedCookie{c.User, kind, s.keys[kind].generation(now), now}
}

// RenewCookie seals c anew under the current key.
func (s *Server) RenewCookie(now time.Time, c Cookie) string { return s.seal(now, c) }

func (s *Server) seal(now time.Time, c Cookie) string {
	s.sealed++
	var nonce [cookieNonce]byte
	binary.BigEndian.PutUint32(nonce[:], s.number)
	binary.BigEndian.PutUint64(nonce[4:], s.sealed)
	kind := publicCookie
	if c.Private {
		kind = privateCookie
	}
	s.note(now, c, kind)
	return s.keys[kind].seal(now, cookieBody{session: c.Session, issued: now, user: c.User, password: c.Password}, nonce)
}

// OpenCookie opens a forms cookie. It says nothing about the credentials in
// it: whoever asks has to hand them to Authenticate. The user counts as active
// from then on.
func (s *Server) OpenCookie(now time.Time, text string) (Cookie, lab.Decision) {
	d := lab.Decision{At: now, Layer: lab.LayerCookie, Server: s.host}
	kind, gen, raw, err := decodeCookie(text)
	if err != nil {
		d.Reason = "cookie refused: " + err.Error()
		return Cookie{}, d
	}
	ring := s.keys[kind]
	d.Rule = ring.rule
	body, err := ring.open(now, gen, raw)
	if err != nil {
		d.Reason = "cookie refused: " + err.Error()
		if errors.Is(err, errCookieKey) {
			d.Since = ring.epoch
		}
		return Cookie{}, d
	}
	d.Since = body.issued
	if limit := s.ca.p.OWA.ActivityTimeout; limit != profile.Never {
		last, ok := s.active[body.session]
		if !ok {
			last = body.issued
		}
		if now.Sub(last) >= limit {
			delete(s.active, body.session)
			d.Reason, d.Rule, d.Renewed = "cookie refused: no activity", "activity time-out "+lab.Duration(limit), last
			return Cookie{}, d
		}
	}
	s.touch(now, body.session)
	d.Allowed, d.Reason = true, "cookie opened"
	d.Until = ring.lapse(gen)
	return Cookie{
		User: body.user, Password: body.password, Private: kind == privateCookie,
		Session: body.session, Stale: gen != ring.generation(now),
	}, d
}

// touch notes a request of a forms session, for the activity time-out.
func (s *Server) touch(now time.Time, session uint64) {
	limit := s.ca.p.OWA.ActivityTimeout
	if limit == profile.Never {
		return
	}
	if len(s.active) >= s.activeMax {
		for id, last := range s.active {
			if now.Sub(last) >= limit {
				delete(s.active, id)
			}
		}
		s.activeMax = max(minSweep, 2*len(s.active))
	}
	s.active[session] = now
}

// Canary is what a form of a forms session must send back, so that another
// site cannot make the browser post it. Any server with the same certificate
// can check it.
func (s *Server) Canary(session uint64) string {
	mac := hmac.New(sha256.New, s.ca.certificate[:])
	mac.Write(binary.BigEndian.AppendUint64([]byte("canary"), session))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// SameCanary compares canaries in constant time.
func SameCanary(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
