package remote_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
	"shutout/lab/strict"
)

const example = "../../fixtures/labs/example.yaml"

// The example that people copy can be read, and says what it seems to say.
func TestExample(t *testing.T) {
	c, err := remote.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "our-lab" || c.Domain != "our.example" || c.Profile != "dovecot-postfix-samba" || c.Canary.Mailbox != "shutout-canary@our.example" {
		t.Errorf("%+v", c)
	}
	if ep := c.Endpoints[lab.SMTPSubmission]; ep.Addr != "mail.our.example:587" || ep.Host != "mail.our.example" || ep.Security != lab.StartTLS {
		t.Errorf("%+v", ep)
	}
	if ep := c.Endpoints[lab.ActiveSync]; ep.Security != lab.Implicit || ep.Heartbeat != time.Minute {
		t.Errorf("%+v", ep)
	}
	if ep := c.Endpoints[lab.IMAP]; ep.Realm == nil || *ep.Realm != (lab.Realm{Name: "OUR.EXAMPLE", KDC: "dc1.our.example:88"}) {
		t.Errorf("%+v", ep)
	}
	want, err := filepath.Abs("../../fixtures/labs/secrets/leaver-new")
	if err != nil {
		t.Fatal(err)
	}
	if p := c.People["dana"]; p.NewPassword != (remote.Secret{File: want}) || p.Password != (remote.Secret{Env: "LEAVER_PASSWORD"}) || p.User != "leaver" {
		t.Errorf("%#v", p)
	}
	for name, kind := range map[string]string{
		"disable-account": "*remote.LDAP", "reset-password": "*remote.LDAP", "flush-auth-cache": "*remote.Doveadm",
		"kick-sessions": "*remote.Doveadm", "restart-service": "*remote.Command", "set-out-of-office": "*remote.Command",
	} {
		if got := typeName(c.Executors[name]); got != kind {
			t.Errorf("%s is carried out by %s, want %s", name, got, kind)
		}
	}
	if got := (remote.Timeouts{Dial: 5 * time.Second, Attempt: 15 * time.Second, Delivery: 5 * time.Second, Step: time.Minute, Watch: 30 * time.Second}); c.Timeouts != got || got != remote.DefaultTimeouts {
		t.Errorf("the timeouts that the example calls the defaults are %+v", c.Timeouts)
	}
	if c.Directory.Filter != remote.DefaultFilter {
		t.Errorf("the filter that the example calls the default is %s", c.Directory.Filter)
	}
}

// small is a lab file that is as short as one can be.
const small = `kind: lab
name: our-lab
domain: our.example
canary: {mailbox: canary@our.example, password: {env: CANARY}}
allow: [a@our.example, b@our.example]
people:
  dana: {mail: a@our.example, password: {env: A}}
  erin: {mail: b@our.example, password: {env: B}}
endpoints:
  imap: {addr: "mail.our.example:993"}
`

const withDirectory = small + `directory: {url: "ldaps://dc1.our.example", bind: cn=x, base: dc=our, password: {env: D}}
`

