package imap

import (
	"sync"

	"shutout/sim/server/popimap"
)

// wire is a connection as go-imap sees it: without TLS, which lies below, and
// with its deadlines kept by [popimap.Conn].
type wire struct {
	*popimap.Conn
	head     []byte // read already and not yet seen by go-imap
	greeting string // written in place of go-imap's own
	greeted  bool
	// idling counts the goroutines that go-imap has started, or is about to
	// start, for IDLE and that do not watch the mailbox yet.
	idling sync.WaitGroup
}

// idleConsent is what go-imap writes before it starts that goroutine.
const idleConsent = "+ idling\r\n"

// Write replaces go-imap's greeting, which is the first thing that it writes:
// by Exchange's, or by nothing for a client that was greeted before STARTTLS.
func (w *wire) Write(b []byte) (int, error) {
	if !w.greeted {
		w.greeted = true
		_, err := w.Conn.Write([]byte(w.greeting))
		return len(b), err
	}
	n, err := w.Conn.Write(b)
	if err == nil && string(b) == idleConsent {
		w.idling.Add(1)
	}
	return n, err
}

// Read reads what the client sends. On the way into IDLE it waits first until
// the mailbox is watched: once this goroutine is blocked in a read the clock
// may move, and no news may be missed then.
func (w *wire) Read(b []byte) (int, error) {
	w.idling.Wait()
	if len(w.head) > 0 {
		n := copy(b, w.head)
		w.head = w.head[n:]
		return n, nil
	}
	return w.Conn.Read(b)
}
