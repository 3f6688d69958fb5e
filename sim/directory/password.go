package directory

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"shutout/lab/protocol/ntlm"
)

const (
	attrPassword = "unicodePwd"
	attrHistory  = "ntPwdHistory"
)

// A stored password is the NT hash with one of these in front, for the rule on
// the password before it differs.
const (
	setByReset  = "r" // by an administrator
	setByChange = "c" // by the user
)

// maxPassword is the longest password in UTF-16 units (MS-SAMR 2.2.6.21: a
// buffer of 512 bytes).
const maxPassword = 256

// passwordAttrs replicate to the PDC emulator at once.
var passwordAttrs = []string{attrHistory, attrPassword, "pwdLastSet"}

func ntHash(password string) string {
	h := ntlm.NTHash(password)
	return string(h[:])
}

// ErrOldPassword is the answer to a change with the wrong old password.
var ErrOldPassword = &Error{ConstraintViolation, "the old password is wrong"}

// SetPassword resets a password as an administrator does: the history does not
// forbid an old one.
func (dc *DC) SetPassword(now time.Time, key, password string) error {
	o, err := dc.account(key)
	if err != nil {
		return err
	}
	return dc.storePassword(now, o, password, setByReset)
}

// ChangePassword changes a password as the user does: old must be the one in
// force, and none that the history remembers may come back.
func (dc *DC) ChangePassword(now time.Time, key, old, password string) error {
	o, err := dc.account(key)
	if err != nil {
		return err
	}
	if o.account.password.hash != ntHash(old) {
		dc.countBad(now, o, func(h string) bool { return h == ntHash(old) })
		return ErrOldPassword
	}
	if dc.dir.params.AD.PasswordHistory > 0 && slices.Contains(o.history(), ntHash(password)) {
		return &Error{ConstraintViolation, "the password history forbids this password"}
	}
	return dc.storePassword(now, o, password, setByChange)
}

func (dc *DC) account(key string) (*Object, error) {
	o, ok := dc.Lookup(key)
	if !ok {
		return nil, &Error{NoSuchObject, "no such object: " + key}
	}
	if !o.isUser() {
		return nil, &Error{UnwillingToPerform, "not an account: " + o.dn}
	}
	return o, nil
}

func (o *Object) isUser() bool { return slices.Contains(o.All("objectClass"), "user") }

func (dc *DC) storePassword(now time.Time, o *Object, password, by string) error {
	if password == "" || !utf8.ValidString(password) || len(utf16.Encode([]rune(password))) > maxPassword {
		return &Error{ConstraintViolation, "the password does not meet the requirements"}
	}
	hash := ntHash(password)
	history := slices.Insert(slices.Clone(o.history()), 0, hash)
	history = history[:min(len(history), max(1, dc.dir.params.AD.PasswordHistory))]
	dc.write(now, o, map[string][]string{
		attrPassword: {by + hash},
		attrHistory:  history,
		"pwdLastSet": {strconv.FormatInt(FileTime(now), 10)},
	})
	if pdc := dc.dir.PDC(); dc != pdc && dc.dir.params.AD.PDCPush {
		pdc.merge(now, dc.objects[o.id], passwordAttrs)
	}
	return nil
}

// stored is the password in force.
type stored struct {
	hash string // "" when the account has none
	by   string
	at   time.Time
}

// history lists the passwords that the domain remembers, the one in force
// first.
func (o *Object) history() []string {
	v, _ := o.find(attrHistory)
	return v.strings
}

// NTLMv2 is what an NTLM client proves its password with: the server's
// challenge and the client's response to it (MS-NLMP 3.3.2).
type NTLMv2 struct {
	User, Domain string // as the client sent them
	Challenge    [8]byte
	Response     []byte // NtChallengeResponse: 16 bytes of proof, then the client's blob
}

// LogonNTLM checks an NTLM response. It counts as a network logon.
func (dc *DC) LogonNTLM(now time.Time, m NTLMv2) Logon {
	user := m.User
	if !strings.ContainsAny(user, `@\`) && m.Domain != "" {
		user = m.Domain + `\` + user
	}
	l := dc.logon(now, user, Network, m.proves)
	if l.Code != OK {
		return l
	}
	for _, hash := range append([]string{l.Object.account.password.hash}, l.Object.history()...) {
		if m.proves(hash) {
			l.SessionKey = ntlm.SessionBaseKey(m.key(hash), [16]byte(m.Response))
			break
		}
	}
	return l
}

// key is the key to the responses of an account with that hash.
func (m NTLMv2) key(hash string) [16]byte {
	return ntlm.ResponseKey([16]byte([]byte(hash)), m.User, m.Domain)
}

// proves tells whether the response was made with the password behind hash.
func (m NTLMv2) proves(hash string) bool {
	return hash != "" && ntlm.Verify(m.key(hash), m.Challenge, m.Response)
}

// PasswordHash is what password hash synchronisation reads: the NT hash of the
// password in force, and when it was set.
func (o *Object) PasswordHash() (hash string, at time.Time) {
	return o.account.password.hash, o.account.password.at
}

// HashPassword is the NT hash of a password, as [Object.PasswordHash] gives it.
func HashPassword(password string) string { return ntHash(password) }

// IsUser tells whether the object is an account of a person.
func (o *Object) IsUser() bool { return o.isUser() }
