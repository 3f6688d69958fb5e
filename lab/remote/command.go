package remote

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"shutout/lab"
)

// Command carries out a mitigation with a command, and takes it back with
// another one. No shell reads either of them.
type Command struct {
	Run, Back []template
	// Read says what the command changes, on its standard output. What it said
	// before is what it has to say again in the end.
	Read             []template
	Stdin, BackStdin template
	Lasting          string // why it cannot be taken back
	Services         map[string]string
	People           map[string]*Person
	Shell            Shell
}

// A Shell runs programs somewhere.
type Shell interface {
	// Kind is the executor's word, and Where it runs programs, for people.
	Kind() string
	Where() string
	// Run runs a program to its end. Its output is bounded. The error holds what
	// it said on its standard error.
	Run(ctx context.Context, p Program) (out string, err error)
	// Check tells whether programs can be run there; p is one of them.
	Check(ctx context.Context, p string) error
}

// Program is a program to run, with its arguments.
type Program struct {
	Argv  []string
	Env   map[string]string // added to what it has
	Stdin string
	// Secrets are not repeated of what it says.
	Secrets []string
}

// commandState is what the executor keeps of a change: the command lines as they
// are run, but for the files that hold a secret, and what they read, but for the
// secrets in it.
type commandState struct {
	Run       []string          `json:"run"`
	Undo      []string          `json:"undo,omitempty"`
	Read      []string          `json:"read,omitempty"`
	Stdin     template          `json:"stdin,omitempty"`
	UndoStdin template          `json:"undo_stdin,omitempty"`
	Env       map[string]string `json:"env,omitempty"`
	Before    string            `json:"before,omitempty"`
	Person    string            `json:"person,omitempty"`
	Old       Secret            `json:"old"`
	New       Secret            `json:"new"`
}

// Plan puts the order's values into the commands, and reads what is there now.
func (e *Command) Plan(ctx context.Context, o Order) (*Change, error) {
	value := map[string]string{}
	for name, v := range o.Params {
		if name == "service" && e.Services != nil {
			unit, ok := e.Services[v]
			if !ok {
				return nil, fmt.Errorf("%w: the lab has no service %s", lab.ErrNotAvailable, v)
			}
			v = unit
		}
		if name != "user" {
			value[strings.ReplaceAll(name, "-", "_")] = v
		}
	}
	st := commandState{}
	target := e.Shell.Where()
	if o.Person != nil {
		maps.Copy(value, personValues(o.Person))
		target = o.Person.Mail + " at " + target
		st.Person = o.Person.ID
		if p := e.People[o.Person.ID]; p != nil {
			st.Old, st.New = p.Password, p.NewPassword
		}
	}
	st.Env = map[string]string{}
	for name, v := range value {
		st.Env["SHUTOUT_"+strings.ToUpper(name)] = v
	}
	var err error
	if st.Read, err = arguments(e.Read, value); err != nil {
		return nil, err
	}
	if len(st.Read) > 0 {
		if st.Before, err = e.read(ctx, &st); err != nil {
			return nil, fmt.Errorf("reading what is there before: %w", err)
		}
	}
	value[beforeWord] = st.Before
	if st.Run, err = arguments(e.Run, value); err != nil {
		return nil, err
	}
	if st.Undo, err = arguments(e.Back, value); err != nil {
		return nil, err
	}
	st.Stdin, st.UndoStdin = keepSecrets(e.Stdin, value), keepSecrets(e.BackStdin, value)
	for _, need := range []struct {
		word string
		kept Secret
	}{{"new_password", st.New}, {"password", st.Old}} {
		if !e.uses(need.word) {
			continue
		}
		if _, err := need.kept.Read(); err != nil {
			return nil, fmt.Errorf("{%s} of %s: %w", need.word, st.Person, err)
		}
	}
	c := &Change{Executor: e.Shell.Kind(), Target: target, Do: "run " + line(st.Run), Lasting: e.Lasting}
	if len(st.Undo) > 0 {
		c.Undo = "run " + line(st.Undo)
	}
	c.State, err = json.Marshal(st)
	return c, err
}

// uses tells whether a secret goes into any of the commands.
func (e *Command) uses(word string) bool {
	for _, t := range slices.Concat(e.Run, e.Back, []template{e.Stdin, e.BackStdin}) {
		words, _ := t.words()
		if slices.Contains(words, word) || slices.Contains(words, word+"_file") {
			return true
		}
	}
	return false
}

func personValues(who *lab.Person) map[string]string {
	local, _, _ := strings.Cut(who.Mail, "@")
	return map[string]string{"user": cmp.Or(who.User, who.Mail), "mail": who.Mail, "local": local}
}

// arguments expands a command. A value that is an argument by itself must not
// look like an option.
func arguments(list []template, value map[string]string) ([]string, error) {
	var argv []string
	for _, t := range list {
		words, _ := t.words()
		for _, w := range words {
			if v, ok := value[w]; ok && strings.HasPrefix(string(t), "{"+w+"}") && strings.HasPrefix(v, "-") {
				return nil, fmt.Errorf("the value of {%s} begins with a hyphen, and a program could take it for an option", w)
			}
		}
		arg := t.expand(value)
		if strings.ContainsRune(arg, 0) {
			return nil, errors.New("an argument holds a zero byte")
		}
		argv = append(argv, arg)
	}
	return argv, nil
}

