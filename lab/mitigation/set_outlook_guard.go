package mitigation

import (
	"errors"
	"slices"
	"strings"

	"shutout/lab"
)

// SetOutlookGuard tells Outlook what to do when a foreign program sends through
// it.
type SetOutlookGuard struct {
	Mode     string   `yaml:"mode" choice:"deny prompt allow by-antivirus" doc:"what Outlook does; by-antivirus asks only where the virus scanner is missing or out of date"`
	Via      string   `yaml:"via,omitempty" choice:"policy logon-script trust-center" default:"policy" doc:"group policy, a logon script that writes the same values, or the choice in Outlook's Trust Center, which these override"`
	Versions []string `yaml:"versions,omitempty" kind:"windows" doc:"with via: logon-script: the versions of Windows that the script looks for in what ver prints; on others it does nothing" omitted:"the script does not look"`
	Hosts    []string `yaml:"hosts,omitempty" kind:"desktop" doc:"whose Outlook" omitted:"all computers in the office"`
}

func (*SetOutlookGuard) Name() string { return "set-outlook-guard" }

func (a *SetOutlookGuard) Validate(c *lab.Cast) error {
	err := check(a, c)
	if a.Mode == "deny" && a.Via == "trust-center" {
		err = errors.Join(err, &ParamError{
			Action: a.Name(), Param: "mode", Found: a.Mode, Text: "needs via: policy, because the Trust Center can only ask or allow",
		})
	}
	if len(a.Versions) > 0 && a.Via != "logon-script" {
		err = errors.Join(err, &ParamError{
			Action: a.Name(), Param: "versions", Text: "needs via: logon-script: group policy and the Trust Center do not ask which Windows it is",
		})
	}
	return err
}

// Reaches tells whether the action does anything on a computer with that
// version of Windows. A logon script asks ver which one it is and looks for the
// numbers that it knows (findstr); what it does not know it passes over in
// silence.
func (a *SetOutlookGuard) Reaches(windows string) bool {
	return len(a.Versions) == 0 || slices.ContainsFunc(a.Versions, func(v string) bool { return strings.Contains(windows, v) })
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
		the same program can still speak SMTP to port 25. The key has the number of Office: 16.0 for 2016 and later. A logon
		script that looks for the versions of Windows that it knows passes every other one over in silence: the one that
		knows 6.0.6000, Windows Vista as it came out, does nothing on 6.0.6001, the same with Service Pack 1. The step stands
		for everybody's next logon.`,
	Cmdlets: []string{
		`reg add "HKCU\Software\Policies\Microsoft\Office\16.0\Outlook\Security" /v AdminSecurityMode /t REG_DWORD /d 3 /f   # via: policy`,
		`reg add "HKCU\Software\Policies\Microsoft\Office\16.0\Outlook\Security" /v PromptOOMSend /t REG_DWORD /d 0 /f   # 0 deny, 1 prompt, 2 allow, 3 by-antivirus`,
		`findstr "6000 6001" %systemdrive%\ver.txt   # via: logon-script, versions: [6.0.6000, 6.0.6001]; ver.txt holds what ver printed`,
		`reg add "HKLM\Software\Microsoft\Office\16.0\Outlook\Security" /v ObjectModelGuard /t REG_DWORD /d 1 /f   # via: trust-center; 0 by-antivirus, 1 prompt, 2 allow`,
	},
	Sources: []string{
		"003_049f916dd82b29d8.txt#guard-warns", "003_049f916dd82b29d8.txt#deploy-guard",
		"003_049f916dd82b29d8.txt#guard-is-outlook-only", "OMG-SEND", "OMG-2013", "KB926512",
		"004_4d27062e20911578.txt#vista-versions", "004_4d27062e20911578.txt#script-misses-sp1",
		"004_4d27062e20911578.txt#one-section-for-both",
	},
	SideEffects: "Add-ins and programs that send through Outlook for good reasons are asked about, or stopped, too.",
	Undo:        "Delete the values again, with reg delete, or set mode by-antivirus.",
	Purpose:     EndAbuse,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(SetOutlookGuard) },
}
