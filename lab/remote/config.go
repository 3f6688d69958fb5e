package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"shutout/lab"
)

// Config describes a lab of real servers. [Load] reads it from a file; the
// package containers makes one for the servers that it has started.
type Config struct {
	Name    string // the word that reports use, and that a user confirms
	Domain  string // the organisation's mail domain
	Profile string // the simulated profile that is its twin; empty: none
	File    string // the file that it was read from; empty: a program made it

	// Canary is what must really be there before anything is touched.
	Canary Canary
	// Allow lists the addresses of the accounts that may be used and changed. A
	// lab that a program made for itself sets Own, and every account is its own.
	Allow []string
	Own   bool

	// Authority is the certificate, in PEM, that vouches for the servers of a lab
	// that a program made.
	Authority []byte

	// People are who plays whom of the cast, by the short names of case files.
	People map[string]*Person
	// Hosts are the ways out of this machine that stand for hosts of the cast.
	// A host that is not listed has none of its own.
	Hosts map[string]Way
	// Endpoints are where the access paths are.
	Endpoints map[lab.Path]lab.Endpoint
	// Inlet is where a message from outside is handed in, for [lab.Receive]; nil:
	// where smtp-anonymous is. InletFrom is its sender.
	Inlet     *lab.Endpoint
	InletFrom string

	// Directory is how the directory is reached; nil: not at all.
	Directory *Directory

	// Executors carry out mitigations, by name. What is not there is n/a, for the
	// reason that Lacks gives, if it gives one.
	Executors map[string]Executor
	Lacks     map[string]string

	Timeouts Timeouts

	// Dial, if set, connects in the place of Hosts: a lab whose addresses change
	// when a server is started again knows where it is now.
	Dial func(ctx context.Context, from, addr string) (net.Conn, error)
	// AutomaticReply and Whereabouts, if set, look into the servers as
	// [lab.ReplyWatcher] and [lab.MailTracker] do.
	AutomaticReply func(ctx context.Context, messageID string) (state string, made bool, err error)
	Whereabouts    func(ctx context.Context, subject string) (state string, arrived bool, err error)
}

// Person is who plays somebody of the cast: an account of the lab.
type Person struct {
	Mail string
	User string // the name to sign in with; empty: Mail
	// Password is the one that the account has, and NewPassword the one that
	// reset-password gives it.
	Password, NewPassword Secret
	Name                  string // empty: as in the cast
}

// Canary is a mailbox or a directory object that is in the lab and nowhere
// else. Who points Shutout at another organisation by mistake has none there.
type Canary struct {
	Mailbox  string // the address of a mailbox
	User     string // the name to sign in with; empty: Mailbox
	Password Secret
	Object   string // the distinguished name of an object of the directory
}

// Way is a way out of this machine.
type Way struct {
	Local net.IP // the address to call from; nil: any
	Socks string // the SOCKS5 proxy to call through, host and port; empty: none
}

// Timeouts are how long things may take. A zero one has its default.
type Timeouts struct {
	Dial     time.Duration // one connection
	Attempt  time.Duration // one attempt; then it is cut off, and its outcome unknown
	Delivery time.Duration // a message on its way into a mailbox
	Step     time.Duration // one change, and taking it back
	Watch    time.Duration // a sweep's wait for what leaves later
	// Settle is how long servers remember the sign-ins with which the lab was
	// looked over: a case that began before would meet what they remember.
	Settle time.Duration
}

// DefaultTimeouts stand where a lab says nothing else.
var DefaultTimeouts = Timeouts{
	Dial: 5 * time.Second, Attempt: 15 * time.Second, Delivery: 5 * time.Second,
	Step: time.Minute, Watch: 30 * time.Second,
}

// or fills in the defaults.
func (t Timeouts) or(d Timeouts) Timeouts {
	return Timeouts{
		cmp.Or(t.Dial, d.Dial), cmp.Or(t.Attempt, d.Attempt), cmp.Or(t.Delivery, d.Delivery),
		cmp.Or(t.Step, d.Step), cmp.Or(t.Watch, d.Watch), cmp.Or(t.Settle, d.Settle),
	}
}

// Secret is where a password is kept: in one of an environment variable, a
// file, or, where a program made the lab, its memory. Only its place may be
// written down.
type Secret struct {
	Env   string `yaml:"env" json:"env,omitempty"`
	File  string `yaml:"file" json:"file,omitempty"`
	Value string `yaml:"-" json:"-"`
}

// String tells where the secret is kept, and not what it is.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case s.Value != "":
		return "memory"
	default:
		return "nowhere"
	}
}

// GoString keeps the value out of a careless print.
func (s Secret) GoString() string { return "remote.Secret(" + s.String() + ")" }

// Given tells whether there is one.
func (s Secret) Given() bool { return s != Secret{} }

// maxSecret bounds a file with a password, in bytes.
const maxSecret = 4096

// readSmall reads a file that somebody named, if it is one and no larger than it
// may be.
func readSmall(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > most:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return os.ReadFile(path)
}

// Read returns the secret. A file has it on its first line.
func (s Secret) Read() (string, error) {
	switch {
	case s.Env != "":
		value, set := os.LookupEnv(s.Env)
		if !set || value == "" {
			return "", fmt.Errorf("the environment variable %s is not set: export it", s.Env)
		}
		return value, nil
	case s.File != "":
		content, err := readSmall(s.File, maxSecret)
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(string(content), "\n")
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			return "", fmt.Errorf("the first line of %s is empty", s.File)
		}
		return line, nil
	case s.Value != "":
		return s.Value, nil
	}
	return "", errors.New("no password is given")
}
