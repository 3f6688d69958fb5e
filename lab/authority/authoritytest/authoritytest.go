// Package authoritytest makes the two TLS configurations of a test.
package authoritytest

import (
	"crypto/tls"
	"testing"
	"time"

	"shutout/lab/authority"
)

// Configs are the configuration of a server of that name, and that of a client
// who trusts it. The client's has no ServerName: which one it expects is its own
// business.
func Configs(t testing.TB, host string) (server, client *tls.Config) {
	t.Helper()
	a, err := authority.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(host)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: a.Pool()}
}
