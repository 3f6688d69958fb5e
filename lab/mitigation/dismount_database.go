package mitigation

import "shutout/lab"

// DismountDatabase takes a mailbox database out of service.
type DismountDatabase struct {
	Database string `yaml:"database" kind:"database" example:"db1" doc:"which database"`
}

func (*DismountDatabase) Name() string                 { return "dismount-database" }
func (a *DismountDatabase) Validate(c *lab.Cast) error { return check(a, c) }

var dismountDatabase = Info{
	Title: "Dismount the mailbox database",
	Doc: `Severs every session on the mailboxes of this database and lets nobody in until it is mounted again. Mail to them waits
		in the queues. When it is mounted, whoever may still sign in is back.`,
	Cmdlets:     []string{"Dismount-Database -Identity DATABASE -Confirm:$false"},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#restart-or-failover", "KB326252"},
	SideEffects: "Every mailbox of the database is away, not only that of the user.",
	Undo:        "mount-database",
	Where:       OwnExchange,
	Drastic:     true,
	New:         func() lab.Action { return new(DismountDatabase) },
}

// MountDatabase puts a mailbox database back into service.
type MountDatabase struct {
	Database string `yaml:"database" kind:"database" example:"db1" doc:"which database"`
}

func (*MountDatabase) Name() string                 { return "mount-database" }
func (a *MountDatabase) Validate(c *lab.Cast) error { return check(a, c) }

var mountDatabase = Info{
	Title:       "Mount the mailbox database",
	Doc:         `Takes dismount-database back. The store reads rights, limits and flags of its mailboxes anew.`,
	Cmdlets:     []string{"Mount-Database -Identity DATABASE"},
	Sources:     []string{"KB326252"},
	SideEffects: "None.",
	Undo:        "dismount-database",
	Purpose:     Restore,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(MountDatabase) },
}
