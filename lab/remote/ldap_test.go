package remote_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
)

// Every mitigation of the directory is planned without touching it, done, done
// again, and taken back, twice, by an executor that knows nothing but what the
// journal kept. The simulated directory stands for Active Directory.
func TestLDAP(t *testing.T) {
	t.Parallel()
	w := open(t)
	cfg := w.config()
	never := strings.Repeat("\x00", 21)
	for _, tt := range []struct {
		action   lab.Action
		attr     string
		before   string
		check    func(now string) bool
		do, undo string
	}{
		{&mitigation.DisableAccount{User: "dana"}, "userAccountControl", "512", func(now string) bool { return now == "514" },
			"userAccountControl 512 -> 514", "userAccountControl 514 -> 512"},
		{&mitigation.EnableAccount{User: "dana"}, "userAccountControl", "512", func(now string) bool { return now == "512" },
			"accountExpires", "accountExpires"},
		{&mitigation.ExpireAccount{User: "dana", After: time.Hour}, "accountExpires", w.attribute("dana", "accountExpires"), func(now string) bool {
			in := time.Until(fileTime(now))
			return in > 55*time.Minute && in <= time.Hour
		}, "accountExpires", "accountExpires"},
		{&mitigation.DenyLogonHours{User: "dana"}, "logonHours", w.attribute("dana", "logonHours"), func(now string) bool { return now == never },
			"logonHours (none) -> 000000", "logonHours 000000"},
	} {
		ex := cfg.Executors[tt.action.Name()]
		c := plan(t, w, ex, tt.action)
		if !strings.Contains(c.Do, tt.do) || !strings.Contains(c.Undo, tt.undo) || c.Executor != "ldap" || !strings.HasPrefix(c.Target, "dana@corp.example at ldaps://127.0.0.1:") {
			t.Errorf("%s: the plan is %+v", tt.action.Name(), c)
		}
		if got := w.attribute("dana", tt.attr); got != tt.before {
			t.Fatalf("%s: planning it made %s %q", tt.action.Name(), tt.attr, got)
		}
		for range 2 {
			if _, err := ex.Do(t.Context(), c); err != nil {
				t.Fatalf("%s: %v", tt.action.Name(), err)
			}
			if got := w.attribute("dana", tt.attr); !tt.check(got) {
				t.Errorf("%s made %s %q", tt.action.Name(), tt.attr, got)
			}
		}
		for range 2 {
			if _, err := ex.Undo(t.Context(), c); err != nil {
				t.Fatalf("%s: %v", tt.action.Name(), err)
			}
			if got := w.attribute("dana", tt.attr); got != tt.before {
				t.Errorf("%s: taken back, %s is %q, and was %q", tt.action.Name(), tt.attr, got, tt.before)
			}
		}
	}
}

// plan has a change planned and takes it through the journal's text.
func plan(t *testing.T, w *world, ex remote.Executor, a lab.Action) *remote.Change {
	t.Helper()
	params := mitigation.Values(a)
	c, err := ex.Plan(t.Context(), remote.Order{Action: a, Params: params, Person: w.Cast().People[params["user"]]})
	if err != nil {
		t.Fatal(err)
	}
	c.Mitigation = a.Name()
	return journaled(t, c)
}

func journaled(t *testing.T, c *remote.Change) *remote.Change {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	read := &remote.Change{}
	if err := json.Unmarshal(text, read); err != nil {
		t.Fatal(err)
	}
	return read
}

func fileTime(s string) time.Time {
	var n int64
	for _, d := range s {
		n = n*10 + int64(d-'0')
	}
	return time.Unix(n/10_000_000-11_644_473_600, n%10_000_000*100)
}

