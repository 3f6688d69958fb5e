package strict

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Name string        `yaml:"name"`
	Wait time.Duration `yaml:"wait,omitempty"`
}

type sample struct {
	Word   string            `yaml:"word"`
	Count  int               `yaml:"count"`
	Yes    bool              `yaml:"yes"`
	Addr   netip.Addr        `yaml:"addr"`
	List   []string          `yaml:"list"`
	Inner  inner             `yaml:"inner"`
	Others []*inner          `yaml:"others"`
	Named  map[string]*inner `yaml:"named"`
	Plain  map[string]string `yaml:"plain"`
	Hidden string            `yaml:"-"`
	Untold string
}

func TestDecode(t *testing.T) {
	d := Parse("f.yaml", []byte(`
# a comment
word: "on"          # stays a word
count: 12
yes: true
addr: 203.0.113.9
list: [a, 'b: c', 3, null-ish, "${x}"]
inner: {name: in, wait: 1d12h}
others:
  - name: |
      two
      lines
  - {name: second, wait: -30m}
named:
  old: {wait: 5s}
  new: {name: n}
plain: {"quoted key": v, 7: seven}
`))
	s := sample{Named: map[string]*inner{"old": {Name: "kept"}}, Hidden: "h", Untold: "u"}
	d.Decode(d.Root, &s)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	want := sample{
		Word: "on", Count: 12, Yes: true, Addr: netip.MustParseAddr("203.0.113.9"),
		List:   []string{"a", "b: c", "3", "null-ish", "${x}"},
		Inner:  inner{"in", 36 * time.Hour},
		Others: []*inner{{Name: "two\nlines\n"}, {"second", -30 * time.Minute}},
		Named:  map[string]*inner{"old": {"kept", 5 * time.Second}, "new": {Name: "n"}},
		Plain:  map[string]string{"quoted key": "v", "7": "seven"},
		Hidden: "h", Untold: "u",
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

// Each file is wrong in the ways that are listed, in this order, and in no other.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"unknown key", "wrod: x\n", []string{`1:1: unknown key "wrod": did you mean word?`}},
		{"unknown key far off", "zzzzzzz: x\n", []string{`1:1: unknown key "zzzzzzz": expected one of word, count, yes`}},
		{"hidden keys are unknown", "Hidden: x\nUntold: y\n", []string{`1:1: unknown key "Hidden"`, `2:1: unknown key "Untold"`}},
		{"many at once", "count: many\nyes: maybe\naddr: here\nlist: a\ninner: [a]\nword: {a: b}\n", []string{
			`1:8: found "many", expected a whole number`,
			`2:6: found "maybe", expected true or false`,
			`3:7: found "here", expected an address such as`,
			`4:7: found "a", expected a list such as [a, b]`,
			`5:8: found a list, expected a mapping with keys such as name, wait`,
			`6:7: found a mapping with the key "a", expected a word or text`,
		}},
		{"no value", "word:\nlist: [a, ]\nothers:\n  -\n", []string{"1:1: word has no value", "4:"}},
		{"duplicate keys", "word: a\ninner: {name: x, name: y}\nword: b\n", []string{
			`2:18: "name" stands here twice; the first time in line 2`, `3:1: "word" stands here twice; the first time in line 1`}},
		{"others stay", "others: [{wait: x}]\n", []string{`1:17: "x" is no duration`}},
		{"bad duration", "inner: {wait: soon}\n", []string{`1:15: "soon" is no duration: expected a duration such as 30s, 15m, 2h, 2d or 1d12h`}},
		{"anchor and alias", "word: &a x\nlist: [*a]\n", []string{"1:7: anchors (&name) and aliases (*name)", "2:8: anchors (&name) and aliases (*name)"}},
		{"a file that holds itself", "&a {inner: *a}\n", []string{"1:1: anchors"}},
		{"merge key", "inner:\n  <<: {name: x}\n", []string{"2:3: merge keys (<<)"}},
		{"tag", "word: !!binary aGk=\n", []string{"1:7: tags (!name)"}},
		{"second document", "word: a\n---\nword: b\n", []string{"3:1: a second document begins here"}},
		{"list as key", "? [a]\n: b\n", []string{"2:1: this is not YAML: found an invalid key"}},
		{"anchor as key", "&a word: x\n", []string{"1:1: "}},
		{"syntax", "word: [a, b\ncount: 1\n", []string{"this is not YAML: "}},
		{"tabs", "inner:\n\tname: x\n", []string{"2:1: there is a tab here: indent with spaces"}},
		{"a tab first", "\tword: x\n", []string{"1:5: there is a tab here: indent with spaces"}},
		{"too long", "inner: {wait: 99999999h}\n", []string{`1:15: "99999999h" is too long: expected at most 744h (31d)`}},
		{"too long to be read", "inner: {wait: 99999999999999999999s}\n", []string{`1:15: "99999999999999999999s" is too long: expected at most 744h (31d)`}},
		{"not a mapping", "- a\n", []string{"1:1: found a list, expected a mapping"}},
		{"bytes", "word: \xff\n", []string{"1:7: this is not text in UTF-8"}},
		{"control character", "word: a\nlist: \x00\n", []string{"2:7: this is not text in UTF-8"}},
		{"deep flow", strings.Repeat("[", 60), []string{"1:51: lists and mappings are nested too deeply"}},
		{"deep block", strings.Repeat("- ", 60) + "a", []string{"1:101: lists and mappings are nested too deeply"}},
		{"too many tokens", strings.Repeat("a: b\n", 10_000), []string{"6667:4: the file has more than 20,000 words and signs"}},
		{"too large", "word: " + strings.Repeat("x", MaxBytes), []string{"1:1: the file is larger than 1 MiB"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Parse("f.yaml", []byte(tt.src))
			var s sample
			d.Decode(d.Root, &s)
			expect(t, d.Err(), tt.want)
		})
	}
}

