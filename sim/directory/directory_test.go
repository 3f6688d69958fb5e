package directory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

func TestTopology(t *testing.T) {
	w := newWorld(t, nil)
	if got := w.PDC().Host(); got != "dc1" {
		t.Errorf("the PDC emulator is %s", got)
	}
	for host, want := range map[string]string{
		"cas1": "dc1", "cas2": "dc2", "mbx1": "dc3", "cas3": "dc4", "cas4": "dc1", "elsewhere": "dc1", "dc5": "dc5",
	} {
		if got := w.DCFor(host).Host(); got != want {
			t.Errorf("%s asks %s, want %s", host, got, want)
		}
	}
	if w.DC("DC2") == nil || w.DC("dc9") != nil {
		t.Error("DC finds the wrong hosts")
	}
	alone := directory.New(timeline.New(start, 1), params(), lab.Organisation{Domain: "corp.example", NetBIOS: "CORP"})
	if len(alone.DCs()) != 1 {
		t.Errorf("an organisation without domain controllers has %d", len(alone.DCs()))
	}
}

func TestNewUsers(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.AddUser(directory.NewUser{SAM: "dana2", DisplayName: "Dana Leaver", Groups: []string{"Sales"}}); err != nil {
		t.Fatal(err)
	}
	o, ok := w.DC("dc4").Lookup("dana2")
	if !ok || o.DN() != `CN=Dana Leaver (dana2),CN=Users,DC=corp,DC=example` || o.UPN() != "dana2@corp.example" {
		t.Errorf("the namesake is %v", o)
	}
	if got := w.DC("dc4").MemberOf(o); !slices.Equal(got, []string{"CN=Sales,CN=Users,DC=corp,DC=example"}) {
		t.Errorf("member of %v", got)
	}
	for name, u := range map[string]directory.NewUser{
		"no name":           {},
		"taken":             {SAM: "DANA"},
		"unknown attribute": {SAM: "x", Attrs: map[string][]string{"shoeSize": {"42"}}},
		"secret attribute":  {SAM: "x", Attrs: map[string][]string{"unicodePwd": {"42"}}},
		"bad value":         {SAM: "x", Attrs: map[string][]string{"submissionContLength": {"big"}}},
	} {
		if err := w.AddUser(u); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestEscapeRDN(t *testing.T) {
	for in, want := range map[string]string{
		"Leaver, Dana": `Leaver\, Dana`, "#1": `\#1`, " x ": `\ x\ `, `a+b=c\d"e<f>g;`: `a\+b\=c\\d\"e\<f\>g\;`, "a\nb": `a\0Ab`, "Zoë": "Zoë",
	} {
		if got := directory.EscapeRDN(in); got != want {
			t.Errorf("%q becomes %s, want %s", in, got, want)
		}
	}
}

func TestSchemaIsSortedAndUnique(t *testing.T) {
	w := newWorld(t, nil)
	o, _ := w.DC("dc1").Lookup("dana")
	names := w.DC("dc1").Names(start, o)
	for i := 1; i < len(names); i++ {
		if strings.ToLower(names[i-1]) >= strings.ToLower(names[i]) {
			t.Errorf("%s comes before %s", names[i-1], names[i])
		}
	}
	for _, n := range []string{"mail", "MSEXCHRECIPLIMIT", "msExchMailboxGuid"} {
		if _, ok := directory.Schema(n); !ok {
			t.Errorf("the schema lacks %s", n)
		}
	}
}

func TestConstructedAttributes(t *testing.T) {
	w := newWorld(t, func(p *profile.Params) { p.AD.LockoutThreshold = 3 })
	dc := w.DC("dc1")
	value := func(attr string) string {
		o, _ := dc.Lookup("dana")
		return strings.Join(dc.Values(w.now(), o, attr), "|")
	}
	w.run(time.Minute)
	w.wantCode("dc1", "Secret-1", directory.OK)
	for attr, want := range map[string]string{
		"lastLogon": filetime(start.Add(time.Minute)), "logonCount": "1", "badPwdCount": "0", "badPasswordTime": "0",
		"whenCreated": "20260304130000.0Z", "msDS-User-Account-Control-Computed": "0",
		"msDS-UserPasswordExpiryTimeComputed": "9223372036854775807",
	} {
		if got := value(attr); got != want {
			t.Errorf("%s is %s, want %s", attr, got, want)
		}
	}
	w.lock()
	w.MaxPasswordAge = 30 * time.Second
	for attr, want := range map[string]string{
		"badPwdCount": "3", "badPasswordTime": filetime(start.Add(time.Minute)), "whenChanged": "20260304130100.0Z",
		"msDS-User-Account-Control-Computed": "8388624", "lockoutTime": filetime(start.Add(time.Minute)),
		"msDS-UserPasswordExpiryTimeComputed": filetime(start.Add(30 * time.Second)),
	} {
		if got := value(attr); got != want {
			t.Errorf("%s is %s, want %s", attr, got, want)
		}
	}
}

func TestCacheIsStaleForItsTime(t *testing.T) {
	w := newWorld(t, nil)
	c := directory.NewCache(w.DC("dc1"), 5*time.Minute)
	title := func(key string) string {
		t.Helper()
		o, loaded, ok := c.Get(w.now(), key)
		if !ok || loaded.After(w.now()) || w.now().Sub(loaded) >= 5*time.Minute {
			t.Fatalf("%s: loaded %v, ok %v", key, loaded, ok)
		}
		return o.Get("title")
	}
	if title("dana") != "" {
		t.Fatal("dana has a title already")
	}
	w.run(time.Minute)
	w.set("dc1", "dana", "title", "boss")
	w.set("dc1", "dana", "proxyAddresses", "SMTP:new@corp.example")
	w.run(4*time.Minute - time.Second)
	for _, key := range []string{"dana", `CORP\Dana`, "dana@corp.example", "d.leaver@corp.example", "new@corp.example"} {
		if got := title(key); got != "" {
			t.Errorf("%s shows the change before the entry is 5 minutes old", key)
		}
	}
	w.run(time.Second)
	if title("dana") != "boss" {
		t.Error("the change is not seen at 5 minutes, though the entry was used meanwhile")
	}
	if _, _, ok := c.Get(w.now(), "d.leaver@corp.example"); ok {
		t.Error("an address that is gone still leads somewhere after the reload")
	}
	w.set("dc1", "dana", "title", "nobody")
	c.Flush()
	if title("dana") != "nobody" {
		t.Error("Flush kept something")
	}
	if _, _, ok := c.Get(w.now(), "stranger"); ok {
		t.Error("found a stranger")
	}

	none, always := directory.NewCache(w.DC("dc1"), 0), directory.NewCache(w.DC("dc1"), profile.Never)
	for _, c := range []*directory.Cache{none, always} {
		c.Get(w.now(), "dana")
	}
	w.set("dc1", "dana", "title", "x")
	w.run(1000 * time.Hour)
	if o, _, _ := none.Get(w.now(), "dana"); o.Get("title") != "x" {
		t.Error("a lifetime of 0 keeps something")
	}
	if o, _, _ := always.Get(w.now(), "dana"); o.Get("title") != "nobody" {
		t.Error("an endless cache forgot")
	}
}

func TestProtocols(t *testing.T) {
	for _, proto := range directory.Protocols {
		w := newWorld(t, nil)
		w.set("dc1", "dana", "protocolSettings", "POP3§1§4§ISO-8859-1§0§1§0§0§0", "HTTP§1§1§§§§§§")
		state := func() string {
			o, _ := w.DC("dc1").Lookup("dana")
			var on []string
			for _, p := range directory.Protocols {
				if o.ProtocolEnabled(p) {
					on = append(on, p)
				}
			}
			return strings.Join(on, " ")
		}
		all := strings.Join(directory.Protocols, " ")
		if state() != all {
			t.Fatalf("on at first: %s", state())
		}
		for _, on := range []bool{false, true} {
			o, _ := w.DC("dc1").Lookup("dana")
			w.modify("dc1", "dana", o.ProtocolMods(proto, on)...)
			want := all
			if !on {
				// Who may not use MAPI may use none of its ways.
				ways := proto == directory.MAPI
				want = strings.Join(slices.DeleteFunc(slices.Clone(directory.Protocols), func(p string) bool {
					return p == proto || ways && (p == directory.OutlookAnywhere || p == directory.MAPIHTTP)
				}), " ")
			}
			if state() != want {
				t.Errorf("%s %v: on are %s, want %s", proto, on, state(), want)
			}
		}
		if v := w.get("dc1", "dana", "protocolSettings"); !strings.HasSuffix(v, "§4§ISO-8859-1§0§1§0§0§0") {
			t.Errorf("the further fields of POP3 are lost: %s", v)
		}
	}
	w := newWorld(t, nil)
	if o, _ := w.DC("dc1").Lookup("dana"); o.ProtocolMods("gopher", false) != nil {
		t.Error("an unknown protocol has a switch")
	}
}

func TestGUIDString(t *testing.T) {
	if got := directory.GUIDString("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"); got != "04030201-0605-0807-090a-0b0c0d0e0f10" {
		t.Error(got)
	}
}