// keepSecrets expands all but the secrets, so that the text can be written down.
func keepSecrets(t template, value map[string]string) template {
	escaped := map[string]string{}
	for name, v := range value {
		escaped[name] = string(plain(v))
	}
	// Doubled braces stay doubled, for the second time.
	return template(placeholder.ReplaceAllStringFunc(string(t), func(m string) string {
		if v, ok := escaped[strings.Trim(m, "{}")]; ok && m != "{{" && m != "}}" {
			return v
		}
		return m
	}))
}

// line writes a command for people.
func line(argv []string) string {
	var out []string
	for _, a := range argv {
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$`") {
			a = quoted(a)
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}

// quoted writes a word so that a shell takes it as it is.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Do runs the command.
func (e *Command) Do(ctx context.Context, c *Change) (string, error) {
	st, err := e.state(c)
	if err != nil {
		return "", err
	}
	out, err := e.run(ctx, st, st.Run, st.Stdin)
	if err != nil {
		return "", err
	}
	if len(st.Read) == 0 {
		return cmp.Or(brief(out), "done: "+line(st.Run)), nil
	}
	now, err := e.read(ctx, st)
	if err != nil {
		return "", fmt.Errorf("done, but what is there now cannot be read: %w", err)
	}
	return brief(st.Before) + " -> " + brief(now), nil
}

// Undo runs the other command, and looks whether all is as before.
func (e *Command) Undo(ctx context.Context, c *Change) (string, error) {
	st, err := e.state(c)
	if err != nil {
		return "", err
	}
	if _, err := e.run(ctx, st, st.Undo, st.UndoStdin); err != nil {
		return "", err
	}
	if len(st.Read) == 0 {
		return line(st.Undo) + " was run; what came of it was not looked at (the mitigation has no read:)", nil
	}
	now, err := e.read(ctx, st)
	switch {
	case err != nil:
		return "", fmt.Errorf("undone, but what is there now cannot be read: %w", err)
	case now != st.Before:
		return "", fmt.Errorf("%s was run, but it reads %s and not %s", line(st.Undo), brief(now), brief(st.Before))
	}
	return "again " + brief(now), nil
}

func (e *Command) state(c *Change) (*commandState, error) {
	st := &commandState{}
	if err := json.Unmarshal(c.State, st); err != nil || len(st.Run) == 0 {
		return nil, fmt.Errorf("the journal's record of %s cannot be read: it names no command", c.Mitigation)
	}
	if c.Executor != e.Shell.Kind() {
		return nil, fmt.Errorf("%s was carried out by %s, and the lab file now says %s: that may be another machine", c.Mitigation, c.Executor, e.Shell.Kind())
	}
	if p := e.People[st.Person]; p != nil { // where a program made the lab, its memory has them
		if !st.Old.Given() {
			st.Old = p.Password
		}
		if !st.New.Given() {
			st.New = p.NewPassword
		}
	}
	return st, nil
}

func (e *Command) read(ctx context.Context, st *commandState) (string, error) {
	out, err := e.Shell.Run(ctx, Program{Argv: st.Read, Env: st.Env})
	const most = 4 << 10
	switch out = strings.TrimSpace(out); {
	case err != nil:
		return "", err
	case len(out) > most || !utf8.ValidString(out) || strings.ContainsRune(out, 0):
		return "", fmt.Errorf("%s says more than a short text", line(st.Read))
	}
	return out, nil
}

// run runs a command of the change and puts in the secrets that it needs.
func (e *Command) run(ctx context.Context, st *commandState, argv []string, stdin template) (string, error) {
	secret := map[string]Secret{"password": st.Old, "new_password": st.New}
	var hidden []string
	value := map[string]string{}
	get := func(word string) (string, error) {
		v, err := secret[word].Read()
		if err == nil {
			hidden = append(hidden, v)
		}
		return v, err
	}
	words, _ := stdin.words()
	for _, w := range words {
		if slices.Contains(secretWords, w) {
			v, err := get(w)
			if err != nil {
				return "", err
			}
			value[w] = v
		}
	}
	argv = slices.Clone(argv)
	for i, arg := range argv {
		for _, w := range fileWords {
			if !strings.Contains(arg, "{"+w+"}") {
				continue
			}
			v, err := get(strings.TrimSuffix(w, "_file"))
			if err != nil {
				return "", err
			}
			name, remove, err := secretFile(v)
			if err != nil {
				return "", err
			}
			defer remove()
			argv[i] = strings.ReplaceAll(argv[i], "{"+w+"}", name)
		}
	}
	out, err := e.Shell.Run(ctx, Program{Argv: argv, Env: st.Env, Stdin: stdin.expand(value), Secrets: hidden})
	if err != nil {
		return "", errors.New(lab.Hide(err.Error(), hidden))
	}
	return lab.Hide(out, hidden), nil
}

// brief is [lab.Brief] of what a program said, without what steers a terminal.
func brief(text string) string {
	return lab.Brief(strings.Map(func(r rune) rune {
		if r < ' ' && !unicode.IsSpace(r) || r == 0x7f {
			return -1
		}
		return r
	}, text))
}

// Check tells whether the commands can be run.
func (e *Command) Check(ctx context.Context) error { return e.Shell.Check(ctx, string(e.Run[0])) }
