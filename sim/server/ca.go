package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"
)

// Authority is the certification authority of one lab. It is made when the
// lab starts; its key leaves the process never.
type Authority struct {
	now  func() time.Time
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool

	mu     sync.Mutex
	serial int64
	issued map[string]*tls.Config
}

// NewAuthority makes an authority whose certificates are judged by now.
func NewAuthority(now func() time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the lab's CA: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Shutout lab CA"},
		NotBefore: now().AddDate(-1, 0, 0), NotAfter: now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the lab's CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make the lab's CA: %w", err)
	}
	a := &Authority{now: now, key: key, cert: cert, pool: x509.NewCertPool(), serial: 1, issued: map[string]*tls.Config{}}
	a.pool.AddCert(cert)
	return a, nil
}

// Server returns the TLS configuration of a server with the given name, which
// also answers to the other names and addresses.
func (a *Authority) Server(name string, others ...string) (*tls.Config, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if conf, ok := a.issued[name]; ok {
		return conf, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", name, err)
	}
	a.serial++
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, o := range others {
		if ip := net.ParseIP(o); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, o)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", name, err)
	}
	conf := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}},
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
	return &tls.Config{RootCAs: a.pool, Time: a.now, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
}

// PEM returns the authority's certificate, for foreign clients.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}
