package remote

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"shutout/lab/mitigation"
)

// sshServer is a server that runs what it is told with sh.
type sshServer struct {
	addr string
	host ssh.PublicKey

	mu       sync.Mutex
	commands []string
}

func key(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

func serveSSH(t *testing.T, allowed ssh.PublicKey) *sshServer {
	t.Helper()
	host, _ := key(t)
	conf := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "shutout" || string(k.Marshal()) != string(allowed.Marshal()) {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	conf.AddHostKey(host)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{addr: ln.Addr().String(), host: host.PublicKey()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			raw, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(raw, conf) })
		}
	})
	t.Cleanup(func() { ln.Close(); all.Wait() })
	return s
}

func (s *sshServer) serve(raw net.Conn, conf *ssh.ServerConfig) {
	defer raw.Close()
	conn, chans, reqs, err := ssh.NewServerConn(raw, conf)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(reqs)
	for n := range chans {
		ch, reqs, err := n.Accept()
		if err != nil {
			return
		}
		for r := range reqs {
			if r.Type != "exec" {
				r.Reply(false, nil)
				continue
			}
			var cmd struct{ Line string }
			ssh.Unmarshal(r.Payload, &cmd)
			r.Reply(true, nil)
			s.mu.Lock()
			s.commands = append(s.commands, cmd.Line)
			s.mu.Unlock()
			ctx, cancel := context.WithCancel(context.Background())
			go func() { conn.Wait(); cancel() }()
			p := exec.CommandContext(ctx, "sh", "-c", cmd.Line)
			p.Stdin, p.Stdout, p.Stderr, p.WaitDelay = ch, ch, ch.Stderr(), time.Second
			p.Run()
			cancel()
			ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(max(0, p.ProcessState.ExitCode()))}))
			ch.Close()
		}
	}
}

// host is the server as a lab file describes it.
func (s *sshServer) hostFile(t *testing.T, privateKey string, hostKey ssh.PublicKey) *SSH {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known := ""
	if hostKey != nil {
		known = knownhosts.Line([]string{s.addr}, hostKey) + "\n"
	}
	return &SSH{Addr: s.addr, User: "shutout", Key: write("key", privateKey), KnownHosts: write("known_hosts", known)}
}

func TestSSH(t *testing.T) {
	signer, private := key(t)
	s := serveSSH(t, signer.PublicKey())
	h := s.hostFile(t, private, s.host)
	if err := h.Check(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	// Arguments arrive as they are.
	args := []string{"printf", "%s|", "a b", "$HOME", "it's", "`x`", "", "*", "\n"}
	out, err := h.Run(t.Context(), Program{Argv: args, Stdin: "unused"})
	if err != nil || out != "a b|$HOME|it's|`x`||*|\n|" {
		t.Errorf("%q, %v", out, err)
	}
	out, err = h.Run(t.Context(), Program{Argv: []string{"cat"}, Stdin: "secret"})
	if err != nil || out != "secret" {
		t.Errorf("%q, %v", out, err)
	}
	out, err = h.Run(t.Context(), Program{Argv: []string{"sh", "-c", `echo "$SHUTOUT_USER"`}, Env: map[string]string{"SHUTOUT_USER": "d'a $x"}})
	if err != nil || out != "d'a $x\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, err = h.Run(t.Context(), Program{Argv: []string{"sh", "-c", "echo no such unit >&2; exit 5"}})
	if err == nil || err.Error() != "at shutout@"+s.addr+": sh: exit status 5: no such unit" {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err = h.Run(ctx, Program{Argv: []string{"sleep", "60"}}); err == nil || !strings.Contains(err.Error(), "cut off before its end") {
		t.Error(err)
	}
	// The executor is the same as for commands here.
	e := command(t, "restart-service", `{run: [echo, "restarted {service}"], undo: none}`)
	e.Shell = h
	c, err := e.Plan(t.Context(), order(&mitigation.RestartService{Service: "dovecot"}, nil))
	c = roundTrip(t, c, err)
	if detail, err := e.Do(t.Context(), c); err != nil || detail != "restarted dovecot.service" || c.Executor != "ssh" || c.Target != "shutout@"+s.addr {
		t.Errorf("%q, %v, %+v", detail, err, c)
	}
}

func TestSSHIsRefused(t *testing.T) {
	signer, private := key(t)
	other, otherPrivate := key(t)
	s := serveSSH(t, signer.PublicKey())
	block, err := ssh.MarshalPrivateKeyWithPassphrase(ed25519.NewKeyFromSeed(make([]byte, 32)), "", []byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		h    *SSH
		want string
	}{
		"unknown host":   {s.hostFile(t, private, nil), " is not in "},
		"another host":   {s.hostFile(t, private, other.PublicKey()), "shows another key than"},
		"another key":    {s.hostFile(t, otherPrivate, s.host), "does not let us in"},
		"no key":         {s.hostFile(t, "not a key", s.host), "is no private key"},
		"a passphrase":   {s.hostFile(t, string(pem.EncodeToMemory(block)), s.host), "has a passphrase: add it to an ssh-agent"},
		"no known_hosts": {&SSH{Addr: s.addr, User: "shutout", Key: "x", KnownHosts: "nowhere"}, "known_hosts: "},
		"nobody there":   {&SSH{Addr: "127.0.0.1:1", User: "shutout", Key: s.hostFile(t, private, s.host).Key, KnownHosts: s.hostFile(t, private, s.host).KnownHosts}, "cannot be reached"},
	} {
		if err := tt.h.Check(t.Context(), ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if len(s.commands) > 0 {
		t.Errorf("%q was run", s.commands)
	}
}

func TestSSHAgent(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	signers, _ := ring.Signers()
	s := serveSSH(t, signers[0].PublicKey())
	h := s.hostFile(t, "", s.host)
	h.Key, h.Agent = "", true
	t.Setenv("SSH_AUTH_SOCK", "")
	if err := h.Check(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "no ssh-agent is running") {
		t.Error(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); agent.ServeAgent(ring, c) }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	if out, err := h.Run(t.Context(), Program{Argv: []string{"echo", "in"}}); err != nil || out != "in\n" {
		t.Errorf("%q, %v", out, err)
	}
}
