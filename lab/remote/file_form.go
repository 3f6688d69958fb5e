package remote

import (
	"net/netip"
	"regexp"
	"time"

	"shutout/lab"
	"shutout/lab/strict"
)

// labFile is a lab as it is written.
type labFile struct {
	Kind      string                    `yaml:"kind"`
	Name      string                    `yaml:"name"`
	Domain    string                    `yaml:"domain"`
	Profile   string                    `yaml:"profile"`
	Canary    canaryFile                `yaml:"canary"`
	Allow     []string                  `yaml:"allow"`
	People    map[string]*personFile    `yaml:"people"`
	Hosts     map[string]*wayFile       `yaml:"hosts"`
	Endpoints map[lab.Path]endpointFile `yaml:"endpoints"`
	Inlet     *inletFile                `yaml:"inlet"`
	Kerberos  *realmFile                `yaml:"kerberos"`
	Directory *directoryFile            `yaml:"directory"`
	Doveadm   *doveadmFile              `yaml:"doveadm"`
	SSH       map[string]sshFile        `yaml:"ssh"`
	Services  map[string]string         `yaml:"services"`
	Timeouts  timeoutsFile              `yaml:"timeouts"`
}

type canaryFile struct {
	Mailbox  string `yaml:"mailbox"`
	User     string `yaml:"user"`
	Password Secret `yaml:"password"`
	Object   string `yaml:"object"`
}

type personFile struct {
	Name        string `yaml:"name"`
	Mail        string `yaml:"mail"`
	User        string `yaml:"user"`
	Password    Secret `yaml:"password"`
	NewPassword Secret `yaml:"new_password"`
}

type wayFile struct {
	Local netip.Addr `yaml:"local"`
	Socks string     `yaml:"socks"`
}

type endpointFile struct {
	Addr      string        `yaml:"addr"`
	Host      string        `yaml:"host"`
	Security  lab.Security  `yaml:"security"`
	Roots     string        `yaml:"roots"`
	Plain     string        `yaml:"plain"`
	Heartbeat time.Duration `yaml:"heartbeat"`
}

type inletFile struct {
	Addr     string       `yaml:"addr"`
	Host     string       `yaml:"host"`
	Security lab.Security `yaml:"security"`
	Roots    string       `yaml:"roots"`
	From     string       `yaml:"from"`
}

type realmFile struct {
	Realm string `yaml:"realm"`
	KDC   string `yaml:"kdc"`
}

type directoryFile struct {
	URL      string `yaml:"url"`
	StartTLS bool   `yaml:"starttls"`
	Host     string `yaml:"host"`
	Roots    string `yaml:"roots"`
	Bind     string `yaml:"bind"`
	Password Secret `yaml:"password"`
	Base     string `yaml:"base"`
	Filter   string `yaml:"filter"`
}

type doveadmFile struct {
	URL   string `yaml:"url"`
	Host  string `yaml:"host"`
	Roots string `yaml:"roots"`
	Key   Secret `yaml:"key"`
	User  string `yaml:"user"`
}

type sshFile struct {
	Addr       string `yaml:"addr"`
	User       string `yaml:"user"`
	Key        string `yaml:"key"`
	Agent      bool   `yaml:"agent"`
	KnownHosts string `yaml:"known_hosts"`
}

type timeoutsFile struct {
	Dial     time.Duration `yaml:"dial"`
	Attempt  time.Duration `yaml:"attempt"`
	Delivery time.Duration `yaml:"delivery"`
	Step     time.Duration `yaml:"step"`
	Watch    time.Duration `yaml:"watch"`
	Settle   time.Duration `yaml:"settle"`
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// DecodeNode reads where a secret is kept. What stands in the place of that may
// be the secret itself, so it is not shown.
func (s *Secret) DecodeNode(d *strict.Doc, n *strict.Node) {
	const where = "say where it is kept, as {env: NAME} or {file: PATH}"
	if n.Kind != strict.Map {
		d.Problemf(n, "a password must not stand in this file: %s", where)
		return
	}
	var f struct {
		Env  string `yaml:"env"`
		File string `yaml:"file"`
	}
	d.Decode(n, &f)
	env, file := n.Get("env"), n.Get("file")
	switch {
	case env == nil && file == nil:
		d.Problemf(n, "the password is missing: %s", where)
	case env != nil && file != nil:
		d.Problemf(n, "env and file stand here together: %s, not both", where)
	case env != nil && env.Kind == strict.Scalar && !envName.MatchString(f.Env):
		d.Problemf(env, "env is no name of an environment variable: expected one such as LEAVER_PASSWORD")
	case file != nil && file.Kind == strict.Scalar && f.File == "":
		d.Problemf(file, "file is empty: %s", where)
	}
	s.Env, s.File = f.Env, f.File
}
