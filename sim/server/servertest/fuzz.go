package servertest

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Panics is a logger for a library that survives its own panics and only says
// so in its log.
type Panics struct{ first atomic.Pointer[string] }

// Printf takes a line of the log.
func (p *Panics) Printf(format string, v ...any) { p.take(fmt.Sprintf(format, v...)) }

// Println takes a line of the log.
func (p *Panics) Println(v ...any) { p.take(fmt.Sprintln(v...)) }

// take keeps a panic, save for a race of go-smtp's own that it survives: the
// goroutine of a BDAT command asks for the session when the connection has
// ended already and finds none (go-smtp v0.25.1, conn.go, handleBdat). Nothing
// of ours is on that stack.
func (p *Panics) take(line string) {
	bdat := strings.Contains(line, "go-smtp.(*Conn).handleBdat.func1()") && !strings.Contains(line, "shutout/")
	if strings.HasPrefix(line, "panic ") && !bdat {
		p.first.CompareAndSwap(nil, &line)
	}
}

// Seen returns the first panic since the last call, "" for none.
func (p *Panics) Seen() string {
	if line := p.first.Swap(nil); line != nil {
		return *line
	}
	return ""
}

// WantIdle fails the test unless every connection and every mailbox session
// has ended.
func (w *World) WantIdle() {
	w.TB.Helper()
	if n := w.Net.Open(); n != 0 {
		w.TB.Errorf("%d connections left", n)
	}
	for _, host := range w.CAS.Hosts() {
		if n := len(w.CAS.Server(host).Sessions()); n != 0 {
			w.TB.Errorf("%d sessions left on %s", n, host)
		}
	}
	for _, mb := range w.Store.Mailboxes() {
		if n := len(mb.Sessions()); n != 0 {
			w.TB.Errorf("%d logons left on the mailbox of %s", n, mb.User())
		}
	}
}
