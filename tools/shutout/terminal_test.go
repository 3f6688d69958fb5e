package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shutout/lab/diagnosis"
	"shutout/lab/remote"
	"shutout/lab/remote/journal"
)

// Nothing that a server says, or that stands in a journal, reaches the terminal
// as a command to it.
func TestForeignWordsDoNotSteerTheTerminal(t *testing.T) {
	const foreign = "no\x1b[2J\u202eway\x07"
	var b strings.Builder
	out := newTerminal(&b)
	o := &revertOptions{Stdout: out}
	o.head("x.journal", &journal.Content{Head: journal.Head{Lab: foreign, Begun: time.Now()}})
	c := &remote.Change{Mitigation: "disable-account", Target: foreign, Do: foreign, Undo: foreign, Lasting: foreign}
	o.tell(journal.Reversal{Entry: &journal.Entry{Change: c}, Err: errors.New(foreign)})
	tellChange(out, c)
	out.table("", [][]string{{foreign, foreign}})
	showDiagnosis(out, &diagnosed{Report: &diagnosis.Report{Findings: []diagnosis.Finding{{
		Class: diagnosis.OpenRelay, Who: []string{foreign},
		Evidence: []diagnosis.Evidence{{Kind: diagnosis.FromTracking, Text: foreign, Count: 1, Lines: []diagnosis.Sample{{Text: "a\t" + foreign}}}},
	}}}})
	if got := b.String(); strings.ContainsAny(got, "\x1b\x07\u202e") || strings.Count(got, "way") < 12 || !strings.Contains(got, "  a no\ufffd") {
		t.Errorf("%q", got)
	}
}
