// Package opensite is what the servers of an open site remember about who may
// come in: Dovecot's authentication cache, which IMAP, POP3 and Postfix share,
// and SOGo's own. It is plain state with explicit time; whoever calls holds the
// world's lock.
package opensite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// Site is the sign-in of one site. All its servers ask one domain controller,
// that which their configuration names.
type Site struct {
	p    profile.Params
	dir  *directory.Directory
	key  []byte // of the codes that stand for passwords
	away time.Time

	dovecot, sogo memory
	// users is Dovecot's memory of user lookups, which come after every sign-in
	// and before every delivery.
	users  map[string]found
	filter bool // the lookups leave disabled accounts out
}

// memory is what a server remembers of passwords, by user.
type memory map[string]entry

// entry is a password that was accepted. Dovecot keeps one for a user.
type entry struct {
	code  [sha256.Size]byte
	made  time.Time
	good  bool // the sign-in before this one was right
	logon directory.Logon
}

// found is what a lookup found.
type found struct {
	exists bool
	made   time.Time
}

// most bounds each memory; beyond it, it starts anew.
const most = 1 << 16

// New returns a site whose servers remember nobody.
func New(tl *timeline.Timeline, p profile.Params, dir *directory.Directory) *Site {
	return &Site{
		p: p, dir: dir, key: binary.BigEndian.AppendUint64(nil, tl.Rand("opensite").Uint64()),
		dovecot: memory{}, sogo: memory{}, users: map[string]found{},
	}
}

// DC is the domain controller that all servers ask.
func (s *Site) DC() *directory.DC { return s.dir.PDC() }

// name is a user as Dovecot writes it (auth_username_format = %Ln): the local
// part in small letters.
func name(user string) string {
	local, _, _ := strings.Cut(strings.ToLower(user), "@")
	return local
}

func (s *Site) code(user, password string) (c [sha256.Size]byte) {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(name(user) + "\x00" + password))
	m.Sum(c[:0])
	return c
}

// whole is the age of a memory in whole seconds, as Dovecot counts.
func whole(now, made time.Time) time.Duration {
	return time.Duration(now.Unix()-made.Unix()) * time.Second
}

// Logon signs somebody in with a password at IMAP, POP3 or Postfix on host:
// from the cache while it has the user, and otherwise by a bind at the domain
// controller. A hit does not renew the entry, and a wrong password for a user
// who was right the last time is looked up (DOVECOT-SET).
func (s *Site) Logon(now time.Time, host, user, password string) directory.Logon {
	code, ttl := s.code(user, password), s.p.Dovecot.CacheTTL
	e, known := s.dovecot[name(user)]
	fresh := known && ttl > 0 && whole(now, e.made) <= ttl
	right := known && hmac.Equal(code[:], e.code[:])
	switch {
	case fresh && right:
		e.good = true
		s.dovecot[name(user)] = e
		return s.exists(now, host, cached(now, e.logon, s.remembered(now, host, e.made, ttl)))
	case fresh && !e.good && whole(now, e.made) <= s.p.Dovecot.NegativeTTL:
		return directory.Logon{Code: directory.BadPassword, Decision: lab.Decision{
			At: now, Layer: lab.LayerAuthCache, Server: host, Since: e.made,
			Reason: "wrong password again, the directory was not asked",
		}}
	case known:
		e.good = false
		s.dovecot[name(user)] = e
	}
	if now.Before(s.away) {
		if right && ttl > 0 { // "unless the main database look-up returns internal failure"
			d := s.remembered(now, host, e.made, ttl)
			d.Reason, d.Until = "let in from the authentication cache past its time: the directory does not answer", time.Time{}
			return cached(now, e.logon, d)
		}
		return s.unanswered(now, host)
	}
	l := s.DC().Logon(now, user, password, directory.Cleartext)
	if l.Decision.Allowed && ttl > 0 {
		if len(s.dovecot) >= most {
			clear(s.dovecot)
		}
		s.dovecot[name(user)] = entry{code: code, made: now, good: true, logon: l}
	}
	return s.exists(now, host, l)
}

