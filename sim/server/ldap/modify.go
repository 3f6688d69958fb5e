package ldap

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unicode/utf16"

	ber "github.com/go-asn1-ber/asn1-ber"

	"shutout/sim/directory"
)

var (
	accessDenied = result{code: insufficientAccessRights, text: "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"}
	unwilling    = result{code: unwillingToPerform, text: "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"}
)

// modify answers a modify request: anything by an administrator, the own
// password by everybody.
func (ss *session) modify(now time.Time, op *ber.Packet) result {
	who, ok := ss.bound()
	if !ok {
		return mustBind
	}
	if len(op.Children) != 2 || len(op.Children[1].Children) == 0 {
		return result{code: protocolError}
	}
	dn, ok := str(op.Children[0])
	if !ok {
		return result{code: protocolError}
	}
	mods := make([]directory.Mod, len(op.Children[1].Children))
	password := false
	for i, c := range op.Children[1].Children {
		var ok bool
		if mods[i], ok = parseMod(c); !ok {
			return result{code: protocolError}
		}
		password = password || strings.EqualFold(mods[i].Attr, "unicodePwd")
	}
	o, res := ss.entry(dn)
	if o == nil {
		return res
	}
	dc := ss.srv.DC
	admin := dc.IsAdministrator(who)
	if password {
		return ss.password(now, o, mods, admin)
	}
	if !admin {
		return accessDenied
	}
	return resultOf(dc.Modify(now, o.DN(), mods))
}

func parseMod(p *ber.Packet) (m directory.Mod, ok bool) {
	if len(p.Children) != 2 || len(p.Children[1].Children) != 2 {
		return m, false
	}
	kind, ok1 := number(p.Children[0])
	attr, ok2 := str(p.Children[1].Children[0])
	set := p.Children[1].Children[1]
	if !ok1 || !ok2 || !is(set, ber.ClassUniversal, ber.TagSet) {
		return m, false
	}
	switch kind {
	case 0:
		m.Op = directory.Add
	case 1:
		m.Op = directory.Delete
	case 2:
		m.Op = directory.Replace
	default:
		m.Op = -1 // an increment (RFC 4525): the directory refuses it
	}
	m.Attr = attr
	for _, v := range set.Children {
		s, ok := str(v)
		if !ok {
			return m, false
		}
		m.Values = append(m.Values, s)
	}
	return m, true
}

// password carries out a write to unicodePwd (MS-ADTS 3.1.1.3.1.5.1): one
// replacement is a reset, which takes an administrator; deleting the old value
// and adding the new one is a change, which anybody may make who knows the old
// one. Either needs TLS, and stands alone in its request here.
func (ss *session) password(now time.Time, o *directory.Object, mods []directory.Mod, admin bool) result {
	if !ss.tls {
		return unwilling
	}
	var texts []string
	for _, m := range mods {
		if !strings.EqualFold(m.Attr, "unicodePwd") || len(m.Values) != 1 {
			return unwilling
		}
		text, ok := quotedPassword(m.Values[0])
		if !ok {
			return unwilling
		}
		texts = append(texts, text)
	}
	switch {
	case len(mods) == 1 && mods[0].Op == directory.Replace:
		if !admin {
			return accessDenied
		}
		return resultOf(ss.srv.DC.SetPassword(now, o.DN(), texts[0]))
	case len(mods) == 2 && mods[0].Op == directory.Delete && mods[1].Op == directory.Add:
		return resultOf(ss.srv.DC.ChangePassword(now, o.DN(), texts[0], texts[1]))
	}
	return unwilling
}

// quotedPassword reads a password as unicodePwd carries it: UTF-16, little
// endian, in double quotes.
func quotedPassword(v string) (string, bool) {
	if len(v)%2 != 0 || len(v) > 2000 {
		return "", false
	}
	units := make([]uint16, len(v)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16([]byte(v[2*i : 2*i+2]))
	}
	s := string(utf16.Decode(units))
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' || strings.ContainsRune(s, '\uFFFD') {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// resultOf turns the directory's answer into LDAP's.
func resultOf(err error) result {
	var e *directory.Error
	switch {
	case err == nil:
		return result{}
	case errors.Is(err, directory.ErrOldPassword):
		return result{code: constraintViolation, text: "00000056: AtrErr: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), " + err.Error()}
	case errors.As(err, &e):
		return result{code: int(e.Result), text: e.Text}
	}
	return result{code: other, text: err.Error()}
}

// restructure answers requests to make, delete or rename entries: the
// directory's shape is fixed once the world has started.
func (ss *session) restructure() result {
	who, ok := ss.bound()
	switch {
	case !ok:
		return mustBind
	case !ss.srv.DC.IsAdministrator(who):
		return accessDenied
	}
	return unwilling
}
