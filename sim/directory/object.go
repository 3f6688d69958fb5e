package directory

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Object is one entry of the directory as one domain controller saw it at one
// time. It never changes; a modification makes a new one. So a cache can hold
// on to it and shows what it was.
type Object struct {
	id      int // the same on every domain controller
	dn      string
	values  []value // sorted by attribute name
	created time.Time
	account account
}

// value is what one attribute holds, with the stamp that replication compares.
// A deleted attribute stays as a value without strings, so that the deletion
// replicates.
type value struct {
	name    string // as the schema spells it
	strings []string
	stamp   stamp
}

// account is the decoded form of what a sign-in looks at.
type account struct {
	uac        int
	expires    int64 // FILETIME
	pwdLastSet int64 // FILETIME
	lockout    int64 // FILETIME
	hours      string
	password   stored
}

// stamp tells which of two originating writes of an attribute wins: the higher
// version, then the later time in whole seconds, then the higher domain
// controller (MS-ADTS 3.1.1.1.9, MS-DRSR 4.1.10.6).
type stamp struct {
	version int
	at      time.Time
	dc      int
}

func (s stamp) newer(o stamp) bool {
	switch a, b := s.at.Unix(), o.at.Unix(); {
	case s.version != o.version:
		return s.version > o.version
	case a != b:
		return a > b
	default:
		return s.dc > o.dc
	}
}

func compareValue(v value, name string) int { return compareFold(v.name, name) }

// find returns the attribute's value, secrets included.
func (o *Object) find(name string) (value, bool) {
	i, ok := slices.BinarySearchFunc(o.values, name, compareValue)
	if !ok {
		return value{}, false
	}
	return o.values[i], true
}

// with returns a copy of o in which the given attributes are replaced.
func (o *Object) with(changes ...value) *Object {
	n := *o
	n.values = slices.Clone(o.values)
	for _, v := range changes {
		i, ok := slices.BinarySearchFunc(n.values, v.name, compareValue)
		if ok {
			n.values[i] = v
		} else {
			n.values = slices.Insert(n.values, i, v)
		}
	}
	n.decode()
	return &n
}

func (o *Object) decode() {
	o.account = account{
		uac:        int(o.number("userAccountControl")),
		expires:    o.number("accountExpires"),
		pwdLastSet: o.number("pwdLastSet"),
		lockout:    o.number("lockoutTime"),
		hours:      o.Get("logonHours"),
	}
	if v, _ := o.find(attrPassword); len(v.strings) > 0 {
		o.account.password = stored{hash: v.strings[0][1:], by: v.strings[0][:1], at: v.stamp.at}
	}
}

func (o *Object) number(name string) int64 {
	n, _ := strconv.ParseInt(o.Get(name), 10, 64)
	return n
}

// Get returns the first value of an attribute, or "". The name may be in any
// case. A secret attribute reads as absent.
func (o *Object) Get(attr string) string {
	if all := o.All(attr); len(all) > 0 {
		return all[0]
	}
	return ""
}

// All returns every value of an attribute. The caller must not change it.
func (o *Object) All(attr string) []string {
	v, ok := o.find(attr)
	if !ok || secret(v.name) {
		return nil
	}
	return v.strings
}

// Names lists the attributes that have a value and are no secret, sorted.
func (o *Object) Names() []string {
	names := make([]string, 0, len(o.values))
	for _, v := range o.values {
		if len(v.strings) > 0 && !secret(v.name) {
			names = append(names, v.name)
		}
	}
	return names
}

func secret(name string) bool {
	a, ok := Schema(name)
	return !ok || a.Secret
}

// ID is the same for one entry on every domain controller and over all its
// versions.
func (o *Object) ID() int { return o.id }

// DN is the distinguished name.
func (o *Object) DN() string { return o.dn }

// SAM is the sAMAccountName, the logon name without the domain.
func (o *Object) SAM() string { return o.Get("sAMAccountName") }

// UPN is the userPrincipalName.
func (o *Object) UPN() string { return o.Get("userPrincipalName") }

// Mail is the primary mail address.
func (o *Object) Mail() string { return o.Get("mail") }

// UAC is the userAccountControl attribute.
func (o *Object) UAC() int { return o.account.uac }

// keys lists everything that the object can be looked up by, in lower case.
func (o *Object) keys() []string {
	keys := []string{strings.ToLower(o.dn)}
	add := func(s string) {
		if s = strings.ToLower(s); s != "" && !slices.Contains(keys, s) {
			keys = append(keys, s)
		}
	}
	add(o.SAM())
	add(o.UPN())
	add(o.Get("legacyExchangeDN"))
	for _, a := range o.All("proxyAddresses") {
		add(trimProxy(a))
	}
	return keys
}

// trimProxy takes the address type off a proxy address: "SMTP:dana@corp.example".
func trimProxy(a string) string {
	if len(a) > 5 && strings.EqualFold(a[:5], "smtp:") {
		return a[5:]
	}
	return a
}
