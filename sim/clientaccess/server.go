package clientaccess

import (
	"math/rand/v2"
	"strings"
	"time"

	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// Server is one client access server.
type Server struct {
	ca        *ClientAccess
	host      string
	number    uint32 // 1, 2, …; part of each cookie's nonce
	rand      *rand.Rand
	dc        *directory.DC
	cache     *directory.Cache
	processes map[Pool]*Process
	sessions  registry
	starting  map[string]*timeline.Event // of each service that is down: its start

	stopped     map[string]bool // services that stay down until somebody starts them
	secureLogin map[string]bool // services that take a password only under TLS
	noLocal     map[string]bool // by sAMAccountName: who may not log on locally

	rule    *tokenRule    // what tokens minted now get
	nextTTL time.Duration // what the registry says; read when IIS starts

	keys      map[cookieKind]*keyring
	sealed    uint64               // cookies sealed so far, for the nonce
	signIns   uint64               // sessions begun with the logon form
	active    map[uint64]time.Time // forms session -> latest request
	activeMax int                  // size at which idle entries are looked for
	issued    map[uint64]issuedCookie
	issuedMax int
}

func newServer(ca *ClientAccess, host string, number uint32, now time.Time) *Server {
	dc := ca.dir.DCFor(host)
	s := &Server{
		ca: ca, host: host, number: number, dc: dc,
		rand:      ca.tl.Rand("clientaccess/" + host),
		cache:     directory.NewCache(dc, ca.p.Dir.CacheTTL),
		processes: make(map[Pool]*Process),
		starting:  make(map[string]*timeline.Event),
		nextTTL:   ca.p.IIS.TokenTTL,
		keys:      make(map[cookieKind]*keyring),
		active:    make(map[uint64]time.Time),
		stopped:   make(map[string]bool), secureLogin: make(map[string]bool), noLocal: make(map[string]bool),
		activeMax: minSweep, issued: make(map[uint64]issuedCookie), issuedMax: minSweep,
	}
	s.startIIS(now)
	return s
}

// Host returns the server's name.
func (s *Server) Host() string { return s.host }

// DC returns the domain controller that this server asks.
func (s *Server) DC() *directory.DC { return s.dc }

// Directory returns this server's cache of directory objects (L9).
func (s *Server) Directory() *directory.Cache { return s.cache }

// SetTokenTTL writes UserTokenTTL into the registry. Tokens that are already
// minted keep theirs; new ones get it when IIS has been restarted, or at once
// if the profile says that worker processes watch the value (KB267568 against
// TechNet cc783800).
func (s *Server) SetTokenTTL(now time.Time, ttl time.Duration) {
	s.nextTTL = ttl
	if s.ca.p.IIS.TokenTTLReload == profile.ReloadLive {
		s.readTTL()
	}
}

func (s *Server) readTTL() {
	p := &s.ca.p.IIS
	r := newTokenRule(s.nextTTL, p.TokenTTLMode == profile.Sliding, s.nextTTL <= 0 && p.TokenTTLZero == profile.NeverFlush)
	if p.TokenTTLFrozen || s.rule == nil {
		s.rule = r
	} else {
		*s.rule = *r // tokens that are already minted share it
	}
}

// startIIS brings up every pool with an empty token cache, and the cookie keys.
func (s *Server) startIIS(now time.Time) {
	s.readTTL()
	for _, pool := range Pools {
		if s.home(pool) == pool {
			s.startProcess(now, pool)
		}
	}
	s.startKeys(now)
}

// ResetOptions are the switches of iisreset.
type ResetOptions struct {
	NoForce bool // /noforce: do not end services that will not stop
	Fail    bool // with NoForce: have a service refuse to stop
}

// ResetResult is what iisreset answers.
type ResetResult struct {
	ExitCode int // 0, or a Windows error code
	Text     string
	Took     time.Duration // until the command came back
}

// errorServiceTimeout is ERROR_SERVICE_REQUEST_TIMEOUT.
const errorServiceTimeout = 1053

// Reset is iisreset: IIS stops, which resets every HTTP connection and empties
// every pool's token cache, and is away until its services have started again.
// With /noforce it can fail, and then nothing has changed: every token lives
// on.
func (s *Server) Reset(now time.Time, o ResetOptions) ResetResult {
	p := &s.ca.p.IIS
	if o.NoForce && (o.Fail || p.ResetNoforceFails) {
		return ResetResult{errorServiceTimeout, "a service did not stop in time and was not forced to; nothing was restarted", p.ResetRestartWait}
	}
	services := []string{ServiceIIS}
	if p.ResetStopsMailServices {
		services = append(services, ServiceIMAP, ServicePOP, ServiceSMTP)
	}
	for _, service := range services {
		if !s.stopped[service] { // iisreset starts again what it has stopped
			s.RestartService(now, service, p.ResetDown)
		}
	}
	return ResetResult{0, "IIS stopped and started again", p.ResetDown}
}

// RestartService stops a service, severs what it holds, and starts it again
// after wait. One that is down already starts then instead of before, and one
// that somebody had stopped as well.
func (s *Server) RestartService(now time.Time, service string, wait time.Duration) {
	delete(s.stopped, service)
	s.ca.tl.Cancel(s.starting[service])
	s.starting[service] = s.ca.tl.At(now.Add(wait), 0, func(now time.Time) { s.start(now, service) })
	s.ca.serviceState(s.host, service, false)
	if service == ServiceIIS || service == ServiceRPC {
		s.cache.Flush() // the processes of Exchange keep directory objects themselves (ADAccess, [CACHES])
	}
	s.sessions.sever(now, service+" stopped", func(e *Session) bool { return e.Service == service })
	if service == ServiceIIS {
		clear(s.active)
		s.startIIS(now) // what the stopped processes knew is gone at once
	}
	s.ca.dropConnections(s.host, service)
}

func (s *Server) start(now time.Time, service string) {
	delete(s.starting, service)
	if service == ServiceIIS {
		s.startIIS(now) // with new keys, and the token lifetime as it is now
	}
	s.ca.serviceState(s.host, service, true)
}

// Running tells whether a service is up.
func (s *Server) Running(service string) bool {
	return s.starting[service] == nil && !s.stopped[service]
}

// Stopped tells whether a service stays down until somebody starts it.
func (s *Server) Stopped(service string) bool { return s.stopped[service] }

// StopService stops a service for good and severs what it holds.
func (s *Server) StopService(now time.Time, service string) {
	s.RestartService(now, service, 0)
	s.ca.tl.Cancel(s.starting[service])
	delete(s.starting, service)
	s.stopped[service] = true
}

// RequireTLS has a service take passwords only under TLS (LoginType
// SecureLogin), whatever the profile says.
func (s *Server) RequireTLS(service string) { s.secureLogin[service] = true }

// PlainLogin tells whether a service takes a password in the clear.
func (s *Server) PlainLogin(service string) bool {
	return s.ca.p.PopImap.LoginType == profile.LoginPlain && !s.secureLogin[service]
}

// DenyLocalLogon takes the right to log on locally to this server from a user.
func (s *Server) DenyLocalLogon(user string) { s.noLocal[strings.ToLower(user)] = true }

// FlushTokens empties the token cache of every pool, which is what the value
// FlushTokenCache has IIS 6 do, and tells how many tokens were alive.
func (s *Server) FlushTokens(now time.Time) (n int) {
	for _, p := range s.processes { // the order does not show
		n += p.tokens.live(now)
		clear(p.tokens.entries)
	}
	return n
}
