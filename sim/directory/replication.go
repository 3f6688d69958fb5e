package directory

import (
	"slices"
	"time"

	"shutout/sim/timeline"
)

// replication is one domain controller's end of the links to its partners. A
// notified partner pulls every change that it has not had yet, so a change made
// while a notification waits travels along with it.
type replication struct {
	usn      uint64
	log      []logEntry // changes that some partner has yet to pull, oldest first
	partners []*partner
}

type logEntry struct {
	usn uint64
	id  int
}

// partner is a domain controller that pulls from this one.
type partner struct {
	dc        *DC
	scheduled bool // over a site link without change notification
	pulled    uint64
	event     *timeline.Event // the notification that is waiting, or nil
	at        time.Time
}

// connect lays out who replicates with whom. Inside a site the controllers form
// a ring in both directions, as the knowledge consistency checker lays it out;
// with up to three in a site each is a partner of each. Between sites the first
// controller of each site is the bridgehead for all others.
func (d *Directory) connect() {
	sites := 1
	for _, dc := range d.dcs {
		sites = max(sites, dc.site+1)
	}
	var bridgeheads []*DC
	for s := range sites {
		ring := d.inSite(s)
		for i, dc := range ring {
			for _, j := range []int{i + 1, i - 1 + len(ring)} {
				dc.addPartner(ring[j%len(ring)], false)
			}
		}
		if len(ring) > 0 {
			bridgeheads = append(bridgeheads, ring[0])
		}
	}
	for _, from := range bridgeheads {
		for _, to := range bridgeheads {
			from.addPartner(to, !d.params.AD.IntersiteNotify)
		}
	}
}

func (dc *DC) addPartner(to *DC, scheduled bool) {
	known := slices.ContainsFunc(dc.link.partners, func(p *partner) bool { return p.dc == to })
	if to != dc && !known {
		dc.link.partners = append(dc.link.partners, &partner{dc: to, scheduled: scheduled})
	}
}

// write commits an originating write: each attribute gets the next version.
func (dc *DC) write(now time.Time, o *Object, changes map[string][]string) {
	var values []value
	for _, a := range schema { // in the schema's order
		strings, ok := changes[a.Name]
		if !ok {
			continue
		}
		old, _ := o.find(a.Name)
		if slices.Equal(old.strings, strings) {
			continue
		}
		values = append(values, value{a.Name, strings, stamp{old.stamp.version + 1, now, dc.ordinal}})
	}
	dc.apply(now, o.id, values)
}

// apply takes over values, originating or replicated, and starts telling the
// partners.
func (dc *DC) apply(now time.Time, id int, values []value) {
	if len(values) == 0 {
		return
	}
	o := dc.objects[id].with(values...)
	dc.put(o)
	urgent := false
	for _, v := range values {
		urgent = urgent || dc.dir.urgent(v)
		if v.name == "lockoutTime" && o.account.lockout == 0 {
			dc.local[id].badPwdCount = 0 // MS-SAMR 3.1.1.8.4: an unlock clears the count
		}
	}
	if len(dc.link.partners) > 0 {
		dc.link.log = append(dc.link.log, logEntry{dc.link.usn, id})
	}
	dc.notify(now, urgent)
}

// urgent tells whether a change goes to the partners in the site without the
// usual wait. A lockout always does (KB232690); whether disabling an account
// does, the sources disagree on (KB232690, MS-ADTS 3.1.1.5.1.7).
func (d *Directory) urgent(v value) bool {
	switch v.name {
	case "lockoutTime":
		return d.params.AD.DisableIsUrgent || len(v.strings) > 0 && v.strings[0] != "0"
	case "userAccountControl", "pwdLastSet":
		return d.params.AD.DisableIsUrgent
	}
	return false
}

// notify queues the pull of each partner. One that waits already takes the new
// change along, but an urgent change brings it forward.
func (dc *DC) notify(now time.Time, urgent bool) {
	ad := dc.dir.params.AD
	delay := ad.IntrasiteFirst
	for _, p := range dc.link.partners {
		at := now
		switch {
		case p.scheduled:
			at = now.Truncate(ad.Intersite).Add(ad.Intersite) // the link opens on the whole interval, UTC
		case !urgent:
			at = now.Add(delay)
			delay += ad.IntrasiteNext
		}
		switch {
		case p.event == nil:
			p.at = at
			p.event = dc.dir.tl.At(at, 0, func(now time.Time) {
				p.event = nil
				p.dc.pull(now, dc, p)
			})
		case at.Before(p.at):
			p.at = at
			dc.dir.tl.Move(p.event, at)
		}
	}
}

// pull brings dc what from has that it lacks.
func (dc *DC) pull(now time.Time, from *DC, p *partner) {
	seen := map[int]bool{}
	for _, e := range from.link.log {
		if e.usn <= p.pulled || seen[e.id] {
			continue
		}
		seen[e.id] = true
		dc.merge(now, from.objects[e.id], nil)
	}
	p.pulled = from.link.usn
	from.trim()
}

// merge takes over the attributes of o that are newer than this replica's: all
// of them, or only those named.
func (dc *DC) merge(now time.Time, o *Object, only []string) {
	mine := dc.objects[o.id]
	var newer []value
	for _, v := range o.values {
		if only != nil && !slices.Contains(only, v.name) {
			continue
		}
		if old, _ := mine.find(v.name); v.stamp.newer(old.stamp) {
			newer = append(newer, v)
		}
	}
	dc.apply(now, o.id, newer)
}

// trim forgets changes that every partner has pulled.
func (dc *DC) trim() {
	done := dc.link.usn
	for _, p := range dc.link.partners {
		done = min(done, p.pulled)
	}
	dc.link.log = slices.DeleteFunc(dc.link.log, func(e logEntry) bool { return e.usn <= done })
}
