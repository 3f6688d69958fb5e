package mitigation

import (
	"errors"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

func cast() *lab.Cast {
	return &lab.Cast{
		Organisation: lab.Organisation{
			Sites: []lab.Site{
				{Name: "HQ", DCs: []string{"dc1"}, CAS: []string{"cas1", "cas2"}, Stores: []string{"mbx1"}},
				{Name: "Branch", DCs: []string{"dc3"}},
			},
			Database: []lab.DB{{Name: "db1", Server: "mbx1"}},
		},
		People: map[string]*lab.Person{
			"dana": {ID: "dana", Database: "db1"},
			"olga": {ID: "olga"},
		},
		Domains: map[string]lab.Domain{"partner.example": lab.GoodDomain},
		Hosts:   map[string]*lab.Host{"home": {ID: "home"}, "desk": {ID: "desk", Zone: lab.LAN}},
	}
}

func TestEveryMitigationIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, info := range All() {
		if info.Name == "" || seen[info.Name] {
			t.Errorf("name %q is empty or used twice", info.Name)
		}
		seen[info.Name] = true
		if info.Title == "" || info.Doc == "" || len(info.Cmdlets) == 0 || len(info.Sources) == 0 || info.SideEffects == "" || info.Undo == "" {
			t.Errorf("%s: a part of its description is missing: %+v", info.Name, info)
		}
		if got, ok := Lookup(info.Name); !ok || got.Title != info.Title {
			t.Errorf("Lookup(%q) = %q, %v", info.Name, got.Title, ok)
		}
		for _, p := range info.Params {
			if p.Name == "" || p.Doc == "" || p.Type == "" {
				t.Errorf("%s: parameter %+v is not described", info.Name, p)
			}
			if !p.Required && p.Default == "" && p.Omitted == "" {
				t.Errorf("%s: nobody knows what leaving out %s means", info.Name, p.Name)
			}
		}
		eachParam(info.New(), func(v reflect.Value, f field) {
			if _, ok := kinds[f.kind]; !ok && f.max == 0 && len(f.choices) == 0 {
				t.Errorf("%s: %s has the unknown kind %q", info.Name, f.param.Name, f.kind)
			}
			if f.param.Default != "" && v.IsZero() {
				t.Errorf("%s: New leaves out the default of %s", info.Name, f.param.Name)
			}
		})
	}
	if _, ok := Lookup("disable-acount"); ok {
		t.Error("Lookup finds a name that is not there")
	}
	if len(Names()) != len(seen) || Names()[0] != "disable-account" {
		t.Errorf("Names() = %v", Names())
	}
}

func TestNewFillsInDefaults(t *testing.T) {
	info, _ := Lookup("reset-password")
	if a := info.New().(*ResetPassword); a.Times != 1 {
		t.Errorf("times = %d, want 1", a.Times)
	}
	info, _ = Lookup("limit-message-size")
	if a := info.New().(*LimitMessageSize); !a.Sends() || !a.Receives() {
		t.Errorf("direction %q does not stand for both", a.Direction)
	}
	if a, b := info.New(), info.New(); a == b {
		t.Error("New returns one action twice")
	}
}

