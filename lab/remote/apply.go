package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// made is a change that has been made, or begun.
type made struct {
	id       int // in the journal
	executor Executor
	change   *Change
}

// Apply carries out a mitigation: it is planned, written to the journal, done,
// and noted in the journal. Once begun it is not cut off by whoever is impatient:
// a server might still carry out what it was told after that was taken back.
func (l *Lab) Apply(ctx context.Context, a lab.Action) lab.Outcome {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.times.Step)
	defer cancel()
	if ctx.Err() != nil {
		return failed(errClosed)
	}
	change, ex, err := l.plan(limited, a)
	switch {
	case ctx.Err() != nil:
		return failed(errClosed)
	case errors.Is(err, lab.ErrNotAvailable):
		return lab.Outcome{Result: lab.NotApplicable, Detail: err.Error()}
	case err != nil:
		return failed(err)
	case l.journal == nil && !l.cfg.Own:
		return failed(errors.New("there is no journal to write the change to, so it was not made"))
	}
	m := made{executor: ex, change: change}
	if l.journal != nil {
		if m.id, err = l.journal.Intend(change); err != nil {
			return failed(fmt.Errorf("the journal could not be written, so the change was not made: %w", err))
		}
	}
	l.mu.Lock()
	l.made = append(l.made, m)
	l.mu.Unlock()
	detail, err := ex.Do(limited, change)
	if err != nil {
		out := failed(err)
		if l.journal != nil {
			if err := l.journal.Failed(m.id, err.Error()); err != nil {
				out.Detail += "; the journal could not be written: " + err.Error()
			}
		}
		return out
	}
	if l.journal != nil {
		if err := l.journal.Done(m.id, detail); err != nil {
			return failed(fmt.Errorf("%s; done, but the journal could not be written: %w", detail, err))
		}
	}
	return lab.Outcome{Result: lab.Done, Detail: detail}
}

func failed(err error) lab.Outcome { return lab.Outcome{Result: lab.Failed, Detail: err.Error()} }

// Plan tells what [Lab.Apply] would do, and touches nothing. The error wraps
// [lab.ErrNotAvailable] where the lab has no way.
func (l *Lab) Plan(ctx context.Context, a lab.Action) (*Change, error) {
	ctx, cancel := context.WithTimeout(ctx, l.times.Step)
	defer cancel()
	change, _, err := l.plan(ctx, a)
	return change, err
}

func (l *Lab) plan(ctx context.Context, a lab.Action) (*Change, Executor, error) {
	ex, ok := l.cfg.Executors[a.Name()]
	if !ok {
		return nil, nil, fmt.Errorf("%w: %s", lab.ErrNotAvailable, l.cfg.lacks(a.Name()))
	}
	o := Order{Action: a, Params: mitigation.Values(a)}
	if id := o.Params["user"]; id != "" {
		if o.Person = l.cast.People[id]; o.Person == nil {
			return nil, nil, fmt.Errorf("%w: nobody is called %q here", lab.ErrNotAvailable, id)
		}
		if !l.cfg.allowed(o.Person.Mail) {
			return nil, nil, fmt.Errorf("%s is not on the lab's allow-list", o.Person.Mail)
		}
	}
	change, err := ex.Plan(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	change.Mitigation = a.Name()
	return change, ex, nil
}

func (c *Config) lacks(mitigation string) string {
	switch {
	case c.Lacks[mitigation] != "":
		return c.Lacks[mitigation]
	case c.File != "":
		return "the lab file says under mitigations nothing of " + mitigation
	default:
		return "nothing here carries out " + mitigation
	}
}

// Restore takes back what was changed, the last change first, and also what was
// made by half. The error tells what is still changed.
func (l *Lab) Restore(ctx context.Context) error {
	l.mu.Lock()
	changes := l.made
	l.made = nil
	l.mu.Unlock()
	var faults []error
	for _, m := range slices.Backward(changes) {
		limited, cancel := context.WithTimeout(ctx, l.times.Step)
		_, err := TakeBack(limited, l.journal, m.id, m.executor, m.change)
		cancel()
		if _, ok := errors.AsType[*UnwrittenError](err); ok {
			faults = append(faults, fmt.Errorf("%s of %s: %w", m.change.Mitigation, m.change.Target, err))
		} else if err != nil {
			faults = append(faults, fmt.Errorf("%s of %s was not taken back: %w", m.change.Mitigation, m.change.Target, err))
		}
	}
	return errors.Join(faults...)
}

// TakeBack undoes a change and tells the journal, which may be nil, what became
// of it. The error says why it is still there, or is an *[UnwrittenError].
func TakeBack(ctx context.Context, j Journal, id int, ex Executor, c *Change) (detail string, err error) {
	switch {
	case c.Undo != "":
		detail, err = ex.Undo(ctx, c)
	case c.Lasting != "":
		err = errors.New(c.Lasting)
	default:
		detail = "nothing stayed behind"
	}
	if j == nil {
		return detail, err
	}
	if err != nil {
		return "", errors.Join(err, j.Stuck(id, err.Error()))
	}
	if err := j.Undone(id, detail); err != nil {
		return detail, &UnwrittenError{Detail: detail, Err: err}
	}
	return detail, nil
}

// UnwrittenError says that a change was taken back and the journal does not know
// it. It will be taken back once more, which does no harm.
type UnwrittenError struct {
	Detail string // what was observed
	Err    error
}

func (e *UnwrittenError) Error() string {
	return "taken back (" + e.Detail + "), but that was not written down: " + e.Err.Error()
}

func (e *UnwrittenError) Unwrap() error { return e.Err }

// Close cuts off what is in flight, takes back what was changed, and hangs up.
func (l *Lab) Close() error {
	l.mu.Lock()
	if l.closed {
		defer l.mu.Unlock()
		return l.restored
	}
	l.closed = true
	open := l.conns
	l.conns = map[net.Conn]struct{}{}
	l.mu.Unlock()
	l.clock.stop() // so that nobody takes what is hung up for an answer
	for c := range open {
		c.(*kept).Conn.Close()
	}
	l.clock.Close()
	err := l.Restore(context.Background())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.restored = err
	return err
}
