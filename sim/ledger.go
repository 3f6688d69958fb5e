package sim

import (
	"maps"
	"slices"
	"strconv"

	"shutout/lab"
	"shutout/sim/network"
)

// Ledger lists what keeps somebody signed in, as the servers know it now: the
// cloud's tokens, Kerberos tickets, what each client access server remembers,
// Outlook's sessions, what the store has loaded, and the connections.
func (o *Organisation) Ledger(who *lab.Person) []lab.LedgerEntry {
	o.Lock()
	defer o.Unlock()
	now := o.Now()
	var out []lab.LedgerEntry
	if o.Cloud != nil {
		out = o.Cloud.Ledger(now, who.ID)
	}
	out = append(out, o.Dir.Ledger(now, who.ID)...)
	for _, host := range o.CAS.Hosts() {
		out = append(out, o.CAS.Server(host).Ledger(now, who.ID)...)
	}
	for _, host := range slices.Sorted(maps.Keys(o.outlook)) {
		for _, d := range o.outlook[host].sessions.Held(now, who.ID) {
			out = append(out, lab.LedgerEntry{Layer: d.Layer, Server: d.Server, What: d.Reason, Rule: d.Rule, Since: d.Since, Until: d.Until})
		}
	}
	out = append(out, o.Store.Ledger(now, who.ID)...)
	return append(out, o.connectionsOf(who)...)
}

// registered are the ports whose connections the client access servers list by
// themselves, once somebody has signed in.
var registered = []int{portIMAP, portIMAPS, portPOP3, portPOP3S}

// connectionsOf lists the open connections of somebody's programs. What is
// signed in to on one is good for as long as it is open.
func (o *Organisation) connectionsOf(who *lab.Person) (out []lab.LedgerEntry) {
	open := o.Net.Connections(func(i network.Info) bool {
		p := o.people[i.Owner]
		return p != nil && p.ID == who.ID && !slices.Contains(registered, i.Port)
	})
	for _, i := range open {
		out = append(out, lab.LedgerEntry{Layer: lab.LayerConnection, Server: i.Server, What: "open connection to port " + strconv.Itoa(i.Port), Since: i.Since})
	}
	return out
}