func TestValidate(t *testing.T) {
	address := func(s string) (r Range) {
		if err := r.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, tt := range []struct {
		name   string
		action lab.Action
		want   []string // parts of the error; none: valid
	}{
		{"good", &DisableAccount{User: "dana", DC: "dc3"}, nil},
		{"no user", &DisableAccount{}, []string{"disable-account: user is missing: expected a person with a mailbox"}},
		{"unknown user", &DisableAccount{User: "dna"}, []string{`user "dna" is not a person with a mailbox of this cast: expected one of dana`}},
		{"outsider", &EnableAccount{User: "olga"}, []string{`user "olga" is not a person with a mailbox`}},
		{"a CAS is no DC", &DisableAccount{User: "dana", DC: "cas1"}, []string{`dc "cas1" is not a domain controller of this cast: expected one of dc1, dc3`}},
		{"twice", &ResetPassword{User: "dana", Times: 2}, nil},
		{"three times", &ResetPassword{User: "dana", Times: 3}, []string{`times "3" is out of range: expected a whole number from 1 to 2`}},
		{"expiry", &ExpireAccount{User: "dana", After: time.Hour}, nil},
		{"expiry in the past", &ExpireAccount{User: "dana", After: -time.Hour}, []string{`after "-1h0m0s" is negative`}},
		{"protocols", &DisableProtocols{User: "dana", Protocols: []string{"owa", "imap"}}, nil},
		{"unknown protocol", &DisableProtocols{User: "dana", Protocols: []string{"smtp"}}, []string{`protocols "smtp" is not known: expected one of owa, activesync`}},
		{"protocol twice", &DisableProtocols{User: "dana", Protocols: []string{"owa", "owa"}}, []string{`protocols "owa" stands in the list twice`}},
		{"no protocols", &DisableProtocols{User: "dana", Protocols: []string{}}, []string{"protocols is an empty list: leave it out for all of them"}},
		{"all servers", &ResetIIS{}, nil},
		{"noforce fails", &ResetIIS{NoForce: true, Fails: true}, nil},
		{"fails needs noforce", &ResetIIS{Fails: true}, []string{"reset-iis: fails needs noforce"}},
		{"not a CAS", &ResetIIS{Servers: []string{"cas1", "mbx1"}}, []string{`servers "mbx1" is not a client access server of this cast: expected one of cas1, cas2`}},
		{"pool", &RecycleAppPool{Pool: "MSExchangeSyncAppPool"}, nil},
		{"every pool", &RecycleAppPool{}, nil},
		{"unknown pool", &RecycleAppPool{Pool: "DefaultAppPool"}, []string{`pool "DefaultAppPool" is not known`}},
		{"ttl 0 is a value", &SetTokenTTL{}, nil},
		{"negative ttl", &SetTokenTTL{TTL: -1}, []string{"ttl"}},
		{"guard", &SetOutlookGuard{Mode: "deny", Via: "policy", Hosts: []string{"desk"}}, nil},
		{"guard at home", &SetOutlookGuard{Mode: "prompt", Via: "policy", Hosts: []string{"home"}}, []string{`hosts "home" is not a computer in the office of this cast: expected one of desk`}},
		{"guard of no mode", &SetOutlookGuard{Via: "trust-center"}, []string{"mode is missing: expected a one of deny, prompt, allow, by-antivirus"}},
		{"the Trust Center cannot deny", &SetOutlookGuard{Mode: "deny", Via: "trust-center"}, []string{`set-outlook-guard: mode "deny" needs via: policy`}},
		{"move", &MoveMailbox{User: "dana", To: "db1"}, nil},
		{"move to nowhere", &MoveMailbox{User: "dana", To: "db9"}, []string{`to "db9" is not a database of this cast: expected one of db1`}},
		{"size", &LimitMessageSize{User: "dana", Size: 1024, Direction: "send"}, nil},
		{"no size", &LimitMessageSize{User: "dana", Direction: "up"}, []string{`size "0B" is too small`, `direction "up" is not known`}},
		{"two faults", &MoveMailbox{}, []string{"user is missing", "to is missing"}},
		{"out of office", &SetOutOfOffice{User: "dana", Audience: "off"}, nil},
		{"nobody anonymous", &RestrictAnonymous{Ranges: []Range{}}, nil},
		{"no ranges", &RestrictAnonymous{}, []string{"ranges is missing"}},
		{"block a host", &BlockSourceIP{Host: "home"}, nil},
		{"block a range", &BlockSourceIP{Source: address("203.0.113.0/24"), Ports: []int{443}}, nil},
		{"block nothing", &BlockSourceIP{}, []string{"host or source is needed"}},
		{"block both", &BlockSourceIP{Host: "home", Source: address("203.0.113.1")}, []string{"exclude each other"}},
		{"bad port", &BlockSourceIP{Host: "home", Ports: []int{0}}, []string{`ports "0" is out of range`}},
		{"close", &ClosePort{Port: 443, Servers: []string{"cas1", "dc1", "mbx1"}, From: lab.Internet}, nil},
		{"close nothing", &ClosePort{From: "mars"}, []string{`port "0" is out of range`, `from "mars" is not known: expected one of internet, lan, servers`}},
		{"freeze", &FreezeOutbound{}, nil},
		{"freeze one domain", &FreezeOutbound{Domain: "partner.example"}, nil},
		{"thaw a domain that nobody knows", &ThawOutbound{Domain: "mars.example"}, []string{`domain "mars.example" is not a domain outside the organisation of this cast: expected one of partner.example`}},
		{"remove somebody's", &RemoveQueuedMail{User: "dana"}, nil},
		{"remove reports", &RemoveQueuedMail{Sender: "<>"}, nil},
		{"remove whose", &RemoveQueuedMail{}, []string{"user or sender is needed"}},
		{"remove both", &RemoveQueuedMail{User: "dana", Sender: "<>"}, []string{"exclude each other"}},
		{"remove a name", &RemoveQueuedMail{Sender: "offers"}, []string{`sender "offers" is no mail address`}},
		{"no tarpit", &SetTarpit{}, nil},
		{"a very long tarpit", &SetTarpit{Interval: time.Hour}, []string{`interval "1h" is too long: expected at most 10m`}},
		{"everybody may write", &RestrictSenders{User: "dana", From: []string{}}, nil},
		{"outsiders cannot be listed", &RestrictSenders{User: "dana", From: []string{"olga"}}, []string{`from "olga" is not a person with a mailbox`}},
		{"legacy replies", &LimitReplies{Allow: "legacy"}, []string{`allow "legacy" is not known: expected one of none, external`}},
		{"close outward", &CloseOutboundPort{Port: 25, Except: []string{"desk"}}, nil},
		{"who is admitted", &AdmitToPort{Port: 25}, []string{"hosts or people is needed"}},
		{"people alone", &AdmitToPort{Port: 25, People: []string{"dana"}}, nil},
		{"not from home", &AdmitToPort{Port: 25, Hosts: []string{"home"}}, []string{`hosts "home" is not a computer in the office`}},
		{"disconnect", &DisconnectMailbox{User: "dana"}, nil},
		{"restart", &RestartStore{Servers: []string{"mbx1"}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.action.Validate(cast())
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("Validate: %v, want %q", err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if err != nil {
				var pe *ParamError
				if !errors.As(err, &pe) || pe.Action != tt.action.Name() || pe.Param == "" {
					t.Errorf("no ParamError in %#v", err)
				}
			}
		})
	}
}

func TestAffectedProtocols(t *testing.T) {
	all := (&DisableProtocols{}).Affected()
	f, _ := reflect.TypeFor[DisableProtocols]().FieldByName("Protocols")
	// What a sentence of a document lists beside them leads to no mailbox.
	if want := append(slices.Clone(all), "unified-messaging", "archive"); !slices.Equal(want, strings.Fields(f.Tag.Get("choice"))) {
		t.Errorf("all protocols are %v, but the parameter takes %s", all, f.Tag.Get("choice"))
	}
	if got := (&DisableProtocols{Protocols: []string{"owa"}}).Affected(); !slices.Equal(got, []string{"owa"}) {
		t.Errorf("Affected() = %v", got)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"0B": 0, "512B": 512, "1KB": 1024, "1024KB": 1 << 20, "25MB": 25 << 20, "2GB": 2 << 30} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s = %d, %v; want %d", text, s, err, want)
		}
	}
	if got := Size(1 << 20).String(); got != "1MB" {
		t.Errorf("1<<20 is written %s", got)
	}
	for _, text := range []string{"", "1", "KB", "-1KB", "1.5KB", "1 KB", "1kb", "99999999999GB", "1KBB"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, s)
		}
	}
}

