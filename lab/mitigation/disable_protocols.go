package mitigation

import "shutout/lab"

// DisableProtocols clears protocol flags of a mailbox (CAS mailbox settings).
type DisableProtocols struct {
	User      string   `yaml:"user" kind:"account" doc:"whose mailbox"`
	Protocols []string `yaml:"protocols,omitempty" choice:"owa activesync mapi outlook-anywhere mapi-http imap pop3 ews unified-messaging archive" doc:"which protocols are switched off" omitted:"all of them but unified-messaging and archive"`
	DC        string   `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*DisableProtocols) Name() string                 { return "disable-protocols" }
func (a *DisableProtocols) Validate(c *lab.Cast) error { return check(a, c) }

// Affected lists the protocols that are switched off.
func (a *DisableProtocols) Affected() []string {
	if len(a.Protocols) > 0 {
		return a.Protocols
	}
	return []string{"owa", "activesync", "mapi", "outlook-anywhere", "mapi-http", "imap", "pop3", "ews"}
}

var disableProtocols = Info{
	Title: "Switch protocols off for the mailbox",
	Doc: `Refuses new sessions over these protocols, once the servers' directory cache and the store's
		mailbox-information cache have read the flags. An Outlook session that is open goes on until it is
		checked again. Whoever may not use mapi may use neither outlook-anywhere nor mapi-http, which can also
		be barred by themselves. SMTP submission has no such flag and goes on. Unified-messaging takes the mailbox from the
		telephone, and archive takes the second mailbox away that older mail goes to; no path of a lab leads to either, so
		that nothing is seen of them: the step tells what it has changed, or that the version has no such thing.`,
	Cmdlets: []string{
		"Set-CASMailbox -Identity USER -OWAEnabled $false -ActiveSyncEnabled $false -MAPIEnabled $false -PopEnabled $false -ImapEnabled $false -MAPIBlockOutlookRpcHttp $true   # 2007 and later",
		"Disable-UMMailbox -Identity USER -KeepProperties $true -Confirm:$false   # unified-messaging; 2007 to 2016",
		"Disable-Mailbox -Identity USER -Archive -Confirm:$false   # archive; 2010 and later. Without -Archive it takes the mailbox itself",
		"Set-CASMailbox -Identity USER -EwsEnabled $false -ECPEnabled $false   # 2010 and later",
		"Set-CASMailbox -Identity USER -OWAforDevicesEnabled $false -MapiHttpEnabled $false   # 2013 and later",
	},
	Sources: []string{
		"001_01342c1255a20eb5.txt#disable-features", "001_01342c1255a20eb5.txt#features-by-shell",
		"004_4d27062e20911578.txt#pop3-on-for-all", "004_4d27062e20911578.txt#pop3-off-per-user", "PS-CAS",
		"EAS-ACCESS", "MBI-1", "SMTP-AUTH",
	},
	SideEffects: "None for others. A protocol that is left out goes on. A line that circulates spells one value $flase and leaves out the $ of another: it is refused as a whole, and every protocol goes on.",
	Undo:        "The same commands with $true for $false and $false for $true; -MapiHttpEnabled $null follows the organisation again.",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(DisableProtocols) },
}
