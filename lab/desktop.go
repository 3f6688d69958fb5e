package lab

import "strings"

// Desktops is implemented by labs that know the computers that people work at.
type Desktops interface {
	// Desktop tells how a host of the cast is set up now.
	Desktop(host string) Desktop
}

// Desktop is a computer as far as Outlook there looks at it.
type Desktop struct {
	OfficeVersion string // "14.0", as in the keys of the registry
	Windows       string // "6.0.6000", as ver prints it
	Registry      Registry
	// Antivirus says that there is a virus scanner and that it is up to date.
	Antivirus bool
}

// HealthyDesktop is a computer on which nobody has changed anything.
func HealthyDesktop() Desktop { return Desktop{OfficeVersion: "16.0", Antivirus: true} }

// Registry is the numbers (REG_DWORD) in a computer's registry, as its user sees
// them. Names do not depend on case.
type Registry map[string]uint32

// DWORD returns the value of that name below key.
func (r Registry) DWORD(key, name string) (uint32, bool) {
	v, ok := r[entry(key, name)]
	return v, ok
}

// Set writes the value of that name below key.
func (r Registry) Set(key, name string, value uint32) { r[entry(key, name)] = value }

func entry(key, name string) string { return strings.ToLower(key + `\` + name) }

// Where Outlook's object-model guard is set up. Group policy rules where
// AdminSecurityMode has the value for it (KB926512), and otherwise what is
// chosen in the Trust Center.
const (
	GuardMode        = "AdminSecurityMode" // below GuardPolicyKey
	GuardSend        = "PromptOOMSend"     // below GuardPolicyKey
	GuardTrustCenter = "ObjectModelGuard"  // below GuardTrustCenterKey
)

// Values of AdminSecurityMode (KB926512), PromptOOMSend (the policy "Configure
// Outlook object model prompt when sending mail") and ObjectModelGuard.
const (
	GuardModePolicy uint32 = 3

	GuardSendDeny        uint32 = 0
	GuardSendPrompt      uint32 = 1
	GuardSendAllow       uint32 = 2
	GuardSendByAntivirus uint32 = 3

	GuardTrustByAntivirus uint32 = 0
	GuardTrustPrompt      uint32 = 1
	GuardTrustAllow       uint32 = 2
)

// GuardPolicyKey is the key below which group policy sets the guard up.
func GuardPolicyKey(version string) string {
	return `HKCU\Software\Policies\Microsoft\Office\` + version + `\Outlook\Security`
}

// GuardTrustCenterKey is the key below which the Trust Center keeps its choice.
func GuardTrustCenterKey(version string) string {
	return `HKLM\Software\Microsoft\Office\` + version + `\Outlook\Security`
}
