package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the commands of the README print into it")

// transcript is a block of the README that begins with a command line and holds
// what it prints.
var transcript = regexp.MustCompile("(?s)```\n\\$ bin/shutout ([^\n]*)\n(.*?)```\n")

// measured is what differs from one run to the next.
var measured = regexp.MustCompile(`in [0-9.]+s(, [0-9]+ times as fast)?|runs/[0-9]{8}-[0-9]{6}`)

// TestREADME plays the commands of the README and holds it to what they print.
func TestREADME(t *testing.T) {
	path, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // runs are kept where one is
	played := 0
	after := transcript.ReplaceAllStringFunc(string(before), func(block string) string {
		m := transcript.FindStringSubmatch(block)
		played++
		var out, faults bytes.Buffer
		if status := execute(context.Background(), strings.Fields(m[1]), &out, &faults); status == exitBad {
			t.Errorf("shutout %s: %s", m[1], faults.String())
		}
		if masked := func(s string) string { return measured.ReplaceAllString(s, "…") }; masked(out.String()) == masked(m[2]) {
			return block
		}
		if !*update {
			t.Errorf("shutout %s prints something else than the README says (go test ./tools/shutout -run README -update):\n%s", m[1], out.String())
		}
		return "```\n$ bin/shutout " + m[1] + "\n" + out.String() + "```\n"
	})
	if played < 5 {
		t.Errorf("found %d commands in the README", played)
	}
	if *update && after != string(before) {
		if err := os.WriteFile(path, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
