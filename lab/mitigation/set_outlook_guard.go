package mitigation

import (
	"errors"

	"shutout/lab"
)

// SetOutlookGuard tells Outlook what to do when a foreign program sends through
// it.
type SetOutlookGuard struct {
	Mode  string   `yaml:"mode" choice:"deny prompt allow by-antivirus" doc:"what Outlook does; by-antivirus asks only where the virus scanner is missing or out of date"`
	Via   string   `yaml:"via,omitempty" choice:"policy trust-center" default:"policy" doc:"group policy, or the choice in Outlook's Trust Center, which group policy overrides"`
	Hosts []string `yaml:"hosts,omitempty" kind:"desktop" doc:"whose Outlook" omitted:"all computers in the office"`
}

func (*SetOutlookGuard) Name() string { return "set-outlook-guard" }

func (a *SetOutlookGuard) Validate(c *lab.Cast) error {
	err := check(a, c)
	if a.Mode == "deny" && a.Via == "trust-center" {
		err = errors.Join(err, &ParamError{
			Action: a.Name(), Param: "mode", Found: a.Mode, Text: "needs via: policy, because the Trust Center can only ask or allow",
		})
	}
	return err
}

// Registry writes what the action sets into the registry of a computer with
// that version of Office.
func (a *SetOutlookGuard) Registry(r lab.Registry, version string) {
	if a.Via == "trust-center" {
		r.Set(lab.GuardTrustCenterKey(version), lab.GuardTrustCenter, map[string]uint32{
			"prompt": lab.GuardTrustPrompt, "allow": lab.GuardTrustAllow, "by-antivirus": lab.GuardTrustByAntivirus,
		}[a.Mode])
		return
	}
	key := lab.GuardPolicyKey(version)
	r.Set(key, lab.GuardMode, lab.GuardModePolicy)
	r.Set(key, lab.GuardSend, map[string]uint32{
		"deny": lab.GuardSendDeny, "prompt": lab.GuardSendPrompt, "allow": lab.GuardSendAllow, "by-antivirus": lab.GuardSendByAntivirus,
	}[a.Mode])
}

var setOutlookGuard = Info{
	Title: "Set up Outlook's object-model guard",
	Doc: `Tells Outlook what to do when a program drives it on somebody's own computer, where it needs no password. With
		mode deny or prompt the next message that the program sends is stopped, or asked about. It protects Outlook only:
		the same program can still speak SMTP to port 25. The key has the number of Office: 16.0 for 2016 and later.`,
	Cmdlets: []string{
		`reg add "HKCU\Software\Policies\Microsoft\Office\16.0\Outlook\Security" /v AdminSecurityMode /t REG_DWORD /d 3 /f   # via: policy`,
		`reg add "HKCU\Software\Policies\Microsoft\Office\16.0\Outlook\Security" /v PromptOOMSend /t REG_DWORD /d 0 /f   # 0 deny, 1 prompt, 2 allow, 3 by-antivirus`,
		`reg add "HKLM\Software\Microsoft\Office\16.0\Outlook\Security" /v ObjectModelGuard /t REG_DWORD /d 1 /f   # via: trust-center; 0 by-antivirus, 1 prompt, 2 allow`,
	},
	Sources: []string{
		"003_049f916dd82b29d8.txt#guard-warns", "003_049f916dd82b29d8.txt#deploy-guard",
		"003_049f916dd82b29d8.txt#guard-is-outlook-only", "OMG-SEND", "OMG-2013", "KB926512",
	},
	SideEffects: "Add-ins and programs that send through Outlook for good reasons are asked about, or stopped, too.",
	Undo:        "Delete the values again, with reg delete, or set mode by-antivirus.",
	Purpose:     EndAbuse,
	New:         func() lab.Action { return new(SetOutlookGuard) },
}
