package containers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/remote"
)

// kept is what an executor of this lab keeps of a change.
type kept map[string]string

// act is an executor of this lab: it works in the containers.
type act struct {
	at   string // the server that is touched
	plan func(ctx context.Context, o remote.Order, c *remote.Change) (kept, error)
	do   func(ctx context.Context, k kept) (detail string, err error)
	// undo is nil where nothing stays behind.
	undo func(ctx context.Context, k kept) (detail string, err error)
}

func (a *act) Plan(ctx context.Context, o remote.Order) (*remote.Change, error) {
	c := &remote.Change{Executor: Name, Target: a.at}
	if o.Person != nil {
		c.Target = o.Person.Mail + " at " + a.at
	}
	k, err := a.plan(ctx, o, c)
	if err != nil {
		return nil, err
	}
	c.State, err = json.Marshal(k)
	return c, err
}

func (a *act) Do(ctx context.Context, c *remote.Change) (string, error) {
	var k kept
	if err := json.Unmarshal(c.State, &k); err != nil {
		return "", fmt.Errorf("the record of %s cannot be read: %w", c.Mitigation, err)
	}
	return a.do(ctx, k)
}

func (a *act) Undo(ctx context.Context, c *remote.Change) (string, error) {
	var k kept
	if err := json.Unmarshal(c.State, &k); err != nil {
		return "", fmt.Errorf("the record of %s cannot be read: %w", c.Mitigation, err)
	}
	if a.undo == nil {
		return "nothing stayed behind", nil
	}
	return a.undo(ctx, k)
}

// executors carry out this world's mitigations.
func (org *organisation) executors(people map[string]*remote.Person) map[string]remote.Executor {
	directory := &remote.LDAP{Directory: org.directory(), People: people}
	doveadm := &remote.Doveadm{
		URL: "http://" + hostMail + ":8080", Key: remote.Secret{Value: org.set.DoveadmKey}, User: "{local}",
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return org.dial(ctx, addr) },
	}
	return map[string]remote.Executor{
		"disable-account":          directory,
		"enable-account":           directory,
		"expire-account":           directory,
		"deny-logon-hours":         directory,
		"flush-auth-cache":         doveadm,
		"kick-sessions":            doveadm,
		"reset-password":           org.resetPassword(),
		"restart-service":          org.restartService(),
		"stop-service":             org.stopService(),
		"filter-disabled-accounts": org.filterDisabledAccounts(),
		"close-smtp-sessions":      org.closeSMTPSessions(),
		"set-out-of-office":        org.setOutOfOffice(),
		"remove-queued-mail":       org.removeQueuedMail(),
		"freeze-outbound":          org.outbound(true),
		"thaw-outbound":            org.outbound(false),
	}
}

// unavailable says why there is no way here.
func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", lab.ErrNotAvailable, fmt.Sprintf(format, args...))
}

// person is whom an order is about.
func (org *organisation) person(k kept) (*lab.Person, error) {
	who := org.cast.People[k["person"]]
	if who == nil {
		return nil, errors.New("nobody is called " + k["person"])
	}
	return who, nil
}

func about(o remote.Order) (kept, error) {
	if o.Person == nil {
		return nil, errors.New("it is not about anybody")
	}
	return kept{"person": o.Person.ID}, nil
}

// serviceHosts are the servers behind the services that restart-service knows.
var serviceHosts = map[string]string{"dovecot": hostMail, "postfix": hostMX, "sogo": hostSOGo, "samba": hostDC}

// restartService stops and starts a service, which is the container's first
// process. Only SOGo shares its container, and is restarted alone: what it knows
// of passwords is in another service.
func (org *organisation) restartService() *act {
	return &act{
		at: "its server",
		plan: func(_ context.Context, o remote.Order, c *remote.Change) (kept, error) {
			host := serviceHosts[o.Params["service"]]
			if org.servers[host] == nil {
				return nil, unavailable("no %s runs here", o.Params["service"])
			}
			c.Target, c.Do = host, "stop and start "+o.Params["service"]
			return kept{"host": host, "service": o.Params["service"]}, nil
		},
		do: func(ctx context.Context, k kept) (string, error) {
			s := org.servers[k["host"]]
			if s == nil {
				return "", errors.New("there is no server " + k["host"])
			}
			if k["service"] != "sogo" {
				return k["service"] + " is up again", s.restart(ctx)
			}
			if _, err := s.run(ctx, "sh", "-c", `p=$(cat /run/sogo/sogo.pid) && kill "$p" && while kill -0 "$p" 2>/dev/null; do sleep .05; done`); err != nil {
				return "", err
			}
			return "sogo is up again", s.await(ctx)
		},
	}
}

