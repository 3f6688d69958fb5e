package remote

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// LDAP carries out what is done to an account in Active Directory or
// Samba: disable-account, enable-account, expire-account, deny-logon-hours and
// reset-password. With Set it writes the attributes of another directory.
type LDAP struct {
	Directory *Directory
	// People tell where passwords are kept, by the short names of the cast.
	People map[string]*Person
	// Set are the attributes that a mitigation writes, where it does not mean an
	// account of Active Directory. One without values is taken away.
	Set map[string][]string
}

// LDAPMitigations are those that the executor has for Active Directory.
var LDAPMitigations = []string{"disable-account", "enable-account", "expire-account", "deny-logon-hours", "reset-password"}

// Attributes of an account (MS-ADTS 2.2.16, 3.1.1.3.1.5.1, MS-ADA1, MS-ADA3).
const (
	attrControl    = "userAccountControl"
	attrExpires    = "accountExpires"
	attrLogonHours = "logonHours"
	attrPassword   = "unicodePwd"
)

// bitDisabled is ADS_UF_ACCOUNT_DISABLE of userAccountControl (MS-ADTS 2.2.16).
const bitDisabled = 2

// neverExpires is one of the two values of accountExpires that mean never.
const neverExpires = "0"

// ldapState is what the executor keeps of a change.
type ldapState struct {
	DN     string `json:"dn"`
	Before values `json:"before"`          // of what is written, and of what comes along
	After  values `json:"after,omitempty"` // what is written
	Reset  *reset `json:"reset,omitempty"`
}

// reset is a password that is set, told by where the passwords are kept.
type reset struct {
	Person string `json:"person"`
	Old    Secret `json:"old"`
	New    Secret `json:"new"`
}

// Plan reads what the account has now.
func (e *LDAP) Plan(ctx context.Context, o Order) (*Change, error) {
	if o.Person == nil {
		return nil, errors.New("it is not about anybody, so no account can be changed")
	}
	want, resets, err := e.wanted(o)
	if err != nil {
		return nil, err
	}
	attrs := slices.Sorted(maps.Keys(want))
	if resets {
		attrs = []string{attrControl} // which some directories change along with the password
	}
	st := ldapState{}
	err = e.Directory.do(ctx, func(c *ldap.Conn) error {
		var err error
		if st.DN, err = e.Directory.find(c, o.Person); err != nil {
			return err
		}
		st.Before, err = read(c, st.DN, attrs)
		return err
	})
	if err != nil {
		return nil, err
	}
	change := &Change{Executor: "ldap", Target: o.Person.Mail + " at " + e.Directory.URL}
	if resets {
		err = e.planReset(o, &st, change)
	} else {
		err = e.planValues(want, &st, change)
	}
	if err != nil {
		return nil, err
	}
	change.State, err = json.Marshal(st)
	return change, err
}

// wanted tells what an order wants the account to have. The functions make a
// value from the one that is there.
func (e *LDAP) wanted(o Order) (want map[string]func(now [][]byte) ([][]byte, error), resets bool, err error) {
	fixed := func(value ...string) func([][]byte) ([][]byte, error) {
		return func([][]byte) ([][]byte, error) {
			var raw [][]byte
			for _, v := range value {
				raw = append(raw, []byte(v))
			}
			return raw, nil
		}
	}
	want = map[string]func([][]byte) ([][]byte, error){}
	if e.Set != nil {
		for attr, v := range e.Set {
			want[attr] = fixed(v...)
		}
		return want, false, nil
	}
	switch a := o.Action.(type) {
	case *mitigation.DisableAccount:
		want[attrControl] = bits(func(uac int64) int64 { return uac | bitDisabled })
	case *mitigation.EnableAccount:
		want[attrControl] = bits(func(uac int64) int64 { return uac &^ bitDisabled })
		want[attrExpires] = fixed(neverExpires)
	case *mitigation.ExpireAccount:
		want[attrExpires] = fixed(strconv.FormatInt(fileTime(time.Now().Add(a.After)), 10))
	case *mitigation.DenyLogonHours:
		const week = 21 // bytes, a bit for each hour (MS-ADA1 2.387)
		want[attrLogonHours] = fixed(string(make([]byte, week)))
	case *mitigation.ResetPassword:
		return nil, true, nil
	default:
		return nil, false, fmt.Errorf("%w: a directory of accounts cannot carry out %s; it can %v",
			lab.ErrNotAvailable, o.Action.Name(), LDAPMitigations)
	}
	return want, false, nil
}

