package mitigation

import "shutout/lab"

// RemoveExchangeAttributes clears everything that Exchange keeps with an
// account.
type RemoveExchangeAttributes struct {
	User string `yaml:"user" kind:"account" doc:"whose account"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*RemoveExchangeAttributes) Name() string                 { return "remove-exchange-attributes" }
func (a *RemoveExchangeAttributes) Validate(c *lab.Cast) error { return check(a, c) }

var removeExchangeAttributes = Info{
	Title: "Remove the account's Exchange attributes",
	Doc: `The account has no mailbox and no mail address any more, and the mailbox no owner. One administrator saw it end an open
		Outlook session; whether it does so at once, or only when the store reads the account again, is a parameter
		(store.attributes_gone_severs). Mail that the business wanted to keep comes back to its senders.`,
	Cmdlets: []string{
		"Active Directory Users and Computers: USER, Exchange Tasks, Remove Exchange Attributes   # 2003",
		"Set-ADUser -Identity USER -Clear homeMDB,legacyExchangeDN,mail,mailNickname,msExchHomeServerName,msExchMailboxGuid,proxyAddresses -Server DC",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#remove-attributes", "000_aa5026bcf9d1a159.txt#attributes-lose-mail",
	},
	SideEffects: "Mail to this address bounces from now on, and nobody can take it over.",
	Undo:        "reconnect-mailbox; what bounced is lost, and protocol flags and limits have to be set anew",
	Where:       OwnExchange,
	Drastic:     true,
	New:         func() lab.Action { return new(RemoveExchangeAttributes) },
}