func TestRange(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "203.0.113.0/24": "203.0.113.0/24", "203.0.113.7/32": "203.0.113.7",
		"::ffff:203.0.113.7": "203.0.113.7", "2001:db8::/32": "2001:db8::/32",
	} {
		var r Range
		if err := r.UnmarshalText([]byte(text)); err != nil || r.String() != want {
			t.Errorf("%s = %s, %v; want %s", text, r, err, want)
		}
	}
	for _, text := range []string{"", "home", "203.0.113.7/24", "203.0.113/24", "fe80::1%eth0", "1.2.3.4/33"} {
		var r Range
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %s", text, r)
		}
	}
	var r Range
	err := r.UnmarshalText([]byte("203.0.113.7/24"))
	if err == nil || !strings.Contains(err.Error(), "did you mean 203.0.113.0/24") {
		t.Errorf("error %v", err)
	}
	if (Range{}).IsValid() || !netip.MustParsePrefix("203.0.113.0/24").IsValid() {
		t.Error("the zero range is not told apart")
	}
}

func TestDescribe(t *testing.T) {
	for _, tt := range []struct {
		action lab.Action
		want   string
	}{
		{&ResetPassword{User: "dana", Times: 1}, "user: dana"},
		{&ResetPassword{User: "dana", Times: 2, DC: "dc1"}, "user: dana, times: 2, dc: dc1"},
		{&ResetIIS{}, ""},
		{&SetTokenTTL{TTL: 90 * time.Second, Servers: []string{"cas1", "cas2"}, Restart: true}, "ttl: 1m30s, servers: [cas1, cas2], restart: true"},
		{&LimitMessageSize{User: "dana", Size: 1024, Direction: "send"}, "user: dana, size: 1KB, direction: send"},
		{&BlockSourceIP{Source: Range{netip.MustParsePrefix("203.0.113.7/32")}, Ports: []int{443, 993}}, "source: 203.0.113.7, ports: [443, 993]"},
	} {
		if got := Describe(tt.action); got != tt.want {
			t.Errorf("Describe(%#v) = %q, want %q", tt.action, got, tt.want)
		}
	}
}