// bits changes the number that userAccountControl holds.
func bits(change func(int64) int64) func([][]byte) ([][]byte, error) {
	return func(now [][]byte) ([][]byte, error) {
		if len(now) != 1 {
			return nil, errors.New("the account has no " + attrControl + ": this directory is not Active Directory, so say under set what is to be written")
		}
		uac, err := strconv.ParseInt(string(now[0]), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s is %q: expected a number", attrControl, now[0])
		}
		return [][]byte{[]byte(strconv.FormatInt(change(uac), 10))}, nil
	}
}

// fileTime counts as Windows does, in units of 100 ns since 1601.
func fileTime(t time.Time) int64 {
	const to1970 = 11_644_473_600 // seconds
	return (t.Unix()+to1970)*10_000_000 + int64(t.Nanosecond()/100)
}

func (e *LDAP) planValues(want map[string]func([][]byte) ([][]byte, error), st *ldapState, change *Change) error {
	st.After = values{}
	for _, attr := range slices.Sorted(maps.Keys(want)) {
		v, err := want[attr](st.Before[attr])
		if err != nil {
			return err
		}
		st.After[attr] = v
	}
	change.Do = difference(st.Before, st.After)
	change.Undo = difference(st.After, st.Before)
	return nil
}

func (e *LDAP) planReset(o Order, st *ldapState, change *Change) error {
	p := e.People[o.Person.ID]
	switch {
	case !e.Directory.Secure():
		return fmt.Errorf("a password is set over TLS only: reach the directory with ldaps:// or starttls, not %s", e.Directory.URL)
	case p == nil || !p.NewPassword.Given():
		return fmt.Errorf("%s has no new_password that could be set", o.Person.ID)
	}
	st.Reset = &reset{o.Person.ID, p.Password, p.NewPassword}
	change.Do = "set the password kept in " + p.NewPassword.String()
	change.Undo = "set the password kept in " + p.Password.String() + ", " + attrControl + " " + show(st.Before[attrControl])
	return nil
}