// Each file is wrong in the one way that is told, at that place.
func TestWrongFiles(t *testing.T) {
	t.Setenv("A", "from the environment")
	swap := func(old, new string) string {
		if !strings.Contains(withDirectory, old) {
			t.Fatalf("the file has no %q", old)
		}
		return strings.Replace(withDirectory, old, new, 1)
	}
	mitigations := func(text string) string { return withDirectory + "mitigations:\n  " + text + "\n" }
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"right", withDirectory, nil},
		{"right without anything to change", small, nil},
		{"empty", "", []string{"1:1: the file is empty: a lab file begins with kind: lab"}},
		{"no kind", swap("kind: lab\n", ""), []string{"1:1: kind is missing: a file that describes a lab says kind: lab"}},
		{"another kind", swap("kind: lab", "kind: production"), []string{"1:7: kind is not lab: this file describes no lab, so nothing is touched"}},
		{"a list", "- kind: lab\n", []string{"1:1: found a list, expected a mapping"}},
		{"no name", swap("name: our-lab\n", ""), []string{"1:1: name is missing"}},
		{"bad name", swap("our-lab", "Our Lab"), []string{`2:7: "Our Lab" is no name of a lab`}},
		{"taken name", swap("our-lab", "sim"), []string{"2:7: sim is the name of a lab that Shutout brings along"}},
		{"no domain", swap("domain: our.example\n", ""), []string{"1:1: domain is missing"}},
		{"bad domain", swap("domain: our.example", "domain: our"), []string{`3:9: "our" is no mail domain`}},
		{"unknown key", swap("allow:", "alow:"), []string{`1:1: there is no allow-list`, `5:1: unknown key "alow": did you mean allow?`,
			"7:16: a@our.example is not on the allow-list", "8:16: b@our.example is not on the allow-list"}},
		{"empty allow-list", swap("[a@our.example, b@our.example]", "[]"), []string{"5:8: there is no allow-list",
			"7:16: a@our.example is not on the allow-list", "8:16: b@our.example is not on the allow-list"}},
		{"a whole domain", swap("[a@our.example,", "[a@our.example, '*@our.example',"), []string{`5:24: "*@our.example" is no mail address: list each account by itself`}},
		{"somebody else", swap("erin: {mail: b@our.example", "erin: {mail: c@our.example"), []string{"8:16: c@our.example is not on the allow-list, so it must not be touched"}},
		{"one account twice", swap("erin: {mail: b@our.example", "erin: {mail: A@our.example"), []string{"8:16: A@our.example plays dana already"}},
		{"no people", swap("people:\n  dana: {mail: a@our.example, password: {env: A}}\n  erin: {mail: b@our.example, password: {env: B}}\n", ""), []string{"1:1: there are no people"}},
		{"no password", swap(", password: {env: A}", ""), []string{"7:9: password is missing: say where the password of dana is kept"}},
		{"a literal password", swap("password: {env: A}", "password: hunter2"), []string{"7:41: a password must not stand in this file: say where it is kept, as {env: NAME} or {file: PATH}"}},
		{"a password for a variable", swap("{env: A}", "{env: hunter2!}"), []string{"7:47: env is no name of an environment variable"}},
		{"two places", swap("{env: A}", "{env: A, file: b}"), []string{"7:41: env and file stand here together"}},
		{"a password in a wrong key", swap("{env: A}", "{value: hunter2}"), []string{"7:41: the password is missing", `7:42: unknown key "value"`}},
		{"an option for a name", swap("{mail: a@our.example,", "{mail: a@our.example, user: -froot,"), []string{`7:37: "-froot" is no name to sign in with`}},
		{"no canary", swap("canary: {mailbox: canary@our.example, password: {env: CANARY}}\n", ""), []string{"1:1: there is no canary"}},
		{"canary without a password", swap(", password: {env: CANARY}", ""), []string{"4:9: the canary's password is missing"}},
		{"canary is the leaver", swap("mailbox: canary@our.example", "mailbox: a@our.example"), []string{"4:19: the canary is the account that plays dana"}},
		{"canary without a directory", strings.Replace(small, "canary: {mailbox: canary@our.example, password: {env: CANARY}}", "canary: {object: cn=x}", 1), []string{"4:18: there is no directory that the canary could be in"}},
		{"no endpoints", swap("endpoints:\n  imap: {addr: \"mail.our.example:993\"}\n", ""), []string{"1:1: there are no endpoints"}},
		{"unknown path", swap("imap: {", "iamp: {"), []string{`10:9: unknown access path "iamp": did you mean imap?`}},
		{"no port", swap(":993", ""), []string{`10:16: "mail.our.example" is no address of a server: expected host and port`}},
		{"bad port", swap(":993", ":70000"), []string{`10:16: "mail.our.example:70000" is no address of a server`}},
		{"no address", swap(`addr: "mail.our.example:993"`, "host: x"), []string{"10:9: addr is missing: where imap is offered"}},
		{"bad security", swap(`:993"`, `:993", security: ssl`), []string{`10:50: "ssl" is no way to protect a connection`}},
		{"no roots", swap(`:993"`, `:993", roots: nowhere.pem`), []string{"10:47: the file with the certificates cannot be read"}},
		{"roots without a certificate", swap(`:993"`, `:993", roots: file_test.go`), []string{`10:47: "file_test.go" has no certificate`}},
		{"bad directory", swap("ldaps://dc1.our.example", "dc1.our.example"), []string{`11:18: "dc1.our.example" is no address of a directory`}},
		{"directory without base", swap(" base: dc=our,", ""), []string{"11:12: directory needs base"}},
		{"a filter for everybody", swap("base: dc=our", `base: dc=our, filter: (mail=*)`), []string{"the filter finds the same entry for everybody"}},
		{"a broken filter", swap("base: dc=our", `base: dc=our, filter: "(mail={mail}"`), []string{`is no filter`}},
		{"unknown mitigation", mitigations("disable-acount: ldap"), []string{`13:3: unknown mitigation "disable-acount": did you mean disable-account`}},
		{"unknown executor", mitigations("disable-account: magic"), []string{`13:20: "magic" is no way to carry something out`}},
		{"ldap cannot", mitigations("kick-sessions: ldap"), []string{"13:18: a directory cannot carry out kick-sessions by itself"}},
		{"no directory", small + "mitigations: {disable-account: ldap}\n", []string{"11:32: disable-account is carried out in the directory, and there is none"}},
		{"no doveadm", mitigations("kick-sessions: doveadm"), []string{"13:18: kick-sessions is carried out by doveadm, and the file does not say where it is"}},
		{"password in the clear", strings.Replace(mitigations("reset-password: ldap"), "ldaps://", "ldap://", 1), []string{"13:19: a password is set over TLS only"}},
		{"set nothing", mitigations("disable-account: {ldap: {}}"), []string{"13:20: expected the attributes to write"}},
		{"set a password", mitigations("reset-password: {ldap: {set: {userPassword: hunter2}}}"), []string{"13:47: a password must not stand in this file"}},
		{"right set", mitigations("disable-account: {ldap: {set: {loginShell: /usr/sbin/nologin, extra: []}}}"), nil},
		{"no undo", mitigations("restart-service: {run: [systemctl, restart, x]}"), []string{"13:20: undo is missing"}},
		{"a word for undo", mitigations("restart-service: {run: [x], undo: never}"), []string{`13:37: found "never", expected a command such as`}},
		{"no run", mitigations("restart-service: {undo: none}"), []string{"13:20: run is missing"}},
		{"empty run", mitigations("restart-service: {run: [], undo: none}"), []string{"13:26: run is empty"}},
		{"unknown placeholder", mitigations(`restart-service: {run: [x, "{servcie}"], undo: none}`), []string{"13:30: {servcie} stands for nothing here: there is {service}"}},
		{"nobody", mitigations(`restart-service: {run: [x, "{user}"], undo: none}`), []string{"13:30: {user} stands for nothing here"}},
		{"a lone brace", mitigations(`restart-service: {run: [awk, "{ print }"], undo: none}`), []string{`"{" stands alone: write {{ and }}`}},
		{"doubled braces", mitigations(`restart-service: {run: [awk, "{{ print }}"], undo: none}`), nil},
		{"a password among arguments", mitigations(`reset-password: {run: [passwd, "{local}", "{new_password}"], undo: none}`), []string{"since everybody on a host sees the arguments"}},
		{"a password by stdin", mitigations(`reset-password: {run: [passwd, "{local}"], stdin: "{new_password}\n", undo: [passwd, "{local}"], undo_stdin: "{password}\n"}`), nil},
		{"a password by file", mitigations(`reset-password: {run: [passwd, "{local}", "{new_password_file}"], undo: none}`), nil},
		{"a shell", mitigations(`disable-account: {run: [sh, -c, "lock {user}"], undo: none}`), []string{`13:35: a shell would interpret what stands for {user}: write "$SHUTOUT_USER" in its place`}},
		{"a shell's arguments", mitigations(`disable-account: {run: [/bin/sh, -ec, 'lock "$1"', lock, "{user}"], undo: none}`), nil},
		{"before without read", mitigations(`disable-account: {run: [x], undo: [x, "{before}"]}`), []string{"13:41: {before} stands for nothing here"}},
		{"before", mitigations(`disable-account: {run: [x], read: [y], undo: [x, "{before}"]}`), nil},
		{"unknown ssh host", mitigations(`disable-account: {run: [x], undo: none, ssh: mial}`), []string{`13:48: there is no host "mial" under ssh:`}},
		{"ssh without a key", withDirectory + "ssh: {mail: {addr: h, user: u, known_hosts: k}}\n", []string{"12:13: say how to log on"}},
		{"ssh with a password", withDirectory + "ssh: {mail: {addr: h, user: u, password: p, known_hosts: k, agent: true}}\n", []string{`12:32: unknown key "password"`}},
		{"ssh without known_hosts", withDirectory + "ssh: {mail: {addr: h, user: u, agent: true}}\n", []string{"12:13: known_hosts is missing"}},
		{"delivery beyond the attempt", withDirectory + "timeouts: {delivery: 20s}\n", []string{"12:22: delivery is 20s, and an attempt is cut off after 15s: a message would not have its time, so make attempt longer"}},
		{"endless", withDirectory + "timeouts: {attempt: 2d}\n", []string{"12:21: attempt is 48h: expected a duration of at most 1h"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := remote.Parse("lab.yaml", []byte(tt.src))
			ps, _ := errors.AsType[strict.Problems](err)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
			if len(ps) != len(tt.want) {
				t.Fatalf("%d problems, want %d:\n%v", len(ps), len(tt.want), err)
			}
			for i, p := range ps {
				if got := strings.TrimPrefix(p.Error(), "lab.yaml:"); !strings.Contains(got, tt.want[i]) {
					t.Errorf("problem %d is %q, want %q", i, got, tt.want[i])
				}
			}
		})
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	for path, want := range map[string]string{"nowhere.yaml": "nowhere.yaml: there is no such file", ".": ".: this is a folder"} {
		if _, err := remote.Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("SHUTOUT_TEST_SECRET", "from env")
	for _, tt := range []struct {
		secret    remote.Secret
		want, err string
	}{
		{remote.Secret{Env: "SHUTOUT_TEST_SECRET"}, "from env", ""},
		{remote.Secret{Env: "SHUTOUT_TEST_UNSET"}, "", "the environment variable SHUTOUT_TEST_UNSET is not set"},
		{remote.Secret{File: write("a", "first \r\nsecond\n")}, "first ", ""},
		{remote.Secret{File: write("b", "\nsecond\n")}, "", "the first line of"},
		{remote.Secret{File: write("c", strings.Repeat("x", 5000))}, "", "is larger than 4096 bytes"},
		{remote.Secret{File: dir}, "", "is no file"},
		{remote.Secret{File: filepath.Join(dir, "none")}, "", "there is no file"},
		{remote.Secret{Value: "memory"}, "memory", ""},
		{remote.Secret{}, "", "no password is given"},
	} {
		got, err := tt.secret.Read()
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%v is %q, %v; want %q, %q", tt.secret, got, err, tt.want, tt.err)
		}
	}
}

// Whatever the file, it is read or refused, and no executor comes of a refused
// one.
func FuzzParse(f *testing.F) {
	src, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	f.Add([]byte(small))
	f.Add([]byte(withDirectory + "mitigations: {disable-account: {run: [sh, -c, \"{{}}\"], undo: none}}"))
	f.Add([]byte("kind: lab\npeople: {dana: }\nhosts: {home: }\nssh: {a: {}}\ninlet: {}\nkerberos: {}\ndoveadm: {}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := remote.Parse("lab.yaml", src)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if err != nil {
			return
		}
		for id, p := range c.People {
			if !slices.ContainsFunc(c.Allow, func(a string) bool { return strings.EqualFold(a, p.Mail) }) {
				t.Errorf("%s is %s, which is not on the allow-list", id, p.Mail)
			}
			if p.Password.Value != "" {
				t.Errorf("the password of %s came from the file", id)
			}
		}
	})
}