func (s *Site) remembered(now time.Time, host string, made time.Time, ttl time.Duration) lab.Decision {
	return lab.Decision{
		At: now, Layer: lab.LayerAuthCache, Server: host, Allowed: true,
		Reason: "let in from the authentication cache", Rule: "for " + lab.Duration(ttl) + " after the first look",
		Since: made, Until: made.Add(ttl),
	}
}

func cached(now time.Time, l directory.Logon, d lab.Decision) directory.Logon {
	l.Decision = d
	return l
}

func (s *Site) unanswered(now time.Time, host string) directory.Logon {
	return directory.Logon{Code: directory.BadPassword, Decision: lab.Decision{
		At: now, Layer: lab.LayerService, Server: host, Reason: "the directory does not answer",
	}}
}

// exists turns a grant into a refusal where the user lookup behind it finds
// nobody.
func (s *Site) exists(now time.Time, host string, l directory.Logon) directory.Logon {
	if l.Object == nil || !l.Decision.Allowed {
		return l
	}
	if d, ok := s.Lookup(now, host, l.Object.SAM()); !ok {
		l.Code, l.Decision = directory.NoSuchUser, d
	}
	return l
}

// Lookup is Dovecot's look for a user, which has nothing to do with a password.
// The decision is for a refusal.
func (s *Site) Lookup(now time.Time, host, user string) (lab.Decision, bool) {
	ttl := s.p.Dovecot.CacheTTL
	f, known := s.users[name(user)]
	if known && !f.exists {
		ttl = min(ttl, s.p.Dovecot.NegativeTTL)
	}
	if fresh := known && ttl > 0 && whole(now, f.made) <= ttl; !fresh && (!known || !now.Before(s.away)) {
		o, ok := s.DC().Lookup(user)
		f = found{ok && !(s.filter && o.UAC()&directory.AccountDisable != 0), now}
		if len(s.users) >= most {
			clear(s.users)
		}
		s.users[name(user)] = f
	}
	return lab.Decision{
		At: now, Layer: lab.LayerDirectory, Server: host, Allowed: f.exists,
		Reason: "the lookup finds no account that is enabled", Since: f.made,
	}, f.exists
}

// LogonSOGo signs a phone in at SOGo: from SOGo's own cache or by a bind, and
// then at Dovecot's IMAP, with the password that the phone sent.
func (s *Site) LogonSOGo(now time.Time, host, user, password string) directory.Logon {
	code, ttl := s.code(user, password), s.p.SOGo.CacheTTL
	e, known := s.sogo[name(user)]
	if !known || !hmac.Equal(code[:], e.code[:]) || now.Sub(e.made) >= ttl {
		if now.Before(s.away) {
			return s.unanswered(now, host)
		}
		l := s.DC().Logon(now, user, password, directory.Cleartext)
		if !l.Decision.Allowed {
			return l
		}
		if len(s.sogo) >= most {
			clear(s.sogo)
		}
		s.sogo[name(user)] = entry{code: code, made: now, logon: l}
	}
	return s.Logon(now, host, user, password)
}

// Flush empties Dovecot's authentication cache of one user, or of all for "",
// and tells how many passwords were in it.
func (s *Site) Flush(user string) (n int) {
	if user == "" {
		n = len(s.dovecot)
		clear(s.dovecot)
		clear(s.users)
		return n
	}
	if _, known := s.dovecot[name(user)]; known {
		n = 1
	}
	delete(s.dovecot, name(user))
	delete(s.users, name(user))
	return n
}

// FilterDisabled has the lookups leave disabled accounts out. Dovecot reads its
// configuration anew for it, sessions go on.
func (s *Site) FilterDisabled() {
	s.filter = true
	if s.p.Dovecot.ReloadFlushes {
		s.Flush("")
	}
}

// Away tells that the directory does not answer before a moment.
func (s *Site) Away(until time.Time) { s.away = until }
