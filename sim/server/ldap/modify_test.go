package ldap_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	goldap "github.com/go-ldap/ldap/v3"
)

func (c *client) wantNil(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Error(err)
	}
}

func TestModify(t *testing.T) {
	c := dial(t).bind(admin, "Admin-1")
	value := func(attr string) string {
		res, err := c.Search(query(dana, goldap.ScopeBaseObject, "(objectClass=*)", attr))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(res.Entries[0].GetAttributeValues(attr), "|")
	}
	mod := goldap.NewModifyRequest(dana, nil)
	mod.Replace("userAccountControl", []string{"514"})
	mod.Replace("accountExpires", []string{"134000000000000000"})
	mod.Replace("logonHours", []string{strings.Repeat("\xff", 21)})
	mod.Replace("lockoutTime", []string{"0"})
	mod.Add("proxyAddresses", []string{"smtp:d@corp.example"})
	mod.Delete("title", nil)
	c.wantNil(c.Modify(mod))
	for attr, want := range map[string]string{
		"userAccountControl": "514", "accountExpires": "134000000000000000", "logonHours": strings.Repeat("\xff", 21),
		"proxyAddresses": "SMTP:dana.leaver@corp.example|smtp:d@corp.example", "title": "",
	} {
		if got := value(attr); got != want {
			t.Errorf("%s is %q, want %q", attr, got, want)
		}
	}
	for _, tt := range []struct {
		attr, value string
		code        uint16
	}{
		{"nonsense", "x", 16}, {"userAccountControl", "x", 21}, {"memberOf", "x", 53}, {"cn", "x", 67}, {"logonHours", "x", 19},
	} {
		mod := goldap.NewModifyRequest(dana, nil)
		mod.Replace(tt.attr, []string{tt.value})
		c.want(c.Modify(mod), tt.code, "")
	}
	inc := goldap.NewModifyRequest(dana, nil)
	inc.Increment("submissionContLength", "1")
	c.want(c.Modify(inc), 53, "")
	gone := goldap.NewModifyRequest("CN=Nobody,DC=corp,DC=example", nil)
	gone.Replace("title", []string{"x"})
	c.want(c.Modify(gone), 32, "NO_OBJECT")
	c.want(c.Del(goldap.NewDelRequest(dana, nil)), 53, "WILL_NOT_PERFORM")
	c.want(c.ModifyDN(goldap.NewModifyDNRequest(dana, "CN=X", true, "")), 53, "")
	if ok, err := c.Compare(dana, "userAccountControl", "514"); !ok || err != nil {
		t.Error("compare is false:", err)
	}
	if ok, err := c.Compare(dana, "userAccountControl", "512"); ok || err != nil {
		t.Error("compare is true:", err)
	}
	_, err := c.Compare(dana, "unicodePwd", "x")
	c.want(err, 16, "")

	c.bind("erin@corp.example", "Other-1")
	c.want(c.Modify(mod), 50, "INSUFF_ACCESS_RIGHTS")
	c.want(c.Del(goldap.NewDelRequest(dana, nil)), 50, "")
}

func quoted(password string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(`"` + password + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestPasswords(t *testing.T) {
	w := newWorld(t)
	plain, secure, conf := w.serve(t)
	reset := goldap.NewModifyRequest(dana, nil)
	reset.Replace("unicodePwd", []string{quoted("Neu-ß𝄞-2")})
	change := func(old, new string) *goldap.ModifyRequest {
		m := goldap.NewModifyRequest(dana, nil)
		m.Delete("unicodePwd", []string{quoted(old)})
		m.Add("unicodePwd", []string{quoted(new)})
		return m
	}

	c := w.dial(t, "ldap://"+plain).bind(admin, "Admin-1")
	c.want(c.Modify(reset), 53, "WILL_NOT_PERFORM") // not protected
	if err := c.StartTLS(conf); err != nil {
		t.Fatal(err)
	}
	c.bind(admin, "Admin-1")
	c.wantNil(c.Modify(reset))
	c.want(c.StartTLS(conf), 200, "") // the client knows that TLS is on

	c = w.dial(t, "ldaps://"+secure, goldap.DialWithTLSConfig(conf))
	c.want(c.Bind(dana, "Secret-1"), 49, "data 52e")
	c.bind(dana, "Neu-ß𝄞-2")
	c.want(c.Modify(reset), 50, "")
	c.want(c.Modify(change("wrong", "Third-3")), 19, "00000056")
	c.want(c.Modify(change("Neu-ß𝄞-2", "Secret-1")), 19, "history")
	c.wantNil(c.Modify(change("Neu-ß𝄞-2", "Third-3")))
	c.bind(dana, "Third-3")
	for name, m := range map[string]func(*goldap.ModifyRequest){
		"no quotes":  func(m *goldap.ModifyRequest) { m.Replace("unicodePwd", []string{"x\x00y\x00z\x00"}) },
		"odd length": func(m *goldap.ModifyRequest) { m.Replace("unicodePwd", []string{quoted("x") + "x"}) },
		"one quote":  func(m *goldap.ModifyRequest) { m.Replace("unicodePwd", []string{"\"\x00"}) },
		"empty":      func(m *goldap.ModifyRequest) { m.Replace("unicodePwd", []string{""}) },
		"no value":   func(m *goldap.ModifyRequest) { m.Replace("unicodePwd", nil) },
		"surrogate":  func(m *goldap.ModifyRequest) { m.Replace("unicodePwd", []string{"\"\x00\x00\xd8\"\x00"}) },
		"only added": func(m *goldap.ModifyRequest) { m.Add("unicodePwd", []string{quoted("x")}) },
		"with others": func(m *goldap.ModifyRequest) {
			m.Replace("UnicodePwd", []string{quoted("x")})
			m.Replace("title", []string{"x"})
		},
	} {
		req := goldap.NewModifyRequest(dana, nil)
		m(req)
		if err := c.Modify(req); !goldap.IsErrorWithCode(err, 53) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
