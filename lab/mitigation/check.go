package mitigation

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"shutout/lab"
)

// ParamError says what is wrong with one parameter of an action. [errors.Join]
// holds several of them.
type ParamError struct {
	Action string   // the mitigation's name
	Param  string   // the parameter's name
	Found  string   // the value in question; empty when there is none
	Text   string   // what is wrong: "is missing", "is not a person with a mailbox"
	Known  []string // the values that there are, if they can be counted
}

func (e *ParamError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s ", e.Action, e.Param)
	if e.Found != "" {
		fmt.Fprintf(&b, "%q ", e.Found)
	}
	b.WriteString(e.Text)
	if len(e.Known) > 0 {
		fmt.Fprintf(&b, ": expected one of %s", strings.Join(e.Known, ", "))
	}
	return b.String()
}

// kind is what a parameter's value must be. Known lists the values that a cast
// has; nil means that the Go type says it all.
type kind struct {
	one, many string
	example   string // a value that the default cast has
	known     func(*lab.Cast) []string
}

var kinds = map[string]kind{
	"account":  {"person with a mailbox", "people with a mailbox", "dana", accounts},
	"dc":       {"domain controller", "domain controllers", "dc2", func(c *lab.Cast) []string { return hosts(c, siteDCs) }},
	"cas":      {"client access server", "client access servers", "cas1", func(c *lab.Cast) []string { return hosts(c, siteCAS) }},
	"store":    {"mailbox server", "mailbox servers", "mbx1", func(c *lab.Cast) []string { return hosts(c, siteStores) }},
	"server":   {"server", "servers", "cas1", func(c *lab.Cast) []string { return hosts(c, siteDCs, siteCAS, siteStores) }},
	"exchange": {"client access or mailbox server", "client access or mailbox servers", "cas1", func(c *lab.Cast) []string { return hosts(c, siteCAS, siteStores) }},
	"database": {"database", "databases", "disabled-users", databases},
	"host":     {"host", "hosts", "home", func(c *lab.Cast) []string { return slices.Sorted(maps.Keys(c.Hosts)) }},
	"desktop":  {"computer in the office", "computers in the office", "desk", desktops},
	"inner":    {"host of the organisation", "hosts of the organisation", "mbx1", innerHosts},
	"relay":    {"provider's server", "providers' servers", "provider", relays},
	"public":   {"public address of the organisation", "public addresses of the organisation", "198.51.100.2", publicAddresses},
	"range":    {"address or address range such as 203.0.113.0/24", "addresses or address ranges such as 203.0.113.0/24", "203.0.113.0/24", nil},
	"size":     {"size such as 1KB", "sizes", "1KB", nil},
	"quota":    {"size such as 0B or 25MB", "sizes", "0B", nil},
	"duration": {"duration such as 30s, 15m, 2h or 2d", "durations", "5m", nil},
	"domain":   {"domain outside the organisation", "domains outside the organisation", "partner.example", func(c *lab.Cast) []string { return slices.Sorted(maps.Keys(c.Domains)) }},
	"address":  {"mail address, or <> for none", "mail addresses", "offers@bogus.example", nil},
	"windows":  {"version of Windows such as 6.0.6000", "versions of Windows such as 6.0.6000", "6.0.6000", nil},
	"flag":     {"true or false", "", "true", nil},
}

func siteDCs(s lab.Site) []string    { return s.DCs }
func siteCAS(s lab.Site) []string    { return s.CAS }
func siteStores(s lab.Site) []string { return s.Stores }

// hosts lists what the functions find in every site, each host once.
func hosts(c *lab.Cast, lists ...func(lab.Site) []string) []string {
	var names []string
	for _, list := range lists {
		for _, s := range c.Organisation.Sites {
			for _, name := range list(s) {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

func accounts(c *lab.Cast) []string {
	var names []string
	for id, p := range c.People {
		if p != nil && !p.Outsider() {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	return names
}

// desktops lists the hosts that an administrator of the office reaches.
func desktops(c *lab.Cast) []string { return hostsIn(c, lab.LAN) }

// innerHosts lists the hosts behind the organisation's firewall.
func innerHosts(c *lab.Cast) []string { return hostsIn(c, lab.LAN, lab.Servers) }

func hostsIn(c *lab.Cast, zones ...lab.Zone) []string {
	var names []string
	for id, h := range c.Hosts {
		if slices.Contains(zones, h.Zone) {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	return names
}

// relays lists the servers that send on what is handed to them.
func relays(c *lab.Cast) []string {
	var names []string
	for id, h := range c.Hosts {
		if h.Relay {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	return names
}

func publicAddresses(c *lab.Cast) []string {
	var list []string
	for _, a := range c.Organisation.Addresses {
		list = append(list, a.String())
	}
	return list
}

func databases(c *lab.Cast) []string {
	var names []string
	for _, db := range c.Organisation.Database {
		names = append(names, db.Name)
	}
	return names
}

// check holds a's parameters against their tags and the cast. Errors are
// *ParamError, joined in the order of the parameters.
func check(a lab.Action, c *lab.Cast) error {
	var errs []error
	eachParam(a, func(v reflect.Value, f field) {
		bad := func(found, text string, known []string) {
			errs = append(errs, &ParamError{Action: a.Name(), Param: f.param.Name, Found: found, Text: text, Known: known})
		}
		// The zero of a number may be meant; a file that leaves it out is told
		// by whoever reads the file.
		missing := v.IsZero() && v.Kind() != reflect.Int && v.Kind() != reflect.Int64
		if missing && f.param.Required {
			bad("", "is missing: expected a "+f.param.Type, nil)
		}
		if missing {
			return
		}
		if v.Kind() != reflect.Slice {
			f.checkValue(v, c, bad)
			return
		}
		if v.Len() == 0 && !f.param.Required {
			bad("", "is an empty list: leave it out for "+f.param.Omitted, nil)
		}
		seen := map[any]bool{}
		for i := range v.Len() {
			e := v.Index(i)
			if seen[e.Interface()] {
				bad(fmt.Sprint(e.Interface()), "stands in the list twice", nil)
			}
			seen[e.Interface()] = true
			f.checkValue(e, c, bad)
		}
	})
	return errors.Join(errs...)
}

func (f field) checkValue(v reflect.Value, c *lab.Cast, bad func(found, text string, known []string)) {
	text := fmt.Sprint(v.Interface())
	switch {
	case f.max > 0:
		if n := v.Int(); n < int64(f.min) || n > int64(f.max) {
			bad(text, fmt.Sprintf("is out of range: expected a whole number from %d to %d", f.min, f.max), nil)
		}
	case len(f.choices) > 0:
		if !slices.Contains(f.choices, text) {
			bad(text, "is not known", f.choices)
		}
	case f.kind == "duration" && v.Int() < 0:
		bad(text, "is negative: expected a duration such as 15m", nil)
	case f.kind == "size" && v.Int() <= 0:
		bad(text, "is too small: expected a size such as 1KB", nil)
	default:
		k := kinds[f.kind]
		if k.known == nil {
			return
		}
		if known := k.known(c); !slices.Contains(known, text) {
			bad(text, "is not a "+k.one+" of this cast", known)
		}
	}
}
