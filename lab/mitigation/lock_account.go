package mitigation

import "shutout/lab"

// LockAccount locks an account with wrong passwords, as many as the domain's
// policy takes: nobody can set the lock itself.
type LockAccount struct {
	User string `yaml:"user" kind:"account" doc:"whose account"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that is given the passwords" omitted:"the PDC emulator"`
}

func (*LockAccount) Name() string                 { return "lock-account" }
func (a *LockAccount) Validate(c *lab.Cast) error { return check(a, c) }

var lockAccount = Info{
	Title: "Lock the account with wrong passwords",
	Doc: `Refuses the next authentication for as long as the domain's policy says (ad.lockout_duration); then the account opens by
		itself. Sessions, cached tokens and open connections are not told. A domain without a lockout threshold
		(ad.lockout_threshold 0) locks nobody: there the step fails.`,
	Cmdlets: []string{
		`net accounts /domain   # "Lockout threshold"`,
		`1..THRESHOLD | ForEach-Object { net use \\DC\IPC$ /user:DOMAIN\USER wrong-password }`,
		"Get-ADUser USER -Properties LockedOut",
	},
	Sources:     []string{"KILE-TGS", "KB232690"},
	SideEffects: "None for others. A lockout sets off alarms that somebody else may answer by unlocking.",
	Undo:        "Unlock-ADAccount -Identity USER",
	Open: &Texts{
		Doc: `Refuses the next authentication that asks Samba for as long as the domain's policy says (ad.lockout_duration); then
			the account opens by itself. What is open goes on. A domain without a lockout threshold (ad.lockout_threshold 0) locks
			nobody: there the step fails.`,
		Cmdlets: []string{
			`samba-tool domain passwordsettings show   # "Account lockout threshold"`,
			"for i in $(seq THRESHOLD); do smbclient //DC/netlogon -U USER%wrong-password -c quit; done",
		},
		Sources: []string{"SAMBA-TOOL", "OPEN-LAB"},
		Undo:    "samba-tool user unlock USER",
	},
	New: func() lab.Action { return new(LockAccount) },
}
