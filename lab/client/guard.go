package client

import (
	"fmt"

	"shutout/lab"
)

// stageGuard is where Outlook itself stops a program that drives it.
const stageGuard = "object-model guard"

// guard is what Outlook asks its own computer before a foreign program may
// send through it. It protects Outlook and nothing else: a program that speaks
// SMTP never meets it.
func guard(env lab.Env) *lab.Failure {
	desktop := lab.HealthyDesktop()
	if env.Desktop != nil {
		desktop = env.Desktop()
	}
	choice, value := guardOf(desktop)
	if choice == guardByAntivirus {
		if desktop.Antivirus {
			return nil
		}
		choice, value = guardAsk, value+", and the virus scanner is missing or out of date"
	}
	switch {
	case choice == guardPass, choice == guardAsk && env.Activity.Client.Consent:
		return nil
	case choice == guardAsk:
		return refused(stageGuard, value+": Outlook asks, and nobody at the desk allows it")
	default:
		return refused(stageGuard, value+": Outlook lets no program send")
	}
}

// guardChoice is what the guard does about a program that is not trusted.
type guardChoice int

const (
	guardByAntivirus guardChoice = iota // asks where the virus scanner is not current
	guardDeny
	guardAsk
	guardPass
)

// Values that Outlook does not know count as if they were not there.
var (
	bySendPolicy = map[uint32]guardChoice{
		lab.GuardSendDeny: guardDeny, lab.GuardSendPrompt: guardAsk, lab.GuardSendAllow: guardPass, lab.GuardSendByAntivirus: guardByAntivirus,
	}
	byTrustCenter = map[uint32]guardChoice{
		lab.GuardTrustByAntivirus: guardByAntivirus, lab.GuardTrustPrompt: guardAsk, lab.GuardTrustAllow: guardPass,
	}
)

// guardOf reads the registry. The text names the value that decides.
func guardOf(d lab.Desktop) (guardChoice, string) {
	policy := lab.GuardPolicyKey(d.OfficeVersion)
	key, name, known := lab.GuardTrustCenterKey(d.OfficeVersion), lab.GuardTrustCenter, byTrustCenter
	if mode, _ := d.Registry.DWORD(policy, lab.GuardMode); mode == lab.GuardModePolicy {
		key, name, known = policy, lab.GuardSend, bySendPolicy
	}
	v, ok := d.Registry.DWORD(key, name)
	c, meant := known[v]
	if !ok || !meant {
		return guardByAntivirus, name + " is not set"
	}
	return c, fmt.Sprintf("%s is %d", name, v)
}
