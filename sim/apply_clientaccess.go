package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/clientaccess"
	"shutout/sim/profile"
)

// onServers runs f for the named client access servers, or for all.
func (o *Organisation) onServers(names []string, f func(*clientaccess.Server) (string, error)) (string, error) {
	if len(names) == 0 {
		names = o.CAS.Hosts()
	}
	var details, failures []string
	for _, name := range names {
		s := o.CAS.Server(name)
		if s == nil {
			return "", fmt.Errorf("no client access server %q", name)
		}
		d, err := f(s)
		if err != nil {
			failures = append(failures, name+": "+err.Error())
			continue
		}
		details = append(details, name+": "+d)
	}
	if failures != nil {
		return "", fmt.Errorf("%s", strings.Join(append(failures, details...), "; "))
	}
	return strings.Join(details, "; "), nil
}

func (o *Organisation) resetIIS(now time.Time, a *mitigation.ResetIIS) (string, error) {
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		r := s.Reset(now, clientaccess.ResetOptions{NoForce: a.NoForce, Fail: a.Fails})
		if r.ExitCode != 0 {
			return "", fmt.Errorf("exit code %d: %s", r.ExitCode, r.Text)
		}
		return fmt.Sprintf("%s, away for %s", r.Text, lab.Duration(r.Took)), nil
	})
}

func (o *Organisation) recyclePool(now time.Time, a *mitigation.RecycleAppPool) (string, error) {
	has := func(p clientaccess.Pool) bool {
		return slices.Contains(clientaccess.Pools, p) &&
			(p != clientaccess.PoolEWS || o.Params.EWS.Available) &&
			(p != clientaccess.PoolAutodiscover || o.Params.Autodiscover.Available) &&
			(p != clientaccess.PoolMAPI || !o.Params.Server.Version.Before(profile.Build2013))
	}
	pools, name := clientaccess.Pools, "every pool"
	if a.Pool != "" {
		pools, name = []clientaccess.Pool{clientaccess.Pool(a.Pool)}, a.Pool
		if !has(pools[0]) {
			return "", fmt.Errorf("%w: this version has no %s", lab.ErrNotAvailable, a.Pool)
		}
	}
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		for _, pool := range pools {
			if has(pool) {
				s.RecyclePool(now, pool)
			}
		}
		return name + " recycled", nil
	})
}

func (o *Organisation) setTokenTTL(now time.Time, a *mitigation.SetTokenTTL) (string, error) {
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		s.SetTokenTTL(now, a.TTL)
		if a.Restart {
			s.Reset(now, clientaccess.ResetOptions{})
			return fmt.Sprintf("UserTokenTTL %s, IIS restarted", lab.Duration(a.TTL)), nil
		}
		return fmt.Sprintf("UserTokenTTL %s", lab.Duration(a.TTL)), nil
	})
}

func (o *Organisation) flushTokenCache(a *mitigation.FlushTokenCache) (string, error) {
	if !o.Params.IIS.FlushTokenCache {
		return "", fmt.Errorf("%w: this version is not known to heed FlushTokenCache (iis.flush_token_cache)", lab.ErrNotAvailable)
	}
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		return fmt.Sprintf("%d tokens forgotten", s.FlushTokens(o.Now())), nil
	})
}

func (o *Organisation) denyLocalLogon(a *mitigation.DenyLocalLogon) (string, error) {
	_, obj, err := o.account(a.User, "")
	if err != nil {
		return "", err
	}
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		s.DenyLocalLogon(obj.SAM())
		return "no right to log on locally", nil
	})
}

// mailServices are the two that an administrator starts, by the words of the
// mitigations.
var mailServices = map[string]string{"pop3": clientaccess.ServicePOP, "imap": clientaccess.ServiceIMAP}

// started tells whether somebody has started POP3 and IMAP4.
func (o *Organisation) started() error {
	if !o.Params.PopImap.Autostart {
		return fmt.Errorf("%w: nobody has started POP3 and IMAP4 (popimap.autostart)", lab.ErrNotAvailable)
	}
	return nil
}

func (o *Organisation) requireTLS(now time.Time, a *mitigation.RequireTLS) (string, error) {
	if err := o.started(); err != nil {
		return "", err
	}
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		for _, word := range a.Affected() {
			s.RequireTLS(mailServices[word])
			s.RestartService(now, mailServices[word], o.Params.PopImap.RestartDown)
		}
		return fmt.Sprintf("LoginType SecureLogin for %s, away for %s", strings.Join(a.Affected(), " and "), lab.Duration(o.Params.PopImap.RestartDown)), nil
	})
}

func (o *Organisation) stopService(now time.Time, a *mitigation.StopService) (string, error) {
	if err := o.started(); err != nil {
		return "", err
	}
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		s.StopService(now, mailServices[a.Service])
		return mailServices[a.Service] + " stopped", nil
	})
}

// restartServer restarts whole servers: all that runs on them goes down, and
// comes back together.
func (o *Organisation) restartServer(now time.Time, a *mitigation.RestartServer) (string, error) {
	down := o.Params.Server.RebootTime
	servers := a.Servers
	if len(servers) == 0 {
		all := o.Servers()
		servers = slices.Compact(slices.Sorted(slices.Values(slices.Concat(all.CAS, all.Stores))))
	}
	for _, host := range servers {
		if s := o.CAS.Server(host); s != nil {
			for _, service := range clientaccess.Services {
				if !s.Stopped(service) {
					s.RestartService(now, service, down)
				}
			}
		}
		if slices.Contains(o.Servers().Stores, host) {
			back, err := o.Store.RestartFor(now, host, down)
			if err != nil {
				return "", err
			}
			o.storeAway(host, back)
			o.Net.SetService(host, false, portSMTP, portSubmit)
			o.TL.At(back, 0, func(time.Time) { o.Net.SetService(host, true, portSMTP, portSubmit) })
		}
	}
	return fmt.Sprintf("%s restarted, away for %s", strings.Join(servers, ", "), lab.Duration(down)), nil
}

// clientAccessRule changes nothing that mail clients meet: on servers of one's
// own a rule is about the admin center and remote PowerShell [CAR], which this
// organisation does not have.
func (o *Organisation) clientAccessRule(a *mitigation.ClientAccessRule) (string, error) {
	if o.Params.Server.Version.Before(profile.Build2019) {
		return "", fmt.Errorf("%w: this version has no Client Access Rules", lab.ErrNotAvailable)
	}
	return "the rule about " + a.User + " is for the admin center and remote PowerShell", nil
}

// blockLegacyAuth finds nothing to refuse: where tokens can be had, Basic is
// off already.
func (o *Organisation) blockLegacyAuth(a *mitigation.BlockLegacyAuth) (string, error) {
	if o.Cloud == nil {
		return "", fmt.Errorf("%w: it needs hybrid modern authentication (Exchange 2019 CU2 and later)", lab.ErrNotAvailable)
	}
	return "legacy authentication is refused to " + a.User + ", as to everybody", nil
}

func (o *Organisation) restartRPC(now time.Time, a *mitigation.RestartRPCClientAccess) (string, error) {
	if o.storeHolds() {
		return "", fmt.Errorf("%w: this version has no RPC Client Access, the information store holds Outlook's sessions", lab.ErrNotAvailable)
	}
	down := o.Params.RPC.RestartDown
	return o.onServers(a.Servers, func(s *clientaccess.Server) (string, error) {
		s.RestartService(now, clientaccess.ServiceRPC, down)
		return "MSExchangeRPC restarted, away for " + lab.Duration(down), nil
	})
}
