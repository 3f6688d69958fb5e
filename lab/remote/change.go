// Package remote is labs of real servers: what a file, or the package
// containers, says about their access paths, about the accounts that may be
// touched, and about how each mitigation is carried out and taken back.
package remote

import (
	"context"
	"encoding/json"

	"shutout/lab"
)

// A Change is one thing that is done to a real system, told so completely that
// another process can take it back after a crash. It holds no secret: a
// password is named by where it is kept.
type Change struct {
	Mitigation string `json:"mitigation"` // "disable-account"
	Executor   string `json:"executor"`   // "ldap", "command", "ssh", "doveadm", …
	Target     string `json:"target"`     // what is touched: "dana@corp.example at dc1"
	Do         string `json:"do"`         // in one line for people: "userAccountControl 512 -> 514"
	Undo       string `json:"undo"`       // likewise; empty: nothing stays behind that could be taken back
	// Lasting says why what is done cannot be taken back as it was; empty: it can.
	Lasting string `json:"lasting,omitempty"`
	// State is what the executor needs to carry the change out, and to undo it:
	// the values before and after, or the command lines.
	State json.RawMessage `json:"state,omitempty"`
}

// An Executor carries out changes of one kind. Whatever an executor is told to
// do again has the same effect as once: a journal may not know whether the
// first time was the last thing that happened.
type Executor interface {
	// Plan reads what is there now, touches nothing, and tells what would be
	// done. The error wraps [lab.ErrNotAvailable] where the lab has no way.
	Plan(ctx context.Context, o Order) (*Change, error)
	// Do carries a planned change out, and tells in one line what was observed.
	Do(ctx context.Context, c *Change) (detail string, err error)
	// Undo takes it back, also when Do was cut off half-way, and looks whether
	// that has worked.
	Undo(ctx context.Context, c *Change) (detail string, err error)
}

// An Order is a mitigation as it meets an executor.
type Order struct {
	Action lab.Action
	Person *lab.Person // whom it is about; nil: nobody
	// Params are the action's parameters as a file says them.
	Params map[string]string
}

// A Journal is told of every change before it is made, and of what became of
// it. Each method returns once the record is safe on disk.
type Journal interface {
	Intend(c *Change) (id int, err error)
	Done(id int, detail string) error
	// Failed tells that the change was not, or only half, made.
	Failed(id int, fault string) error
	Undone(id int, detail string) error
	// Stuck tells that the change could not be taken back.
	Stuck(id int, fault string) error
}
