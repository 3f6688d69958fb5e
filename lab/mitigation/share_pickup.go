package mitigation

import "shutout/lab"

// SharePickup shares the Pickup directory with certain accounts.
type SharePickup struct {
	Users   []string `yaml:"users" kind:"account" example:"erin" doc:"who may write message files; an empty list admits nobody"`
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"of which mailbox servers" omitted:"all mailbox servers"`
}

func (*SharePickup) Name() string                 { return "share-pickup" }
func (a *SharePickup) Validate(c *lab.Cast) error { return check(a, c) }

var sharePickup = Info{
	Title: "Let certain accounts send by the Pickup directory",
	Doc: `Message files that these accounts write to the share are sent within seconds, to any recipient. With port 25 closed
		beside it, whatever sends has to be an account that the share's permissions name: that, and no sign-in to mail,
		is what makes it authenticated. The sender is still what the file says, and the header tells no computer. Programs
		that cannot write a file to a share are left out. A second share-pickup replaces the accounts of the first.`,
	Cmdlets: []string{
		`New-SmbShare -Name Pickup -Path "$env:ExchangeInstallPath\TransportRoles\Pickup" -ChangeAccess USERS`,
		`icacls "%ExchangeInstallPath%TransportRoles\Pickup" /grant USER:(OI)(CI)M`,
		`Exchange 2003: net share Pickup="C:\Program Files\Exchsrvr\Mailroot\vsi 1\PickUp" /GRANT:USER,CHANGE`,
	},
	Sources: []string{
		"003_049f916dd82b29d8.txt#close-port-use-pickup",
		"003_049f916dd82b29d8.txt#pickup-needs-a-file",
		"PICKUP",
	},
	SideEffects: "Whoever may write there sends in anybody's name, to any domain.",
	Undo:        "share-pickup with an empty list; Remove-SmbShare Pickup",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(SharePickup) },
}
