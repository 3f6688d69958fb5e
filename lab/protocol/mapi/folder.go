package mapi

import "shutout/lab/protocol/mapi/wire"

// OpenMode says how a folder, message or stream is opened.
type OpenMode uint8

const (
	OpenReadOnly    OpenMode = 0x00 // messages and streams
	OpenReadWrite   OpenMode = 0x01 // messages and streams
	OpenCreate      OpenMode = 0x02 // streams
	OpenBestAccess  OpenMode = 0x03 // messages
	OpenSoftDeleted OpenMode = 0x04 // folders and messages
)

// OpenFolderRequest opens a folder (MS-OXCROPS 2.2.4.1.1).
type OpenFolderRequest struct {
	LogonID, Input, Output uint8
	FolderID               ID
	Mode                   OpenMode
}

func (*OpenFolderRequest) Rop() RopID { return RopOpenFolder }

func (r *OpenFolderRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	wire.U64(c, &r.FolderID)
	wire.U8(c, &r.Mode)
}

// OpenFolderResponse is an opened folder (MS-OXCROPS 2.2.4.1.2). A public folder
// whose replicas are elsewhere is ghosted, and has servers.
type OpenFolderResponse struct {
	Index        uint8
	HasRules     bool
	IsGhosted    bool
	CheapServers uint16 // how many of Servers, from the first, are the ones to prefer
	Servers      []string
}

func (*OpenFolderResponse) Rop() RopID { return RopOpenFolder }

func (r *OpenFolderResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.Flag(c, &r.HasRules)
	wire.Flag(c, &r.IsGhosted)
	if !r.IsGhosted {
		return
	}
	// The count of the list has the other count between itself and the items.
	if c.Writing && len(r.Servers) > 0xFFFF {
		c.Fail("%d servers", len(r.Servers))
	}
	n := uint16(len(r.Servers))
	wire.U16(c, &n)
	if wire.U16(c, &r.CheapServers); r.CheapServers > n {
		c.Fail("%d cheap servers of %d", r.CheapServers, n)
	}
	if !c.Writing {
		if int(n) > c.Left() {
			c.Fail("%d servers announced, %d octets left", n, c.Left())
		}
		if c.Err != nil || n == 0 {
			return
		}
		r.Servers = make([]string, n)
	}
	for i := range r.Servers {
		wire.String8(c, &r.Servers[i])
	}
}

// TableFlags say what a table shows (MS-OXCFOLD 2.2.1.13.1 and 2.2.1.14.1).
type TableFlags uint8

const (
	TableAssociated      TableFlags = 0x02 // contents: the hidden messages
	TableDepth           TableFlags = 0x04 // hierarchy: all levels
	TableDeferredErrors  TableFlags = 0x08
	TableNoNotifications TableFlags = 0x10
	TableSoftDeletes     TableFlags = 0x20
	TableUseUnicode      TableFlags = 0x40
)

// GetHierarchyTableRequest opens the table of a folder's subfolders (MS-OXCROPS
// 2.2.4.13).
type GetHierarchyTableRequest struct {
	LogonID, Input, Output uint8
	Flags                  TableFlags
}

func (*GetHierarchyTableRequest) Rop() RopID { return RopGetHierarchyTable }

func (r *GetHierarchyTableRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	wire.U8(c, &r.Flags)
}

// GetHierarchyTableResponse is the opened table.
type GetHierarchyTableResponse struct {
	Index    uint8
	RowCount uint32
}

func (*GetHierarchyTableResponse) Rop() RopID { return RopGetHierarchyTable }

func (r *GetHierarchyTableResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U32(c, &r.RowCount)
}

// GetContentsTableRequest opens the table of a folder's messages (MS-OXCROPS
// 2.2.4.14).
type GetContentsTableRequest struct {
	LogonID, Input, Output uint8
	Flags                  TableFlags
}

func (*GetContentsTableRequest) Rop() RopID { return RopGetContentsTable }

func (r *GetContentsTableRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	wire.U8(c, &r.Flags)
}

// GetContentsTableResponse is the opened table.
type GetContentsTableResponse struct {
	Index    uint8
	RowCount uint32
}

func (*GetContentsTableResponse) Rop() RopID { return RopGetContentsTable }

func (r *GetContentsTableResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U32(c, &r.RowCount)
}
