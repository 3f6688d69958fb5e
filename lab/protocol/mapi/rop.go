package mapi

import "fmt"

// RopID is the number of a remote operation (MS-OXCROPS, RopIds).
type RopID uint8

// The ROPs that this package models.
const (
	RopRelease               RopID = 0x01
	RopOpenFolder            RopID = 0x02
	RopOpenMessage           RopID = 0x03
	RopGetHierarchyTable     RopID = 0x04
	RopGetContentsTable      RopID = 0x05
	RopCreateMessage         RopID = 0x06
	RopGetPropertiesSpecific RopID = 0x07
	RopGetPropertiesAll      RopID = 0x08
	RopSetProperties         RopID = 0x0A
	RopSaveChangesMessage    RopID = 0x0C
	RopModifyRecipients      RopID = 0x0E
	RopSetColumns            RopID = 0x12
	RopSortTable             RopID = 0x13
	RopQueryRows             RopID = 0x15
	RopSeekRow               RopID = 0x18
	RopGetReceiveFolder      RopID = 0x27
	RopRegisterNotification  RopID = 0x29
	RopNotify                RopID = 0x2A
	RopOpenStream            RopID = 0x2B
	RopReadStream            RopID = 0x2C
	RopWriteStream           RopID = 0x2D
	RopSubmitMessage         RopID = 0x32
	RopTransportSend         RopID = 0x4A
	RopCommitStream          RopID = 0x5D
	RopPending               RopID = 0x6E
	RopLogon                 RopID = 0xFE
	RopBufferTooSmall        RopID = 0xFF
)

