package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
)

const minimal = `id: a-case
title: A case
activities:
  - {who: dana, from: home, path: owa, do: [read]}
controls:
  - {who: erin, from: desk, path: owa, do: [read]}
sop:
  - {do: disable-account, user: dana}
`

func TestDefaults(t *testing.T) {
	sc, err := Parse("case.yaml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	if sc.Profile != "ex2010" || sc.Within != 5*time.Minute || sc.Horizon != 24*time.Hour || sc.File != "case.yaml" {
		t.Errorf("defaults: %+v", sc)
	}
	a := sc.Activities[0]
	if a.ID != "dana-owa" || a.Role != lab.Threat || a.Every != 30*time.Second || a.Since != -30*time.Minute || a.To != "" || a.Size <= 1<<10 {
		t.Errorf("activity: %+v", a)
	}
	if sc.Controls[0].Role != lab.Control {
		t.Errorf("control: %+v", sc.Controls[0])
	}
	want := &mitigation.DisableAccount{User: "dana"}
	if got, ok := sc.SOP[0].Action.(*mitigation.DisableAccount); !ok || *got != *want || sc.SOP[0].At != 0 || sc.SOP[0].Line != 8 {
		t.Errorf("step: %+v", sc.SOP[0])
	}
	if sc.Cast.People["frank"].CAS != "cas2" || sc.Cast.People["dana"].ID != "dana" {
		t.Error("the default cast is not there")
	}
}

func TestEverythingThatACaseCanSay(t *testing.T) {
	sc, err := Parse("case.yaml", []byte(`
id: full
title: Everything
sources: [KB152526, 000#size-limit]
story: >
  One
  two.
profile: ex2016
set: {iis.token_ttl: 7m, iis.token_ttl_mode: absolute}
cast:
  people:
    gil: {name: Gil, mail: gil@corp.example, cas: cas9, database: db1}
    erin: {out_of_office: all}
  hosts:
    cas9: {addr: 10.0.1.29, zone: servers}
    train: {addr: 203.0.113.200, zone: internet, roaming: true}
  domains: {slow.example: dead}
  organisation:
    sites:
      - {name: HQ, dcs: [dc1], cas: [cas1, cas2, cas9], stores: [mbx1, mbx2]}
activities:
  - id: phone
    who: gil
    from: train
    path: activesync
    do: [sign-in, read, receive, send]
    every: 90s
    since: -1d
    to: someone@slow.example
    size: 20KB
    client: {reconnect: every 10m, passwords: [own, new]}
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [reply], to: erin, sender: "f{n}@d{n}.slow.example"}
controls:
  - {who: erin, from: desk, path: owa, do: [send], client: {reconnect: never}}
sop:
  - {at: 2h, do: reset-iis, servers: [cas9], noforce: true}
  - {at: 0s, do: expire-account, user: "${leaver}", after: 1h30m}
within: 3h
horizon: 2d
expect:
  phone: {read: late, send: open}
`))
	if err != nil {
		t.Fatal(err)
	}
	p := sc.Activities[0]
	if p.Every != 90*time.Second || p.Since != -24*time.Hour || p.To != "someone@slow.example" || p.Size != 20<<10 ||
		p.Client.Reconnect != "every" || p.Client.Every != 10*time.Minute || !slices.Equal(p.Client.Passwords, []string{"own", "new"}) {
		t.Errorf("phone: %+v", p)
	}
	if s := sc.Activities[1]; s.Sender != "f{n}@d{n}.slow.example" || s.To != "erin" {
		t.Errorf("spam: %+v", s)
	}
	if c := sc.Controls[0]; c.To != "olga" || c.Client.Reconnect != "never" {
		t.Errorf("control: %+v", c)
	}
	if !slices.Equal(sc.Set, []string{"iis.token_ttl=7m", "iis.token_ttl_mode=absolute"}) || sc.Story != "One two." || len(sc.Sources) != 2 {
		t.Errorf("%+v", sc)
	}
	if len(sc.SOP) != 2 || sc.SOP[0].At != 0 || sc.SOP[1].At != 2*time.Hour {
		t.Fatalf("the steps are not in the order of their times: %+v", sc.SOP)
	}
	if e := sc.SOP[0].Action.(*mitigation.ExpireAccount); e.User != "gil" || e.After != 90*time.Minute {
		t.Errorf("${leaver} became %+v", e)
	}
	if r := sc.SOP[1].Action.(*mitigation.ResetIIS); !r.NoForce || !slices.Equal(r.Servers, []string{"cas9"}) {
		t.Errorf("%+v", r)
	}
	erin := sc.Cast.People["erin"]
	if erin.OutOfOffice != "all" || erin.Mail != "erin@corp.example" || erin.Database != "db1" {
		t.Errorf("a part of erin was replaced and the rest with it: %+v", erin)
	}
	if len(sc.Cast.Organisation.Sites) != 1 || len(sc.Cast.Organisation.Database) != 3 || sc.Cast.Domains["dead.example"] != lab.DeadDomain {
		t.Errorf("%+v", sc.Cast)
	}
	if sc.Expect["phone"][lab.Read] != lab.Late {
		t.Errorf("%+v", sc.Expect)
	}
	if h := sc.Cast.Hosts["train"]; h.ID != "train" || !h.Roaming {
		t.Errorf("%+v", h)
	}
}

