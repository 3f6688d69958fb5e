package clientaccess

import (
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
)

// Pool is an application pool of IIS. Each has one worker process with a token
// cache of its own.
type Pool string

// The pools by their names in Exchange 2013 and later, which mitigations use
// on every profile.
const (
	PoolOWA          Pool = "MSExchangeOWAAppPool"
	PoolActiveSync   Pool = "MSExchangeSyncAppPool"
	PoolEWS          Pool = "MSExchangeServicesAppPool"
	PoolRPCProxy     Pool = "MSExchangeRPCProxyFrontEndAppPool"
	PoolMAPI         Pool = "MSExchangeMapiFrontEndAppPool"
	PoolAutodiscover Pool = "MSExchangeAutodiscoverAppPool"
)

// Pools lists every pool.
var Pools = []Pool{PoolOWA, PoolActiveSync, PoolEWS, PoolRPCProxy, PoolMAPI, PoolAutodiscover}

// A Process is a worker process. What a protocol keeps in memory for a user is
// gone when [Server.Process] returns another one.
type Process struct {
	Pool    Pool
	Started time.Time
	tokens  *tokenCache
}

func (s *Server) startProcess(now time.Time, pool Pool) {
	key := secret(s.rand)
	s.processes[pool] = &Process{Pool: pool, Started: now, tokens: newTokenCache(key[:])}
}

// home is the pool whose process serves pool: on Exchange 2003 ActiveSync runs
// in the same one as OWA (KB2612821).
func (s *Server) home(pool Pool) Pool {
	if pool == PoolActiveSync && s.ca.p.IIS.EASSharesOWAPool {
		return PoolOWA
	}
	return pool
}

// Process returns the worker process that serves new requests of pool.
func (s *Server) Process(pool Pool) *Process { return s.processes[s.home(pool)] }

// Authenticate answers a clear-text logon (Basic, or the credentials in a
// forms cookie): from the token cache of pool's worker process if it holds a
// live token for user and password, and otherwise by asking the DC that this
// server uses. A refusal is not remembered. The decision's Allowed tells which;
// the grant is empty on refusal.
func (s *Server) Authenticate(now time.Time, pool Pool, user, password string) (Grant, lab.Decision) {
	if g, d, ok := s.reuse(now, pool, user, password); ok {
		return g, d
	}
	l := s.dc.Logon(now, user, password, directory.Cleartext)
	if !l.Decision.Allowed {
		return Grant{}, l.Decision
	}
	if s.ca.p.IIS.BasicNeedsLocalLogon && s.noLocal[strings.ToLower(l.Object.SAM())] {
		return Grant{}, lab.Decision{At: now, Layer: lab.LayerService, Server: s.host, Reason: "the user has no right to log on locally (error 1385)"}
	}
	p := s.Process(pool)
	if s.rule.ttl > 0 || s.rule.never {
		s.keep(now, pool, user, password, &token{user: l.Object, minted: now, renewed: now, rule: s.rule})
	}
	return Grant{User: l.Object, Process: p}, l.Decision
}

// reuse looks for a live token: in this server's process, and, where the
// profile has it that servers share their tokens, in that of every other one.
func (s *Server) reuse(now time.Time, pool Pool, user, password string) (Grant, lab.Decision, bool) {
	holder, t, ok := s, (*token)(nil), false
	if t, ok = s.token(now, pool, user, password); !ok && s.ca.p.IIS.TokenScope == profile.PerOrganisation {
		for _, host := range s.ca.hosts {
			holder = s.ca.servers[host]
			if t, ok = holder.token(now, pool, user, password); ok {
				break
			}
		}
	}
	if !ok {
		return Grant{}, lab.Decision{}, false
	}
	return Grant{User: t.user, Process: s.Process(pool)}, lab.Decision{
		At: now, Layer: lab.LayerToken, Server: holder.host, Allowed: true,
		Reason: "token reused", Rule: t.rule.text,
		Since: t.minted, Renewed: t.renewed, Until: t.until(),
	}, true
}

func (s *Server) token(now time.Time, pool Pool, user, password string) (*token, bool) {
	c := s.Process(pool).tokens
	return c.get(now, c.key(user, password))
}

// keep puts a token into the cache of this server's process, and, where the
// profile has it that tokens are copied, into that of every other one.
func (s *Server) keep(now time.Time, pool Pool, user, password string, t *token) {
	holders := []*Server{s}
	if s.ca.p.IIS.TokenScope == profile.PerOrganisation {
		holders = nil
		for _, host := range s.ca.hosts {
			holders = append(holders, s.ca.servers[host])
		}
	}
	for _, holder := range holders {
		c := holder.Process(pool).tokens
		c.put(now, c.key(user, password), t)
	}
}

// Tokens counts the live tokens of pool.
func (s *Server) Tokens(now time.Time, pool Pool) int { return s.Process(pool).tokens.live(now) }

// RecyclePool starts a new worker process for pool, with an empty token cache.
// New requests go to it at once, also those on connections that are already
// open, because http.sys keeps them; the old process finishes the requests it
// holds and is ended when the drain time is over (TechNet cc787620, "How worker
// process recycling works").
func (s *Server) RecyclePool(now time.Time, pool Pool) {
	old := s.Process(pool)
	s.startProcess(now, old.Pool)
	end := func(now time.Time) {
		s.sessions.sever(now, "worker process of "+string(old.Pool)+" ended", func(e *Session) bool { return e.process == old })
	}
	if drain := s.ca.p.IIS.RecycleDrain; drain > 0 {
		s.ca.tl.At(now.Add(drain), 0, end)
	} else {
		end(now)
	}
	if !s.ca.p.IIS.RecycleKeepsConnections {
		s.ca.dropConnections(s.host, ServiceIIS)
	}
}
