package clientaccess

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
)

// tokenRule is how long a token lives. A token keeps the rule that it was
// minted under (KB267568: a registry change does not touch a token that was
// issued before it).
type tokenRule struct {
	ttl     time.Duration // meaningless when never is set
	sliding bool          // reuse within the ttl restarts the clock (KB3035228)
	never   bool          // no flushing by time: the token goes with its process
	text    string        // for decisions
}

func newTokenRule(ttl time.Duration, sliding, never bool) *tokenRule {
	r := &tokenRule{ttl: ttl, sliding: sliding, never: never}
	switch {
	case never:
		r.text = "never flushed by time"
	case sliding:
		r.text = "sliding " + lab.Duration(ttl)
	default:
		r.text = "absolute " + lab.Duration(ttl)
	}
	return r
}

// token is one entry of a token cache: what a clear-text logon left behind.
type token struct {
	user            *directory.Object // as the DC knew the user at minting
	minted, renewed time.Time
	rule            *tokenRule
}

// until is when the token lapses if it is not used again; zero means never.
func (t *token) until() time.Time {
	switch {
	case t.rule.never:
		return time.Time{}
	case t.rule.sliding:
		return t.renewed.Add(t.rule.ttl)
	default:
		return t.minted.Add(t.rule.ttl)
	}
}

func (t *token) lapsed(now time.Time) bool {
	return !t.rule.never && !now.Before(t.until())
}

// tokenKey stands for a user name and a password. The password itself is not
// kept.
type tokenKey [sha256.Size]byte

// tokenCache is the token cache of one worker process (TechNet "Token Cache",
// cc783800). Only what was granted is in it: each refusal asks the DC anew.
type tokenCache struct {
	mac     hash.Hash // keyed once per process
	text    []byte    // what is hashed, for a moment
	entries map[tokenKey]*token
	sweepAt int // number of entries at which lapsed ones are next looked for
}

// minSweep keeps small caches from being searched for lapsed entries.
const minSweep = 64

func newTokenCache(key []byte) *tokenCache {
	return &tokenCache{
		mac:     hmac.New(sha256.New, key),
		entries: make(map[tokenKey]*token),
		sweepAt: minSweep,
	}
}

// key returns the cache key for a logon. The name counts as it was typed: the
// same account as CORP\dana and as dana@corp.example has two tokens.
func (c *tokenCache) key(user, password string) (k tokenKey) {
	c.mac.Reset()
	c.text = append(append(append(c.text[:0], strings.ToLower(user)...), 0), password...)
	c.mac.Write(c.text)
	clear(c.text)
	c.mac.Sum(k[:0])
	return k
}

// get returns the live token for k, renewed if its rule slides.
func (c *tokenCache) get(now time.Time, k tokenKey) (*token, bool) {
	t, ok := c.entries[k]
	if !ok {
		return nil, false
	}
	if t.lapsed(now) {
		delete(c.entries, k)
		return nil, false
	}
	if t.rule.sliding {
		t.renewed = now
	}
	return t, true
}

func (c *tokenCache) put(now time.Time, k tokenKey, t *token) {
	if len(c.entries) >= c.sweepAt {
		for k, t := range c.entries {
			if t.lapsed(now) {
				delete(c.entries, k)
			}
		}
		c.sweepAt = max(minSweep, 2*len(c.entries))
	}
	c.entries[k] = t
}

func (c *tokenCache) live(now time.Time) (n int) {
	for _, t := range c.entries {
		if !t.lapsed(now) {
			n++
		}
	}
	return n
}
