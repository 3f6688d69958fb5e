package directory

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ModOp says what a modification does with an attribute.
type ModOp int

const (
	Add     ModOp = iota // add values
	Delete               // delete the given values, or all
	Replace              // put these values in place of all; none: delete all
)

// Mod is one modification of one attribute.
type Mod struct {
	Op     ModOp
	Attr   string
	Values []string
}

// Set is the modification that most callers want.
func Set(attr string, values ...string) Mod { return Mod{Replace, attr, values} }

// Result is an LDAP result code (RFC 4511, section 4.1.9).
type Result int

const (
	NoSuchAttribute        Result = 16
	ConstraintViolation    Result = 19
	AttributeOrValueExists Result = 20
	InvalidSyntax          Result = 21
	NoSuchObject           Result = 32
	UnwillingToPerform     Result = 53
	NotAllowedOnRDN        Result = 67
)

// Error is why the directory did not carry out a modification.
type Error struct {
	Result Result
	Text   string
}

func (e *Error) Error() string { return e.Text }

func fail(r Result, format string, args ...any) error { return &Error{r, fmt.Sprintf(format, args...)} }

// maxValues and maxValue bound what a client can put into one attribute.
const (
	maxValues = 5000
	maxValue  = 100 << 10 // bytes; thumbnailPhoto's own limit in Active Directory
)

// Modify carries out modifications of one object, all or none, as an
// originating write on this domain controller. From here they replicate.
func (dc *DC) Modify(now time.Time, key string, mods []Mod) error {
	o, ok := dc.Lookup(key)
	if !ok {
		return fail(NoSuchObject, "no such object: %s", key)
	}
	changes := map[string][]string{}
	for _, m := range mods {
		a, ok := Schema(m.Attr)
		switch {
		case !ok:
			return fail(NoSuchAttribute, "the schema has no attribute %q", m.Attr)
		case a.System || a.Name == "objectClass":
			return fail(UnwillingToPerform, "%s is kept by the directory", a.Name)
		case a.Name == "cn" || a.Name == "name" || a.Name == "dc":
			return fail(NotAllowedOnRDN, "%s is part of the object's name", a.Name)
		}
		current, pending := changes[a.Name]
		if !pending {
			v, _ := o.find(a.Name)
			current = v.strings
		}
		next, err := a.change(current, m)
		if err != nil {
			return err
		}
		changes[a.Name] = next
	}
	for _, a := range schema { // in the schema's order, so that the first error is always the same one
		values, ok := changes[a.Name]
		if !ok {
			continue
		}
		values, err := dc.check(now, o, a, values)
		if err != nil {
			return err
		}
		changes[a.Name] = values
	}
	dc.write(now, o, changes)
	return nil
}

// change returns what an attribute holds after m.
func (a Attribute) change(current []string, m Mod) ([]string, error) {
	next := slices.Clone(current)
	has := func(v string) int {
		return slices.IndexFunc(next, func(have string) bool { return a.Equal(have, v) })
	}
	switch m.Op {
	case Add, Replace:
		if m.Op == Replace {
			next = nil
		} else if len(m.Values) == 0 {
			return nil, fail(ConstraintViolation, "no value to add to %s", a.Name)
		}
		for _, v := range m.Values {
			if has(v) >= 0 {
				return nil, fail(AttributeOrValueExists, "%s has this value already", a.Name)
			}
			next = append(next, v)
		}
		if m.Op == Add && !a.Multi && len(current) > 0 {
			return nil, fail(AttributeOrValueExists, "%s has a value already and takes only one", a.Name)
		}
	case Delete:
		if len(current) == 0 {
			return nil, fail(NoSuchAttribute, "%s has no value", a.Name)
		}
		if len(m.Values) == 0 {
			return nil, nil
		}
		for _, v := range m.Values {
			i := has(v)
			if i < 0 {
				return nil, fail(NoSuchAttribute, "%s does not have this value", a.Name)
			}
			next = slices.Delete(next, i, i+1)
		}
	default:
		return nil, fail(UnwillingToPerform, "unknown kind of modification")
	}
	return next, nil
}

