package journal

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
)

// BusyError says that another process plays the lab, or another lab on one of
// its servers.
type BusyError struct {
	Lab    string
	Server string // the server that is taken; empty: the lab itself is
	Holder string // what the lock says of who has it
}

func (e *BusyError) Error() string {
	who := "another process"
	if e.Holder != "" {
		who = e.Holder
	}
	what := "the lab " + e.Lab + " is being played by "
	if e.Server != "" {
		what = "the server " + e.Server + " of the lab " + e.Lab + " is in use by "
	}
	return what + who + ": wait for it, or end it with Ctrl-C"
}

// locks are the locks that a journal holds.
type locks []*os.File

func (l locks) Close() (err error) {
	for _, f := range l {
		err = errors.Join(err, f.Close())
	}
	return err
}

const (
	lockName = "lock"
	// serversName is the folder with a lock for each server. No lab can be called
	// so.
	serversName = ".servers"
)

// acquire takes the lock of a lab's folder and those of its servers: two lab
// files may name the same server.
func acquire(folder, lab string, servers []string) (l locks, err error) {
	defer func() {
		if err != nil {
			l.Close()
			l = nil
		}
	}()
	f, err := lockFile(filepath.Join(folder, lockName), "")
	if err != nil {
		return l, busy(err, lab, "")
	}
	l = append(l, f)
	if len(servers) == 0 {
		return l, nil
	}
	root, err := Root()
	if err != nil {
		return l, err
	}
	at := filepath.Join(root, serversName)
	if err := makeFolder(at); err != nil {
		return l, fmt.Errorf("there is no place for the locks of servers: %w", err)
	}
	for _, s := range servers {
		f, err := lockFile(filepath.Join(at, url.QueryEscape(s)), lab)
		if err != nil {
			return l, busy(err, lab, s)
		}
		l = append(l, f)
	}
	return l, nil
}

// busy says what is taken.
func busy(err error, lab, server string) error {
	if b, ok := errors.AsType[*BusyError](err); ok {
		b.Lab, b.Server = lab, server
	}
	return err
}

// lockFile takes one lock. The system gives it free when the process ends,
// however it ends, so a lock that can be had is nobody's, whatever the file says.
func lockFile(path, lab string) (*os.File, error) {
	f, err := openLocked(path)
	if errors.Is(err, errBusy) {
		return nil, &BusyError{Holder: holder(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("the lock %s: %w", path, err)
	}
	// Who has it is for people only.
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "process %d\n", os.Getpid())
		if lab != "" {
			fmt.Fprintf(f, "lab %s\n", lab)
		}
	}
	return f, nil
}

var heldBy = regexp.MustCompile(`^(process [0-9]+)\n(?:lab ([A-Za-z0-9._-]+)\n)?$`)

func holder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 128))
	m := heldBy.FindSubmatch(text)
	switch {
	case m == nil:
		return ""
	case len(m[2]) == 0:
		return string(m[1])
	}
	return fmt.Sprintf("%s, which plays the lab %s", m[1], m[2])
}
