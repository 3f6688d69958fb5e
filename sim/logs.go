package sim

import (
	"net/netip"
	"time"

	"shutout/sim/serverlogs"
)

// Logs returns what the servers and the firewall keep, as the files of a real
// organisation, and how many older lines have given way.
func (o *Organisation) Logs() (files []serverlogs.File, dropped int) {
	o.Do(func(time.Time) {
		s := serverlogs.State{
			Version: o.Params.Server.Version, Domain: o.World.Cast.Organisation.Domain,
			Address: func(server string) netip.Addr {
				if h := o.World.Cast.Hosts[server]; h != nil {
					return h.Addr
				}
				return netip.Addr{}
			},
			Queues: o.Transport.Queues(), Dropped: o.Net.DropLog(),
		}
		var tracking, protocol int
		s.Tracking, tracking = o.Transport.Tracking()
		s.Protocol, protocol = o.Transport.ProtocolLog()
		files, dropped = serverlogs.Files(s), tracking+protocol
	})
	return files, dropped
}
