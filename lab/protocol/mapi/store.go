package mapi

import (
	"math"
	"time"

	"shutout/lab/protocol/mapi/wire"
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

func (r *LogonRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Output)
	wire.U8(c, &r.Flags)
	wire.U32(c, &r.OpenFlags)
	wire.U32(c, &r.StoreState)
	size := 0
	if r.ESSDN != "" {
		size = len(r.ESSDN) + 1
	}
	sizedString8(c, &r.ESSDN, size)
}

// sizedString8 is a NUL-terminated string behind its size in two octets, or a
// size of 0.
func sizedString8(c *wire.Codec, s *string, size int) {
	if c.Writing && size > math.MaxUint16 {
		c.Fail("a string of %d octets", size)
	}
	n := uint16(size)
	wire.U16(c, &n)
	start := c.Pos
	if n == 0 {
		return
	}
	if wire.String8(c, s); c.Err == nil && !c.Writing && c.Pos-start != int(n) {
		c.Fail("a string of %d octets with the size %d", c.Pos-start, n)
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

func (r *LogonResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U8(c, &r.Flags)
	if r.Flags&LogonPrivate == 0 {
		c.Fail("a logon to public folders is not modelled")
		return
	}
	for i := range r.Folders {
		wire.U64(c, &r.Folders[i])
	}
	wire.U8(c, &r.ResponseFlags)
	guid(c, &r.MailboxGUID)
	wire.U16(c, &r.ReplicaID)
	guid(c, &r.ReplicaGUID)
	logonTime(c, &r.Time)
	wire.U64(c, &r.GwartTime)
	wire.U32(c, &r.StoreState)
}

// logonTime is a LogonTime (MS-OXCROPS, LogonTime Structure). The day of the week is
// not checked.
func logonTime(c *wire.Codec, t *time.Time) {
	u := t.UTC()
	sec, minute, hour := uint8(u.Second()), uint8(u.Minute()), uint8(u.Hour())
	weekday, day, month := uint8(u.Weekday()), uint8(u.Day()), uint8(u.Month())
	year := uint16(u.Year())
	if c.Writing && int(year) != u.Year() {
		c.Fail("the year %d", u.Year())
	}
	wire.U8(c, &sec)
	wire.U8(c, &minute)
	wire.U8(c, &hour)
	wire.U8(c, &weekday)
	wire.U8(c, &day)
	wire.U8(c, &month)
	wire.U16(c, &year)
	if c.Writing || c.Err != nil {
		return
	}
	*t = time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(sec), 0, time.UTC)
	if t.Second() != int(sec) || t.Minute() != int(minute) || t.Hour() != int(hour) || t.Day() != int(day) || t.Month() != time.Month(month) {
		c.Fail("%d-%d-%d %d:%d:%d is not a time", year, month, day, hour, minute, sec)
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

func (r *LogonRedirectResponse) fields(c *wire.Codec) {
	code := CodeWrongServer
	wire.U8(c, &r.Index)
	wire.U32(c, &code)
	wire.U8(c, &r.Flags)
	if c.Writing && len(r.ServerName)+1 > math.MaxUint8 {
		c.Fail("a server name of %d octets", len(r.ServerName))
	}
	size := uint8(len(r.ServerName) + 1)
	wire.U8(c, &size)
	start := c.Pos
	if wire.String8(c, &r.ServerName); c.Err == nil && !c.Writing && c.Pos-start != int(size) {
		c.Fail("a server name of %d octets with the size %d", c.Pos-start, size)
	}
}

// ReleaseRequest gives up a handle. It has no response (MS-OXCROPS 2.2.15.3).
type ReleaseRequest struct {
	LogonID, Input uint8
}

func (*ReleaseRequest) Rop() RopID { return RopRelease }

func (r *ReleaseRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
}

// GetReceiveFolderRequest asks where new messages of a class go (MS-OXCROPS
// 2.2.3.2.1).
type GetReceiveFolderRequest struct {
	LogonID, Input uint8
	MessageClass   string
}

func (*GetReceiveFolderRequest) Rop() RopID { return RopGetReceiveFolder }

func (r *GetReceiveFolderRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.String8(c, &r.MessageClass)
}

// GetReceiveFolderResponse is the folder, and the class that it is set for.
type GetReceiveFolderResponse struct {
	Index                uint8
	FolderID             ID
	ExplicitMessageClass string
}

func (*GetReceiveFolderResponse) Rop() RopID { return RopGetReceiveFolder }

func (r *GetReceiveFolderResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U64(c, &r.FolderID)
	wire.String8(c, &r.ExplicitMessageClass)
}
