// Package directory is the Active Directory of a simulated organisation: domain
// controllers in sites, each with its own replica, the replication between
// them, and the check of accounts and passwords.
//
// It is plain data with explicit time. Whoever calls in holds the world's lock;
// replication runs as events of the timeline.
package directory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

const forever = profile.Never

// Directory is the domain with all its controllers.
type Directory struct {
	// MaxPasswordAge is the domain's password lifetime; 0 means passwords do
	// not expire.
	MaxPasswordAge time.Duration

	tl     *timeline.Timeline
	params profile.Params
	org    lab.Organisation
	base   string // DN of the domain
	dcs    []*DC
	rand   *rand.Rand
	sid    []byte // the domain's own part of each SID
	ids    int

	tickets map[string][]issued // by sAMAccountName: what the KDCs gave out
}

// DC is one domain controller with its replica of the domain.
type DC struct {
	dir     *Directory
	host    string
	site    int
	ordinal int // stands for the invocation id: the last tie-break between two writes

	objects []*Object // by id
	index   map[string]int
	local   []local // by id; what never replicates
	link    replication
}

// local is what a domain controller counts for itself and does not replicate
// (MS-ADTS 2.2.10, FLAG_ATTR_NOT_REPLICATED).
type local struct {
	badPwdCount     int
	badPasswordTime time.Time
	lastLogon       time.Time
	logonCount      int
	created         uint64 // USNs
	changed         uint64
	whenChanged     time.Time
}

// Groups that exist in each domain.
const (
	DomainAdmins = "Domain Admins"
	DomainUsers  = "Domain Users"
)

// Administrator is the account that may modify the directory. It cannot sign
// in until [Directory.SetAdministratorPassword].
const Administrator = "Administrator"

// New makes the domain of org with an empty Users container, the built-in
// groups and the administrator. The first domain controller of the first site
// is the PDC emulator. An organisation without domain controllers gets one,
// called "dc1".
func New(tl *timeline.Timeline, p profile.Params, org lab.Organisation) *Directory {
	d := &Directory{tl: tl, params: p, org: org, rand: tl.Rand("directory"), tickets: map[string][]issued{}}
	var dn []string
	for _, part := range strings.Split(org.Domain, ".") {
		dn = append(dn, "DC="+EscapeRDN(part))
	}
	d.base = strings.Join(dn, ",")
	for range 3 {
		d.sid = binary.LittleEndian.AppendUint32(d.sid, d.rand.Uint32())
	}
	for i, site := range org.Sites {
		for _, host := range site.DCs {
			d.addDC(host, i)
		}
	}
	if len(d.dcs) == 0 {
		d.addDC("dc1", 0)
	}
	d.connect()

	class := func(names ...string) map[string][]string { return map[string][]string{"objectClass": names} }
	first, _, _ := strings.Cut(org.Domain, ".")
	d.create(d.base, "dc", first, class("top", "domain", "domainDNS"))
	d.create("CN=Users,"+d.base, "cn", "Users", class("top", "container"))
	d.group(DomainAdmins)
	d.group(DomainUsers)
	if err := d.AddUser(NewUser{SAM: Administrator, Groups: []string{DomainAdmins}}); err != nil {
		panic(err) // the schema lacks an attribute that AddUser itself writes
	}
	return d
}

func (d *Directory) addDC(host string, site int) {
	d.dcs = append(d.dcs, &DC{dir: d, host: host, site: site, ordinal: len(d.dcs), index: map[string]int{}})
}

// Base is the distinguished name of the domain: "DC=corp,DC=example".
func (d *Directory) Base() string { return d.base }

// Domain is the DNS name of the domain.
func (d *Directory) Domain() string { return d.org.Domain }

// NetBIOS is the short name of the domain.
func (d *Directory) NetBIOS() string { return d.org.NetBIOS }

// DCs lists the domain controllers, site by site.
func (d *Directory) DCs() []*DC { return slices.Clone(d.dcs) }

// PDC is the domain controller that holds the PDC emulator role.
func (d *Directory) PDC() *DC { return d.dcs[0] }

// DC returns the domain controller on host, or nil.
func (d *Directory) DC(host string) *DC {
	for _, dc := range d.dcs {
		if strings.EqualFold(dc.host, host) {
			return dc
		}
	}
	return nil
}