// ropNames has all ROPs, so that one that is not modelled can be named.
var ropNames = map[RopID]string{
	RopRelease:               "RopRelease",
	RopOpenFolder:            "RopOpenFolder",
	RopOpenMessage:           "RopOpenMessage",
	RopGetHierarchyTable:     "RopGetHierarchyTable",
	RopGetContentsTable:      "RopGetContentsTable",
	RopCreateMessage:         "RopCreateMessage",
	RopGetPropertiesSpecific: "RopGetPropertiesSpecific",
	RopGetPropertiesAll:      "RopGetPropertiesAll",
	0x09:                     "RopGetPropertiesList",
	RopSetProperties:         "RopSetProperties",
	0x0B:                     "RopDeleteProperties",
	RopSaveChangesMessage:    "RopSaveChangesMessage",
	0x0D:                     "RopRemoveAllRecipients",
	RopModifyRecipients:      "RopModifyRecipients",
	0x0F:                     "RopReadRecipients",
	0x10:                     "RopReloadCachedInformation",
	0x11:                     "RopSetMessageReadFlag",
	RopSetColumns:            "RopSetColumns",
	RopSortTable:             "RopSortTable",
	0x14:                     "RopRestrict",
	RopQueryRows:             "RopQueryRows",
	0x16:                     "RopGetStatus",
	0x17:                     "RopQueryPosition",
	RopSeekRow:               "RopSeekRow",
	0x19:                     "RopSeekRowBookmark",
	0x1A:                     "RopSeekRowFractional",
	0x1B:                     "RopCreateBookmark",
	0x1C:                     "RopCreateFolder",
	0x1D:                     "RopDeleteFolder",
	0x1E:                     "RopDeleteMessages",
	0x1F:                     "RopGetMessageStatus",
	0x20:                     "RopSetMessageStatus",
	0x21:                     "RopGetAttachmentTable",
	0x22:                     "RopOpenAttachment",
	0x23:                     "RopCreateAttachment",
	0x24:                     "RopDeleteAttachment",
	0x25:                     "RopSaveChangesAttachment",
	0x26:                     "RopSetReceiveFolder",
	RopGetReceiveFolder:      "RopGetReceiveFolder",
	RopRegisterNotification:  "RopRegisterNotification",
	RopNotify:                "RopNotify",
	RopOpenStream:            "RopOpenStream",
	RopReadStream:            "RopReadStream",
	RopWriteStream:           "RopWriteStream",
	0x2E:                     "RopSeekStream",
	0x2F:                     "RopSetStreamSize",
	0x30:                     "RopSetSearchCriteria",
	0x31:                     "RopGetSearchCriteria",
	RopSubmitMessage:         "RopSubmitMessage",
	0x33:                     "RopMoveCopyMessages",
	0x34:                     "RopAbortSubmit",
	0x35:                     "RopMoveFolder",
	0x36:                     "RopCopyFolder",
	0x37:                     "RopQueryColumnsAll",
	0x38:                     "RopAbort",
	0x39:                     "RopCopyTo",
	0x3A:                     "RopCopyToStream",
	0x3B:                     "RopCloneStream",
	0x3E:                     "RopGetPermissionsTable",
	0x3F:                     "RopGetRulesTable",
	0x40:                     "RopModifyPermissions",
	0x41:                     "RopModifyRules",
	0x42:                     "RopGetOwningServers",
	0x43:                     "RopLongTermIdFromId",
	0x44:                     "RopIdFromLongTermId",
	0x45:                     "RopPublicFolderIsGhosted",
	0x46:                     "RopOpenEmbeddedMessage",
	0x47:                     "RopSetSpooler",
	0x48:                     "RopSpoolerLockMessage",
	0x49:                     "RopGetAddressTypes",
	RopTransportSend:         "RopTransportSend",
	0x4B:                     "RopFastTransferSourceCopyMessages",
	0x4C:                     "RopFastTransferSourceCopyFolder",
	0x4D:                     "RopFastTransferSourceCopyTo",
	0x4E:                     "RopFastTransferSourceGetBuffer",
	0x4F:                     "RopFindRow",
	0x50:                     "RopProgress",
	0x51:                     "RopTransportNewMail",
	0x52:                     "RopGetValidAttachments",
	0x53:                     "RopFastTransferDestinationConfigure",
	0x54:                     "RopFastTransferDestinationPutBuffer",
	0x55:                     "RopGetNamesFromPropertyIds",
	0x56:                     "RopGetPropertyIdsFromNames",
	0x57:                     "RopUpdateDeferredActionMessages",
	0x58:                     "RopEmptyFolder",
	0x59:                     "RopExpandRow",
	0x5A:                     "RopCollapseRow",
	0x5B:                     "RopLockRegionStream",
	0x5C:                     "RopUnlockRegionStream",
	RopCommitStream:          "RopCommitStream",
	0x5E:                     "RopGetStreamSize",
	0x5F:                     "RopQueryNamedProperties",
	0x60:                     "RopGetPerUserLongTermIds",
	0x61:                     "RopGetPerUserGuid",
	0x63:                     "RopReadPerUserInformation",
	0x64:                     "RopWritePerUserInformation",
	0x66:                     "RopSetReadFlags",
	0x67:                     "RopCopyProperties",
	0x68:                     "RopGetReceiveFolderTable",
	0x69:                     "RopFastTransferSourceCopyProperties",
	0x6B:                     "RopGetCollapseState",
	0x6C:                     "RopSetCollapseState",
	0x6D:                     "RopGetTransportFolder",
	RopPending:               "RopPending",
	0x6F:                     "RopOptionsData",
	0x70:                     "RopSynchronizationConfigure",
	0x72:                     "RopSynchronizationImportMessageChange",
	0x73:                     "RopSynchronizationImportHierarchyChange",
	0x74:                     "RopSynchronizationImportDeletes",
	0x75:                     "RopSynchronizationUploadStateStreamBegin",
	0x76:                     "RopSynchronizationUploadStateStreamContinue",
	0x77:                     "RopSynchronizationUploadStateStreamEnd",
	0x78:                     "RopSynchronizationImportMessageMove",
	0x79:                     "RopSetPropertiesNoReplicate",
	0x7A:                     "RopDeletePropertiesNoReplicate",
	0x7B:                     "RopGetStoreState",
	0x7E:                     "RopSynchronizationOpenCollector",
	0x7F:                     "RopGetLocalReplicaIds",
	0x80:                     "RopSynchronizationImportReadStateChanges",
	0x81:                     "RopResetTable",
	0x82:                     "RopSynchronizationGetTransferState",
	0x86:                     "RopTellVersion",
	0x89:                     "RopFreeBookmark",
	0x90:                     "RopWriteAndCommitStream",
	0x91:                     "RopHardDeleteMessages",
	0x92:                     "RopHardDeleteMessagesAndSubfolders",
	0x93:                     "RopSetLocalReplicaMidsetDeleted",
	0x9D:                     "RopFastTransferDestinationPutBufferExtended",
	0xA3:                     "RopWriteStreamExtended",
	0xF9:                     "RopBackoff",
	RopLogon:                 "RopLogon",
	RopBufferTooSmall:        "RopBufferTooSmall",
}

// String is the name, as in "RopLogon", or the number of a ROP without name.
func (id RopID) String() string {
	if name, ok := ropNames[id]; ok {
		return name
	}
	return fmt.Sprintf("ROP 0x%02X", uint8(id))
}

// An UnknownRopError is a ROP that this package does not model. As nothing
// tells where it ends, the rest of its buffer cannot be read.
type UnknownRopError struct {
	ID     RopID
	Offset int // octets from the start of the payload
}

func (e *UnknownRopError) Error() string {
	return fmt.Sprintf("mapi: offset %d: %v (0x%02X) is not modelled", e.Offset, e.ID, uint8(e.ID))
}