func TestTheLastAttemptMayBeAtTheHorizon(t *testing.T) {
	src := edit("do: [read]}\nc", "do: [read], every: 2h, since: -30m}\nc", "sop:", "horizon: 90m\nsop:")
	sc, err := Parse("case.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if err := SetTimes(sc, -1, 89*time.Minute); err == nil || !strings.Contains(err.Error(), "dana-owa: with every 2h from -30m on, no attempt falls") {
		t.Errorf("a horizon before the first attempt: %v", err)
	}
}

func TestATitleIsOneLine(t *testing.T) {
	sc, err := Parse("case.yaml", []byte("\ufeff"+edit("title: A case", `title: "A\n case"`))) // begun with a byte order mark
	if err != nil || sc.Title != "A case" {
		t.Errorf("%+v, %v", sc, err)
	}
}

// edit replaces a part of the minimal case.
func edit(pairs ...string) string {
	s := minimal
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(s, pairs[i]) {
			panic("no " + pairs[i])
		}
		s = strings.Replace(s, pairs[i], pairs[i+1], 1)
	}
	return s
}

// Each case is wrong in the ways that are listed, and in no other.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"empty", "", []string{"1:1: the file is empty: a case begins with id: and title:"}},
		{"result", `{"schema": 1, "tool": {}, "runs": []}`, []string{"1:1: this is a result document, not a case: shutout report shows it"}},
		{"only a comment", "# nothing\n", []string{"1:1: the file is empty"}},
		{"null", "~\n", []string{"1:1: the file is empty"}},
		{"a list", "- a\n", []string{"1:1: found a list, expected a mapping with keys such as cast, sop, id"}},
		{"an SOP", "id: x\ntitle: y\nsop: []\n", []string{"1:1: this is an SOP, not a case: give it to --sop"}},
		{"nothing but a name", "id: x\n", []string{
			"1:1: title is missing", "1:1: there are no activities", "1:1: there are no controls", "1:1: there is no sop"}},
		{"bad id", edit("a-case", "A Case"), []string{`1:5: "A Case" is no id`}},
		{"cyclic", edit("sop:\n", "sop: &s [*s]\nx:\n"), []string{
			"7:6: anchors (&name)", `8:1: unknown key "x"`}},
		{"unknown sources", edit("sop:\n", "sources: [KB152526, KB3035229, 001#reset-forcd, our own article, an-article, 000, 000_aa5026bcf9d1a159.txt]\nsop:\n"), []string{
			`7:21: unknown source "KB3035229": did you mean KB3035228`, `7:32: 001_01342c1255a20eb5.txt has no statement "reset-forcd": did you mean reset-forced`,
			`7:66: unknown source "an-article" (shutout list sources; a text of your own by its title)`, `7:83: 000_aa5026bcf9d1a159.txt is cited twice`}},
		{"unknown keys", edit("title", "titel", "who: dana", "whom: dana", "do: disable-account, user", "do: disable-account, usr"), []string{
			"1:1: title is missing", `2:1: unknown key "titel": did you mean title?`,
			`4:5: who is missing: for example who: dana`, `4:6: unknown key "whom": did you mean who?`,
			`8:5: disable-account needs user: whose account (person with a mailbox; shutout show disable-account)`,
			`8:27: unknown key "usr": did you mean user?`}},
		{"unknown profile", edit("sop:", "profile: ex2012\nsop:"), []string{`7:10: unknown profile "ex2012": did you mean ex2010`}},
		{"unknown parameter", edit("sop:", "set: {iis.token_tll: 5m, iis.token_ttl: soon, iis.token_ttl_mode: }\nsop:"), []string{
			`7:22: unknown parameter "iis.token_tll"; the nearest`, `7:41: `, `7:47: "iis.token_ttl_mode" has no value`}},
		{"set is a list", edit("sop:", "set: [a=b]\nsop:"), []string{"7:6: set takes a mapping"}},
		{"unknown person and host", edit("who: dana", "who: dan", "from: home", "from: hone"), []string{
			`4:11: there is no person "dan": did you mean dana?`, `4:22: there is no host "hone": did you mean home`}},
		{"unknown user of a step", edit("user: dana", "user: dan"), []string{`8:33: disable-account: user "dan" is not a person with a mailbox of this cast: did you mean dana? Known are dana, erin, frank, postmaster`}},
		{"unknown mitigation", edit("disable-account", "disable-acount"), []string{`8:10: unknown mitigation "disable-acount": did you mean disable-account or enable-account? (shutout list mitigations)`}},
		{"no mitigation", edit("do: disable-account, ", ""), []string{"8:5: do is missing: name a mitigation"}},
		{"step is a word", edit("{do: disable-account, user: dana}", "disable-account"), []string{"8:5: a step is a mapping"}},
		{"steps are a mapping", edit("  - {do: disable-account, user: dana}", "  do: disable-account"), []string{"8:3: sop takes a list of steps"}},
		{"no steps", edit("  - {do: disable-account, user: dana}", "  []"), []string{"8:3: there is no sop"}},
		{"unknown path", edit("path: owa, do: [read]}\nc", "path: own, do: [read]}\nc"), []string{`4:35: unknown access path "own": did you mean owa`}},
		{"path cannot do it", edit("path: owa, do: [read]}\nc", "path: imap, do: [read, send]}\nc"), []string{
			"4:52: imap cannot send: it can sign-in, read, receive (shutout show imap)"}},
		{"unknown capability, twice, nothing", edit("[read]}\nc", "[reed, read, read]}\nc", "do: [read]}\nsop", "do: []}\nsop"), []string{
			`4:45: unknown capability "reed": did you mean read?`, "4:57: read stands in do twice", "6:44: do is empty"}},
		{"outsider on owa", edit("who: dana", "who: olga"), []string{"4:11: olga has no mailbox here, and owa needs one"}},
		{"times", edit("do: [read]}\nc", "do: [read], every: 0s, since: 10m}\nc", "sop:", "within: 2d\nhorizon: soon\nsop:"), []string{
			"4:59: every is 0s: expected at least 1s", "4:70: since is 10m: expected a time before the order such as -30m",
			"7:9: within (48h) is longer than the horizon (24h)", `8:10: "soon" is no duration`}},
		{"negative times", edit("{do:", "{at: -40d, do:", "sop:", "within: -1m\nhorizon: -1h\nsop:", "do: [read]}\nc", "do: [read], every: -1s}\nc"), []string{
			"4:59: every is -1s", "7:9: within is negative", "8:10: horizon is -1h", "10:10: at is too long before the order"}},
		{"no attempt after the order", edit("do: [read]}\nc", "do: [read], every: 2d}\nc", "do: [read]}\nsop", "do: [read], every: 25h, since: -30m}\nsop"), []string{
			"4:59: with every 48h from -30m on, no attempt falls between the order and the horizon of 24h: nothing could be seen",
			"6:59: with every 25h from -30m on, no attempt"}},
		{"characters that steer a terminal", edit("title: A case", `title: "a \e[31mred \u202e case"`, "id: a-case", `id: "a\x9bcase"`), []string{
			"1:5: the text holds the control character U+009B: leave it out", "2:8: the text holds the control character U+001B: leave it out"}},
		{"step after the horizon", edit("{do:", "{at: 1d1s, do:"), []string{"8:10: the step disable-account at 24h0m1s lies after the horizon of 24h: it would never be carried out"}},
		{"parameters of a step", edit("disable-account, user: dana", "reset-password, user: dana, times: 3, dc: cas1"), []string{
			`8:45: reset-password: times "3" is out of range`, `8:52: reset-password: dc "cas1" is not a domain controller`}},
		{"unreadable parameters", edit("disable-account, user: dana", "limit-message-size, user: dana, size: small, direction: up"), []string{
			`8:48: "small" cannot be read: expected a size such as 512B`, `8:66: limit-message-size: direction "up" is not known`}},
		{"duplicate ids", edit("controls:\n", "  - {who: dana, from: phone, path: owa, do: [read]}\ncontrols:\n"), []string{`5:5: there is an activity "dana-owa" already`}},
		{"duplicate keys", edit("sop:", "title: B\nsop:"), []string{`7:1: "title" stands here twice; the first time in line 2`}},
		{"anonymous", edit("who: dana, from: home, path: owa, do: [read]}\nc", "who: spammer, from: bot, path: smtp-anonymous, do: [reply], sender: nobody}\nc"), []string{
			"4:5: to is missing", `4:74: "nobody" is no mail address`}},
		{"reply from outside", edit("who: dana, from: home, path: owa, do: [read]}\nc", "who: spammer, from: bot, path: smtp-anonymous, do: [reply], to: olga}\nc"), []string{
			`4:70: "olga" has no mailbox here that could reply`}},
		{"sender on owa", edit("do: [read]}\nc", "do: [read, send], sender: a@b.example, to: 'no body'}\nc"), []string{
			"4:66: sender can be chosen on smtp-anonymous and smtp-direct only", `4:83: "no body" is neither a person nor a mail address`}},
		{"client", edit("do: [read]}\nc", "do: [read], client: {reconnect: every now, passwords: [old], keep: true}}\nc"), []string{
			`4:72: "every now" is no way to reconnect`, `4:95: "old" is no password`, `4:101: unknown key "keep"`}},
		{"a script in a browser", edit("do: [read]}\nc", "do: [read], client: {script: true}}\nc"), []string{
			`4:69: a script can drive Outlook on outlook-rpc, outlook-anywhere, mapi-http only`}},
		{"consent to nothing", edit("do: [read]}\nc", "do: [read], client: {consent: true}}\nc"), []string{
			`4:70: consent is about a script that drives Outlook`}},
		{"a word list in a browser", edit("do: [read]}\nc", "do: [read], client: {wordlist: 10}}\nc"), []string{
			`4:71: wordlist is about passwords that are tried on smtp-submission`}},
		{"a word list of nothing", edit("path: owa, do: [read]}\nc", "path: smtp-submission, do: [send], client: {wordlist: 0}}\nc"), []string{
			`4:83: wordlist is 0: expected a whole number from 1 to 1000`}},
		{"guesses without a harvest", edit("do: [read]}\nc", "do: [read], client: {guesses: 10}}\nc"), []string{
			`4:70: guesses is about addresses that are asked for: say do: [harvest]`}},
		{"a harvest outside", edit("who: dana, from: home, path: owa, do: [read]}\nc", "who: spammer, from: bot, path: smtp-anonymous, do: [harvest], to: olga, client: {guesses: 101}}\nc"), []string{
			`4:72: "olga" has no mailbox here`, `4:96: guesses is 101: expected a whole number from 1 to 100`}},
		{"expectations", edit("sop:", "expect:\n  dana-ova: {read: open}\n  dana-owa: {send: open, read: opened}\n  erin-owa: {read: ended}\nsop:"), []string{
			`8:13: there is no activity "dana-ova": did you mean dana-owa`,
			`9:20: dana-owa does not do "send": expected read`, `9:32: "opened" is no verdict of a threat: did you mean open`,
			`10:20: "ended" is no verdict of a control: expected one of kept, lost, n/a`}},
		{"expectations on other profiles", edit("sop:", "expect-on:\n  ex2010: {dana-owa: {read: open}}\n  ex2011: {dana-ova: {read: open}}\nsop:"), []string{
			`8:11: ex2010 is the case's own profile`, `9:11: unknown profile "ex2011": did you mean`, `9:22: there is no activity "dana-ova"`}},
		{"ways to sign in", edit("do: [read]}\nc", "do: [read], client: {auth: ntlm}}\nc"), []string{`4:67: owa has one way to sign in: leave auth out`}},
		{"a way to sign in that the path lacks", edit("path: owa, do: [read]}\nc", "path: outlook-rpc, do: [read], client: {auth: basic}}\nc"), []string{
			`4:75: outlook-rpc cannot sign in with "basic"`}},
		{"cast", edit("sop:", `cast:
  people:
    gil: {mail: gil@corp.example, database: db7, cas: cas7}
    dana: {shoe_size: 7}
  hosts: {train: {addr: 203.0.113.10, zone: sea}, dc1: {addr: nowhere}}
  domains: {a b: good, c.example: asleep}
sop:`), []string{
			`9:45: the mailbox of gil is in "db7", which is no database of this cast: did you mean db1`,
			`9:55: gil comes in through "cas7"`,
			`10:12: unknown key "shoe_size"`,
			`11:25: the hosts home and train have one address`, `11:45: the host train needs a zone`, `11:63: found "nowhere", expected an address`,
			`12:18: "a b" is no domain`, `12:35: the domain c.example answers "asleep"`}},
		{"cast that loses its servers", edit("sop:", "cast:\n  organisation: {sites: [{name: HQ, dcs: [dc1], cas: [cas1], stores: [mbx9]}]}\nsop:"), []string{
			`8:3: frank comes in through "cas2", which is no client access server of this cast: did you mean cas1?`,
			`8:3: postmaster comes in`, `8:17: the database db1 stands on "mbx1"`, `8:17: the database db2`, `8:17: the database disabled-users`,
			`8:71: the host "mbx9" does not exist: did you mean mbx1 or mbx2?`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sc, err := Parse("case.yaml", []byte(tt.src))
			if sc != nil {
				t.Error("a faulty case is returned")
			}
			expectProblems(t, err, tt.want)
		})
	}
}

