package ldap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"shutout/sim/directory"
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
