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