func expect(t *testing.T, err error, want []string) {
	t.Helper()
	ps, ok := errors.AsType[Problems](err)
	if !ok {
		t.Fatalf("err = %v, want problems %q", err, want)
	}
	if len(ps) != len(want) {
		t.Errorf("%d problems, want %d:\n%v", len(ps), len(want), err)
	}
	for i := range min(len(ps), len(want)) {
		if got := strings.TrimPrefix(ps[i].Error(), "f.yaml:"); !strings.Contains(got, want[i]) {
			t.Errorf("problem %d is %q, want %q", i, got, want[i])
		}
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, src := range []string{"", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "   \t\n"} {
		d := Parse("f.yaml", []byte(src))
		if d.Root != nil && d.Root.Kind != Null {
			t.Errorf("%q gives %+v", src, d.Root)
		}
	}
}

func TestManyProblemsAreCut(t *testing.T) {
	var src strings.Builder
	for i := range 200 {
		fmt.Fprintf(&src, "unknown%d: x\n", i)
	}
	d := Parse("f.yaml", []byte(src.String()))
	var s sample
	d.Decode(d.Root, &s)
	ps, _ := errors.AsType[Problems](d.Err())
	if len(ps) != maxProblems || !strings.Contains(ps[maxProblems-1].Text, "151 more problems from here on") {
		t.Errorf("%d problems, the last: %v", len(ps), ps[len(ps)-1])
	}
}

func TestExpand(t *testing.T) {
	d := Parse("f.yaml", []byte("a: ${who}\nb: [x, 'hi ${who}!']\nc: ${what}\nd: ${who\n"))
	n := d.Expand(d.Root, map[string]string{"who": "dana"})
	if got := n.Get("a").Text + n.Find("b", 1).Text; got != "danahi dana!" {
		t.Errorf("expanded to %q", got)
	}
	if d.Root.Get("a").Text != "${who}" {
		t.Error("Expand changes its argument")
	}
	expect(t, d.Err(), []string{`3:4: unknown variable "${what}"`, `4:4: "${who" has a ${ without a }`})
}

func TestFindStopsAtTheNearest(t *testing.T) {
	d := Parse("f.yaml", []byte("a:\n  b: [x, y]\n"))
	for _, tt := range []struct {
		path      []any
		line, col int
	}{
		{nil, 1, 1}, {[]any{"z"}, 1, 1}, {[]any{"a", "z", "b"}, 2, 3}, {[]any{"a", "b", 1}, 2, 10}, {[]any{"a", "b", 7}, 2, 6},
	} {
		if n := d.Root.Find(tt.path...); n.Line != tt.line || n.Col != tt.col {
			t.Errorf("Find(%v) = %d:%d, want %d:%d", tt.path, n.Line, n.Col, tt.line, tt.col)
		}
	}
	if (*Node)(nil).Find("a", 1) != nil {
		t.Error("Find of nothing finds something")
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "30s": 30 * time.Second, "15m": 15 * time.Minute, "2h": 2 * time.Hour, "2d": 48 * time.Hour,
		"1d12h": 36 * time.Hour, "1h58m30s": 7110 * time.Second, "-30m": -30 * time.Minute, "90m": 90 * time.Minute,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "5", "m", "5 m", "5 minutes", "1.5h", "1h1h", "1m1h", "5ms", "+5m", "--5m", "1h ", "99999999999d",
		"106752d", "9223372036854775808s", "1e3s", "٣s"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"disable-account", "enable-account", "reset-iis", "reset-password", "owa", "imap", "pop3"}
	for found, want := range map[string]string{
		"disable-acount": "disable-account", "resetiis": "reset-iis", "Owa": "owa", "iamp": "imap", "pop": "pop3",
		"password": "reset-password", "quantum": "", "x": "", strings.Repeat("owa", 50): "",
	} {
		got := ""
		if near := Nearest(found, known); len(near) > 0 {
			got = near[0]
		}
		if got != want {
			t.Errorf("nearest to %q is %q, want %q", found, got, want)
		}
	}
}

// Whatever the file, Parse and Decode return, and what they say is fit to show.
func FuzzParse(f *testing.F) {
	for _, src := range []string{
		"word: x\ncount: 3\n", "inner: {name: a, wait: 5m}", "others: [{name: x}]", "a: &a [*a]", "<<: {a: b}", "? [a]\n: b",
		"!!str x", "%YAML 1.2\n---\na: b", "- - - a", "a: |\n  b\n c", "\xef\xbb\xbfa: b", "a: \"\\u0000\"", "{a: b", "a:\r\n  b: c\r\n",
		"- a: b\n  c: 'd\n  e'", "a: *", "a: !<", "--- >\n x\n...\n---\n", "\"a\": {\"b\": [1, 0x1F, .inf, ~, -.nan]}",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d := Parse("f.yaml", src)
		var s sample
		d.Decode(d.Root, &s)
		d.Expand(d.Root, map[string]string{"a": "b"})
		ps, _ := errors.AsType[Problems](d.Err())
		if len(ps) > maxProblems {
			t.Errorf("%d problems", len(ps))
		}
		for _, p := range ps {
			if p.Line < 1 || p.Col < 1 || p.Text == "" {
				t.Errorf("problem %+v", p)
			}
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1d12h", "-30m", "0", "5", "99999999999999999999s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err == nil && (d < 0) != (strings.HasPrefix(text, "-") && d != 0) {
			t.Errorf("%q is %v", text, d)
		}
	})
}

func TestIsID(t *testing.T) {
	for text, want := range map[string]bool{
		"a": true, "phone-keeps-syncing": true, "7": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "A": false, "a b": false, "a\n": false, "ä": false, strings.Repeat("a", 64): false,
	} {
		if IsID(text) != want {
			t.Errorf("%q is an id: %v", text, !want)
		}
	}
}
