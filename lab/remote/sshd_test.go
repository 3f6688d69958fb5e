//go:build unix

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"shutout/lab/mitigation"
)

// sshd serves each connection to a port with OpenSSH's server, as this test's
// own user. It needs no service, no system key and no configuration of the
// machine's.
func sshd(t *testing.T, allowed ssh.PublicKey) (*sshServer, func() string) {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil {
		t.Skip("needs OpenSSH's server (Debian: openssh-server)")
	}
	if os.Getuid() == 0 { // where it shuts itself in before somebody has logged on
		const prison = "/run/sshd"
		if err := os.Mkdir(prison, 0o755); err == nil {
			t.Cleanup(func() { os.Remove(prison) })
		} else if !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	host, private := key(t)
	config := write("config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nLogLevel VERBOSE\n",
		write("host", private), write("allowed", string(ssh.MarshalAuthorizedKey(allowed)))))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			file, err := conn.(*net.TCPConn).File()
			conn.Close()
			if err != nil {
				t.Error(err)
				return
			}
			cmd := exec.Command(program, "-i", "-e", "-f", config)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = file, file, log
			if err := cmd.Start(); err != nil {
				t.Error(err)
			} else {
				all.Go(func() { cmd.Wait() })
			}
			file.Close()
		}
	})
	said := func() string {
		text, _ := os.ReadFile(log.Name())
		return string(text)
	}
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
		log.Close()
		if t.Failed() {
			t.Logf("sshd: %s", said())
		}
	})
	return &sshServer{addr: ln.Addr().String(), host: host.PublicKey()}, said
}

// as is the server as a lab file describes it, for whoever runs this test.
func (s *sshServer) as(t *testing.T, private string, host ssh.PublicKey) *SSH {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	h := s.hostFile(t, private, host)
	h.User = me.Username
	return h
}

func TestOpenSSH(t *testing.T) {
	signer, private := key(t)
	s, said := sshd(t, signer.PublicKey())
	h := s.as(t, private, s.host)
	if err := h.Check(t.Context(), ""); err != nil {
		if strings.Contains(said(), "account is locked") {
			t.Skip("needs an account that somebody may log on to")
		}
		t.Fatal(err)
	}
	args := []string{"printf", "%s|", "a b", "$HOME", "it's", "`x`", "", "*", "\n", "-n"}
	out, err := h.Run(t.Context(), Program{Argv: args})
	if err != nil || out != "a b|$HOME|it's|`x`||*|\n|-n|" {
		t.Errorf("%q, %v", out, err)
	}
	out, err = h.Run(t.Context(), Program{Argv: []string{"sh", "-c", `cat; echo "$SHUTOUT_USER"`}, Stdin: "in\n", Env: map[string]string{"SHUTOUT_USER": "d'a $x"}})
	if err != nil || out != "in\nd'a $x\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, err = h.Run(t.Context(), Program{Argv: []string{"sh", "-c", `printf 'no \033[31msuch\007 unit pa55\n' >&2; exit 5`}, Secrets: []string{"pa55"}})
	if want := "at " + h.Where() + ": sh: exit status 5: no [31msuch unit ***"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err = h.Run(t.Context(), Program{Argv: []string{"no-such-program"}}); err == nil || !strings.Contains(err.Error(), "exit status 127") {
		t.Error(err)
	}
	out, err = h.Run(t.Context(), Program{Argv: []string{"head", "-c", "1000000", "/dev/zero"}})
	if err != nil || len(out) != maxOutput {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	// What steers a terminal does not get into a report.
	e := command(t, "restart-service", `{run: [printf, '\033]0;owned\007up\r\n\033[2J{service}'], undo: none}`)
	e.Shell = h
	c, err := e.Plan(t.Context(), order(&mitigation.RestartService{Service: "dovecot"}, nil))
	c = roundTrip(t, c, err)
	if detail, err := e.Do(t.Context(), c); err != nil || detail != "]0;ownedup [2Jdovecot.service" {
		t.Errorf("%q, %v", detail, err)
	}
}

func TestOpenSSHRefuses(t *testing.T) {
	signer, private := key(t)
	other, otherPrivate := key(t)
	s, _ := sshd(t, signer.PublicKey())
	for name, tt := range map[string]struct {
		h    *SSH
		want string
	}{
		"unknown host": {s.as(t, private, nil), " is not in "},
		"another host": {s.as(t, private, other.PublicKey()), "shows another key than"},
		"another key":  {s.as(t, otherPrivate, s.host), "does not let us in"},
	} {
		if err := tt.h.Check(t.Context(), ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// A program that has had its time is ended at the far end, with all that it
// started.
func TestOpenSSHEndsWhatHangs(t *testing.T) {
	signer, private := key(t)
	s, _ := sshd(t, signer.PublicKey())
	h := s.as(t, private, s.host)
	// The far end is this machine, so that the pipe tells when both have ended.
	fifo := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := h.Run(ctx, Program{Argv: []string{"sh", "-c", `exec 3>"$1"; sleep 600 & echo $! >&3; sleep 600`, "sh", fifo}})
		done <- err
	}()
	alive, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	first := make([]byte, 16)
	n, err := alive.Read(first)
	if _, errPID := strconv.Atoi(strings.TrimSpace(string(first[:n]))); err != nil || errPID != nil {
		t.Fatalf("%q, %v", first[:n], err)
	}
	cancel() // its time is over
	if err := <-done; err == nil || !strings.HasSuffix(err.Error(), "sh: cut off before its end") {
		t.Errorf("%v", err)
	}
	alive.SetReadDeadline(time.Now().Add(10 * time.Second))
	if rest, err := io.ReadAll(alive); err != nil || len(rest) > 0 {
		t.Errorf("something goes on: %q, %v", rest, err)
	}
}

// What is not known to have ended is said to go on.
func TestSSHCannotEndIt(t *testing.T) {
	signer, private := key(t)
	s := serveSSH(t, signer.PublicKey())
	h := s.hostFile(t, private, s.host)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := h.Run(ctx, Program{Argv: []string{"sleep", "60"}})
	if err == nil || !strings.HasSuffix(err.Error(), "sleep: cut off before its end, and it may go on there") {
		t.Error(err)
	}
}

// A password goes to the program's input, and what is said of it stays hidden.
func TestOpenSSHKeepsSecrets(t *testing.T) {
	signer, private := key(t)
	s, said := sshd(t, signer.PublicKey())
	t.Setenv("NEW_PASSWORD", "the-new-one")
	e := command(t, "reset-password", `{run: [sh, -c, 'read -r new; echo "$0 got $new"; ps -A -o args= | grep -c "[t]he-new-one"; true', "{local}"], stdin: "{new_password}\n", undo: none}`)
	e.Shell = s.as(t, private, s.host)
	c, err := e.Plan(t.Context(), order(&mitigation.ResetPassword{User: "dana"}, dana))
	c = roundTrip(t, c, err)
	detail, err := e.Do(t.Context(), c)
	if err != nil || !strings.HasSuffix(detail, "got *** 0") || strings.Contains(said(), "the-new-one") {
		t.Errorf("%q, %v", detail, err)
	}
}