// Do writes what was planned and reads it back.
func (e *LDAP) Do(ctx context.Context, change *Change) (string, error) {
	st, err := stateOf(change)
	if err != nil {
		return "", err
	}
	detail := change.Do
	err = e.Directory.do(ctx, func(c *ldap.Conn) error {
		if st.Reset == nil {
			return write(c, st.DN, st.After)
		}
		password, err := e.secret(st.Reset, st.Reset.New, func(p *Person) Secret { return p.NewPassword })
		if err != nil {
			return err
		}
		// What could not be set back is not set.
		if _, err := e.secret(st.Reset, st.Reset.Old, func(p *Person) Secret { return p.Password }); err != nil {
			return err
		}
		if err := setPassword(c, st.DN, password); err != nil {
			return err
		}
		now, err := read(c, st.DN, []string{attrControl})
		if err == nil && !same(now, st.Before) {
			detail += "; along with it " + difference(st.Before, now)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return detail, nil
}

// Undo writes what was there before, and looks whether it is there again.
func (e *LDAP) Undo(ctx context.Context, change *Change) (string, error) {
	st, err := stateOf(change)
	if err != nil {
		return "", err
	}
	var password string
	err = e.Directory.do(ctx, func(c *ldap.Conn) error {
		if st.Reset != nil {
			var err error
			if password, err = e.secret(st.Reset, st.Reset.Old, func(p *Person) Secret { return p.Password }); err != nil {
				return fmt.Errorf("the password that %s had cannot be set again: %w", st.Reset.Person, err)
			}
			if err := setPassword(c, st.DN, password); err != nil {
				return err
			}
		}
		return write(c, st.DN, st.Before)
	})
	if err != nil {
		return "", err
	}
	if st.Reset != nil {
		if err := e.signsIn(ctx, st.DN, password); err != nil {
			return "", err
		}
	}
	return change.Undo, nil
}

// signsIn looks whether an account has a password. A directory that refuses it
// for another reason, such as a disabled account, does not say that it is wrong.
func (e *LDAP) signsIn(ctx context.Context, dn, password string) error {
	c, err := e.Directory.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	const wrong = "data 52e" // Active Directory's word for it, with the bind's error
	switch err := c.Bind(dn, password); {
	case err == nil, ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) && !strings.Contains(err.Error(), wrong):
		return nil
	case ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials):
		return fmt.Errorf("%s does not sign in with the password that was set again: %w", dn, err)
	default:
		return fmt.Errorf("the password of %s was set again, but nobody could look whether it is: %w", dn, err)
	}
}

func stateOf(change *Change) (*ldapState, error) {
	st := &ldapState{}
	if err := json.Unmarshal(change.State, st); err != nil || st.DN == "" {
		return nil, fmt.Errorf("the journal's record of %s cannot be read: it names no entry", change.Mitigation)
	}
	return st, nil
}

// secret reads a password from where it was kept when the change was planned, or
// from the lab's memory.
func (e *LDAP) secret(r *reset, kept Secret, of func(*Person) Secret) (string, error) {
	if p := e.People[r.Person]; !kept.Given() && p != nil {
		kept = of(p)
	}
	return kept.Read()
}

// write has an entry's attributes take these values, where they have others.
func write(c *ldap.Conn, dn string, v values) error {
	attrs := slices.Sorted(maps.Keys(v))
	now, err := read(c, dn, attrs)
	if err != nil {
		return err
	}
	mod := ldap.NewModifyRequest(dn, nil)
	for _, a := range attrs {
		if !slices.EqualFunc(now[a], v[a], bytes.Equal) {
			mod.Replace(a, stringsOf(v[a]))
		}
	}
	if len(mod.Changes) == 0 {
		return nil
	}
	if err := c.Modify(mod); err != nil {
		return fmt.Errorf("%s: %w", dn, err)
	}
	if now, err = read(c, dn, attrs); err != nil {
		return err
	}
	if !same(now, v) {
		return fmt.Errorf("%s was written, but it reads %s", dn, difference(v, now))
	}
	return nil
}

// setPassword resets a password as an administrator does (MS-ADTS
// 3.1.1.3.1.5.1).
func setPassword(c *ldap.Conn, dn, password string) error {
	mod := ldap.NewModifyRequest(dn, nil)
	mod.Replace(attrPassword, []string{UnicodePassword(password)})
	if err := c.Modify(mod); err != nil {
		return fmt.Errorf("the password of %s: %w", dn, err)
	}
	return nil
}

func stringsOf(raw [][]byte) []string {
	out := make([]string, len(raw))
	for i, v := range raw {
		out[i] = string(v)
	}
	return out
}

func same(a, b values) bool {
	return maps.EqualFunc(a, b, func(x, y [][]byte) bool { return slices.EqualFunc(x, y, bytes.Equal) })
}

// difference writes what becomes of an entry: "userAccountControl 512 -> 514".
func difference(from, to values) string {
	var out []byte
	for _, attr := range slices.Sorted(maps.Keys(to)) {
		if len(out) > 0 {
			out = append(out, ", "...)
		}
		out = fmt.Appendf(out, "%s %s -> %s", attr, show(from[attr]), show(to[attr]))
	}
	return cmp.Or(string(out), "nothing")
}

// show writes an attribute's values for people.
func show(raw [][]byte) string {
	var out []byte
	for _, v := range raw {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		if slices.ContainsFunc(v, func(b byte) bool { return b < ' ' || b > '~' }) || len(v) > 60 {
			out = fmt.Appendf(out, "%.80x", v)
		} else {
			out = append(out, v...)
		}
	}
	return cmp.Or(string(out), "(none)")
}

// UnicodePassword is a password as the attribute unicodePwd takes it (MS-ADTS
// 3.1.1.3.1.5.1): in quotes, as UTF-16.
func UnicodePassword(password string) string {
	var quoted []byte
	for _, u := range utf16.Encode([]rune(`"` + password + `"`)) {
		quoted = binary.LittleEndian.AppendUint16(quoted, u)
	}
	return string(quoted)
}
