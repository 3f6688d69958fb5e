package airsync

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for s, want := range map[string]Version{"2.5": V25, "12.0": V120, "12.1": V121, "14.0": V140, "14.1": V141, "16.1": V161} {
		got, err := ParseVersion(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "14", "14.", ".1", "14.10", "141.1", "+4.1", "14.x", "14.1 "} {
		if v, err := ParseVersion(s); err == nil {
			t.Errorf("%q is version %v", s, v)
		}
	}
}

func TestOptions(t *testing.T) {
	want := Options{Server: "14.3", Versions: []Version{20, 21, V25, V120, V121, V140, V141},
		Commands: []string{CmdSync, CmdSendMail, CmdFolderSync, CmdPing, CmdProvision}}
	h := http.Header{}
	want.Set(h)
	if got := h.Get(HeaderVersions); got != "2.0,2.1,2.5,12.0,12.1,14.0,14.1" {
		t.Errorf("versions %q", got)
	}
	got, err := ParseOptions(h)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}

	h.Set(HeaderVersions, " 12.1 , 14.1 ")
	if got, err = ParseOptions(h); err != nil || !reflect.DeepEqual(got.Versions, []Version{V121, V141}) {
		t.Errorf("with blanks: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "14.1,", "new"} {
		h.Set(HeaderVersions, bad)
		if got, err = ParseOptions(h); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func TestQuery(t *testing.T) {
	tests := map[string]struct {
		q    Query
		want string
	}{
		"plain":       {Query{Cmd: CmdSync, User: "dana", DeviceID: "ABC123", DeviceType: "SP"}, "Cmd=Sync&User=dana&DeviceId=ABC123&DeviceType=SP"},
		"domain user": {Query{Cmd: CmdPing, User: `CORP\dana`, DeviceID: "a1", DeviceType: "iPhone"}, "Cmd=Ping&User=CORP%5Cdana&DeviceId=a1&DeviceType=iPhone"},
		"copy":        {Query{Cmd: CmdSendMail, User: "dana@corp.example", DeviceID: "a1", DeviceType: "SP", SaveInSent: true}, "Cmd=SendMail&User=dana%40corp.example&DeviceId=a1&DeviceType=SP&SaveInSent=T"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.q.Encode(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got, err := ParseQuery(tt.want); err != nil || got != tt.q {
				t.Errorf("read as %+v, %v", got, err)
			}
		})
	}
	if got, err := ParseQuery("user=dana&cmd=Sync&deviceid=a&devicetype=b&other=c"); err != nil ||
		got != (Query{Cmd: "Sync", User: "dana", DeviceID: "a", DeviceType: "b"}) {
		t.Errorf("other case and order: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "Cmd=Sync", "Cmd=Sync&DeviceId=a", "DeviceId=a&DeviceType=b",
		"Cmd=Sync&DeviceId=a-b&DeviceType=c", "Cmd=Sync&DeviceId=" + strings.Repeat("a", 33) + "&DeviceType=c",
		"Cmd=%zz&DeviceId=a&DeviceType=b", "Cmd=Sync&DeviceId=a&DeviceType=b&x=" + strings.Repeat("y", maxQuery)} {
		if got, err := ParseQuery(bad); err == nil {
			t.Errorf("%.40q: %+v", bad, got)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add("Cmd=Sync&User=dana&DeviceId=ABC123&DeviceType=SP")
	f.Add("Cmd=SendMail&User=CORP%5Cdana&DeviceId=a&DeviceType=b&SaveInSent=T")
	f.Add("jAkEBwk=")
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := ParseQuery(raw)
		if err != nil {
			return
		}
		encoded := q.Encode()
		if len(encoded) > maxQuery {
			return // escaping can make a query longer
		}
		if again, err := ParseQuery(encoded); err != nil || again != q {
			t.Fatalf("%+v became %+v, %v", q, again, err)
		}
	})
}
