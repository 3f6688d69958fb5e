// Package kdc is the Kerberos front end of a domain controller (RFC 4120): it
// issues tickets. What becomes of them no KDC hears of.
package kdc

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/kerberos"
	"shutout/sim/directory"
	"shutout/sim/server"
)

const (
	// maxConnections is how many clients one KDC serves at once.
	maxConnections = 5000
	// idle is how long a connection may be silent. A KDC may close one that is
	// (RFC 4120 section 7.2.2).
	idle = time.Minute
)

// Serve answers on port 88 of the domain controller called host until the
// listener is closed.
func Serve(w *server.World, host string, l net.Listener) error {
	k := &kdc{w: w, dc: w.Dir.DC(host), rand: w.TL.Rand("kdc/" + host)}
	var open atomic.Int32
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if open.Add(1) > maxConnections {
			open.Add(-1)
			c.Close()
			continue
		}
		go func() {
			defer open.Add(-1)
			k.converse(c)
		}()
	}
}

type kdc struct {
	w    *server.World
	dc   *directory.DC
	rand *rand.Rand // guarded by the world's lock
}

func (k *kdc) converse(c net.Conn) {
	defer c.Close()
	for {
		// Deadlines are the operating system's: the lab's network turns them
		// into virtual time.
		c.SetReadDeadline(time.Now().Add(idle))
		m, err := kerberos.ReadFrame(c)
		if errors.Is(err, kerberos.ErrFrameTooLong) {
			// The one answer to what is not read (RFC 4120 section 7.2.2).
			kerberos.WriteFrame(c, k.failure(k.w.Now(), &kerberos.Request{}, err))
		}
		if err != nil {
			return
		}
		answer, d := k.answer(m)
		k.w.Record(c, d)
		if kerberos.WriteFrame(c, answer) != nil {
			return
		}
	}
}

// answer answers one message. The decision is empty where none was made.
func (k *kdc) answer(m []byte) ([]byte, lab.Decision) {
	k.w.Lock()
	defer k.w.Unlock()
	now := k.w.Now()
	r, err := kerberos.ParseRequest(m)
	if err != nil {
		return k.failure(now, &kerberos.Request{}, err), lab.Decision{}
	}
	reply, d, err := k.issue(now, r)
	if err != nil {
		return k.failure(now, r, err), d
	}
	return reply, d
}

// failure is the message that tells the client of an error.
func (k *kdc) failure(now time.Time, r *kerberos.Request, err error) []byte {
	e := kerberos.Error{
		Time: now, Code: kerberos.CodeOf(err), Realm: k.w.Dir.Realm(), Service: r.Service,
	}
	if len(e.Service.Parts) == 0 {
		e.Service = kerberos.TGS(e.Realm)
	}
	if e.Code == kerberos.ErrPreAuthRequired || e.Code == kerberos.ErrPreAuthFailed {
		e.Data = kerberos.PreAuthHint()
	}
	return e.Encode()
}

func refuse(code int32) error { return &kerberos.Error{Code: code} }

// refusals are the codes in which a KDC tells of the account (MS-KILE
// 3.3.5.6.3).
var refusals = map[directory.Code]int32{
	directory.NoSuchUser:         kerberos.ErrClientUnknown,
	directory.BadPassword:        kerberos.ErrPreAuthFailed,
	directory.InvalidHours:       kerberos.ErrRevoked,
	directory.Disabled:           kerberos.ErrRevoked,
	directory.AccountIsExpired:   kerberos.ErrRevoked,
	directory.LockedOut:          kerberos.ErrRevoked,
	directory.PasswordIsExpired:  kerberos.ErrKeyExpired,
	directory.PasswordMustChange: kerberos.ErrKeyExpired,
}