func TestLDAPPassword(t *testing.T) {
	t.Parallel()
	w := open(t, "ntlm.old_password=0s")
	cfg := w.config()
	dana := w.Cast().People["dana"]
	old := dana.Password
	os.Setenv("SHUTOUT_TEST_NEW", "N3w-Secret ß")
	cfg.People["dana"].NewPassword = remote.Secret{Env: "SHUTOUT_TEST_NEW"}
	signsIn := func(password string) bool {
		d := *cfg.Directory
		d.Bind, d.Password = "dana@corp.example", remote.Secret{Value: password}
		return d.Exists(t.Context(), "DC=corp,DC=example") == nil
	}
	ex := cfg.Executors["reset-password"]
	c := plan(t, w, ex, &mitigation.ResetPassword{User: "dana"})
	if strings.Contains(string(c.State)+c.Do+c.Undo, "N3w-Secret") || strings.Contains(string(c.State)+c.Do+c.Undo, old) ||
		c.Do != "set the password kept in environment variable SHUTOUT_TEST_NEW" || !strings.HasPrefix(c.Undo, "set the password kept in memory") {
		t.Errorf("the plan is %+v %s", c, c.State)
	}
	for range 2 {
		if detail, err := ex.Do(t.Context(), c); err != nil || detail != c.Do {
			t.Fatal(detail, err)
		}
	}
	if signsIn(old) || !signsIn("N3w-Secret ß") {
		t.Errorf("after the reset: old %v, new %v", signsIn(old), signsIn("N3w-Secret ß"))
	}
	for range 2 {
		if _, err := ex.Undo(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if !signsIn(old) || signsIn("N3w-Secret ß") {
		t.Errorf("taken back: old %v, new %v", signsIn(old), signsIn("N3w-Secret ß"))
	}
	// A password that is known no more is named.
	cfg.People["dana"].Password = remote.Secret{}
	if _, err := ex.Undo(t.Context(), c); err == nil || !strings.Contains(err.Error(), "the password that dana had cannot be set again: no password is given") {
		t.Error(err)
	}
}

func TestLDAPFaults(t *testing.T) {
	t.Parallel()
	w := open(t)
	order := func(a lab.Action) remote.Order {
		return remote.Order{Action: a, Person: w.Cast().People["dana"], Params: mitigation.Values(a)}
	}
	secret := func(s string) remote.Secret { return remote.Secret{Value: s} }
	for _, tt := range []struct {
		name   string
		change func(*remote.LDAP)
		order  remote.Order
		want   string
	}{
		{"wrong password", func(e *remote.LDAP) { e.Directory.Password = secret("wrong") }, order(disable), `does not let CORP\Administrator in with the password kept in memory: LDAP Result Code 49`},
		{"no trust", func(e *remote.LDAP) { e.Directory.TLS = nil }, order(disable), "certificate signed by unknown authority"},
		{"another name", func(e *remote.LDAP) { e.Directory.TLS.ServerName = "dc1.our.example" }, order(disable), "not dc1.our.example"},
		{"nobody there", func(e *remote.LDAP) { e.Directory.URL = "ldaps://127.0.0.1:1" }, order(disable), "cannot be reached"},
		{"no password", func(e *remote.LDAP) { e.Directory.Password = remote.Secret{Env: "SHUTOUT_TEST_UNSET"} }, order(disable), "the directory's password: the environment variable SHUTOUT_TEST_UNSET is not set"},
		{"wrong base", func(e *remote.LDAP) { e.Directory.Base = "CN=Builtin,DC=corp,DC=example" }, order(disable), "below CN=Builtin,DC=corp,DC=example: LDAP Result Code 32"},
		{"finds nobody", func(e *remote.LDAP) { e.Directory.Filter = "(mail=x{mail})" }, order(disable), "the directory has nobody below DC=corp,DC=example with (mail=xdana@corp.example)"},
		{"finds many", func(e *remote.LDAP) { e.Directory.Filter = "(|(objectClass=user)(mail={mail}))" }, order(disable), "more than one entry"},
		{"nobody", func(*remote.LDAP) {}, remote.Order{Action: disable}, "it is not about anybody"},
		{"in the clear", func(e *remote.LDAP) { e.Directory.URL = "ldap://" + w.addr("dc1", 389) }, order(&mitigation.ResetPassword{User: "dana"}), "a password is set over TLS only"},
		{"no new password", func(e *remote.LDAP) { e.People["dana"].NewPassword = remote.Secret{} }, order(&mitigation.ResetPassword{User: "dana"}), "dana has no new_password"},
		{"cannot", func(*remote.LDAP) {}, order(&mitigation.LockAccount{User: "dana"}), "a directory of accounts cannot carry out lock-account"},
		{"unknown attribute", func(e *remote.LDAP) { e.Set = map[string][]string{"loginShell": {"/bin/false"}} }, order(disable), ""},
	} {
		cfg := w.config()
		e := &remote.LDAP{Directory: cfg.Directory, People: cfg.People}
		tt.change(e)
		c, err := e.Plan(t.Context(), tt.order)
		if tt.want == "" && err == nil { // the directory refuses only what is written
			_, err = e.Do(t.Context(), c)
			tt.want = "LDAP Result Code"
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\n\t\x00") {
			t.Errorf("%s: %q, want %q", tt.name, fmt.Sprint(err), tt.want)
		}
		if tt.name == "cannot" && !errors.Is(err, lab.ErrNotAvailable) {
			t.Error(err)
		}
	}
	if got := w.attribute("dana", "userAccountControl"); got != "512" {
		t.Errorf("userAccountControl is %s", got)
	}
	for _, state := range []string{"", "{}", "[]", `{"dn":1}`} {
		e := &remote.LDAP{Directory: w.config().Directory}
		c := &remote.Change{Mitigation: "disable-account", State: json.RawMessage(state)}
		for _, f := range []func() (string, error){func() (string, error) { return e.Do(t.Context(), c) }, func() (string, error) { return e.Undo(t.Context(), c) }} {
			if _, err := f(); err == nil || !strings.Contains(err.Error(), "the journal's record of disable-account cannot be read") {
				t.Errorf("%s: %v", state, err)
			}
		}
	}
}

// StartTLS, and attributes that a file names.
func TestLDAPSet(t *testing.T) {
	t.Parallel()
	w := open(t)
	cfg := w.config()
	cfg.Directory.URL, cfg.Directory.StartTLS = "ldap://"+w.addr("dc1", 389), true
	e := &remote.LDAP{Directory: cfg.Directory, Set: map[string][]string{"title": {"former"}, "telephoneNumber": nil}}
	c := plan(t, w, e, disable)
	if c.Do != "telephoneNumber (none) -> (none), title (none) -> former" {
		t.Errorf("%+v", c)
	}
	if _, err := e.Do(t.Context(), c); err != nil || w.attribute("dana", "title") != "former" {
		t.Errorf("%v, %q", err, w.attribute("dana", "title"))
	}
	if _, err := e.Undo(t.Context(), c); err != nil || w.attribute("dana", "title") != "" {
		t.Errorf("%v, %q", err, w.attribute("dana", "title"))
	}
}
