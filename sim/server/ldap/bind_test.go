package ldap_test

import (
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"shutout/sim/directory"
)

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
