package remote

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// command is one that a lab file describes.
func command(t *testing.T, mitigation, spec string) *Command {
	t.Helper()
	src := `kind: lab
name: our-lab
domain: our.example
canary: {mailbox: canary@our.example, password: {env: CANARY}}
allow: [a@our.example]
people: {dana: {mail: a@our.example, user: "EX\\dana l", password: {env: OLD_PASSWORD}, new_password: {env: NEW_PASSWORD}}}
endpoints: {imap: {addr: "mail.our.example:993"}}
services: {dovecot: dovecot.service}
mitigations: {` + mitigation + `: ` + spec + `}
`
	c, err := Parse("lab.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return c.Executors[mitigation].(*Command)
}

var dana = &lab.Person{ID: "dana", Mail: "a@our.example", User: `EX\dana l`}

func order(a lab.Action, who *lab.Person) Order {
	return Order{Action: a, Person: who, Params: mitigation.Values(a)}
}

// roundTrip takes a change through the journal's text.
func roundTrip(t *testing.T, c *Change, err error) *Change {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c.Mitigation = "it"
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	read := &Change{}
	if err := json.Unmarshal(text, read); err != nil {
		t.Fatal(err)
	}
	return read
}

// What a command changes is read before and after, and is in the end what it was.
func TestCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state of $HOME; x")
	if err := os.WriteFile(file, []byte("open {user}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	quotedFile := strings.ReplaceAll(file, `"`, `\"`)
	e := command(t, "disable-account", `{run: [sh, -c, 'printf "%s" "closed $SHUTOUT_USER" > "$1"', sh, "`+quotedFile+`"], read: [cat, "`+quotedFile+`"], undo: [sh, -c, 'printf "%s" "$2" > "$1"', sh, "`+quotedFile+`", "{before}"]}`)
	c, err := e.Plan(t.Context(), order(&mitigation.DisableAccount{User: "dana"}, dana))
	c = roundTrip(t, c, err)
	if c.Target != "a@our.example at this machine" || !strings.HasPrefix(c.Do, "run sh -c ") || !strings.Contains(c.Undo, "'open {user}'") || c.Executor != "command" {
		t.Errorf("%+v", c)
	}
	for range 2 {
		if detail, err := e.Do(t.Context(), c); err != nil || detail != `open {user} -> closed EX\dana l` {
			t.Errorf("%q, %v", detail, err)
		}
	}
	for range 2 {
		if detail, err := e.Undo(t.Context(), c); err != nil || detail != "again open {user}" {
			t.Errorf("%q, %v", detail, err)
		}
	}
	if got, _ := os.ReadFile(file); string(got) != "open {user}" {
		t.Errorf("%q", got)
	}
}

// An undo that runs and changes nothing is found out.
func TestCommandThatIsNotUndone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	os.WriteFile(file, []byte("open"), 0o600)
	e := command(t, "disable-account", `{run: [cp, /dev/null, "`+file+`"], read: [cat, "`+file+`"], undo: ["true"]}`)
	c, err := e.Plan(t.Context(), order(&mitigation.DisableAccount{User: "dana"}, dana))
	c = roundTrip(t, c, err)
	if _, err := e.Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Undo(t.Context(), c); err == nil || !strings.Contains(err.Error(), "true was run, but it reads  and not open") {
		t.Error(err)
	}
}

// Secrets go by standard input or by a file that is gone afterwards; they are in
// no plan and in no error.
func TestCommandKeepsSecrets(t *testing.T) {
	t.Setenv("OLD_PASSWORD", "0ld{x}'")
	t.Setenv("NEW_PASSWORD", "N3w $x")
	out := filepath.Join(t.TempDir(), "out")
	e := command(t, "reset-password", `{run: [sh, -c, 'cat > "$1"; cat "$2" >> "$1"; echo "$2" > "$1.name"', sh, "`+out+`", "{new_password_file}"], stdin: "{local}:{new_password}\n",
  undo: [sh, -c, 'cat > "$1"; cat "$1" >&2; exit 3', sh, "`+out+`"], undo_stdin: "{password}\n{{}}"}`)
	c, err := e.Plan(t.Context(), order(&mitigation.ResetPassword{User: "dana"}, dana))
	c = roundTrip(t, c, err)
	text, _ := json.Marshal(c)
	for _, secret := range []string{"0ld", "N3w"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the plan tells %s: %s", secret, text)
		}
	}
	if _, err := e.Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out); string(got) != "a:N3w $x\nN3w $x\n" {
		t.Errorf("%q", got)
	}
	name, _ := os.ReadFile(out + ".name")
	if _, err := os.Stat(strings.TrimSpace(string(name))); !errors.Is(err, os.ErrNotExist) || len(name) < 5 {
		t.Errorf("%q is still there: %v", name, err)
	}
	if _, err := e.Undo(t.Context(), c); err == nil || err.Error() != "sh: exit status 3: *** {}" {
		t.Errorf("%v", err)
	}
	if got, _ := os.ReadFile(out); string(got) != "0ld{x}'\n{}" {
		t.Errorf("%q", got)
	}
	t.Setenv("NEW_PASSWORD", "")
	if _, err := e.Plan(t.Context(), order(&mitigation.ResetPassword{User: "dana"}, dana)); err == nil || !strings.Contains(err.Error(), "{new_password} of dana: the environment variable NEW_PASSWORD is not set") {
		t.Error(err)
	}
}

