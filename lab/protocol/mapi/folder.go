package mapi

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

func (r *OpenFolderRequest) fields(c *codec) {
	u8(c, &r.LogonID)
	u8(c, &r.Input)
	u8(c, &r.Output)
	u64(c, &r.FolderID)
	u8(c, &r.Mode)
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

func (r *OpenFolderResponse) fields(c *codec) {
	head(c, &r.Index)
	flag(c, &r.HasRules)
	flag(c, &r.IsGhosted)
	if !r.IsGhosted {
		return
	}
	// The count of the list has the other count between itself and the items.
	if c.writing && len(r.Servers) > 0xFFFF {
		c.fail("%d servers", len(r.Servers))
	}
	n := uint16(len(r.Servers))
	u16(c, &n)
	if u16(c, &r.CheapServers); r.CheapServers > n {
		c.fail("%d cheap servers of %d", r.CheapServers, n)
	}
	if !c.writing {
		if int(n) > c.left() {
			c.fail("%d servers announced, %d octets left", n, c.left())
		}
		if c.err != nil || n == 0 {
			return
		}
		r.Servers = make([]string, n)
	}
	for i := range r.Servers {
		string8(c, &r.Servers[i])
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

func (r *GetHierarchyTableRequest) fields(c *codec) {
	u8(c, &r.LogonID)
	u8(c, &r.Input)
	u8(c, &r.Output)
	u8(c, &r.Flags)
}

// GetHierarchyTableResponse is the opened table.
type GetHierarchyTableResponse struct {
	Index    uint8
	RowCount uint32
}

func (*GetHierarchyTableResponse) Rop() RopID { return RopGetHierarchyTable }

func (r *GetHierarchyTableResponse) fields(c *codec) {
	head(c, &r.Index)
	u32(c, &r.RowCount)
}

// GetContentsTableRequest opens the table of a folder's messages (MS-OXCROPS
// 2.2.4.14).
type GetContentsTableRequest struct {
	LogonID, Input, Output uint8
	Flags                  TableFlags
}

func (*GetContentsTableRequest) Rop() RopID { return RopGetContentsTable }

func (r *GetContentsTableRequest) fields(c *codec) {
	u8(c, &r.LogonID)
	u8(c, &r.Input)
	u8(c, &r.Output)
	u8(c, &r.Flags)
}

// GetContentsTableResponse is the opened table.
type GetContentsTableResponse struct {
	Index    uint8
	RowCount uint32
}

func (*GetContentsTableResponse) Rop() RopID { return RopGetContentsTable }

func (r *GetContentsTableResponse) fields(c *codec) {
	head(c, &r.Index)
	u32(c, &r.RowCount)
}
