package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"shutout/lab/remote"
	"shutout/lab/remote/journal"
)

// fake undoes by noting it.
type fake struct {
	undone []string
	stuck  map[string]bool
}

func (f *fake) Plan(context.Context, remote.Order) (*remote.Change, error) { panic("not asked") }
func (f *fake) Do(context.Context, *remote.Change) (string, error)         { panic("not asked") }
func (f *fake) Undo(_ context.Context, c *remote.Change) (string, error) {
	if f.stuck[c.Target] {
		return "", errors.New("no answer")
	}
	f.undone = append(f.undone, c.Target+" "+c.Undo)
	return "seen " + c.Undo, nil
}

// revert opens the journal, reverts it and closes it again.
func (f *fake) revert(t *testing.T, path string) (told []string) {
	t.Helper()
	j, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f.undone = nil
	err = j.Revert(t.Context(), func(c *remote.Change) (remote.Executor, error) {
		if c.Executor != "fake" {
			return nil, fmt.Errorf("no %s here", c.Executor)
		}
		return f, nil
	}, func(r journal.Reversal) { told = append(told, fmt.Sprint(r.Entry.ID, " ", r.Detail, r.Err)) })
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	return told
}

func TestRevert(t *testing.T) {
	j := create(t, t.TempDir())
	for n, undo := range []string{"c -> a", "b -> c", "x -> y", ""} {
		c := change(1)
		c.Undo = undo
		switch n {
		case 2:
			c.Target, c.Executor = "object 2", "unknown"
		case 3:
			c.Target, c.Lasting = "object 3", "mail is gone"
		}
		j.Done(intend(t, j, c), "")
	}
	j.Close()
	f := &fake{stuck: map[string]bool{}}
	want := []string{"4 <nil>", "3 no unknown here", "2 seen b -> c<nil>", "1 seen c -> a<nil>"}
	if told := f.revert(t, j.Path()); !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	want = []string{"3 no unknown here"}
	if told := f.revert(t, j.Path()); !slices.Equal(told, want) || f.undone != nil {
		t.Errorf("the second time: %q, %q", told, f.undone)
	}
	if j, err := journal.Open(j.Path()); err != nil || j.Left(3, "by hand") != nil || j.Close() != nil {
		t.Error(err)
	}
	if _, err := os.Stat(j.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal that owes nothing is there: %v", err)
	}
}

// closing is an executor that undoes, after which the journal cannot be written.
type closing struct {
	fake
	j *journal.File
}

func (c *closing) Undo(ctx context.Context, ch *remote.Change) (string, error) {
	defer c.j.Close()
	return c.fake.Undo(ctx, ch)
}

// What is undone and cannot be written down is told, and undone once more the
// next time.
func TestRevertThatIsNotWrittenDown(t *testing.T) {
	j := create(t, t.TempDir())
	for n := range 2 {
		if err := j.Done(intend(t, j, change(n)), ""); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	j, err := journal.Open(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	ex := &closing{j: j}
	unwritten := 0
	err = j.Revert(t.Context(), func(*remote.Change) (remote.Executor, error) { return ex, nil }, func(r journal.Reversal) {
		if e, ok := errors.AsType[*remote.UnwrittenError](r.Err); ok && e.Detail == "seen off -> on" && strings.Contains(e.Error(), "the journal cannot be written") {
			unwritten++
		}
	})
	if err == nil || err != j.Fault() || unwritten != 2 || len(ex.undone) != 2 {
		t.Errorf("%v, %d told, undone %q", err, unwritten, ex.undone)
	}
	f := &fake{}
	if f.revert(t, j.Path()); !slices.Equal(f.undone, []string{"object 1 off -> on", "object 0 off -> on"}) {
		t.Errorf("the second time: %q", f.undone)
	}
	if _, err := os.Stat(j.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal that owes nothing is there: %v", err)
	}
}

// A change that was stuck when older ones at the same object were undone is
// undone later, and they once more after it: else its own earlier value would
// stay.
func TestRevertOutOfTurn(t *testing.T) {
	j := create(t, t.TempDir())
	for _, c := range []struct{ target, undo string }{{"a", "off -> on"}, {"b", "off -> on"}, {"a", "on -> off"}} {
		ch := change(1)
		ch.Target, ch.Undo = c.target, c.undo
		j.Done(intend(t, j, ch), "")
	}
	// The newest was stuck, the others were not.
	j.Stuck(3, "no answer")
	j.Undone(2, "")
	j.Undone(1, "")
	j.Close()
	f := &fake{}
	f.revert(t, j.Path())
	if want := []string{"a on -> off", "a off -> on"}; !slices.Equal(f.undone, want) {
		t.Errorf("undone %q, want %q", f.undone, want)
	}
}

// What was begun is finished when somebody loses patience, and no more is begun.
func TestRevertInterrupted(t *testing.T) {
	j := create(t, t.TempDir())
	defer j.Close()
	intend(t, j, change(1))
	intend(t, j, change(2))
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{}
	err := j.Revert(ctx, func(*remote.Change) (remote.Executor, error) { return f, nil }, func(journal.Reversal) { cancel() })
	if !errors.Is(err, context.Canceled) || !slices.Equal(f.undone, []string{"object 2 off -> on"}) || !slices.Equal(targets(j.Content().Owed()), []string{"object 1"}) {
		t.Errorf("%v, %q", err, f.undone)
	}
}
