package mitigation

import "shutout/lab"

// LimitMessageSize sets the largest message that a mailbox may send or
// receive.
type LimitMessageSize struct {
	User      string `yaml:"user" kind:"account" doc:"whose mailbox"`
	Size      Size   `yaml:"size" kind:"size" doc:"the largest message that passes; the directory keeps it in whole KB"`
	Direction string `yaml:"direction,omitempty" choice:"send receive both" default:"both" doc:"which messages"`
	DC        string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*LimitMessageSize) Name() string                 { return "limit-message-size" }
func (a *LimitMessageSize) Validate(c *lab.Cast) error { return check(a, c) }

// Sends tells whether what the user sends is limited.
func (a *LimitMessageSize) Sends() bool { return a.Direction != "receive" }

// Receives tells whether what the user receives is limited.
func (a *LimitMessageSize) Receives() bool { return a.Direction != "send" }

var limitMessageSize = Info{
	Title:       "Limit the size of messages",
	Doc:         `Ends sending as soon as transport has read the limit; no session needs to be made anew for it. Reading goes on.`,
	Cmdlets:     []string{"Set-Mailbox USER -MaxSendSize 1KB -MaxReceiveSize 1KB"},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#size-limit", "PS-MBX"},
	SideEffects: "With receive or both, mail to the mailbox bounces.",
	Undo:        "Set-Mailbox USER -MaxSendSize unlimited -MaxReceiveSize unlimited",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(LimitMessageSize) },
}
