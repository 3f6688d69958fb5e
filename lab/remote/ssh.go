package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSH runs programs on another machine.
type SSH struct {
	Addr       string // host and port
	User       string
	Key        string // the file of a private key; empty: the agent's
	Agent      bool   // the keys of the ssh-agent at SSH_AUTH_SOCK
	KnownHosts string // the file with the machine's own key
}

func (*SSH) Kind() string    { return "ssh" }
func (s *SSH) Where() string { return s.User + "@" + strings.TrimSuffix(s.Addr, ":22") }

// Run runs a program. The shell at the far end gets each argument in quotes, so
// that it takes it as it is. Values that a local program finds in its
// environment stand before it as assignments. What has had its time is ended
// there too, see [SSH.end].
func (s *SSH) Run(ctx context.Context, p Program) (string, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return "", err
	}
	defer c.Close()
	hangUp := context.AfterFunc(ctx, func() { c.Close() })
	defer hangUp()
	session, err := c.NewSession()
	if err != nil {
		return "", fmt.Errorf("%s opens no session: %w", s.Where(), err)
	}
	defer session.Close()
	var out, errs bounded
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(p.Stdin), &out, &errs
	var words []string
	for _, a := range p.Argv {
		words = append(words, quoted(a))
	}
	if slices.Contains(shells, path.Base(p.Argv[0])) {
		words = append(assignments(p.Env), words...)
	}
	err = session.Start(strings.Join(words, " "))
	if err == nil && hangUp() {
		err = s.wait(ctx, c, session)
	}
	if err != nil {
		if exit, ok := errors.AsType[*ssh.ExitError](err); ok && exit.Signal() == "" {
			err = fmt.Errorf("exit status %d", exit.ExitStatus())
		}
		return "", fmt.Errorf("at %s: %w", s.Where(), failedProgram(ctx, p, err, errs.String()))
	}
	return out.String(), nil
}

// wait waits for the end of a program, or ends it.
func (s *SSH) wait(ctx context.Context, c *ssh.Client, session *ssh.Session) error {
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// Whatever does not answer in this time either is left.
	defer time.AfterFunc(afterKill, func() { c.Close() }).Stop()
	askToEnd(c, session)
	if _, ok := errors.AsType[*ssh.ExitError](<-ended); !ok {
		return errGoesOn
	}
	return ctx.Err()
}

var errGoesOn = errors.New("cut off before its end, and it may go on there")

// askToEnd asks the far end to end a session's program: with the protocol's own
// signal (RFC 4254 section 6.9), and since OpenSSH takes none where root logs on
// (privilege separation has ended), with a second program on the same connection.
func askToEnd(c *ssh.Client, session *ssh.Session) {
	session.Signal(ssh.SIGKILL)
	v := string(c.ServerVersion())
	if !strings.HasPrefix(v, "SSH-2.0-OpenSSH_") || strings.HasPrefix(v, "SSH-2.0-OpenSSH_for_Windows") {
		return // where other sessions may have the same parent, or there is no sh
	}
	if other, err := c.NewSession(); err == nil {
		other.Run(endSiblings)
		other.Close()
	}
}

// endSiblings is a POSIX shell's command that ends what else the connection has
// started: each of its programs leads a group of processes, and the connection's
// own process is their parent.
const endSiblings = `exec sh -c 'ps -A -o pid= -o ppid= | while read -r p parent; do ` +
	`if [ "$parent" = "$PPID" ] && [ "$p" != "$$" ]; then kill -s KILL -- "-$p"; fi; done'`

func assignments(env map[string]string) []string {
	words := []string{"env"}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		words = append(words, quoted(name+"="+env[name]))
	}
	return words
}

// Check logs on.
func (s *SSH) Check(ctx context.Context, _ string) error {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	return c.Close()
}

func (s *SSH) connect(ctx context.Context) (*ssh.Client, error) {
	known, err := knownhosts.New(s.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("known_hosts: %w", err)
	}
	auth, done, err := s.auth(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be reached: %w", s.Where(), err)
	}
	if until, ok := ctx.Deadline(); ok {
		raw.SetDeadline(until)
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	conn, chans, reqs, err := ssh.NewClientConn(raw, s.Addr, &ssh.ClientConfig{
		User: s.User, Auth: []ssh.AuthMethod{auth}, HostKeyCallback: known, HostKeyAlgorithms: algorithms(known, s.Addr),
	})
	if err != nil {
		raw.Close()
		return nil, s.refused(err)
	}
	raw.SetDeadline(time.Time{})
	return ssh.NewClient(conn, chans, reqs), nil
}

// refused says why no connection came about.
func (s *SSH) refused(err error) error {
	if e, ok := errors.AsType[*knownhosts.KeyError](err); ok {
		if len(e.Want) == 0 {
			return fmt.Errorf("%s is not in %s: add its key, once you have compared it with the host's own", s.Addr, s.KnownHosts)
		}
		return fmt.Errorf("%s shows another key than %s has: somebody may stand in between", s.Addr, s.KnownHosts)
	}
	return fmt.Errorf("%s does not let us in: %w", s.Where(), err)
}

// algorithms lists those of the keys that are known of a host, so that it does
// not show another one.
func algorithms(known ssh.HostKeyCallback, addr string) (names []string) {
	e, ok := errors.AsType[*knownhosts.KeyError](known(addr, &net.TCPAddr{IP: net.IPv4zero}, nowhere{}))
	if !ok {
		return nil
	}
	for _, k := range e.Want {
		switch t := k.Key.Type(); t {
		case ssh.KeyAlgoRSA:
			names = append(names, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			names = append(names, t)
		}
	}
	return names
}

// nowhere is a key that nobody has.
type nowhere struct{}

func (nowhere) Type() string                        { return "none" }
func (nowhere) Marshal() []byte                     { return nil }
func (nowhere) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

// maxKey bounds the file of a private key, in bytes.
const maxKey = 64 << 10

// auth is how to log on: with a key from a file, or those of the agent.
func (s *SSH) auth(ctx context.Context) (ssh.AuthMethod, func(), error) {
	if s.Agent {
		socket := os.Getenv("SSH_AUTH_SOCK")
		if socket == "" {
			return nil, nil, errors.New("no ssh-agent is running: SSH_AUTH_SOCK is not set")
		}
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, nil, fmt.Errorf("the ssh-agent: %w", err)
		}
		return ssh.PublicKeysCallback(agent.NewClient(conn).Signers), func() { conn.Close() }, nil
	}
	pem, err := readSmall(s.Key, maxKey)
	if err != nil {
		return nil, nil, fmt.Errorf("the private key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(pem)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, nil, fmt.Errorf("the private key %s has a passphrase: add it to an ssh-agent, and say agent: true", s.Key)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s is no private key: %w", s.Key, err)
	}
	return ssh.PublicKeys(signer), func() {}, nil
}
