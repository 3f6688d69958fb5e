package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shutout/lab/remote/journal"
)

// Two lab files that name the same server are not played at one time, and what
// one of them has left is taken back first.
func TestOneProcessOnAServer(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	begin := func(lab string, servers ...string) (*journal.File, error) {
		folder, err := journal.Folder(lab)
		if err != nil {
			t.Fatal(err)
		}
		return journal.Create(folder, journal.Head{Lab: lab, File: filepath.Join(t.TempDir(), "lab.yaml"), Tool: "test", Servers: servers})
	}
	first, err := begin("first", "dc1.our.example:636", "mail.our.example:993")
	if err != nil {
		t.Fatal(err)
	}
	left := change(1)
	intend(t, first, left)
	want := fmt.Sprintf("the server mail.our.example:993 of the lab second is in use by process %d, which plays the lab first: wait for it, or end it with Ctrl-C", os.Getpid())
	if _, err := begin("second", "dc2.our.example:636", "mail.our.example:993"); err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	// What was refused holds nothing.
	other, err := begin("third", "dc2.our.example:636", "mail.our.example:143")
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	if err := first.Close(); err != nil { // its change is still owed
		t.Fatal(err)
	}
	_, err = begin("second", "mail.our.example:993")
	if left, ok := errors.AsType[*journal.UnfinishedError](err); !ok || left.Lab != "first" {
		t.Errorf("on what the first has left: %v", err)
	}
	first, err = journal.Open(first.Path()) // to take it back
	if err != nil {
		t.Fatal(err)
	}
	_, err = begin("second", "mail.our.example:993")
	if busy, ok := errors.AsType[*journal.BusyError](err); !ok || busy.Server != "mail.our.example:993" {
		t.Errorf("while the first is taken back: %v", err)
	}
	if err := errors.Join(first.Undone(1, ""), first.Close()); err != nil {
		t.Fatal(err)
	}
	second, err := begin("second", "mail.our.example:993")
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
	if labs := journal.Labs(); len(labs) != 3 {
		t.Errorf("%q", labs)
	}
}
