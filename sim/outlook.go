package sim

import (
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server/outlook"
	"shutout/sim/server/rpc"
)

// Ports of Outlook's way over TCP. The second is one of the dynamic ports that
// the endpoint mapper hands out; which one does not matter.
const (
	portMapper = 135
	portRPC    = 6004
)

// outlookHost is the services of a host that holds Outlook's sessions.
type outlookHost struct {
	sessions *outlook.Service
	rpc      *rpc.Server
}

// outlookOn returns the services of a host, which are made when they are asked
// for first.
func (o *Organisation) outlookOn(host string) *outlookHost {
	h := o.outlook[host]
	if h == nil {
		s := outlook.New(o.World, host)
		h = &outlookHost{sessions: s, rpc: rpc.New(o.World, host, s, portRPC)}
		o.outlook[host] = h
	}
	return h
}

// storeHolds tells whether Outlook's sessions are open on the mailbox servers
// themselves and not on the client access servers.
func (o *Organisation) storeHolds() bool { return o.Params.RPC.SessionHolder == profile.HeldByStore }

// holder is the server that holds somebody's Outlook sessions over RPC.
func (o *Organisation) holder(who *lab.Person) string {
	if o.storeHolds() {
		return o.storeOf(who)
	}
	return who.CAS
}

// behindProxy is the RPC server that a client of Outlook Anywhere names,
// "mbx1.corp.example" or "mbx1"; nil where there is none.
func (o *Organisation) behindProxy(server string) *rpc.Server {
	host, _, _ := strings.Cut(strings.ToLower(server), ".")
	if h := o.outlook[host]; h != nil && (server == host || strings.EqualFold(server, o.fqdn(host))) {
		return h.rpc
	}
	return nil
}

// listenRPC opens a host to Outlook over TCP.
func (o *Organisation) listenRPC(host string) error {
	h := o.outlookOn(host)
	if !o.Params.RPC.Direct {
		return nil
	}
	if err := o.open(host, portMapper, func(l *network.Listener) error { return h.rpc.ServeMapper(l) }); err != nil {
		return err
	}
	return o.open(host, portRPC, func(l *network.Listener) error { return h.rpc.Serve(l) })
}

// setRPC takes what answers Outlook on a host down, or up again, over TCP and
// behind the RPC proxies.
func (o *Organisation) setRPC(host string, up bool) {
	o.Net.SetService(host, up, portRPC)
	if h := o.outlook[host]; h != nil {
		h.rpc.SetRunning(up)
	}
}

// storeAway takes RPC on a mailbox server down while its information store
// restarts, where the store itself answers Outlook.
func (o *Organisation) storeAway(host string, back time.Time) {
	if !o.storeHolds() {
		return
	}
	o.setRPC(host, false)
	o.TL.At(back, 0, func(now time.Time) {
		if !now.Before(o.storeBack[host]) { // it may have been restarted again
			o.setRPC(host, true)
		}
	})
	o.storeBack[host] = back
}
