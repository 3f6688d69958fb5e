package remote

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Servers lists the servers that a run uses or changes, each as host and port,
// sorted. Whoever plays on one of them must be alone there.
func (c *Config) Servers() []string {
	var list []string
	add := func(addr string) {
		if host, port, err := net.SplitHostPort(addr); err == nil {
			list = append(list, net.JoinHostPort(strings.ToLower(strings.TrimSuffix(host, ".")), port))
		}
	}
	for _, ep := range c.Endpoints {
		add(ep.Addr)
		add(ep.Plain)
		if ep.Realm != nil {
			add(ep.Realm.KDC)
		}
	}
	if c.Inlet != nil {
		add(c.Inlet.Addr)
	}
	directory := func(d *Directory) {
		if d != nil {
			if _, addr, err := d.host(); err == nil {
				add(addr)
			}
		}
	}
	directory(c.Directory)
	for _, ex := range c.Executors {
		switch ex := ex.(type) {
		case *LDAP:
			directory(ex.Directory)
		case *Doveadm:
			if u, err := url.Parse(ex.URL); err == nil {
				add(net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])))
			}
		case *Command:
			if far, ok := ex.Shell.(*SSH); ok {
				add(far.Addr)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
