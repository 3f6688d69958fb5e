package server

import (
	"crypto/tls"
	"sync"
	"time"

	"shutout/lab/authority"
)

// Authority is the certification authority of the simulated organisation, whose
// certificates are judged by the organisation's clock.
type Authority struct {
	*authority.Authority
	now func() time.Time

	mu     sync.Mutex
	issued map[string]*tls.Config
}

// NewAuthority makes an authority whose certificates are judged by now.
func NewAuthority(now func() time.Time) (*Authority, error) {
	a, err := authority.New(now())
	if err != nil {
		return nil, err
	}
	return &Authority{Authority: a, now: now, issued: map[string]*tls.Config{}}, nil
}

// Server returns the TLS configuration of a server with the given name, which
// also answers to the other names and addresses.
func (a *Authority) Server(name string, others ...string) (*tls.Config, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if conf, ok := a.issued[name]; ok {
		return conf, nil
	}
	cert, err := a.Issue(name, others...)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{
		Certificates: []tls.Certificate{cert},
		Time:         a.now,
		// TLS 1.2 is the newest that Windows Server 2012 R2 and 2016 speak.
		MinVersion: tls.VersionTLS12,
		MaxVersion: tls.VersionTLS12,
	}
	a.issued[name] = conf
	return conf, nil
}

// Client returns the configuration of a client that trusts this lab alone. It
// resumes its TLS sessions, as mail programs and browsers do.
func (a *Authority) Client() *tls.Config {
	return &tls.Config{RootCAs: a.Pool(), Time: a.now, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
}