// Equal compares two values of the attribute.
func (a Attribute) Equal(x, y string) bool {
	if a.Syntax == Octets {
		return x == y
	}
	return strings.EqualFold(x, y)
}

// valid tells whether v is a value of the attribute's syntax.
func (a Attribute) valid(v string) bool {
	if v == "" || len(v) > maxValue {
		return false
	}
	switch a.Syntax {
	case Integer:
		_, err := strconv.ParseInt(v, 10, 64)
		return err == nil
	case Boolean:
		return v == "TRUE" || v == "FALSE"
	case Octets:
		return true
	}
	return utf8.ValidString(v) && !strings.ContainsRune(v, 0)
}

// check tells whether an attribute may hold values, and returns them as they
// are to be stored.
func (dc *DC) check(now time.Time, o *Object, a Attribute, values []string) ([]string, error) {
	if len(values) > maxValues || len(values) > 1 && !a.Multi {
		return nil, fail(ConstraintViolation, "too many values for %s", a.Name)
	}
	for _, v := range values {
		if !a.valid(v) {
			return nil, fail(InvalidSyntax, "not a value for %s", a.Name)
		}
	}
	v := ""
	if len(values) == 1 {
		v = values[0]
	}
	switch a.Name {
	case "sAMAccountName":
		if v == "" {
			return nil, fail(ConstraintViolation, "an account needs a sAMAccountName")
		}
		if other, taken := dc.Lookup(v); taken && other.id != o.id && strings.EqualFold(other.SAM(), v) {
			return nil, fail(ConstraintViolation, "another account has the name %s", v)
		}
	case "userAccountControl":
		uac, _ := strconv.Atoi(v)
		if uac&NormalAccount == 0 {
			return nil, fail(UnwillingToPerform, "userAccountControl of a user needs the bit 0x200")
		}
		// Both bits are shown elsewhere and ignored here (MS-SAMR 3.1.1.8.10).
		return []string{strconv.Itoa(uac &^ (Lockout | PasswordExpired))}, nil
	case "pwdLastSet": // MS-SAMR 3.1.1.8.8: 0 asks for a change, -1 takes that back
		switch v {
		case "0":
		case "-1":
			return []string{strconv.FormatInt(FileTime(now), 10)}, nil
		default:
			return nil, fail(UnwillingToPerform, "pwdLastSet takes only 0 and -1")
		}
	case "lockoutTime": // MS-SAMR 3.1.1.8.4
		if v != "0" {
			return nil, fail(UnwillingToPerform, "lockoutTime takes only 0")
		}
	case "accountExpires":
		if strings.HasPrefix(v, "-") {
			return nil, fail(ConstraintViolation, "accountExpires is a FILETIME")
		}
	case "logonHours":
		if v != "" && len(v) != logonHoursLen {
			return nil, fail(ConstraintViolation, "logonHours is %d bytes long", logonHoursLen)
		}
	case "msExchMailboxGuid":
		if v != "" && len(v) != 16 {
			return nil, fail(ConstraintViolation, "%s is 16 bytes long", a.Name)
		}
	}
	return values, nil
}

// LogonHours makes the logonHours value that allows the hours for which f is
// true; hour 0 is Sunday 00:00 to 01:00 UTC.
func LogonHours(f func(day time.Weekday, hour int) bool) string {
	var bits [logonHoursLen]byte
	for i := range 7 * 24 {
		if f(time.Weekday(i/24), i%24) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return string(bits[:])
}

// GUIDString writes the 16 bytes of a GUID as Windows does: the first three
// groups are little-endian (MS-DTYP 2.3.4.3).
func GUIDString(b string) string {
	if len(b) != 16 {
		return ""
	}
	g := []byte(b)
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g), binary.LittleEndian.Uint16(g[4:]),
		binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}
