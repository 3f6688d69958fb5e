package airsync

import "strconv"

// Status is the value of a Status element. Values below 100 mean something
// else in each command; those from 101 on are common to all commands, and
// servers send them from version 14.0 on (MS-ASCMD 2.2.2).
type Status int

// StatusOK is success in every command but Ping, where it says that the
// heartbeat interval passed without changes.
const StatusOK Status = 1

// Common status values (MS-ASCMD 2.2.2).
const (
	StatusInvalidContent        Status = 101
	StatusInvalidWBXML          Status = 102
	StatusInvalidXML            Status = 103
	StatusInvalidMIME           Status = 107
	StatusDeviceIDInvalid       Status = 108
	StatusDeviceTypeInvalid     Status = 109
	StatusServerError           Status = 110
	StatusServerErrorRetryLater Status = 111
	StatusDirectoryAccessDenied Status = 112
	StatusMailboxQuotaExceeded  Status = 113
	StatusMailboxServerOffline  Status = 114
	StatusSendQuotaExceeded     Status = 115
	StatusRecipientUnresolved   Status = 116
	StatusMessagePreviouslySent Status = 118
	StatusMessageHasNoRecipient Status = 119
	StatusMailSubmissionFailed  Status = 120
	StatusUserHasNoMailbox      Status = 123
	StatusUserCannotBeAnonymous Status = 124
	StatusUserNotFound          Status = 125
	StatusUserDisabledForSync   Status = 126
	StatusDeviceBlockedForUser  Status = 129
	StatusAccessDenied          Status = 130
	StatusAccountDisabled       Status = 131
	StatusSyncStateNotFound     Status = 132
	StatusCommandNotSupported   Status = 137
	StatusVersionNotSupported   Status = 138
	StatusRemoteWipeRequested   Status = 140
	StatusLegacyDeviceOnStrict  Status = 141
	StatusDeviceNotProvisioned  Status = 142
	StatusPolicyRefresh         Status = 143
	StatusInvalidPolicyKey      Status = 144
	StatusMaximumDevicesReached Status = 177
)

// Sync status values (MS-ASCMD 2.2.3.177.17).
const (
	SyncInvalidKey       Status = 3 // the client starts over with key 0
	SyncProtocolError    Status = 4
	SyncServerError      Status = 5
	SyncConversionError  Status = 6
	SyncConflict         Status = 7
	SyncObjectNotFound   Status = 8
	SyncOutOfSpace       Status = 9 // the mailbox cannot store the sync state
	SyncHierarchyChanged Status = 12
	SyncIncomplete       Status = 13 // an empty request, but no earlier one to repeat
	SyncWaitOutOfRange   Status = 14 // Limit has the bound
	SyncRetry            Status = 16
)

// FolderSync status values (MS-ASCMD 2.2.3.177.5).
const (
	FolderSyncServerError Status = 6
	FolderSyncInvalidKey  Status = 9 // the client starts over with key 0
	FolderSyncBadRequest  Status = 10
	FolderSyncUnknown     Status = 11
)

// Ping status values (MS-ASCMD 2.2.3.177.11).
const (
	PingExpired             Status = 1 // the interval passed without changes
	PingChanges             Status = 2 // Folders has what changed
	PingMissingParameters   Status = 3
	PingSyntaxError         Status = 4
	PingHeartbeatOutOfRange Status = 5 // Heartbeat has the bound
	PingTooManyFolders      Status = 6 // MaxFolders has the bound
	PingHierarchyChanged    Status = 7
	PingServerError         Status = 8
)

// Provision status values: the ones of the Provision element, then those of a
// Policy in a response and those with which a client acknowledges a policy
// (MS-ASPROV 2.2.2.54).
const (
	ProvisionProtocolError Status = 2
	ProvisionServerError   Status = 3

	PolicyNone        Status = 2
	PolicyUnknownType Status = 3
	PolicyCorrupt     Status = 4
	PolicyKeyMismatch Status = 5

	AckApplied   Status = 1
	AckPartial   Status = 2
	AckIgnored   Status = 3
	AckElsewhere Status = 4 // another management system rules the device

	WipeAckOK     Status = 1
	WipeAckFailed Status = 2
)

var commonNames = map[Status]string{
	StatusInvalidContent:        "InvalidContent",
	StatusInvalidWBXML:          "InvalidWBXML",
	StatusInvalidXML:            "InvalidXML",
	StatusInvalidMIME:           "InvalidMIME",
	StatusDeviceIDInvalid:       "DeviceIdMissingOrInvalid",
	StatusDeviceTypeInvalid:     "DeviceTypeMissingOrInvalid",
	StatusServerError:           "ServerError",
	StatusServerErrorRetryLater: "ServerErrorRetryLater",
	StatusDirectoryAccessDenied: "ActiveDirectoryAccessDenied",
	StatusMailboxQuotaExceeded:  "MailboxQuotaExceeded",
	StatusMailboxServerOffline:  "MailboxServerOffline",
	StatusSendQuotaExceeded:     "SendQuotaExceeded",
	StatusRecipientUnresolved:   "MessageRecipientUnresolved",
	StatusMessagePreviouslySent: "MessagePreviouslySent",
	StatusMessageHasNoRecipient: "MessageHasNoRecipient",
	StatusMailSubmissionFailed:  "MailSubmissionFailed",
	StatusUserHasNoMailbox:      "UserHasNoMailbox",
	StatusUserCannotBeAnonymous: "UserCannotBeAnonymous",
	StatusUserNotFound:          "UserPrincipalCouldNotBeFound",
	StatusUserDisabledForSync:   "UserDisabledForSync",
	StatusDeviceBlockedForUser:  "DeviceIsBlockedForThisUser",
	StatusAccessDenied:          "AccessDenied",
	StatusAccountDisabled:       "AccountDisabled",
	StatusSyncStateNotFound:     "SyncStateNotFound",
	StatusCommandNotSupported:   "CommandNotSupported",
	StatusVersionNotSupported:   "VersionNotSupported",
	StatusRemoteWipeRequested:   "RemoteWipeRequested",
	StatusLegacyDeviceOnStrict:  "LegacyDeviceOnStrictPolicy",
	StatusDeviceNotProvisioned:  "DeviceNotProvisioned",
	StatusPolicyRefresh:         "PolicyRefresh",
	StatusInvalidPolicyKey:      "InvalidPolicyKey",
	StatusMaximumDevicesReached: "MaximumDevicesReached",
}

// String is the number, with the specification's name for a common status.
func (s Status) String() string {
	if name, ok := commonNames[s]; ok {
		return strconv.Itoa(int(s)) + " " + name
	}
	return strconv.Itoa(int(s))
}
