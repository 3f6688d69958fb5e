package mitigation

import (
	"errors"

	"shutout/lab"
)

// AdmitToPort closes a port of servers to the office but for computers and
// people that prove who they are.
type AdmitToPort struct {
	Port    int      `yaml:"port" min:"1" max:"65535" example:"25" doc:"the TCP port, such as 25"`
	Hosts   []string `yaml:"hosts,omitempty" kind:"desktop" example:"scan-station" doc:"the computers that may connect" omitted:"every computer, if people says who"`
	People  []string `yaml:"people,omitempty" kind:"account" doc:"who must be logged on to the computer that connects" omitted:"anybody, and programs that run as the computer itself"`
	Servers []string `yaml:"servers,omitempty" kind:"server" doc:"which servers" omitted:"all mailbox servers"`
}

func (*AdmitToPort) Name() string { return "admit-to-port" }

func (a *AdmitToPort) Validate(c *lab.Cast) error {
	err := check(a, c)
	if len(a.Hosts) == 0 && len(a.People) == 0 {
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "hosts", Text: "or people is needed: who may connect? (close-port shuts everybody out)"})
	}
	return err
}

var admitToPort = Info{
	Title: "Admit to a port only authenticated computers and people",
	Doc: `A secure rule of the Windows Firewall: who connects from the office has to authenticate with Kerberos (IPsec), as
		one of these computers and, where people are named, as one of them. Of one and the same computer a program of
		the system may send and its user may not, or the other way round. It severs connections that are open and do not
		qualify. Setup's own rules for port 25 have to go, or they admit everybody again. Mail from the internet and
		between the servers takes other rules.`,
	Cmdlets: []string{
		"New-NetIPsecRule -DisplayName \"Authenticate SMTP\" -InboundSecurity Request -OutboundSecurity Request -Protocol TCP -LocalPort 25 -Phase1AuthSet COMPUTERKERBEROS -Phase2AuthSet USERKERBEROS   # servers; the same with -RemotePort 25 by group policy on the computers",
		`New-NetFirewallRule -DisplayName "Authenticated SMTP" -Direction Inbound -Protocol TCP -LocalPort 25 -Action Allow -Authentication Required -RemoteMachine "O:LSD:(A;;CC;;;COMPUTERS-SID)" -RemoteUser "O:LSD:(A;;CC;;;PEOPLE-SID)"`,
		"Duplicate setup's three rules that hold port 25 without that port, then Disable-NetFirewallRule the originals",
	},
	Sources: []string{
		"003_049f916dd82b29d8.txt#firewall-by-account", "003_049f916dd82b29d8.txt#system-sends-users-do-not",
		"003_049f916dd82b29d8.txt#rules-on-both-sides", "003_049f916dd82b29d8.txt#users-and-computers",
		"003_049f916dd82b29d8.txt#rule-by-address-beside", "003_049f916dd82b29d8.txt#change-default-rules",
		"003_049f916dd82b29d8.txt#copy-without-port-25", "003_049f916dd82b29d8.txt#only-authenticated", "PS-FWRULE",
	},
	SideEffects: "Devices without Kerberos, such as printers and scanners, need a rule for their address; a rule too narrow stops monitoring mail.",
	Undo:        "Enable setup's rules again and remove these (Remove-NetFirewallRule, Remove-NetIPsecRule).",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(AdmitToPort) },
}