// DCFor returns the domain controller that the Exchange server on host asks.
// The servers of a site share its domain controllers out in turn, in the order
// in which the site lists them, so that they do not all hang on one replica. A
// site without a domain controller uses the PDC emulator.
func (d *Directory) DCFor(host string) *DC {
	for i, site := range d.org.Sites {
		var servers []string
		for _, h := range slices.Concat(site.CAS, site.Stores, site.DCs) {
			if !slices.Contains(servers, h) {
				servers = append(servers, h)
			}
		}
		n := slices.Index(servers, host)
		if n < 0 {
			continue
		}
		if dc := d.DC(host); dc != nil {
			return dc // Exchange on a domain controller uses that one
		}
		if here := d.inSite(i); len(here) > 0 {
			return here[n%len(here)]
		}
	}
	return d.PDC()
}

func (d *Directory) inSite(site int) []*DC {
	var dcs []*DC
	for _, dc := range d.dcs {
		if dc.site == site {
			dcs = append(dcs, dc)
		}
	}
	return dcs
}

// NewUser describes an account to be made.
type NewUser struct {
	SAM         string // logon name, required
	UPN         string // default SAM@domain
	Mail        string // empty: no mail address
	DisplayName string // default SAM
	Password    string // empty: nobody can sign in
	Groups      []string
	Attrs       map[string][]string // further attributes
}

// AddUser makes an account on every domain controller at once. It is meant for
// the time before the world starts.
func (d *Directory) AddUser(u NewUser) error {
	if u.SAM == "" {
		return errors.New("a user needs a SAM account name")
	}
	if _, taken := d.PDC().Lookup(u.SAM); taken {
		return fmt.Errorf("the account %s exists already", u.SAM)
	}
	now := d.tl.Now()
	name := u.DisplayName
	if name == "" {
		name = u.SAM
	}
	cn := name
	dn := d.userDN(cn)
	if _, taken := d.PDC().Lookup(dn); taken { // a namesake
		cn = name + " (" + u.SAM + ")"
		dn = d.userDN(cn)
	}
	attrs := map[string][]string{
		"objectClass":        {"top", "person", "organizationalPerson", "user"},
		"objectCategory":     {"CN=Person,CN=Schema,CN=Configuration," + d.base},
		"sAMAccountName":     {u.SAM},
		"sAMAccountType":     {"805306368"},
		"primaryGroupID":     {"513"},
		"userPrincipalName":  {u.UPN},
		"displayName":        {name},
		"userAccountControl": {strconv.Itoa(NormalAccount)},
		"accountExpires":     {strconv.FormatInt(never, 10)},
		"pwdLastSet":         {strconv.FormatInt(FileTime(now), 10)},
		"lockoutTime":        {"0"},
	}
	if u.UPN == "" {
		attrs["userPrincipalName"] = []string{u.SAM + "@" + d.org.Domain}
	}
	if u.Mail != "" {
		attrs["mail"] = []string{u.Mail}
		attrs["legacyExchangeDN"] = []string{d.LegacyDN(u.SAM)}
		attrs["proxyAddresses"] = []string{"SMTP:" + u.Mail}
	}
	for name, v := range u.Attrs {
		a, ok := Schema(name)
		if !ok || a.Secret {
			return fmt.Errorf("account %s: the schema has no attribute %q to set", u.SAM, name)
		}
		for _, s := range v {
			if !a.valid(s) {
				return fmt.Errorf("account %s: not a value for %s", u.SAM, a.Name)
			}
		}
		attrs[a.Name] = v
	}
	if u.Password != "" {
		hash := ntHash(u.Password)
		attrs[attrPassword] = []string{setByReset + hash}
		attrs[attrHistory] = []string{hash}
	}
	d.create(dn, "cn", cn, attrs)
	for _, g := range u.Groups {
		d.join(g, dn)
	}
	return nil
}

// AddContact makes a contact with a mail address outside, on every domain
// controller at once, and returns its distinguished name. It is meant for the
// time before the world starts.
func (d *Directory) AddContact(name, address string) (dn string) {
	dn = d.userDN(name)
	if _, taken := d.PDC().Lookup(dn); taken {
		return dn
	}
	d.create(dn, "cn", name, map[string][]string{
		"objectClass":    {"top", "person", "organizationalPerson", "contact"},
		"objectCategory": {"CN=Person,CN=Schema,CN=Configuration," + d.base},
		"displayName":    {name},
		"mail":           {address},
		"targetAddress":  {"SMTP:" + address},
		"proxyAddresses": {"SMTP:" + address},
	})
	return dn
}

