package mitigation

import "shutout/lab"

// DisableDevices disables the devices that a user has registered with Entra ID.
type DisableDevices struct {
	User string `yaml:"user" kind:"account" doc:"whose devices: all on which a program holds a refresh token"`
}

func (*DisableDevices) Name() string                 { return "disable-devices" }
func (a *DisableDevices) Validate(c *lab.Cast) error { return check(a, c) }

var disableDevices = Info{
	Title: "Disable the registered devices in Entra ID",
	Doc: `Ends the refresh tokens that programs on these devices hold. Servers do not hear of it, so access tokens go on until
		they expire; the browser's sign-in belongs to no device; and whoever knows the password may sign in on another one.`,
	Cmdlets: []string{
		"Get-MgUserRegisteredDevice -UserId USER",
		"Update-MgDevice -DeviceId DEVICE -AccountEnabled:$false",
	},
	Sources:     []string{"ENTRA-REVOKE"},
	SideEffects: "Whoever shares a device is shut out on it as well.",
	Undo:        "Update-MgDevice -DeviceId DEVICE -AccountEnabled:$true",
	Where:       CloudTenant,
	New:         func() lab.Action { return new(DisableDevices) },
}
