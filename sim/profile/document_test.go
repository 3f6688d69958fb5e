package profile

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"shutout/fixtures/profiles"
)

type mode string

func (mode) choices() []string { return []string{"a", "b"} }

// small is a struct for small data files.
type small struct {
	Group struct {
		Wait time.Duration `param:"group.wait"`
		Mode mode          `param:"group.mode"`
	}
}

const sound = `
profiles:
  - {name: old, title: Old, versions: the old one, source: [BUILDS]}
  - {name: new, title: New, versions: the new one, source: [BUILDS]}
parameters:
  - name: group.wait
    doc: How long.
    kind: duration
    min: 1s
    never: it does not end
    default: {value: 60s, source: [KERB-ST], confidence: D}
    overrides:
      - {for: [old], value: never, source: [KERB-ST], confidence: I}
  - name: group.mode
    doc: How.
    kind: choice
    choices: [a, b]
    default: {value: a, source: [KERB-ST], confidence: G}
`

func TestParseSound(t *testing.T) {
	doc, err := parse([]byte(sound), reflect.TypeFor[small]())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"old": "never", "new": "1m"} {
		if got := doc.byName["group.wait"].in(name).Text; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"    never: it", "    nevr: it", `unknown field "nevr"`},
		{"    min: 1s\n", "    min: 1s\n    min: 1s\n", `"min" already defined`},
		{"group.wait", "group.weight", `the field Group.Wait has no parameter "group.wait"`},
		{"group.wait", "group.weight", `group.weight has no field`},
		{"name: group.mode", "name: group.wait", `group.wait stands there twice`},
		{"name: new", "name: old", `profile "old" stands there twice`},
		{"title: New", "title: ''", `profile "new" needs a name, a title, versions and a source`},
		{"the new one, source: [BUILDS]", "the new one", `profile "new" needs a name, a title, versions and a source`},
		{"the new one, source: [BUILDS]", "the new one, source: [001#x]", `profile "new": 001_01342c1255a20eb5.txt has no statement "x"`},
		{"    doc: How.\n", "", `group.mode: needs a name and a doc`},
		{"kind: choice", "kind: choise", `group.mode: has the kind "choise"`},
		{"    min: 1s", "    choices: [a]", `group.wait: has the kind "duration", or choices`},
		{"choices: [a, b]", "choices: [a, c]", `group.mode: the field Group.Mode of type profile.mode does not hold one of a, c`},
		{"min: 1s", "min: soon", `group.wait: the bound "soon" is no duration`},
		{"min: 1s", "min: 2m", `group.wait: the value "60s" is not a duration in s, m, h or d, at least 2m`},
		{"value: a,", "value: c,", `group.mode: the value "c" is not one of a, b`},
		{"value: a, source: [KERB-ST]", "value: a", `group.mode: the value "a" has no source`},
		{"value: a, source: [KERB-ST]", "value: a, source: [KERB-SP]", `group.mode: unknown source "KERB-SP": did you mean KERB-ST`},
		{"confidence: G", "confidence: X", `group.mode: the value "a" has the confidence "X", not D, A, I or G`},
		{"for: [old]", "for: [older]", `group.wait: there is no profile "older"`},
		{"for: [old]", "for: []", `group.wait: the override "never" names no profile`},
		{"for: [old]", "for: [old, old]", `group.wait: two overrides name old`},
	} {
		text := strings.Replace(sound, c.old, c.new, 1)
		_, err := parse([]byte(text), reflect.TypeFor[small]())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s\n got %v\nwant %s", c.old, c.new, err, c.want)
		}
	}
}

// TestNewProfileIsData adds a version by text alone.
func TestNewProfileIsData(t *testing.T) {
	text := strings.Replace(string(profiles.Parameters), "\nparameters:\n", "  - {name: exnext, title: The next Exchange, versions: none yet, source: [GENERAL]}\n\nparameters:\n", 1)
	text = strings.Replace(text, "for: [ex2003, ex2010], value: server-keys", "for: [ex2003, ex2010, exnext], value: server-keys", 1)
	doc, err := parse([]byte(text), reflect.TypeFor[Params]())
	if err != nil {
		t.Fatal(err)
	}
	p, err := doc.load("exnext")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Params().OWA; got.CookieScope != ServerKeys || got.KeyGenerations != 3 {
		t.Errorf("exnext has %+v", got)
	}
}