func TestCommandFaults(t *testing.T) {
	restart := &mitigation.RestartService{Service: "dovecot"}
	for _, tt := range []struct {
		spec string
		want string
	}{
		{`{run: ["false"], undo: none}`, "false: exit status 1"},
		{`{run: [no-such-program-here], undo: none}`, "executable file not found"},
		{`{run: [sh, -c, "echo to be read >&2; echo and this; exit 4"], undo: none}`, "sh: exit status 4: to be read"},
		{`{run: [sh, -c, "kill -9 $$"], undo: none}`, "signal: killed"},
	} {
		e := command(t, "restart-service", tt.spec)
		c, err := e.Plan(t.Context(), order(restart, nil))
		c = roundTrip(t, c, err)
		if c.Undo != "" || c.Target != "this machine" {
			t.Errorf("%+v", c)
		}
		if _, err := e.Do(t.Context(), c); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.spec, err, tt.want)
		}
	}
	e := command(t, "restart-service", `{run: [echo, "{service}"], undo: none}`)
	c, err := e.Plan(t.Context(), order(restart, nil))
	if c = roundTrip(t, c, err); c.Do != "run echo dovecot.service" {
		t.Errorf("%+v", c)
	}
	if detail, err := e.Do(t.Context(), c); err != nil || detail != "dovecot.service" {
		t.Errorf("%q, %v", detail, err)
	}
	if _, err := e.Plan(t.Context(), order(&mitigation.RestartService{Service: "sogo"}, nil)); !errors.Is(err, lab.ErrNotAvailable) || !strings.Contains(err.Error(), "the lab has no service sogo") {
		t.Error(err)
	}
	if _, err := arguments([]template{"{user}"}, map[string]string{"user": "-rf"}); err == nil {
		t.Error("a value is an option")
	}
	for _, read := range []string{`[sh, -c, "head -c 9000 /dev/zero | tr '\\0' x"]`, `["false"]`, `[printf, "\\377"]`} {
		e := command(t, "restart-service", `{run: ["true"], undo: none, read: `+read+`}`)
		if _, err := e.Plan(t.Context(), order(restart, nil)); err == nil || !strings.Contains(err.Error(), "reading what is there before") {
			t.Errorf("%s: %v", read, err)
		}
	}
}

// A program that takes too long is ended with all that it has started, and one
// that says too much does not fill the memory.
func TestCommandIsBounded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := (Local{}).Run(ctx, Program{Argv: []string{"sh", "-c", "sleep 60 & sleep 60"}}); err == nil || !strings.Contains(err.Error(), "cut off before its end") {
		t.Error(err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	out, err := Local{}.Run(t.Context(), Program{Argv: []string{"sh", "-c", "head -c 1000000 /dev/zero"}})
	if err != nil || len(out) != maxOutput {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

func TestTemplates(t *testing.T) {
	value := map[string]string{"user": "{mail}", "mail": "m"}
	for text, want := range map[string]string{"{user}": "{mail}", "{{user}}": "{user}", "a{mail}b{other}": "amb{other}", "}}{{": "}{"} {
		if got := template(text).expand(value); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
	// What is expanded in two rounds is the same as in one.
	two := keepSecrets("{user} {password} {{x}}", value).expand(map[string]string{"password": "p", "mail": "wrong"})
	if two != "{mail} p {x}" {
		t.Errorf("%q", two)
	}
}

// A change is taken back where it was made: a lab file that has the mitigation
// carried out elsewhere meanwhile means perhaps another machine.
func TestUndoElsewhereIsRefused(t *testing.T) {
	e := &Command{Shell: Local{}}
	c := &Change{Mitigation: "stop-service", Executor: "ssh", State: []byte(`{"run":["true"],"undo":["true"]}`)}
	if _, err := e.Undo(t.Context(), c); err == nil || !strings.Contains(err.Error(), "was carried out by ssh, and the lab file now says command") {
		t.Error(err)
	}
}

// A secret that a program repeats is not shown in part where what it says is cut
// short, nor where its spaces are.
func TestSecretAtTheCut(t *testing.T) {
	const secret = "S3cret-pass  phrase"
	for _, before := range []string{strings.Repeat("x", 190) + " ", ""} {
		_, err := (Local{}).Run(t.Context(), Program{
			Argv: []string{"sh", "-c", `printf '%s%s' "$1" "$2" >&2; exit 1`, "-", before, secret}, Secrets: []string{secret},
		})
		if err == nil || strings.Contains(err.Error(), "S3cret") {
			t.Error(err)
		}
	}
}
