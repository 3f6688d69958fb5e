package mapi

import (
	"math"
	"time"
)

// LogonFlags are flags of RopLogon (MS-OXCSTOR 2.2.1.1.1).
type LogonFlags uint8

const (
	LogonPrivate    LogonFlags = 0x01 // to a mailbox, not to public folders
	LogonUndercover LogonFlags = 0x02
	LogonGhosted    LogonFlags = 0x04
)

// OpenFlags are more flags of RopLogon (MS-OXCSTOR 2.2.1.1.1).
type OpenFlags uint32

const (
	OpenUseAdminPrivilege  OpenFlags = 0x00000001
	OpenPublic             OpenFlags = 0x00000002
	OpenHomeLogon          OpenFlags = 0x00000004
	OpenTakeOwnership      OpenFlags = 0x00000008
	OpenNoMail             OpenFlags = 0x00000400
	OpenUsePerMDBReplidMap OpenFlags = 0x01000000
	OpenSupportProgress    OpenFlags = 0x20000000
)

// LogonRequest logs on to a mailbox (MS-OXCROPS 2.2.3.1.1).
type LogonRequest struct {
	LogonID    uint8 // what later ROPs name the logon by
	Output     uint8
	Flags      LogonFlags
	OpenFlags  OpenFlags
	StoreState uint32
	ESSDN      string // the mailbox's legacy distinguished name; empty is the one of the session
}

func (*LogonRequest) Rop() RopID { return RopLogon }

func (r *LogonRequest) fields(c *codec) {
	u8(c, &r.LogonID)
	u8(c, &r.Output)
	u8(c, &r.Flags)
	u32(c, &r.OpenFlags)
	u32(c, &r.StoreState)
	size := 0
	if r.ESSDN != "" {
		size = len(r.ESSDN) + 1
	}
	sizedString8(c, &r.ESSDN, size)
}

// sizedString8 is a NUL-terminated string behind its size in two octets, or a
// size of 0.
func sizedString8(c *codec, s *string, size int) {
	if c.writing && size > math.MaxUint16 {
		c.fail("a string of %d octets", size)
	}
	n := uint16(size)
	u16(c, &n)
	start := c.pos
	if n == 0 {
		return
	}
	if string8(c, s); c.err == nil && !c.writing && c.pos-start != int(n) {
		c.fail("a string of %d octets with the size %d", c.pos-start, n)
	}
}

// SpecialFolder is the place of a folder in LogonResponse.Folders.
type SpecialFolder int

// Special folders of a mailbox, in their order (MS-OXCSTOR 2.2.1.1.3).
const (
	FolderRoot SpecialFolder = iota
	FolderDeferredAction
	FolderSpoolerQueue
	FolderIPMSubtree // what the user sees as the mailbox
	FolderInbox
	FolderOutbox
	FolderSentItems
	FolderDeletedItems
	FolderCommonViews
	FolderSchedule
	FolderSearch
	FolderViews
	FolderShortcuts
	specialFolders
)

// ResponseFlags tell about the mailbox and the user's rights (MS-OXCSTOR 2.2.1.1.3).
type ResponseFlags uint8

const (
	ResponseReserved    ResponseFlags = 0x01 // always set
	ResponseOwnerRight  ResponseFlags = 0x02
	ResponseSendAsRight ResponseFlags = 0x04
	ResponseOutOfOffice ResponseFlags = 0x10
)

// LogonResponse is a successful logon to a private mailbox (MS-OXCROPS
// 2.2.3.1.2). Logons to public folders are not modelled.
type LogonResponse struct {
	Index         uint8
	Flags         LogonFlags
	Folders       [specialFolders]ID
	ResponseFlags ResponseFlags
	MailboxGUID   GUID
	ReplicaID     uint16
	ReplicaGUID   GUID
	Time          time.Time // in UTC and whole seconds
	GwartTime     uint64
	StoreState    uint32
}

func (*LogonResponse) Rop() RopID { return RopLogon }