// LegacyDN is the legacy distinguished name that Exchange gives a mailbox, in
// the administrative group that it makes from 2007 on.
func (d *Directory) LegacyDN(sam string) string {
	return "/o=" + d.org.NetBIOS + "/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=" + sam
}

// SetAdministratorPassword gives the administrator a password on every domain
// controller at once, before the world starts.
func (d *Directory) SetAdministratorPassword(password string) {
	hash := ntHash(password)
	o, _ := d.PDC().Lookup(Administrator)
	d.everywhere(o.with(
		value{attrPassword, []string{setByReset + hash}, stamp{1, d.tl.Now(), 0}},
		value{attrHistory, []string{hash}, stamp{1, d.tl.Now(), 0}},
	))
}

func (d *Directory) userDN(cn string) string { return "CN=" + EscapeRDN(cn) + ",CN=Users," + d.base }

func (d *Directory) group(name string) *Object {
	return d.create(d.userDN(name), "cn", name, map[string][]string{
		"objectClass":    {"top", "group"},
		"objectCategory": {"CN=Group,CN=Schema,CN=Configuration," + d.base},
		"sAMAccountName": {name},
		"sAMAccountType": {"268435456"},
		"groupType":      {"-2147483646"},
	})
}

// AddList makes a distribution list on every domain controller at once. It is
// meant for the time before the world starts. Members are sAMAccountNames.
func (d *Directory) AddList(name, mail string, members []string) error {
	var dns []string
	for _, sam := range members {
		o, ok := d.PDC().Lookup(sam)
		if !ok {
			return fmt.Errorf("the list %s: no account %s", name, sam)
		}
		dns = append(dns, o.DN())
	}
	d.create(d.userDN(name), "cn", name, map[string][]string{
		"objectClass":    {"top", "group"},
		"objectCategory": {"CN=Group,CN=Schema,CN=Configuration," + d.base},
		"sAMAccountName": {name},
		"sAMAccountType": {"268435457"}, // not for security (MS-SAMR 2.2.1.9)
		"groupType":      {"8"},         // universal, for distribution (MS-SAMR 2.2.1.11)
		"mail":           {mail},
		"proxyAddresses": {"SMTP:" + mail},
		"member":         dns,
	})
	return nil
}

// join makes dn a member of a group, which is made when it is missing.
func (d *Directory) join(group, dn string) {
	g, ok := d.PDC().Lookup(group)
	if !ok {
		g = d.group(group)
	}
	members := append(slices.Clone(g.All("member")), dn)
	d.everywhere(g.with(value{"member", members, stamp{1, d.tl.Now(), 0}}))
}

// create puts a new object on every domain controller.
func (d *Directory) create(dn, rdn, name string, attrs map[string][]string) *Object {
	now := d.tl.Now()
	guid := binary.LittleEndian.AppendUint64(nil, d.rand.Uint64())
	guid = binary.LittleEndian.AppendUint64(guid, d.rand.Uint64())
	o := &Object{id: d.ids, dn: dn, created: now}
	attrs[rdn] = []string{name}
	attrs["name"] = []string{name}
	attrs["distinguishedName"] = []string{dn}
	attrs["objectGUID"] = []string{string(guid)}
	if _, principal := attrs["sAMAccountName"]; principal {
		sid := append([]byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0}, d.sid...)
		sid = binary.LittleEndian.AppendUint32(sid, uint32(1000+d.ids))
		attrs["objectSid"] = []string{string(sid)}
	}
	for _, a := range schema {
		if v := attrs[a.Name]; len(v) > 0 {
			o.values = append(o.values, value{a.Name, slices.Clone(v), stamp{1, now, 0}})
		}
	}
	o.decode()
	d.ids++
	d.everywhere(o)
	return o
}

// everywhere puts o on every domain controller as if it had always been there.
func (d *Directory) everywhere(o *Object) {
	for _, dc := range d.dcs {
		dc.put(o)
	}
}

// EscapeRDN writes a value so that it can stand in a distinguished name
// (RFC 4514, section 2.4).
func EscapeRDN(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case strings.IndexByte(`,+"\<>;=`, c) >= 0,
			i == 0 && (c == '#' || c == ' '),
			i == len(s)-1 && c == ' ':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&b, `\%02X`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
