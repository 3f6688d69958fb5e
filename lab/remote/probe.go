package remote

import (
	"context"
	"fmt"

	"shutout/lab"
)

// Canary looks for what the lab alone has. The error says why this may be
// another system.
func (l *Lab) Canary(ctx context.Context) error { return l.canary(ctx) }

// SignIn signs one of the lab's people in once over a path.
func (l *Lab) SignIn(ctx context.Context, id string, path lab.Path) error {
	who, p := l.cast.People[id], l.cfg.People[id]
	if who == nil || p == nil {
		return fmt.Errorf("%w: nobody plays %s here", lab.ErrNotAvailable, id)
	}
	return l.signIn(ctx, who, p.Password, &lab.Activity{ID: "probe-" + id, Who: id, Path: path})
}

// Greeted tells whether somebody answers on a path that nobody signs in to.
func (l *Lab) Greeted(ctx context.Context, path lab.Path) error {
	return l.greeted(ctx, &lab.Activity{ID: "probe", Path: path})
}

// Executors tells whether what carries mitigations out can be reached.
func (l *Lab) Executors(ctx context.Context) error { return l.checkExecutors(ctx) }
