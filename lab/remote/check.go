package remote

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/client"
)

// A Checker is an executor that can tell beforehand whether it will be able to
// do its work. It changes nothing.
type Checker interface {
	Check(ctx context.Context) error
}

// Check looks the lab over before anything is changed: whether the canary is
// there, whether everybody whom the case needs signs in over each path that they
// use, whether the directory knows them, and whether what carries mitigations out
// can be reached. The error tells everything that is wrong.
//
// Servers remember sign-ins, so at the end Check waits for as long as the lab
// says that they do.
func (l *Lab) Check(ctx context.Context, sc *lab.Scenario) error {
	if err := l.canary(ctx); err != nil {
		return fmt.Errorf("the canary of the lab %s is not there, so this may be another system: %w", l.cfg.Name, err)
	}
	if err := errors.Join(l.checkPaths(ctx, sc), l.checkDirectory(ctx, sc), l.checkExecutors(ctx)); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(l.times.Settle):
		return nil
	}
}

// canary looks for what the lab alone has.
func (l *Lab) canary(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.times.Step)
	defer cancel()
	c := l.cfg.Canary
	switch {
	case c.Object != "" && l.cfg.Directory == nil:
		return errors.New("there is no directory that it could be in")
	case c.Object != "":
		if err := l.cfg.Directory.Exists(ctx, c.Object); err != nil {
			return err
		}
	case c.Mailbox == "" && !l.cfg.Own:
		return errors.New("the lab names none")
	}
	if c.Mailbox == "" {
		return nil
	}
	for _, path := range []lab.Path{lab.IMAP, lab.POP3, lab.SMTPSubmission, lab.EWS, lab.ActiveSync, lab.OWA} {
		if _, ok := l.cfg.Endpoints[path]; !ok {
			continue
		}
		password, err := c.Password.Read()
		if err != nil {
			return fmt.Errorf("the password of %s: %w", c.Mailbox, err)
		}
		who := &lab.Person{ID: "canary", Mail: c.Mailbox, User: c.User, Password: password, Database: account}
		return l.signIn(ctx, who, c.Password, &lab.Activity{ID: "canary", Path: path})
	}
	return fmt.Errorf("no endpoint lets anybody sign in, so nobody can look for %s", c.Mailbox)
}

// signIn signs in once, as an activity does.
func (l *Lab) signIn(ctx context.Context, who *lab.Person, kept Secret, a *lab.Activity) error {
	ctx, cancel := context.WithTimeout(ctx, l.times.Attempt)
	defer cancel()
	ep, err := l.Endpoint(who, a.Path)
	if err != nil {
		return err
	}
	c, err := client.New(lab.Env{
		Endpoint: ep, Now: l.clock.Now, Domain: l.cfg.Domain, Activity: a,
		Dial:  func(ctx context.Context, addr string) (net.Conn, error) { return l.Dial(ctx, a.ID, a.From, addr) },
		Login: lab.Login{User: cmp.Or(who.User, who.Mail), Address: who.Mail, Passwords: []string{who.Password}, MailboxDN: who.MailboxDN},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.Do(ctx, lab.Task{Capability: lab.SignIn})
	f, ok := errors.AsType[*lab.Failure](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return fmt.Errorf("%s over %s: %w", who.ID, a.Path, err)
	}
	where := fmt.Sprintf("%s at %s", a.Path, ep.Addr)
	switch f.Stage {
	case "dial":
		return fmt.Errorf("%s cannot be reached: %s: correct the endpoint, or start the server", where, f.Text)
	case "tls":
		return fmt.Errorf("%s: no trust in the connection: %s: give the lab's authority as roots, the certificate's name as host, or another security", where, f.Text)
	case string(lab.SignIn):
		return fmt.Errorf("%s: %s (%s) does not sign in: %s: correct the password kept in %s", where, who.ID, cmp.Or(who.User, who.Mail), f.Text, kept)
	}
	return fmt.Errorf("%s: %s (%s): %w", where, who.ID, who.Mail, f)
}

// checkPaths signs in as everybody who acts in the case, over each path.
func (l *Lab) checkPaths(ctx context.Context, sc *lab.Scenario) error {
	type use struct {
		who  string
		path lab.Path
	}
	seen := map[use]bool{}
	var mu sync.Mutex
	var faults []error
	var all sync.WaitGroup
	for _, a := range slices.Concat(sc.Activities, sc.Controls) {
		who := l.cast.People[a.Who]
		_, offered := l.cfg.Endpoints[a.Path]
		if who == nil || !offered || seen[use{a.Who, a.Path}] {
			continue // what the lab lacks is n/a
		}
		seen[use{a.Who, a.Path}] = true
		all.Go(func() {
			var err error
			if a.Path == lab.SMTPAnonymous || a.Path == lab.SMTPDirect {
				err = l.greeted(ctx, a)
			} else if p := l.cfg.People[a.Who]; p != nil {
				as := *a
				as.ID = "check-" + a.ID
				err = l.signIn(ctx, who, p.Password, &as)
			}
			if err != nil && !errors.Is(err, lab.ErrNotAvailable) {
				mu.Lock()
				defer mu.Unlock()
				faults = append(faults, err)
			}
		})
	}
	all.Wait()
	slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	faults = slices.CompactFunc(faults, func(a, b error) bool { return a.Error() == b.Error() })
	return errors.Join(faults...)
}

// greeted tells whether a mail server answers to whoever does not sign in.
func (l *Lab) greeted(ctx context.Context, a *lab.Activity) error {
	ctx, cancel := context.WithTimeout(ctx, l.times.Attempt)
	defer cancel()
	ep := l.cfg.Endpoints[a.Path]
	conn, err := l.Dial(ctx, a.ID, a.From, ep.Addr)
	if err != nil {
		return fmt.Errorf("%s at %s cannot be reached: %w: correct the endpoint, or start the server", a.Path, ep.Addr, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if ep.Security == lab.Implicit {
		return nil
	}
	const most = 1 << 10
	line, err := bufio.NewReader(io.LimitReader(conn, most)).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "220") {
		return fmt.Errorf("%s at %s does not greet as a mail server does: %s", a.Path, ep.Addr, brief(line))
	}
	return nil
}

// checkDirectory looks for everybody of the case whom an SOP may be about.
func (l *Lab) checkDirectory(ctx context.Context, sc *lab.Scenario) error {
	used := slices.ContainsFunc(slices.Collect(maps.Values(l.cfg.Executors)), func(ex Executor) bool {
		_, ok := ex.(*LDAP)
		return ok
	})
	if l.cfg.Directory == nil || !used {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.times.Step)
	defer cancel()
	seen := map[string]bool{}
	for _, a := range slices.Concat(sc.Activities, sc.Controls) {
		if seen[a.Who] || l.cfg.People[a.Who] == nil {
			continue
		}
		seen[a.Who] = true
		if err := l.cfg.Directory.Knows(ctx, l.cast.People[a.Who]); err != nil {
			return err // the others would fail likewise
		}
	}
	return nil
}

// checkExecutors asks each executor once.
func (l *Lab) checkExecutors(ctx context.Context) error {
	var faults []error
	asked := map[*Doveadm]bool{}
	for _, name := range slices.Sorted(maps.Keys(l.cfg.Executors)) {
		ex := l.cfg.Executors[name]
		c, ok := ex.(Checker)
		if d, shared := ex.(*Doveadm); !ok || shared && asked[d] {
			continue
		} else if shared {
			asked[d] = true
		}
		limited, cancel := context.WithTimeout(ctx, l.times.Step)
		if err := c.Check(limited); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		cancel()
	}
	return errors.Join(faults...)
}