func TestWhatEndsAccess(t *testing.T) {
	for name, want := range map[string]bool{
		"disable-account": true, "reset-iis": true, "restart-store": true, "block-source-ip": true,
		"enable-account": false, "set-out-of-office": false, "restrict-anonymous": false, "set-outlook-guard": false,
	} {
		if info, _ := Lookup(name); info.EndsAccess() != want {
			t.Errorf("%s ends access: %v, want %v", name, !want, want)
		}
	}
}

func TestStep(t *testing.T) {
	info, _ := Lookup("move-mailbox")
	got := info.Step(90*time.Second, func(p Param) string { return "<" + p.Kind + ">" })
	if want := "{at: 1m30s, do: move-mailbox, user: <account>, to: <database>}"; got != want {
		t.Errorf("step %s, want %s", got, want)
	}
}

func TestExamples(t *testing.T) {
	for name, want := range map[string]string{
		"reset-password":     "{at: 0s, do: reset-password, user: dana}",
		"close-port":         "{at: 0s, do: close-port, port: 25}",
		"restrict-anonymous": "{at: 0s, do: restrict-anonymous, ranges: [203.0.113.0/24]}",
		"block-source-ip":    "{at: 0s, do: block-source-ip, host: home}",
		"set-out-of-office":  "{at: 0s, do: set-out-of-office, user: dana, audience: internal}",
	} {
		if info, _ := Lookup(name); info.Example != want {
			t.Errorf("the example of %s is %s, want %s", name, info.Example, want)
		}
	}
}

// Whatever names mail servers takes an organisation that has some of its own.
func TestServersAreOnesOwn(t *testing.T) {
	for _, info := range All() {
		names := slices.ContainsFunc(info.Params, func(p Param) bool {
			return slices.Contains([]string{"cas", "store", "server", "exchange", "database"}, p.Kind)
		})
		if names && (len(info.Where) == 0 || info.Where.Has(CloudSite)) {
			t.Errorf("%s names servers, and can be carried out by everybody", info.Name)
		}
	}
}

// foreignToOpen are words and cmdlets of servers that a site with Samba, Dovecot
// and Postfix does not have.
var foreignToOpen = regexp.MustCompile(`\b(Exchange|IIS|RPC|CAS|MSExchange\w*|Entra|information store|restart-store)\b|\b(Get|Set|New|Remove|Stop|Start|Restart|Suspend|Resume|Enable|Disable|Clear|Unlock|Update|Export)-[A-Z]\w+`)

// Every site reads of a mitigation in the words of its own servers.
func TestWordsOfASite(t *testing.T) {
	others := 0
	for _, info := range All() {
		if info.Open != nil && !info.Where.Has(OpenSite) {
			t.Errorf("%s has words for a site that cannot carry it out", info.Name)
		}
		if at := info.At(ExchangeSite); at.Doc != info.Doc || at.Undo != info.Undo || !slices.Equal(at.Cmdlets, info.Cmdlets) {
			t.Errorf("%s is another one with Exchange", info.Name)
		}
		if !info.Where.Has(OpenSite) {
			continue
		}
		here := info.At(OpenSite)
		for _, text := range slices.Concat([]string{here.Title, here.Doc, here.SideEffects, here.Undo}, here.Cmdlets) {
			if word := foreignToOpen.FindString(text); word != "" {
				t.Errorf("%s says %q where there is no such thing: %s", info.Name, word, text)
			}
		}
		if here.Doc != info.Doc {
			others++
		}
	}
	if stop, _ := Lookup("stop-service"); others < 5 || !strings.Contains(stop.At(OpenSite).Doc, "Dovecot's list it has no port any more, and the sessions") {
		t.Errorf("%d mitigations with words of their own; stop-service: %s", others, stop.At(OpenSite).Doc)
	}
}
