package journal

import (
	"context"
	"fmt"
	"time"

	"shutout/lab/remote"
)

// patience is how long one change may take to be undone: a server that restarts
// answers by then.
const patience = 2 * time.Minute

// A Reversal is what became of one change when it was to be undone.
type Reversal struct {
	Entry *Entry
	// Detail is what was done.
	Detail string
	// Err is why it could not be.
	Err error
}

// Revert undoes what the journal owes, the newest change first, and tells each.
// One that cannot be undone does not keep the others: who was cut off gets back
// what can be given. Executor returns the one that made a change.
//
// After a change that was stuck, what is older at the same target is undone once
// more: undone out of turn, it may have been overwritten.
func (j *File) Revert(ctx context.Context, executor func(*remote.Change) (remote.Executor, error), tell func(Reversal)) error {
	again := map[string]bool{}
	for _, e := range newestFirst(j.Content().Entries) {
		if !e.Owed() && !(e.State == Undone && again[e.Change.Target]) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		r := Reversal{Entry: e}
		if e.Change.Undo == "" { // nothing can be done about it
			if err := j.Left(e.ID, e.Change.Lasting); err != nil {
				return err
			}
			tell(r)
			continue
		}
		again[e.Change.Target] = true
		// Even where the journal cannot be written the rest is undone: once more
		// does no harm.
		r.Detail, r.Err = j.undo(ctx, executor, e)
		tell(r)
	}
	return j.Fault()
}

// undo takes one change back. Once begun it is not cut off by whoever is
// impatient.
func (j *File) undo(ctx context.Context, executor func(*remote.Change) (remote.Executor, error), e *Entry) (string, error) {
	ex, err := executor(e.Change)
	if err != nil {
		j.Stuck(e.ID, err.Error())
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	detail, err := remote.TakeBack(ctx, j, e.ID, ex, e.Change)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("no answer within %s: %w", patience, err)
	}
	return detail, err
}
