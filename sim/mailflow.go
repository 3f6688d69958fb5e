package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/network"
	"shutout/sim/server/outside"
)

// Whereabouts tells what became of a message that owner sent, and records it.
func (o *Organisation) Whereabouts(_ context.Context, owner, subject string) (string, bool, error) {
	o.Lock()
	defer o.Unlock()
	d := o.Transport.Whereabouts(o.Now(), subject)
	o.RecordFor(owner, d)
	return d.Reason, d.Allowed, nil
}

// Introduce tells who acts as owner. Whoever has no account here cannot be
// logged on to a computer of the domain.
func (o *Organisation) Introduce(owner string, who *lab.Person) {
	o.Do(func(time.Time) { o.people[owner] = who })
	if !who.Outsider() {
		o.Net.LogOn(owner, who.ID)
	}
}

// exchanger is the host that takes mail for an outside domain, or "".
func (o *Organisation) exchanger(domain string) string {
	for _, id := range slices.Sorted(maps.Keys(o.World.Cast.Hosts)) {
		if h := o.World.Cast.Hosts[id]; h.Zone == lab.Internet && h.MX != "" && strings.EqualFold(h.MX, domain) {
			return id
		}
	}
	return ""
}

// listenOutside opens the mail servers of other domains to whoever calls them
// without the organisation's own server. A dead one does not answer.
func (o *Organisation) listenOutside() error {
	for _, id := range slices.Sorted(maps.Keys(o.World.Cast.Hosts)) {
		h := o.World.Cast.Hosts[id]
		behaviour, known := o.World.Cast.Domains[h.MX]
		if h.Zone != lab.Internet || !known || behaviour == lab.DeadDomain || behaviour == lab.BogusDomain {
			continue
		}
		err := o.open(id, portSMTP, func(l *network.Listener) error {
			return outside.Serve(o.World, id, h.MX, l)
		})
		if err != nil {
			return fmt.Errorf("start the mail server of %s: %w", h.MX, err)
		}
	}
	return nil
}
