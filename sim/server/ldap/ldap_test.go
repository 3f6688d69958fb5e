package ldap_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	goldap "github.com/go-ldap/ldap/v3"

	"shutout/sim/directory"
)

var start = time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC)

const (
	dana  = "CN=Dana Leaver,CN=Users,DC=corp,DC=example"
	admin = `CORP\Administrator`
)

func query(base string, scope int, filter string, attrs ...string) *goldap.SearchRequest {
	return goldap.NewSearchRequest(base, scope, goldap.NeverDerefAliases, 0, 0, false, filter, attrs, nil)
}

func (c *client) names(filter string) string {
	c.t.Helper()
	res, err := c.Search(query("DC=corp,DC=example", goldap.ScopeWholeSubtree, filter, "name"))
	if err != nil {
		c.t.Fatalf("%s: %v", filter, err)
	}
	var names []string
	for _, e := range res.Entries {
		names = append(names, e.GetAttributeValue("name"))
	}
	return strings.Join(names, "; ")
}

func TestBindNames(t *testing.T) {
	c := dial(t)
	for _, user := range []string{dana, "cn = dana leaver , cn=users,dc=corp,dc=example", "dana@corp.example", `CORP\dana`, `corp.example\DANA`, "Dana Leaver"} {
		c.bind(user, "Secret-1")
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != `u:CORP\dana` {
			t.Errorf("%s is %v, %v", user, who, err)
		}
	}
	for _, user := range []string{"dana", "dana.leaver@corp.example", `OTHER\dana`, "CN=Nobody,DC=corp,DC=example", "nobody@corp.example", "=", `\`, "@"} {
		c.want(c.Bind(user, "Secret-1"), 49, "80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data 525, v2580")
	}
	if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != "" {
		t.Errorf("after a failed bind the connection is %v, %v", who, err)
	}
}

func TestBindSubCodes(t *testing.T) {
	c := dial(t)
	c.want(c.Bind(dana, "wrong"), 49, "data 52e,")
	set := func(attr, value string) {
		c.w.Lock()
		defer c.w.Unlock()
		if err := c.w.dir.DC("dc1").Modify(start, "dana", []directory.Mod{directory.Set(attr, value)}); err != nil {
			t.Fatal(err)
		}
	}
	set("userAccountControl", "514")
	c.want(c.Bind(dana, "Secret-1"), 49, "data 533, v2580")
	set("userAccountControl", "512")
	set("accountExpires", "1")
	c.want(c.Bind(dana, "Secret-1"), 49, "data 701,")
	set("accountExpires", "0")
	set("pwdLastSet", "0")
	c.want(c.Bind(dana, "Secret-1"), 49, "data 773,")
	set("pwdLastSet", "-1")
	set("logonHours", strings.Repeat("\x00", 21))
	c.want(c.Bind(dana, "Secret-1"), 49, "data 530,")
	var reasons []string
	for range 5 {
		d := <-c.w.recorded
		reasons = append(reasons, d.Reason)
		if d.Allowed || d.Server != "dc1" {
			t.Errorf("recorded %+v", d)
		}
	}
	if !strings.Contains(reasons[1], "disabled") {
		t.Errorf("recorded %q", reasons)
	}
}

func TestAnonymous(t *testing.T) {
	c := dial(t)
	c.wantNil(c.UnauthenticatedBind(""))
	_, err := c.Search(query("DC=corp,DC=example", goldap.ScopeWholeSubtree, "(objectClass=*)"))
	c.want(err, 1, "000004DC: LdapErr")
	mod := goldap.NewModifyRequest(dana, nil)
	mod.Replace("title", []string{"x"})
	c.want(c.Modify(mod), 1, "000004DC")
	_, err = c.Compare(dana, "title", "x")
	c.want(err, 1, "000004DC")
	c.want(c.Del(goldap.NewDelRequest(dana, nil)), 1, "000004DC")
	if err := c.UnauthenticatedBind(dana); err != nil {
		t.Errorf("a bind with a name and no password: %v", err)
	}
	if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != "" {
		t.Errorf("it is bound as %v, %v", who, err)
	}
	c.want(c.ExternalBind(), 7, "Invalid Authentication method")
}

func (c *client) wantNil(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Error(err)
	}
}

func TestRootDSE(t *testing.T) {
	c := dial(t)
	res, err := c.Search(query("", goldap.ScopeBaseObject, "(objectClass=*)"))
	if err != nil || len(res.Entries) != 1 {
		t.Fatal(res, err)
	}
	for attr, want := range map[string]string{
		"defaultNamingContext": "DC=corp,DC=example", "dnsHostName": "dc1.corp.example", "isGlobalCatalogReady": "TRUE",
		"supportedLDAPVersion": "3", "currentTime": "20260304130000.0Z",
	} {
		if got := res.Entries[0].GetAttributeValue(attr); got != want {
			t.Errorf("%s is %q, want %q", attr, got, want)
		}
	}
	if !slices.Contains(res.Entries[0].GetAttributeValues("supportedControl"), goldap.ControlTypePaging) {
		t.Error("paging is not announced")
	}
	res, err = c.Search(query("", goldap.ScopeBaseObject, "(objectClass=*)", "DNSHOSTNAME"))
	if err != nil || len(res.Entries[0].Attributes) != 1 || res.Entries[0].Attributes[0].Name != "dnsHostName" {
		t.Error(res, err)
	}
}

func TestFilters(t *testing.T) {
	c := dial(t).bind("dana@corp.example", "Secret-1")
	const erin, adm = `Erin, the "other"`, "Administrator"
	for filter, want := range map[string]string{
		"(sAMAccountName=DANA)":                                                    "Dana Leaver",
		"(&(objectClass=user)(!(sAMAccountName=dana)))":                            adm + "; " + erin,
		"(|(sAMAccountName=dana)(sAMAccountName=erin))":                            "Dana Leaver; " + erin,
		"(&(objectCategory=person)(mail=*))":                                       "Dana Leaver; " + erin,
		"(objectCategory=CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example)": adm + "; Dana Leaver; " + erin,
		"(name=D*na*ver)":                                                          "Dana Leaver",
		"(name=*the*)":                                                             erin,
		"(name=*da*da*)":                                                           "",
		"(mail=dana*)":                                                             "Dana Leaver",
		"(proxyAddresses=smtp:dana.leaver@corp.example)":                           "Dana Leaver",
		"(userAccountControl:1.2.840.113556.1.4.803:=512)":                         adm + "; Dana Leaver; " + erin,
		"(userAccountControl:1.2.840.113556.1.4.803:=514)":                         "",
		"(userAccountControl:1.2.840.113556.1.4.804:=514)":                         adm + "; Dana Leaver; " + erin,
		"(userAccountControl:1.2.840.113556.1.4.804:=2)":                           "",
		"(userAccountControl:1.2.840.113556.1.4.803:=x)":                           "",
		"(submissionContLength>=10240)":                                            "Dana Leaver",
		"(submissionContLength>=9999)":                                             "Dana Leaver",
		"(submissionContLength<=10239)":                                            "",
		"(submissionContLength=010240)":                                            "Dana Leaver",
		"(memberOf=cn=domain admins, cn=users,dc=corp,dc=example)":                 adm,
		"(displayName~=dana leaver)":                                               "Dana Leaver",
		"(name:=dana leaver)":                                                      "Dana Leaver",
		"(nonsense=x)":                                                             "",
		"(!(nonsense=x))":                                                          "", // not undefined is undefined
		"(|(nonsense=x)(sAMAccountName=dana))":                                     "Dana Leaver",
		"(unicodePwd=*)":                                                           "",
		"(!(unicodePwd=x))":                                                        "",
		"(userAccountControl:9.9.9:=1)":                                            "",
		`(distinguishedName=CN=Erin\5c, the \5c"other\5c",CN=Users,DC=corp,DC=example)`:            erin,
		"(&(whenCreated>=20260304000000.0Z)(whenCreated<=20260304130000.0Z)(sAMAccountName=dana))": "Dana Leaver",
	} {
		if got := c.names(filter); got != want {
			t.Errorf("%s finds %q, want %q", filter, got, want)
		}
	}
}

func TestScopesAndAttributes(t *testing.T) {
	c := dial(t).bind(admin, "Admin-1")
	for _, tt := range []struct {
		base  string
		scope int
		want  int
	}{
		{"DC=corp,DC=example", goldap.ScopeBaseObject, 1},
		{"DC=corp,DC=example", goldap.ScopeSingleLevel, 1},
		{"dc=CORP, dc=example", goldap.ScopeWholeSubtree, 7},
		{"CN=Users,DC=corp,DC=example", goldap.ScopeSingleLevel, 5}, // one name has a comma in it
		{"CN=Users,DC=corp,DC=example", goldap.ScopeWholeSubtree, 6},
		{dana, goldap.ScopeWholeSubtree, 1},
		{dana, goldap.ScopeSingleLevel, 0},
	} {
		res, err := c.Search(query(tt.base, tt.scope, "(objectClass=*)"))
		if err != nil || len(res.Entries) != tt.want {
			t.Errorf("%s scope %d: %d entries, %v; want %d", tt.base, tt.scope, len(res.Entries), err, tt.want)
		}
	}
	_, err := c.Search(query("CN=Nobody,DC=corp,DC=example", goldap.ScopeBaseObject, "(objectClass=*)"))
	c.want(err, 32, "best match of:\n\t'DC=corp,DC=example'")
	_, err = c.Search(query("nonsense", goldap.ScopeBaseObject, "(objectClass=*)"))
	c.want(err, 34, "BAD_NAME")

	attrs := func(names ...string) string {
		res, err := c.Search(query(dana, goldap.ScopeBaseObject, "(objectClass=*)", names...))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range res.Entries[0].Attributes {
			got = append(got, a.Name)
		}
		return strings.Join(got, " ")
	}
	for _, tt := range []struct{ ask, want string }{
		{"MAIL title", "mail title"},
		{"title title nonsense", "title"},
		{"1.1", ""},
		{"unicodePwd ntPwdHistory title", "title"},
		{"msDS-User-Account-Control-Computed", "msDS-User-Account-Control-Computed"},
	} {
		if got := attrs(strings.Fields(tt.ask)...); got != tt.want {
			t.Errorf("asked for %s, got %s", tt.ask, got)
		}
	}
	if all := attrs(); !strings.Contains(all, "objectGUID") || strings.Contains(strings.ToLower(all), "pwdhistory") ||
		strings.Contains(all, "unicodePwd") || strings.Contains(all, "Computed") || all != attrs("*") {
		t.Errorf("all attributes are %s", all)
	}
	req := query(dana, goldap.ScopeBaseObject, "(objectClass=*)", "title")
	req.TypesOnly = true
	if res, err := c.Search(req); err != nil || res.Entries[0].Attributes[0].Name != "title" || len(res.Entries[0].Attributes[0].Values) != 0 {
		t.Error(res, err)
	}
}

func TestSizeLimitAndPages(t *testing.T) {
	w := newWorld(t)
	for i := range 1200 {
		if err := w.dir.AddUser(directory.NewUser{SAM: fmt.Sprintf("user%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	plain, _, _ := w.serve(t)
	c := w.dial(t, "ldap://"+plain).bind(admin, "Admin-1")
	req := query("DC=corp,DC=example", goldap.ScopeWholeSubtree, "(sAMAccountName=user*)", "name")
	res, err := c.Search(req)
	c.want(err, 4, "")
	if len(res.Entries) != 1000 {
		t.Errorf("%d entries before the server's limit", len(res.Entries))
	}
	req.SizeLimit = 7
	res, err = c.Search(req)
	c.want(err, 4, "")
	if len(res.Entries) != 7 {
		t.Errorf("%d entries, want 7", len(res.Entries))
	}
	req.SizeLimit = 0
	for _, size := range []uint32{1, 400, 600, 1000, 5000} {
		if size == 1 {
			req.Filter = "(sAMAccountName=user11*)"
		} else {
			req.Filter = "(sAMAccountName=user*)"
		}
		req.Controls = nil
		res, err := c.SearchWithPaging(req, size)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range res.Entries {
			seen[e.DN] = true
		}
		if want := map[bool]int{true: 111, false: 1200}[size == 1]; len(seen) != want || len(res.Entries) != want {
			t.Errorf("pages of %d: %d entries, %d different, want %d", size, len(res.Entries), len(seen), want)
		}
	}
	bad := goldap.NewControlPaging(5)
	bad.SetCookie([]byte("nonsense"))
	req.Controls = []goldap.Control{bad}
	_, err = c.Search(req)
	c.want(err, 53, "control")
	req.Controls = []goldap.Control{goldap.NewControlString("1.2.3.4", true, "")}
	_, err = c.Search(req)
	c.want(err, 12, "")
	req.Controls = []goldap.Control{goldap.NewControlString("1.2.3.4", false, "x")}
	req.Filter = "(sAMAccountName=user1)"
	_, err = c.Search(req)
	c.wantNil(err)
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

// A bind is checked once: what happens to the account afterwards does not end
// the connection.
func TestBoundConnectionOutlivesTheAccount(t *testing.T) {
	c := dial(t).bind(dana, "Secret-1")
	c.w.Lock()
	err := c.w.dir.DC("dc1").Modify(start, "dana", []directory.Mod{directory.Set("userAccountControl", "514")})
	c.w.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.names("(sAMAccountName=erin)"); got == "" {
		t.Error("the open connection finds nothing")
	}
	c.want(c.Bind(dana, "Secret-1"), 49, "data 533")
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

func TestMalformedInputEndsTheConnection(t *testing.T) {
	w := newWorld(t)
	plain, _, _ := w.serve(t)
	for name, in := range map[string]string{
		"not LDAP":         "GET / HTTP/1.1\r\n\r\n",
		"too long":         "\x30\x84\x7f\xff\xff\xff",
		"indefinite":       "\x30\x80",
		"long length":      "\x30\x85\x01\x01\x01\x01\x01",
		"message number 0": "\x30\x07\x02\x01\x00\x63\x02\x04\x00",
		"unknown op":       "\x30\x05\x02\x01\x01\x7e\x00",
		"inside too long":  "\x30\x05\x02\x7f\x01\x42\x00",
	} {
		c, err := net.Dial("tcp", plain)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Write([]byte(in)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1000)
		n, _ := c.Read(got)
		if !strings.Contains(string(got[:n]), "1.3.6.1.4.1.1466.20036") {
			t.Errorf("%s: answer %q is no notice of disconnection", name, got[:n])
		}
		c.Close()
	}
}

func TestLdapsearch(t *testing.T) {
	tool, err := exec.LookPath("ldapsearch")
	if err != nil {
		t.Skip("ldapsearch is not installed")
	}
	w := newWorld(t)
	plain, _, _ := w.serve(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "pw")
	if err := os.WriteFile(secret, []byte("Secret-1"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		cmd := exec.Command(tool, append([]string{"-x", "-LLL", "-o", "nettimeout=10", "-H", "ldap://" + plain}, args...)...)
		cmd.Env = append(os.Environ(), "LDAPNOINIT=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("-s", "base", "-b", "", "defaultNamingContext")
	if err != nil || !strings.Contains(out, "defaultNamingContext: DC=corp,DC=example") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = run("-b", "DC=corp,DC=example", "-D", "dana@corp.example", "-y", secret, "-E", "pr=2/noprompt", "(objectClass=user)", "mail", "memberOf")
	if err != nil || strings.Count(out, "dn: ") != 3 || !strings.Contains(out, "mail: erin@corp.example") ||
		!strings.Contains(out, "memberOf: CN=Domain Admins,CN=Users,DC=corp,DC=example") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = run("-b", "DC=corp,DC=example", "-D", "erin@corp.example", "-y", secret)
	if err == nil || !strings.Contains(out, "Invalid credentials (49)") || !strings.Contains(out, "data 52e, v2580") {
		t.Errorf("%v\n%s", err, out)
	}
}
