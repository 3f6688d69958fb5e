package profile

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func load(t testing.TB, name string) *Profile {
	t.Helper()
	p, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProfilesOldestFirst(t *testing.T) {
	if got, want := Names(), []string{"ex2003", "ex2007", "ex2010", "ex2013", "ex2016", "ex2019", "exo", "dovecot-postfix-samba"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
	for _, v := range Versions() {
		if p := load(t, v.Name); !reflect.DeepEqual(p.Version, v) {
			t.Errorf("Load(%s) has the version %+v, want %+v", v.Name, p.Version, v)
		}
	}
}

func TestEveryValueIsCited(t *testing.T) {
	for _, name := range Names() {
		list := load(t, name).List()
		if !slices.IsSortedFunc(list, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("%s: the list is not sorted", name)
		}
		for _, p := range list {
			if p.Overridden {
				t.Errorf("%s: %s is overridden without Set", name, p.Name)
			}
			if p.Takes == "" || !strings.HasSuffix(p.Doc, ".") || strings.Contains(strings.TrimSuffix(p.Doc, "."), ". ") {
				t.Errorf("%s: %s needs one sentence and what it takes: %q %q", name, p.Name, p.Doc, p.Takes)
			}
			for _, v := range append(p.Alternatives, p.Value) {
				if len(v.Source) == 0 || v.Confidence == "" {
					t.Errorf("%s: %s=%s has no source or no confidence", name, p.Name, v.Text)
				}
				if slices.Equal(v.Source, []string{"GENERAL"}) && (v.Confidence == Documented || v.Confidence == Reported) {
					t.Errorf("%s: %s=%s is %s without a text", name, p.Name, v.Text, v.Confidence)
				}
			}
		}
	}
}

// TestValues pins the values that decide how long access lasts, where the versions differ most of all. A column left out
// is as the one before it.
func TestValues(t *testing.T) {
	for _, row := range []struct {
		name string
		want []string // ex2003, ex2007, ex2010, ex2013, ex2016, ex2019, exo, dovecot-postfix-samba
	}{
		{"iis.token_ttl", []string{"15m"}},
		{"cloud.tenant", []string{"false", "false", "false", "false", "false", "false", "true"}},
		{"cloud.access_token", []string{"1h"}},
		{"cloud.cae_token", []string{"28h"}},
		{"cloud.refresh_token", []string{"90d"}},
		{"iis.token_ttl_mode", []string{"sliding"}},
		{"iis.reset_stops_mail_services", []string{"true", "false"}},
		{"iis.eas_shares_owa_pool", []string{"true", "false"}},
		{"krb.service", []string{"10h"}},
		{"ntlm.old_password", []string{"1h"}},
		{"ad.intersite", []string{"3h"}},
		{"store.mbi_age", []string{"2h", "2h", "2h", "2h", "2h", "2h", "30m"}},
		{"store.quota_reread", []string{"2h"}},
		{"store.move_online", []string{"false", "false", "true"}},
		{"rpc.direct", []string{"true", "true", "true", "false"}},
		{"rpc.session_revalidate", []string{"2h", "2h", "2h", "2h", "2h", "2h", "30m"}},
		{"rpc.session_holder", []string{"store", "store", "client-access"}},
		{"mapihttp.available", []string{"false", "false", "false", "false", "true"}},
		{"ews.available", []string{"false", "true"}},
		{"autodiscover.available", []string{"false", "true"}},
		{"outlook.version", []string{"11.0", "12.0", "14.0", "15.0", "16.0"}},
		{"owa.public_timeout", []string{"15m"}},
		{"owa.private_timeout", []string{"24h", "8h"}},
		{"owa.cookie_scope", []string{"server-keys", "server-keys", "server-keys", "certificate"}},
		{"owa.activity_timeout", []string{"never", "never", "6h"}},
		{"owa.integrated", []string{"false"}},
		{"eas.heartbeat_max", []string{"45m", "59m"}},
		{"eas.quota_stops_sync", []string{"true", "false"}},
		{"eas.account_only_wipe", []string{"false", "false", "false", "false", "true"}},
		{"popimap.autostart", []string{"false", "false", "false", "false", "false", "false", "true"}},
		{"popimap.login_type", []string{"plain", "secure"}},
		{"popimap.session_revalidate", []string{"never"}},
		{"smtp.submission_port", []string{"25", "587"}},
		{"smtp.tarpit", []string{"0s", "5s"}},
		{"smtp.auth_tarpit", []string{"0s", "0s", "0s", "0s", "5s"}},
		{"smtp.protocol_log", []string{"none", "none", "none", "verbose"}},
		{"smtp.stamps_auth_as", []string{"false", "true"}},
		{"smtp.retry_ladder", []string{"15m, 30m, 1h", "1m x4, 5m x6"}},
		{"smtp.retry_then", []string{"4h", "10m"}},
		{"smtp.delay_notice", []string{"12h", "4h"}},
		{"smtp.expiry", []string{"2d"}},
		{"oof.external_default", []string{"none", "all"}},
		{"oof.envelope_sender", []string{"user", "empty"}},
		{"oof.repeat", []string{"never"}},
	} {
		for i, name := range Exchange.Names() {
			want := row.want[min(i, len(row.want)-1)]
			if got := find(t, load(t, name), row.name).Text; got != want {
				t.Errorf("%s: %s = %s, want %s", name, row.name, got, want)
			}
		}
	}
}

// TestOpenValues pins what was measured on Samba, Dovecot and Postfix.
func TestOpenValues(t *testing.T) {
	names := Open.Names()
	if !slices.Equal(names, []string{"dovecot-postfix-samba"}) || FamilyOf(names[0]) != Open || FamilyOf("ex2010") != Exchange || FamilyOf("nobody") != "" {
		t.Fatalf("open profiles: %v", names)
	}
	for name, want := range map[string]string{
		"dovecot.auth_cache_ttl": "30s", "dovecot.auth_cache_negative_ttl": "5s", "sogo.cache_ttl": "1m", "samba.reset_enables": "true",
		"krb.recheck_age": "0s", "krb.service": "10h", "ntlm.old_password": "1h", "ntlm.old_password_cleartext": "true",
		"popimap.session_revalidate": "never", "smtp.connection_timeout": "never", "smtp.retry_ladder": "5m x2, 10m, 20m, 40m",
		"oof.envelope_sender": "user", "popimap.autostart": "true",
	} {
		if got := find(t, load(t, names[0]), name).Text; got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
}

// TestServerVersions looks at what the code reads out of a build number: each
// profile is a version of its own, newer than the one before.
func TestServerVersions(t *testing.T) {
	var last ServerVersion
	for i, name := range Exchange.Names() {
		v := load(t, name).Params().Server.Version
		if i > 0 && (!last.Before(v) || v.Before(last) || v.Before(v)) {
			t.Errorf("%s has %s, which is not newer than %s", name, v, last)
		}
		last = v
	}
	if got, want := Build2010.Numbers(), [4]int{14, 3, 123, 4}; got != want {
		t.Errorf("the numbers of %s are %v", Build2010, got)
	}
}

// TestGuessesSaySo keeps what no text on a version says from being shown as documented for it: pages of the cmdlets begin
// with 2010, those on mail flow with 2013, and one document is about 2019.
func TestGuessesSaySo(t *testing.T) {
	later := []string{"PS-", "RECV", "ANON", "RECIPF", "PLOG", "HDRFW", "SMTP-AUTH", "POPIMAP", "MAPIHTTP-", "003_"}
	for _, par := range load(t, "ex2007").List() {
		if par.Confidence != Documented && par.Confidence != Reported {
			continue
		}
		if !slices.ContainsFunc(par.Source, func(code string) bool {
			return !slices.ContainsFunc(later, func(prefix string) bool { return strings.HasPrefix(code, prefix) })
		}) && par.Name != "eas.account_only_wipe" { // whose page says when it begins
			t.Errorf("ex2007: %s=%s is %s by %v, which are about later versions", par.Name, par.Text, par.Confidence, par.Source)
		}
	}
}

func find(t *testing.T, p *Profile, name string) Parameter {
	t.Helper()
	for _, par := range p.List() {
		if par.Name == name {
			return par
		}
	}
	t.Fatalf("no parameter %s", name)
	return Parameter{}
}

func TestSetReachesParams(t *testing.T) {
	p := load(t, "ex2010")
	for _, a := range []string{
		"iis.token_ttl=5m", " iis.token_ttl_mode = absolute ", "rpc.session_revalidate=never", "smtp.message_rate=600",
		"smtp.max_message_size=36MB", "ad.disable_is_urgent=true", "smtp.retry_ladder=10s, 1m x2",
	} {
		if err := p.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	got := p.Params()
	want := load(t, "ex2010").Params()
	want.IIS.TokenTTL = 5 * time.Minute
	want.IIS.TokenTTLMode = Absolute
	want.RPC.SessionRevalidate = Never
	want.SMTP.MessageRate = 600
	want.SMTP.MaxMessageSize = 36 << 20
	want.AD.DisableIsUrgent = true
	want.SMTP.RetryLadder = []time.Duration{10 * time.Second, time.Minute, time.Minute}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	got.SMTP.RetryLadder[0] = 0
	if p.Params().SMTP.RetryLadder[0] == 0 {
		t.Error("the ladder is shared between two results of Params")
	}
}

func TestSetTakesWhatListShows(t *testing.T) {
	for _, name := range Names() {
		original := load(t, name)
		for _, par := range original.List() {
			p := load(t, name)
			for _, v := range append(par.Alternatives, par.Value) { // the profile's own value comes last
				if err := p.Set(par.Name + "=" + v.Text); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if got := find(t, p, par.Name); got.Text != v.Text || got.Overridden != (v.Text != par.Text) {
					t.Errorf("%s: after %s=%s: %+v", name, par.Name, v.Text, got)
				}
			}
			if !reflect.DeepEqual(p.Params(), original.Params()) {
				t.Errorf("%s: setting %s to its own value changed the parameters", name, par.Name)
			}
		}
	}
}

func TestSetCitesAKnownValue(t *testing.T) {
	p := load(t, "ex2010")
	set := func(a string) Parameter {
		t.Helper()
		if err := p.Set(a); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(a, "=")
		return find(t, p, name)
	}
	if got := set("rpc.session_revalidate=never"); got.Confidence != Reported || !slices.Equal(got.Source, []string{"000_aa5026bcf9d1a159.txt#open-outlook-goes-on"}) {
		t.Errorf("an alternative lost its citation: %+v", got)
	}
	if got := set("ntlm.old_password=7m"); got.Confidence != "" || got.Source != nil || !got.Overridden {
		t.Errorf("an own value has a citation: %+v", got)
	}
	if got := set("ntlm.old_password=3600s"); got.Confidence != Documented || got.Overridden {
		t.Errorf("the profile's own value in other words counts as overridden: %+v", got)
	}
}

func TestCloneIsApart(t *testing.T) {
	p := load(t, "ex2016")
	c := p.Clone()
	if err := c.Set("iis.token_ttl=1m"); err != nil {
		t.Fatal(err)
	}
	if p.Params().IIS.TokenTTL != 15*time.Minute || c.Params().IIS.TokenTTL != time.Minute {
		t.Error("a profile and its clone share what Set changed")
	}
}

func TestErrors(t *testing.T) {
	for assignment, want := range map[string]string{
		"iis.token_tl=1m":           `unknown parameter "iis.token_tl"; the nearest is iis.token_ttl`,
		"token_ttl=1m":              `unknown parameter "token_ttl"; the nearest are iis.token_ttl, iis.token_ttl_frozen, iis.token_ttl_live_reload`,
		"ews.urls=1":                `unknown parameter "ews.urls"; there are ews.available, ews.inbox_rules, ews.status_interval`,
		"colour=red":                `unknown parameter "colour"; the names begin with ad., auth., autodiscover., cloud., dir., dnsbl., dovecot., eas., ews., iis., krb., mapihttp., net., ntlm., oof., outlook., owa., pickup., popimap., postfix., remote., rpc., samba., server., smarthost., smtp., sogo., store.`,
		"iis.token_ttl":             `"iis.token_ttl" sets nothing; write name=value, for example iis.token_ttl=15m`,
		"iis.token_ttl=15":          `iis.token_ttl takes a duration in s, m, h or d, not "15"; for example iis.token_ttl=15m`,
		"iis.token_ttl=never":       `iis.token_ttl takes a duration in s, m, h or d, not "never"; for example iis.token_ttl=15m`,
		"iis.token_ttl_mode=slide":  `iis.token_ttl_mode takes one of sliding, absolute, not "slide"; for example iis.token_ttl_mode=sliding`,
		"owa.activity_timeout=9h":   `owa.activity_timeout takes a duration in s, m, h or d, from 5m to 8h, or never (the limit is switched off), not "9h"; for example owa.activity_timeout=6h`,
		"oof.repeat=weekly":         `oof.repeat takes a duration in s, m, h or d, or never (one reply per sender until out-of-office is switched off), not "weekly"; for example oof.repeat=7d`,
		"ad.disable_is_urgent=yes":  `ad.disable_is_urgent takes true or false, not "yes"; for example ad.disable_is_urgent=false`,
		"smtp.max_logon_failures=0": `smtp.max_logon_failures takes a whole number, at least 1, not "0"; for example smtp.max_logon_failures=3`,
		"smtp.max_message_size=10":  `smtp.max_message_size takes a size in B, KB, MB or GB, at least 1KB, not "10"; for example smtp.max_message_size=10MB`,
		"smtp.retry_ladder=1m, 0s":  `smtp.retry_ladder takes a list of durations, each with an optional count, at least 1s, not "1m, 0s"; for example smtp.retry_ladder=1m x4, 5m x6`,
	} {
		p := load(t, "ex2010")
		if err := p.Set(assignment); err == nil || err.Error() != want {
			t.Errorf("Set(%q)\n got %v\nwant %s", assignment, err, want)
		}
		if !reflect.DeepEqual(p.Params(), load(t, "ex2010").Params()) {
			t.Errorf("Set(%q) failed and changed something", assignment)
		}
	}
	_, err := Load("ex2012")
	if want := `unknown profile "ex2012"; the profiles are ex2003, ex2007, ex2010, ex2013, ex2016, ex2019, exo, dovecot-postfix-samba`; err == nil || err.Error() != want {
		t.Errorf("Load(ex2012): got %v, want %s", err, want)
	}
}

func FuzzSet(f *testing.F) {
	for _, par := range load(f, "ex2010").List() {
		f.Add(par.Name + "=" + par.Text)
	}
	for _, a := range []string{"", "=", "iis.token_ttl=", "iis.token_ttl=99999999999999999999d", "iis.token_ttl=24855d3h14m8s",
		"smtp.retry_ladder=1m x99999999999", "smtp.retry_ladder=none", "smtp.max_message_size=9223372036854775807TB", "a.b.c=\xff"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, assignment string) {
		p := load(t, "ex2010")
		if err := p.Set(assignment); err != nil {
			if len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		name, _, _ := strings.Cut(assignment, "=")
		again := load(t, "ex2010")
		shown := find(t, p, strings.TrimSpace(name)).Text
		if err := again.Set(name + "=" + shown); err != nil {
			t.Fatalf("List shows %q, which Set refuses: %v", shown, err)
		}
		if !reflect.DeepEqual(p.Params(), again.Params()) {
			t.Errorf("%q and %q give different values", assignment, shown)
		}
	})
}

// TestRead is about what is shown of a profile: what its servers read, and what somebody has set all the same.
func TestRead(t *testing.T) {
	reads := func(p *Profile, name string) bool {
		return slices.ContainsFunc(p.Read(), func(par Parameter) bool { return par.Name == name })
	}
	open, exchange := load(t, "dovecot-postfix-samba"), load(t, "ex2010")
	for name, want := range map[string]struct{ open, exchange bool }{
		"iis.token_ttl": {false, true}, "cloud.cae": {false, true}, "dovecot.auth_cache_ttl": {true, false},
		"krb.service": {true, true}, "iis.connection_idle": {true, true}, "store.move_rate": {false, true}, "store.restart_time": {true, true},
	} {
		if reads(open, name) != want.open || reads(exchange, name) != want.exchange {
			t.Errorf("%s: read by open %t, by exchange %t", name, !want.open, !want.exchange)
		}
	}
	if err := open.Set("iis.token_ttl=7m"); err != nil || !reads(open, "iis.token_ttl") {
		t.Errorf("what was set is not told: %v", err)
	}
}