func expectProblems(t *testing.T, err error, want []string) {
	t.Helper()
	ps, ok := errors.AsType[strict.Problems](err)
	if !ok {
		t.Fatalf("err = %v, want problems %q", err, want)
	}
	if len(ps) != len(want) {
		t.Errorf("%d problems, want %d:\n%v", len(ps), len(want), err)
	}
	for i := range min(len(ps), len(want)) {
		if got := strings.TrimPrefix(ps[i].Error(), "case.yaml:"); !strings.HasPrefix(got, want[i]) {
			t.Errorf("problem %d is %q, want %q", i, got, want[i])
		}
	}
}

func TestLoadFiles(t *testing.T) {
	dir := t.TempDir()
	good, big := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "big.yaml")
	for path, text := range map[string]string{good: minimal, big: strings.Repeat("#\n", strict.MaxBytes)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if sc, err := Load(good); err != nil || sc.ID != "a-case" {
		t.Errorf("%v, %v", sc, err)
	}
	for path, want := range map[string]string{
		big: "big.yaml:1:1: the file is larger than 1 MiB", dir: "this is a folder", filepath.Join(dir, "no"): "there is no such file",
	} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%s): %v, want %q", path, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	for _, name := range []string{"spam-to-ooo-user.yaml", "only-cas-down.yaml", "anonymous-internal-send.yaml"} {
		src, err := files.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(edit("dana}\n", "\"${leaver}\"}\n")))
	f.Add([]byte("cast: {people: {x: {mail: 1}}, hosts: {}, organisation: {sites: [{}]}}\nsop: [{do: reset-iis, servers: [x]}]\nexpect: {a: {b: c}}\nset: {a: b}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		sc, err := Parse("case.yaml", src)
		if (sc == nil) == (err == nil) {
			t.Fatalf("scenario %v and error %v", sc, err)
		}
		if _, ok := errors.AsType[strict.Problems](err); err != nil && !ok {
			t.Errorf("%T: %v", err, err)
		}
		if sc == nil {
			return
		}
		for _, step := range sc.SOP {
			if err := step.Action.Validate(sc.Cast); err != nil || step.At < 0 || step.At > sc.Horizon {
				t.Errorf("step %+v: %v", step, err)
			}
		}
		for _, a := range everybody(sc) {
			if a.Every < time.Second || a.Since >= 0 || len(a.Do) == 0 || sc.Cast.People[a.Who] == nil || sc.Cast.Hosts[a.From] == nil {
				t.Errorf("activity %+v", a)
			}
		}
	})
}
