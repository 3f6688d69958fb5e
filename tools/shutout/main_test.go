package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"shutout": main, "shutout-killed": mainKilled})
}

// TestScripts plays the command lines in testdata.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: false})
}

func TestEveryCommandHasAnExample(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: newTerminal(&out), err: newTerminal(&out)}
	for _, c := range a.root().Commands() {
		if !strings.Contains(c.Example, "shutout "+c.Name()) || c.Short == "" {
			t.Errorf("%s has no example or no description", c.Name())
		}
	}
}

func TestNamesOfSeveralThings(t *testing.T) {
	all := []topic{{"path", "x", nil}, {"sop", "x", nil}, {"sop", "y", nil}}
	for name, want := range map[string]string{"path/x": "path/x", "sop/x": "sop/x", "y": "sop/y"} {
		if got, err := findTopic(all, name); err != nil || got.String() != want {
			t.Errorf("%s is %v, %v; want %s", name, got, err, want)
		}
	}
	_, err := findTopic(all, "x")
	if want := `"x" is the name of several things: shutout show path/x, shutout show sop/x`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestNoTwoTopicsHaveOneName(t *testing.T) {
	seen := map[string]bool{}
	for _, topic := range topics() {
		if seen[topic.String()] {
			t.Errorf("%s is there twice", topic)
		}
		seen[topic.String()] = true
		var out bytes.Buffer
		topic.show(newTerminal(&out))
		if !strings.HasPrefix(out.String(), topic.name) || strings.Count(out.String(), "\n") < 3 {
			t.Errorf("%s shows\n%s", topic, out.String())
		}
	}
}

func TestTerminal(t *testing.T) {
	var out bytes.Buffer
	term := &terminal{Writer: &out, Width: 20}
	term.table("  ", [][]string{{"a", "bé", "a long last column"}, {"long", "", "x"}})
	if got, want := out.String(), "  a     bé  a long …\n  long      x\n"; got != want {
		t.Errorf("table:\n%swant:\n%s", got, want)
	}
	out.Reset()
	term.hanging("- ", "  ", "one two three four five averyveryverylongwordindeed")
	if got, want := out.String(), "- one two three four\n  five\n  averyveryverylongwordindeed\n"; got != want {
		t.Errorf("text:\n%swant:\n%s", got, want)
	}
	out.Reset()
	term.Colour = true
	term.heading("title")
	if out.String() != "\x1b[1mtitle\x1b[0m\n" {
		t.Errorf("heading %q", out.String())
	}
}
