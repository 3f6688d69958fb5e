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
	if got, want := Names(), []string{"ex2003", "ex2010", "ex2016"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
	for _, v := range Versions() {
		if p := load(t, v.Name); p.Version != v {
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
				for _, code := range v.Source {
					if title, ok := Source(code); !ok || title == "" {
						t.Errorf("%s: %s has the unknown source %s", name, p.Name, code)
					}
				}
			}
		}
	}
}

func TestEverySourceIsUsed(t *testing.T) {
	doc, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, p := range doc.Parameters {
		values := append([]Value{p.Default}, p.Alternatives...)
		for _, o := range p.Overrides {
			values = append(values, o.Value)
		}
		for _, v := range values {
			for _, code := range v.Source {
				used[code] = true
			}
		}
	}
	for code := range doc.Sources {
		if !used[code] {
			t.Errorf("the source %s is cited nowhere", code)
		}
	}
}

// TestValues pins the values that decide how long access lasts, where the versions differ most of all.
func TestValues(t *testing.T) {
	type row struct {
		name                   string
		ex2003, ex2010, ex2016 string
	}
	for _, r := range []row{
		{"iis.token_ttl", "15m", "15m", "15m"},
		{"iis.token_ttl_mode", "sliding", "sliding", "sliding"},
		{"iis.reset_stops_mail_services", "true", "false", "false"},
		{"iis.eas_shares_owa_pool", "true", "false", "false"},
		{"krb.service", "10h", "10h", "10h"},
		{"ntlm.old_password", "1h", "1h", "1h"},
		{"ad.intersite", "3h", "3h", "3h"},
		{"store.mbi_age", "2h", "2h", "2h"},
		{"store.quota_reread", "2h", "2h", "2h"},
		{"store.move_online", "false", "true", "true"},
		{"rpc.direct", "true", "true", "false"},
		{"rpc.session_revalidate", "2h", "2h", "2h"},
		{"rpc.session_holder", "store", "client-access", "client-access"},
		{"mapihttp.available", "false", "false", "true"},
		{"owa.private_timeout", "24h", "8h", "8h"},
		{"owa.cookie_scope", "server-keys", "server-keys", "certificate"},
		{"owa.activity_timeout", "never", "6h", "6h"},
		{"eas.heartbeat_max", "45m", "59m", "59m"},
		{"popimap.login_type", "plain", "secure", "secure"},
		{"popimap.session_revalidate", "never", "never", "never"},
		{"smtp.auth_tarpit", "0s", "0s", "5s"},
		{"smtp.retry_ladder", "15m, 30m, 1h", "1m x4, 5m x6", "1m x4, 5m x6"},
		{"smtp.retry_then", "4h", "10m", "10m"},
		{"smtp.delay_notice", "12h", "4h", "4h"},
		{"smtp.expiry", "2d", "2d", "2d"},
		{"oof.external_default", "none", "all", "all"},
		{"oof.envelope_sender", "user", "empty", "empty"},
		{"oof.repeat", "never", "never", "never"},
	} {
		for profile, want := range map[string]string{"ex2003": r.ex2003, "ex2010": r.ex2010, "ex2016": r.ex2016} {
			if got := find(t, load(t, profile), r.name).Text; got != want {
				t.Errorf("%s: %s = %s, want %s", profile, r.name, got, want)
			}
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
	if got := set("rpc.session_revalidate=never"); got.Confidence != Reported || !slices.Equal(got.Source, []string{"000_aa5026bcf9d1a159.txt"}) {
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
		"ews.urls=1":                `unknown parameter "ews.urls"; there are ews.available, ews.status_interval`,
		"colour=red":                `unknown parameter "colour"; the names begin with ad., auth., autodiscover., dir., dnsbl., eas., ews., iis., krb., mapihttp., net., ntlm., oof., outlook., owa., pickup., popimap., remote., rpc., smtp., store.`,
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
	if want := `unknown profile "ex2012"; the profiles are ex2003, ex2010, ex2016`; err == nil || err.Error() != want {
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
