package ldap

import (
	"fmt"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"shutout/lab"
	"shutout/sim/directory"
)

// bind answers a bind request (RFC 4511, section 4.2). The decision is returned
// for the record; it is empty when no password was checked.
func (ss *session) bind(now time.Time, op *ber.Packet) (result, lab.Decision) {
	ss.user = "" // a bind under way leaves the connection anonymous
	under := ss.ntlm
	ss.ntlm = nil
	if len(op.Children) != 3 {
		return result{code: protocolError}, lab.Decision{}
	}
	version, ok1 := number(op.Children[0])
	name, ok2 := str(op.Children[1])
	auth := op.Children[2]
	if !ok1 || !ok2 || version != 3 || auth.ClassType != ber.ClassContext {
		return result{code: protocolError, text: "only LDAP version 3"}, lab.Decision{}
	}
	switch {
	case auth.TagType != ber.TypePrimitive, auth.Tag != authSimple && (!isSicily(auth.Tag) || ss.srv.SignIn == nil):
		return result{code: authMethodNotSupported, text: "00002027: LdapErr: DSID-0C09064E, comment: Invalid Authentication method, data 0, v2580"}, lab.Decision{}
	case auth.Tag != authSimple:
		return ss.sicily(now, auth.Tag, raw(auth), under)
	}
	password := raw(auth)
	if password == "" {
		// With or without a name this is an anonymous bind (RFC 4513, section
		// 5.1.2), which Active Directory lets succeed.
		return result{}, lab.Decision{}
	}
	l := ss.srv.DC.Logon(now, ss.resolve(name), password, directory.Network)
	if l.Code != directory.OK {
		return denied("80090308", l.Code), l.Decision
	}
	ss.user = l.Object.DN()
	return result{}, l.Decision
}

// denied is Active Directory's answer to credentials that it refuses. Status is
// the security provider's own.
func denied(status string, c directory.Code) result {
	return result{code: invalidCredentials, text: fmt.Sprintf(
		"%s: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data %x, v2580", status, int(c))}
}

// resolve returns the distinguished name of who a bind names, or "" for
// nobody. The forms are those of MS-ADTS 5.1.1.1.1: a distinguished name, a
// user principal name, DOMAIN\account, a display name that nobody else has. A
// mail address is none of them.
func (ss *session) resolve(name string) string {
	dc := ss.srv.DC
	switch {
	case strings.Contains(name, `\`) && !strings.Contains(name, "="):
		domain, sam, _ := strings.Cut(name, `\`)
		if o, ok := dc.Lookup(sam); ok && strings.EqualFold(o.SAM(), sam) &&
			(strings.EqualFold(domain, dc.Directory().NetBIOS()) || strings.EqualFold(domain, dc.Directory().Domain())) {
			return o.DN()
		}
	case strings.Contains(name, "="):
		if o, _ := ss.entry(name); o != nil {
			return o.DN()
		}
	case strings.Contains(name, "@"):
		if o, ok := dc.Lookup(name); ok && strings.EqualFold(o.UPN(), name) {
			return o.DN()
		}
		// SAM@domain holds for every account, whatever its principal name says.
		if sam, domain, _ := strings.Cut(name, "@"); strings.EqualFold(domain, dc.Directory().Domain()) {
			if o, ok := dc.Lookup(sam); ok && strings.EqualFold(o.SAM(), sam) {
				return o.DN()
			}
		}
	case name != "":
		found := ""
		for _, o := range dc.Objects() {
			if strings.EqualFold(o.Get("displayName"), name) {
				if found != "" {
					return ""
				}
				found = o.DN()
			}
		}
		return found
	}
	return ""
}

// normaliseDN brings a distinguished name into the spelling that the
// directory's index has.
func normaliseDN(s string) (string, error) {
	dn, err := goldap.ParseDN(s)
	if err != nil {
		return "", err
	}
	rdns := make([]string, len(dn.RDNs))
	for i, rdn := range dn.RDNs {
		parts := make([]string, len(rdn.Attributes))
		for j, a := range rdn.Attributes {
			parts[j] = a.Type + "=" + directory.EscapeRDN(a.Value)
		}
		rdns[i] = strings.Join(parts, "+")
	}
	return lowerDN(strings.Join(rdns, ",")), nil
}

func lowerDN(dn string) string { return strings.ToLower(dn) }

// isBelow tells whether a name in normal form is below another.
func isBelow(dn, base string) bool {
	return len(dn) > len(base) && strings.HasSuffix(dn, ","+base)
}

// isChild tells whether a name in normal form is directly below another.
func isChild(dn, base string) bool {
	if !isBelow(dn, base) {
		return false
	}
	rdn := dn[:len(dn)-len(base)-1]
	for i := 0; i < len(rdn); i++ {
		switch rdn[i] {
		case '\\':
			i++
		case ',':
			return false
		}
	}
	return true
}
