package network

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// The world is at rest when nothing can happen before the clock moves:
//
//   - every server end is blocked in a read, parked at a gate, blocked in a
//     write to a client that does not read, or closed;
//   - no reader that a push woke between attempts is still at work;
//   - every attempt in flight waits for virtual time: it is blocked in a read
//     whose far end is parked, or whose packets vanish, or it calls a host
//     that does not answer.
//
// An attempt that is doing anything else keeps the clock still, however long
// it takes on the wall clock. So no run depends on goroutine scheduling.

// endState is what the accounting knows of one end.
type endState struct {
	reading bool  // blocked in Read
	writing bool  // blocked in Write
	active  bool  // a request is being handled, whatever Read does beside it
	woken   bool  // a push woke a client's background reader, which is still at work
	gate    *Gate // the goroutine that serves this end is parked here
	held    int   // gates of this end that woke and have not come back
	counted bool  // this end is in account.busy
}

type account struct {
	busy    int
	flying  []*owner // owners with an attempt in flight
	waiting bool     // WaitRest is waiting
	rest    chan struct{}
	patient *time.Timer // of WaitRest
	quiet   *sync.Cond  // an owner's servers have come to rest
}

// owner is an activity with its client ends.
type owner struct {
	name    string
	flights int
	calling int // dials in flight that nobody will answer
	busy    int // server ends of its connections that are at work
	ends    map[*conn]struct{}
}

func (a *account) init(mu *sync.Mutex) {
	a.quiet = sync.NewCond(mu)
	a.rest = make(chan struct{}, 1)
	a.patient = time.NewTimer(Patience)
	a.patient.Stop()
}

// changed wakes WaitRest when what has changed brought the world to rest. n.mu
// is held.
func (n *Network) changed() {
	if n.account.waiting && n.atRest() {
		select {
		case n.account.rest <- struct{}{}:
		default: // it is awake already
		}
	}
}

func (n *Network) owner(name string) *owner {
	o, ok := n.owners[name]
	if !ok {
		o = &owner{name: name, ends: map[*conn]struct{}{}}
		n.owners[name] = o
	}
	return o
}

// settle counts c as busy or not after its state changed.
func (c *conn) settle() {
	busy := c.busy()
	a := &c.n.account
	if busy != c.state.counted {
		c.state.counted = busy
		change := 1
		if !busy {
			change = -1
		}
		a.busy += change
		if c.server {
			c.owner.busy += change
			if c.owner.busy == 0 {
				a.quiet.Broadcast()
			}
		}
	}
	if !busy {
		c.n.changed()
	}
}

func (c *conn) busy() bool {
	s := &c.state
	switch {
	case c.closed:
		return s.held > 0
	case !c.server:
		return s.woken
	case s.held > 0:
		return true
	case s.gate != nil || s.writing:
		return false
	default:
		return !s.reading || s.active
	}
}

// stuck tells whether an attempt that reads from this client end can go on
// only when the clock moves.
func (c *conn) stuck() bool {
	if !c.state.reading || len(c.in) > c.off || c.eof || c.err != nil {
		return false
	}
	return c.peer.state.gate != nil || c.starved
}

// stuck tells whether each of the owner's attempts waits for the clock. While
// one waits, another may be about to begin.
func (o *owner) stuck() bool {
	waiting := o.calling
	for c := range o.ends {
		if c.stuck() {
			waiting++
		}
	}
	return waiting >= o.flights
}

func (n *Network) atRest() bool {
	if n.account.busy > 0 {
		return false
	}
	for _, o := range n.account.flying {
		if !o.stuck() {
			return false
		}
	}
	return true
}

// Begin says that an attempt of the activity called name is in flight.
func (n *Network) Begin(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.owner(name)
	if o.flights == 0 {
		for c := range o.ends {
			c.starved = false // it has not asked for anything yet
		}
		n.account.flying = append(n.account.flying, o)
	}
	o.flights++
}

// End says that it is over.
func (n *Network) End(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.owner(name)
	o.flights--
	if o.flights == 0 {
		i := slices.Index(n.account.flying, o)
		n.account.flying = slices.Delete(n.account.flying, i, i+1)
	}
	n.changed()
}

// WaitQuiet returns when no server is at work for the activity called name: an
// attempt may end before the server has turned to the request that it left
// outstanding.
func (n *Network) WaitQuiet(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for o := n.owners[name]; o != nil && o.busy > 0; {
		n.account.quiet.Wait()
	}
}

// WaitServed returns when no server is at work for any activity: what has just
// happened in the world, whoever waits for it has been told. Foreign clients
// are not waited for.
func (n *Network) WaitServed() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.serving() {
		n.account.quiet.Wait()
	}
}

func (n *Network) serving() bool {
	for name, o := range n.owners {
		if name != "" && o.busy > 0 {
			return true
		}
	}
	return false
}

// Patience is how long on the wall clock the world may take to come to rest
// before WaitRest calls it a defect of the lab.
const Patience = 60 * time.Second

// WaitRest returns when the world is at rest. It returns an error when ctx
// ends, or when the world does not come to rest within Patience: somebody
// waits for something that will never come. One goroutine at a time may wait.
func (n *Network) WaitRest(ctx context.Context) error {
	a := &n.account
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.atRest() {
		return ctx.Err()
	}
	a.patient.Reset(Patience)
	defer a.patient.Stop()
	a.waiting = true
	defer func() { a.waiting = false }()
	for !n.atRest() {
		n.mu.Unlock()
		late := false
		select {
		case <-a.rest:
		case <-ctx.Done():
		case <-a.patient.C:
			late = true
		}
		n.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if late { // also when it is at rest and nobody said so
			return fmt.Errorf("the lab did not come to rest within %s: %s", Patience, n.unrest())
		}
	}
	return ctx.Err()
}

// unrest describes who is still at work.
func (n *Network) unrest() string {
	var parts []string
	for c := range n.live {
		if c.busy() {
			i := c.info()
			parts = append(parts, fmt.Sprintf("%s:%d is busy with %s", i.Server, i.Port, i.Owner))
		}
	}
	for _, o := range n.owners {
		for c := range o.ends {
			if c.busy() {
				parts = append(parts, fmt.Sprintf("%s has not taken what %s sent", o.name, c.serverHost))
			}
		}
	}
	for _, o := range n.account.flying {
		if !o.stuck() {
			parts = append(parts, o.name+" is in the middle of an attempt")
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
