package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"shutout/lab/remote"
	"shutout/lab/remote/journal"
)

// A run whose journal does not know what was taken back says so.
func TestRunWithAJournalThatCannotBeWritten(t *testing.T) {
	j, err := journal.Create(t.TempDir(), journal.Head{Lab: "our-lab", File: filepath.Join(t.TempDir(), "lab.yaml"), Tool: "test"})
	if err != nil {
		t.Fatal(err)
	}
	v := &fileVenue{cfg: &remote.Config{Name: "our-lab"}, journal: j}
	id, err := j.Intend(&remote.Change{Mitigation: "disable-account", Executor: "ldap", Target: "dana", Do: "on -> off", Undo: "off -> on"})
	if err != nil {
		t.Fatal(err)
	}
	j.Close() // so that nothing more can be written
	if err := j.Undone(id, "again on"); err == nil {
		t.Fatal("a closed journal was written")
	}
	err = v.putBack()
	if _, ok := errors.AsType[errNotPutBack](err); !ok || !strings.Contains(err.Error(), "the journal cannot be written: ") ||
		!strings.Contains(err.Error(), "does not tell what has been taken back") || !strings.HasSuffix(err.Error(), "shutout revert our-lab tries it again") {
		t.Errorf("%v", err)
	}
}
