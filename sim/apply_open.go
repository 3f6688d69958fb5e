package sim

import (
	"fmt"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/clientaccess"
	"shutout/sim/profile"
)

// What an administrator does at a site with Samba, Dovecot and Postfix.

func (o *Organisation) flushAuthCache(a *mitigation.FlushAuthCache) (string, error) {
	return lab.Count(o.Open.Flush(a.User), "user") + " forgotten", nil
}

// dovecot are the services that Dovecot is.
var dovecot = []string{clientaccess.ServiceIMAP, clientaccess.ServicePOP}

func (o *Organisation) kickSessions(now time.Time, a *mitigation.KickSessions) (string, error) {
	n := 0
	for _, host := range o.CAS.Hosts() {
		n += o.CAS.Server(host).Kick(now, a.User, dovecot...)
	}
	return lab.Count(n, "session") + " kicked", nil
}

func (o *Organisation) closeSMTPSessions(a *mitigation.CloseSMTPSessions) (string, error) {
	return lab.Count(o.Transport.EndSessions(a.User), "SMTP session") + " closed", nil
}

// filterDisabled has Dovecot leave disabled accounts out of its lookups. It reads
// that when it is reloaded, which also ends, a little later, the processes that
// hold what is open.
func (o *Organisation) filterDisabled(now time.Time) (string, error) {
	o.Open.FilterDisabled()
	const done = "Dovecot leaves disabled accounts out, reloaded"
	wait := o.Params.Dovecot.ReloadSevers
	if wait == profile.Never {
		return done, nil
	}
	o.TL.At(now.Add(wait), 0, func(later time.Time) {
		for _, host := range o.CAS.Hosts() {
			o.CAS.Server(host).EndOlder(later, now, dovecot...)
		}
	})
	return done + "; its sessions end in " + lab.Duration(wait), nil
}

func (o *Organisation) restartService(now time.Time, a *mitigation.RestartService) (string, error) {
	var down time.Duration
	switch a.Service {
	case "dovecot":
		down = o.Params.Dovecot.RestartDown
		o.Open.Flush("")
		for _, host := range o.CAS.Hosts() {
			for _, service := range dovecot {
				if s := o.CAS.Server(host); !s.Stopped(service) {
					s.RestartService(now, service, down)
				}
			}
		}
	case "sogo":
		down = o.Params.SOGo.RestartDown
		for _, host := range o.CAS.Hosts() {
			o.CAS.Server(host).RestartService(now, clientaccess.ServiceIIS, down)
		}
	case "postfix":
		if !o.Params.Postfix.RestartSevers {
			return "postfix restarted, sessions go on", nil
		}
		down = o.Params.Postfix.RestartDown
		o.away(now, down, o.Servers().Stores, portSMTP, portSubmit)
	case "samba":
		down = o.Params.Samba.RestartDown
		o.Open.Away(now.Add(down))
		o.away(now, down, []string{o.Open.DC().Host()}, portKerberos, portLDAP, portLDAPS)
	}
	return fmt.Sprintf("%s restarted, away for %s", a.Service, lab.Duration(down)), nil
}

// away takes ports of hosts down for a while, each host once.
func (o *Organisation) away(now time.Time, down time.Duration, hosts []string, ports ...int) {
	for _, host := range slices.Compact(slices.Sorted(slices.Values(hosts))) {
		o.Net.SetService(host, false, ports...)
		o.TL.At(now.Add(down), 0, func(time.Time) { o.Net.SetService(host, true, ports...) })
	}
}
