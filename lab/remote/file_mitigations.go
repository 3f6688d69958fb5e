package remote

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"shutout/lab/mitigation"
	"shutout/lab/strict"
)

// commandFile is a mitigation that commands carry out, as it is written.
type commandFile struct {
	Run       []string `yaml:"run"`
	Stdin     string   `yaml:"stdin"`
	Undo      []string `yaml:"undo"`
	UndoStdin string   `yaml:"undo_stdin"`
	Read      []string `yaml:"read"`
	Lasting   string   `yaml:"lasting"`
	SSH       string   `yaml:"ssh"`
}

// Words for the executors that know by themselves how a mitigation is carried
// out.
const (
	byLDAP    = "ldap"
	byDoveadm = "doveadm"
)

func (l *reader) mitigations() {
	n := l.d.Root.Get("mitigations")
	switch {
	case n == nil || n.Kind == strict.Faulty:
		return // a lab in which nothing is changed can be watched
	case n.Kind != strict.Map:
		l.d.Problemf(n, "mitigations takes a mapping from mitigations to how they are carried out, such as {disable-account: ldap}")
		return
	}
	for _, k := range n.Keys {
		name := k.Name.Text
		info, known := mitigation.Lookup(name)
		if !known {
			l.d.Problemf(k.Name, "unknown mitigation %s%s (shutout list mitigations)", strict.Quote(name), strict.Expected(name, mitigation.Names()))
			continue
		}
		if ex := l.executor(info, k.Value); ex != nil {
			l.c.Executors[name] = ex
		}
	}
}

func (l *reader) executor(info mitigation.Info, n *strict.Node) Executor {
	switch {
	case n.Kind == strict.Scalar && n.Text == byLDAP, n.Kind == strict.Map && n.Get(byLDAP) != nil:
		return l.ldap(info, n)
	case n.Kind == strict.Scalar && n.Text == byDoveadm:
		return l.byDoveadm(info, n)
	case n.Kind == strict.Scalar:
		l.d.Problemf(n, "%s is no way to carry something out: expected ldap, doveadm, or a command such as {run: [systemctl, restart, dovecot], undo: none}", strict.Quote(n.Text))
	case n.Kind == strict.Map:
		return l.command(info, n)
	case n.Kind != strict.Faulty:
		l.d.Problemf(n, "expected ldap, doveadm, or a command such as {run: [systemctl, restart, dovecot], undo: none}")
	}
	return nil
}

func (l *reader) ldap(info mitigation.Info, n *strict.Node) Executor {
	if l.f.Directory == nil {
		l.d.Problemf(n, "%s is carried out in the directory, and there is none: say under directory: how it is reached", info.Name)
		return nil
	}
	e := &LDAP{Directory: l.c.Directory, People: l.c.People}
	if n.Kind == strict.Map {
		var f struct {
			LDAP struct {
				Set map[string]attributeFile `yaml:"set"`
			} `yaml:"ldap"`
		}
		l.d.Decode(n, &f)
		if len(f.LDAP.Set) == 0 {
			l.d.Problemf(n, "expected the attributes to write, such as {ldap: {set: {loginShell: /usr/sbin/nologin}}}, or ldap alone")
			return nil
		}
		e.Set = map[string][]string{}
		for attr, v := range f.LDAP.Set {
			if strings.EqualFold(attr, attrPassword) || strings.EqualFold(attr, "userPassword") {
				l.d.Problemf(n.Find(byLDAP, "set", attr), "a password must not stand in this file: set it with reset-password")
			}
			e.Set[attr] = v
		}
		return e
	}
	switch {
	case !slices.Contains(LDAPMitigations, info.Name):
		l.d.Problemf(n, "a directory cannot carry out %s by itself: it can %s; say {ldap: {set: {ATTRIBUTE: VALUE}}} for what is to be written",
			info.Name, strings.Join(LDAPMitigations, ", "))
	case info.Name == "reset-password" && !l.c.Directory.Secure():
		l.d.Problemf(n, "a password is set over TLS only: reach the directory with ldaps:// or starttls: true")
	}
	return e
}

// attributeFile is the value, or the values, of an attribute. An empty list
// takes it away.
type attributeFile []string

func (a *attributeFile) DecodeNode(d *strict.Doc, n *strict.Node) {
	if n.Kind == strict.Scalar {
		*a = []string{n.Text}
		return
	}
	var list []string
	d.Decode(n, &list)
	*a = list
}

func (l *reader) byDoveadm(info mitigation.Info, n *strict.Node) Executor {
	switch {
	case l.adm == nil:
		l.d.Problemf(n, "%s is carried out by doveadm, and the file does not say where it is: say under doveadm: how it is reached", info.Name)
		return nil
	case !slices.Contains(DoveadmMitigations, info.Name):
		l.d.Problemf(n, "doveadm cannot carry out %s: it can %s", info.Name, strings.Join(DoveadmMitigations, ", "))
	}
	return l.adm
}

func (l *reader) sshHosts() {
	for name, f := range l.f.SSH {
		in := func(key string) []any { return at("ssh", name, key) }
		h := &SSH{Addr: f.Addr, User: f.User, Key: l.beside(f.Key), Agent: f.Agent, KnownHosts: l.beside(f.KnownHosts)}
		if !strings.Contains(f.Addr, ":") && f.Addr != "" {
			h.Addr += ":22"
		}
		switch {
		case f.Addr == "":
			l.bad(in("addr"), "addr is missing: the host to log on to, such as mail.our.example:22")
		default:
			l.addr(h.Addr, in("addr")...)
		}
		if f.User == "" {
			l.bad(in("user"), "user is missing: as whom to log on")
		}
		if (f.Key == "") == !f.Agent {
			l.bad(in("key"), "say how to log on: either key: with the file of a private key, or agent: true for the ssh-agent of this session")
		}
		if f.KnownHosts == "" {
			l.bad(in("known_hosts"), "known_hosts is missing: the file with the host's key (ssh-keyscan writes one; compare what it says with the host)")
		}
		l.ssh[name] = h
	}
}

