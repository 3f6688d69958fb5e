// Package clientaccess is what a client access server remembers about who may
// come in: token caches, forms cookies, worker processes and the protocol
// sessions they hold. It is plain state with explicit time; whoever calls
// holds the world's lock.
package clientaccess

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// Services that a client access server runs, as [ClientAccess.OnServiceState]
// and [ClientAccess.OnDropConnections] name them.
const (
	ServiceIIS  = "W3SVC"           // everything over HTTP
	ServiceRPC  = "MSExchangeRPC"   // RPC Client Access, Outlook over RPC/TCP
	ServiceIMAP = "MSExchangeIMAP4" // IMAP4
	ServicePOP  = "MSExchangePOP3"  // POP3
	ServiceSMTP = "SMTPSVC"         // the SMTP service inside IIS (2003)
)

// Services lists them.
var Services = []string{ServiceIIS, ServiceRPC, ServiceIMAP, ServicePOP, ServiceSMTP}

// ClientAccess is all client access servers of the organisation.
type ClientAccess struct {
	tl      *timeline.Timeline
	p       profile.Params
	began   time.Time
	dir     *directory.Directory
	hosts   []string
	servers map[string]*Server
	// certificate stands for the private key of the certificate that all
	// servers have bound in IIS.
	certificate [32]byte

	// OnServiceState is told when a service of a host stops or starts.
	// OnDropConnections is told to reset the client connections of a service.
	// Both may be nil and are called with the world's lock held.
	OnServiceState    func(host, service string, up bool)
	OnDropConnections func(host, service string)
}

// New returns the client access servers of org, all running.
func New(tl *timeline.Timeline, p profile.Params, org lab.Organisation, dir *directory.Directory) *ClientAccess {
	ca := &ClientAccess{tl: tl, p: p, began: tl.Now(), dir: dir, servers: make(map[string]*Server)}
	ca.certificate = secret(tl.Rand("clientaccess/certificate"))
	for _, site := range org.Sites {
		for _, host := range site.CAS {
			if _, dup := ca.servers[host]; dup {
				continue
			}
			ca.hosts = append(ca.hosts, host)
			ca.servers[host] = newServer(ca, host, uint32(len(ca.hosts)), ca.began)
		}
	}
	return ca
}

// Server returns the client access server called host, or nil.
func (ca *ClientAccess) Server(host string) *Server { return ca.servers[host] }

// Hosts lists the client access servers, site by site.
func (ca *ClientAccess) Hosts() []string { return ca.hosts }

func (ca *ClientAccess) serviceState(host, service string, up bool) {
	if ca.OnServiceState != nil {
		ca.OnServiceState(host, service, up)
	}
}

func (ca *ClientAccess) dropConnections(host, service string) {
	if ca.OnDropConnections != nil {
		ca.OnDropConnections(host, service)
	}
}

// secret draws a key.
func secret(r *rand.Rand) [32]byte {
	var b [32]byte
	for i := 0; i < len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], r.Uint64())
	}
	return sha256.Sum256(b[:])
}

// A Grant is what a logon left behind: who it is.
type Grant struct {
	// User is the account as the DC knew it when the token was minted.
	User *directory.Object
	// Process is the worker process that holds the token.
	Process *Process
}