func (r *LogonResponse) fields(c *codec) {
	head(c, &r.Index)
	u8(c, &r.Flags)
	if r.Flags&LogonPrivate == 0 {
		c.fail("a logon to public folders is not modelled")
		return
	}
	for i := range r.Folders {
		u64(c, &r.Folders[i])
	}
	u8(c, &r.ResponseFlags)
	guid(c, &r.MailboxGUID)
	u16(c, &r.ReplicaID)
	guid(c, &r.ReplicaGUID)
	logonTime(c, &r.Time)
	u64(c, &r.GwartTime)
	u32(c, &r.StoreState)
}

// logonTime is a LogonTime (MS-OXCROPS 2.2.3.1.2.1). The day of the week is
// not checked.
func logonTime(c *codec, t *time.Time) {
	u := t.UTC()
	sec, minute, hour := uint8(u.Second()), uint8(u.Minute()), uint8(u.Hour())
	weekday, day, month := uint8(u.Weekday()), uint8(u.Day()), uint8(u.Month())
	year := uint16(u.Year())
	if c.writing && int(year) != u.Year() {
		c.fail("the year %d", u.Year())
	}
	u8(c, &sec)
	u8(c, &minute)
	u8(c, &hour)
	u8(c, &weekday)
	u8(c, &day)
	u8(c, &month)
	u16(c, &year)
	if c.writing || c.err != nil {
		return
	}
	*t = time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(sec), 0, time.UTC)
	if t.Second() != int(sec) || t.Minute() != int(minute) || t.Hour() != int(hour) || t.Day() != int(day) || t.Month() != time.Month(month) {
		c.fail("%d-%d-%d %d:%d:%d is not a time", year, month, day, hour, minute, sec)
	}
}

// LogonRedirectResponse sends the client to another server (MS-OXCROPS
// 2.2.3.1.4). Its ReturnValue is CodeWrongServer.
type LogonRedirectResponse struct {
	Index      uint8
	Flags      LogonFlags
	ServerName string
}

func (*LogonRedirectResponse) Rop() RopID { return RopLogon }

func (r *LogonRedirectResponse) fields(c *codec) {
	code := CodeWrongServer
	u8(c, &r.Index)
	u32(c, &code)
	u8(c, &r.Flags)
	if c.writing && len(r.ServerName)+1 > math.MaxUint8 {
		c.fail("a server name of %d octets", len(r.ServerName))
	}
	size := uint8(len(r.ServerName) + 1)
	u8(c, &size)
	start := c.pos
	if string8(c, &r.ServerName); c.err == nil && !c.writing && c.pos-start != int(size) {
		c.fail("a server name of %d octets with the size %d", c.pos-start, size)
	}
}

// ReleaseRequest gives up a handle. It has no response (MS-OXCROPS 2.2.15.3).
type ReleaseRequest struct {
	LogonID, Input uint8
}

func (*ReleaseRequest) Rop() RopID { return RopRelease }

func (r *ReleaseRequest) fields(c *codec) {
	u8(c, &r.LogonID)
	u8(c, &r.Input)
}

// GetReceiveFolderRequest asks where new messages of a class go (MS-OXCROPS
// 2.2.3.2.1).
type GetReceiveFolderRequest struct {
	LogonID, Input uint8
	MessageClass   string
}

func (*GetReceiveFolderRequest) Rop() RopID { return RopGetReceiveFolder }

func (r *GetReceiveFolderRequest) fields(c *codec) {
	u8(c, &r.LogonID)
	u8(c, &r.Input)
	string8(c, &r.MessageClass)
}

// GetReceiveFolderResponse is the folder, and the class that it is set for.
type GetReceiveFolderResponse struct {
	Index                uint8
	FolderID             ID
	ExplicitMessageClass string
}

func (*GetReceiveFolderResponse) Rop() RopID { return RopGetReceiveFolder }

func (r *GetReceiveFolderResponse) fields(c *codec) {
	head(c, &r.Index)
	u64(c, &r.FolderID)
	string8(c, &r.ExplicitMessageClass)
}