func (l *reader) command(info mitigation.Info, n *strict.Node) Executor {
	var f commandFile
	// undo is read by hand: it is a command, or the word none.
	said := n.Get("undo") != nil
	if u := n.Get("undo"); u != nil && u.Kind == strict.Scalar {
		if u.Text != "none" {
			l.d.Problemf(u, "found %s, expected a command such as [systemctl, start, dovecot], or none if nothing stays behind", strict.Quote(u.Text))
		}
		n = without(n, "undo")
	}
	l.d.Decode(n, &f)
	if n.Get("run") == nil {
		l.d.Problemf(n, "run is missing: the command that carries out %s, such as run: [systemctl, restart, dovecot]", info.Name)
		return nil
	}
	if !said && f.Lasting == "" {
		l.d.Problemf(n, "undo is missing: say how it is taken back, or undo: none if nothing stays behind, or lasting: why it cannot be")
	}
	c := &Command{
		Run: templates(f.Run), Stdin: template(f.Stdin), Back: templates(f.Undo), BackStdin: template(f.UndoStdin), Read: templates(f.Read),
		Lasting: strict.OneLine(f.Lasting), People: l.c.People, Services: l.f.Services, Shell: Local{},
	}
	if f.SSH != "" {
		h, ok := l.ssh[f.SSH]
		if !ok {
			l.d.Problemf(n.Get("ssh"), "there is no host %s under ssh:%s", strict.Quote(f.SSH), strict.Expected(f.SSH, slices.Sorted(maps.Keys(l.ssh))))
		}
		c.Shell = h
	}
	about, params := slices.Clone(personWords), []string{}
	if !slices.ContainsFunc(info.Params, func(p mitigation.Param) bool { return p.Name == "user" }) {
		about = nil
	}
	for _, p := range info.Params {
		if p.Name != "user" {
			params = append(params, strings.ReplaceAll(p.Name, "-", "_"))
		}
	}
	if about == nil && (len(f.Stdin) > 0 || len(f.UndoStdin) > 0) {
		about = []string{}
	}
	var files, secrets []string
	if about != nil {
		secrets = secretWords
		if f.SSH == "" {
			files = fileWords
		}
	}
	check := func(key string, list []template, allowed ...[]string) {
		if n.Get(key) != nil && len(list) == 0 && n.Get(key).Kind == strict.List {
			l.d.Problemf(n.Get(key), "%s is empty: name a program and its arguments", key)
		}
		for i, t := range list {
			where := n.Find(key, i)
			if err := t.check(allowed...); err != nil {
				l.d.Problemf(where, "%v%s", err, hint(t, f.SSH != ""))
			} else if inShell(list, i) {
				if words, _ := t.words(); len(words) > 0 {
					l.d.Problemf(where, "a shell would interpret what stands for {%s}: write \"$SHUTOUT_%s\" in its place", words[0], strings.ToUpper(words[0]))
				}
			}
		}
	}
	check("run", c.Run, about, params, files)
	check("read", c.Read, about, params)
	before := []string{}
	if c.Read != nil {
		before = []string{beforeWord}
	}
	check("undo", c.Back, about, params, files, before)
	for key, t := range map[string]template{"stdin": c.Stdin, "undo_stdin": c.BackStdin} {
		if err := t.check(about, params, secrets, before); err != nil && n.Get(key) != nil {
			l.d.Problemf(n.Get(key), "%v", err)
		}
	}
	return c
}

// hint says what to do where a secret stands among the arguments.
func hint(t template, ssh bool) string {
	words, _ := t.words()
	if !slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretWords, w) || slices.Contains(fileWords, w) }) {
		return ""
	}
	if ssh {
		return "; a password goes by stdin:, since everybody on a host sees the arguments"
	}
	return "; a password goes by stdin:, or by {new_password_file}, since everybody on a host sees the arguments"
}

// inShell tells whether an argument is read as a command by a shell.
func inShell(argv []template, i int) bool {
	if i == 0 || !slices.Contains(shells, strings.ToLower(path.Base(string(argv[0])))) {
		return false
	}
	for _, option := range argv[1:i] {
		if o := strings.ToLower(string(option)); strings.HasPrefix(o, "-") && strings.HasSuffix(o, "c") || o == "/c" || o == "-command" {
			return option == argv[i-1] // what follows are the command's own arguments
		}
	}
	return false
}

func without(n *strict.Node, key string) *strict.Node {
	c := *n
	c.Keys = slices.DeleteFunc(slices.Clone(n.Keys), func(k strict.Key) bool { return k.Name.Text == key })
	return &c
}

func templates(list []string) []template {
	if list == nil {
		return nil
	}
	out := make([]template, len(list))
	for i, s := range list {
		out[i] = template(s)
	}
	return out
}

// checkFilter tells what is wrong with a filter that finds people.
func checkFilter(filter string) error {
	t := template(filter)
	if err := t.check(personWords); err != nil {
		return err
	}
	if words, _ := t.words(); len(words) == 0 {
		return fmt.Errorf("the filter finds the same entry for everybody: write {user} or {mail} where a name belongs")
	}
	if _, err := ldap.CompileFilter(t.expand(map[string]string{"user": "x", "mail": "x", "local": "x"})); err != nil {
		return fmt.Errorf("%s is no filter: expected one such as %s", strict.Quote(filter), DefaultFilter)
	}
	return nil
}
