package expose_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/expose/exposetest"
)

const (
	mailName = "mail.corp.example" // by which users know the client access servers
	patience = 20 * time.Second    // for what comes by itself, and for a program
)

// world is an organisation that lives in real time, opened to the programs of
// this machine.
type world struct {
	*exposetest.World
	t    *testing.T
	dir  string // where programs keep their files; their home
	ca   string // file with the certificate of the lab's CA
	dana *lab.Person
	erin *lab.Person
}

// open starts an organisation for the given tools; the test is skipped when
// one of them is not installed.
func open(t *testing.T, tools ...string) *world {
	t.Helper()
	t.Parallel()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed here", tool)
		}
	}
	return start(t)
}

// start starts an organisation and opens its services.
func start(t *testing.T, settings ...string) *world {
	t.Helper()
	return startVersion(t, "ex2010", settings...)
}

// startVersion is start for another version.
func startVersion(t *testing.T, version string, settings ...string) *world {
	t.Helper()
	o := exposetest.Start(t, version, append(settings, "popimap.autostart=true", "owa.integrated=true")...)
	w := &world{World: o, t: t, dir: t.TempDir(), dana: o.Cast().People["dana"], erin: o.Cast().People["erin"]}
	w.ca = w.write("ca.pem", string(o.CA.PEM()))
	return w
}

// write makes a file that its owner alone can read, as some programs demand.
func (w *world) write(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// addr tells where a port of a server can be reached.
func (w *world) addr(host string, port int) string {
	w.t.Helper()
	return w.Addr(w.t, host, port)
}

func (w *world) port(host string, port int) string {
	w.t.Helper()
	_, p, err := net.SplitHostPort(w.addr(host, port))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// result is what a program said and its exit status.
type result struct {
	t    *testing.T
	line string
	out  string
	code int
}

// run runs a program that knows nothing of this machine's user.
func (w *world) run(stdin, name string, args ...string) *result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin = w.dir, strings.NewReader(stdin)
	cmd.WaitDelay = time.Second
	cmd.Env = []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C", "LDAPTLS_CACERT=" + w.ca}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || ctx.Err() != nil {
		w.t.Fatalf("%s: %v %v\n%s", name, err, ctx.Err(), out)
	}
	return &result{w.t, name + " " + strings.Join(args, " "), string(out), cmd.ProcessState.ExitCode()}
}

// want checks the exit status and that each text is in what the program said.
func (r *result) want(code int, texts ...string) *result {
	r.t.Helper()
	failed := r.code != code
	for _, text := range texts {
		failed = failed || !strings.Contains(r.out, text)
	}
	if failed {
		r.t.Fatalf("%s\nexit status %d, want %d with %q:\n%s", r.line, r.code, code, texts, r.out)
	}
	return r
}

// lacks checks that the program did not say any of the texts.
func (r *result) lacks(texts ...string) *result {
	r.t.Helper()
	for _, text := range texts {
		if strings.Contains(r.out, text) {
			r.t.Fatalf("%s\nsaid %q:\n%s", r.line, text, r.out)
		}
	}
	return r
}

// apply has the administrator carry out a mitigation.
func (w *world) apply(a lab.Action) {
	w.t.Helper()
	if got := w.Apply(context.Background(), a); got.Result != lab.Done {
		w.t.Fatalf("%s: %+v", a.Name(), got)
	}
}

func (w *world) disable() {
	w.t.Helper()
	w.apply(&mitigation.DisableAccount{User: "dana"})
}

// eventually waits until something that comes by itself is there.
func (w *world) eventually(what string, there func() bool) {
	w.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !there(); <-tick.C {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// trust is the TLS configuration of a client that knows the lab's CA.
func (w *world) trust() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.CA.PEM())
	return &tls.Config{RootCAs: pool, ServerName: mailName}
}

// arrived waits for a message with this subject in somebody's inbox and
// returns it whole.
func (w *world) arrived(who *lab.Person, subject string) (message string) {
	w.t.Helper()
	w.eventually("the message "+subject, func() bool {
		for _, m := range w.inbox(who) {
			if strings.Contains(m, "Subject: "+subject+"\r\n") {
				message = m
			}
		}
		return message != ""
	})
	return message
}

// inbox fetches somebody's messages over POP3.
func (w *world) inbox(who *lab.Person) (messages []string) {
	w.t.Helper()
	raw, err := tls.Dial("tcp", w.addr(who.CAS, 995), w.trust())
	if err != nil {
		w.t.Fatal(err)
	}
	c := textproto.NewConn(raw)
	defer c.Close()
	ask := func(format string, args ...any) string {
		if format != "" {
			err = c.PrintfLine(format, args...)
		}
		line := ""
		if err == nil {
			line, err = c.ReadLine()
		}
		if err != nil || !strings.HasPrefix(line, "+OK") {
			w.t.Fatalf("POP3 as %s: %.4s: %q, %v", who.ID, format, line, err)
		}
		return line
	}
	ask("")
	ask("USER %s", who.Mail)
	ask("PASS %s", who.Password)
	var count, size int
	if _, err := fmt.Sscanf(ask("STAT"), "+OK %d %d", &count, &size); err != nil {
		w.t.Fatal(err)
	}
	for i := range count {
		ask("RETR %d", i+1)
		var b strings.Builder
		if _, err := io.Copy(&b, c.DotReader()); err != nil {
			w.t.Fatal(err)
		}
		messages = append(messages, strings.ReplaceAll(b.String(), "\n", "\r\n"))
	}
	ask("QUIT")
	return messages
}

// deliver puts mail from outside into dana's inbox and returns its subject.
func (w *world) deliver() string {
	w.t.Helper()
	subject, err := w.Probe(context.Background(), w.dana)
	if err != nil {
		w.t.Fatal(err)
	}
	w.arrived(w.dana, subject)
	return subject
}