// stopService takes a protocol away from Dovecot, and ends its sessions: those
// that are open outlive a reload.
func (org *organisation) stopService() *act {
	set := func(ctx context.Context, protocols string) error {
		if err := org.servers[hostMail].put(ctx, org.dovecotConf(protocols)); err != nil {
			return err
		}
		return org.reloadDovecot(ctx)
	}
	return &act{
		at: hostMail,
		plan: func(ctx context.Context, o remote.Order, c *remote.Change) (kept, error) {
			now, err := org.servers[hostMail].run(ctx, "doveconf", "-h", "protocols")
			if err != nil {
				return nil, err
			}
			k := kept{"service": o.Params["service"], "before": strings.TrimSpace(now)}
			k["after"] = strings.Join(slices.DeleteFunc(strings.Fields(now), func(p string) bool { return p == k["service"] }), " ")
			c.Do, c.Undo = "protocols = "+k["after"]+"; doveadm reload; end the sessions", "protocols = "+k["before"]+"; doveadm reload"
			return k, nil
		},
		do: func(ctx context.Context, k kept) (string, error) {
			if err := set(ctx, k["after"]); err != nil {
				return "", err
			}
			const end = `for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in "$1"|"$1-login") kill ${p#/proc/} || true;; esac; done`
			_, err := org.servers[hostMail].run(ctx, "sh", "-c", end, "-", k["service"])
			return "protocols are " + k["after"], err
		},
		undo: func(ctx context.Context, k kept) (string, error) {
			return "protocols are " + k["before"], set(ctx, k["before"])
		},
	}
}

func (org *organisation) reloadDovecot(ctx context.Context) error {
	_, err := org.servers[hostMail].run(ctx, "doveadm", "reload")
	return err
}

// filterDisabledAccounts has Dovecot find no disabled accounts.
func (org *organisation) filterDisabledAccounts() *act {
	set := func(ctx context.Context, filter string) (string, error) {
		if err := org.servers[hostMail].put(ctx, org.lookups(filter)); err != nil {
			return "", err
		}
		return "Dovecot looks people up with " + filter, org.reloadDovecot(ctx)
	}
	return &act{
		at: hostMail,
		plan: func(_ context.Context, _ remote.Order, c *remote.Change) (kept, error) {
			c.Do, c.Undo = "pass_filter and user_filter = "+enabledOnly+"; doveadm reload", "pass_filter and user_filter = "+anybody+"; doveadm reload"
			return kept{}, nil
		},
		do:   func(ctx context.Context, _ kept) (string, error) { return set(ctx, enabledOnly) },
		undo: func(ctx context.Context, _ kept) (string, error) { return set(ctx, anybody) },
	}
}

// closeSMTPSessions ends the processes that serve somebody who has signed in.
// Postfix tells who that is once a message is handed over.
func (org *organisation) closeSMTPSessions() *act {
	return &act{
		at: hostMX,
		plan: func(_ context.Context, o remote.Order, c *remote.Change) (kept, error) {
			c.Do = "kill the smtpd processes whose sasl_username is the user's"
			return about(o)
		},
		do: func(ctx context.Context, k kept) (string, error) {
			who, err := org.person(k)
			if err != nil {
				return "", err
			}
			l, err := org.mailLog(ctx)
			if err != nil {
				return "", err
			}
			var ended []string
			for _, pid := range slices.Sorted(maps.Keys(l.signedIn)) {
				name, _, _ := strings.Cut(l.signedIn[pid], "@")
				if name != account(who) {
					continue
				}
				// One that has ended by itself meanwhile is no fault.
				if _, err := org.servers[hostMX].run(ctx, "sh", "-c", `kill "$1" 2>/dev/null || ! kill -0 "$1" 2>/dev/null`, "-", pid); err != nil {
					return "", err
				}
				ended = append(ended, pid)
			}
			if len(ended) == 0 {
				return "no session has shown itself as " + who.ID + "'s", nil
			}
			return "ended smtpd " + strings.Join(ended, ", "), nil
		},
	}
}
