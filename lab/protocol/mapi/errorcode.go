package mapi

import "fmt"

// ErrorCode is the ReturnValue of a ROP and of the calls that carry ROPs. It is
// an error, so that a client can hand it on as it came.
type ErrorCode uint32

// Error codes by their names in MS-OXCDATA 2.4, which lists most of them also
// under a name with "ec" in front.
const (
	Success                ErrorCode = 0
	CodeGeneralFailure     ErrorCode = 0x80004005
	CodeOutOfMemory        ErrorCode = 0x8007000E
	CodeInvalidParameter   ErrorCode = 0x80070057
	CodeAccessDenied       ErrorCode = 0x80070005
	CodeNotSupported       ErrorCode = 0x80040102
	CodeInvalidObject      ErrorCode = 0x80040108
	CodeObjectChanged      ErrorCode = 0x80040109
	CodeObjectDeleted      ErrorCode = 0x8004010A
	CodeNotFound           ErrorCode = 0x8004010F
	CodeVersionMismatch    ErrorCode = 0x80040110
	CodeLogonFailed        ErrorCode = 0x80040111
	CodeNetworkError       ErrorCode = 0x80040115
	CodeEndOfSession       ErrorCode = 0x80040200
	CodeTimeout            ErrorCode = 0x80040401
	CodeNotInitialized     ErrorCode = 0x80040605
	CodeNoRecipients       ErrorCode = 0x80040607
	CodeAmbiguousRecipient ErrorCode = 0x80040700
	CodeNotImplemented     ErrorCode = 0x80040FFF

	// MS-OXCDATA 2.4.1, Additional Error Codes.
	CodeProfileNotConfigured   ErrorCode = 0x11C // MS-OXCSTOR 3.2.5.1.3
	CodeUnknownUser            ErrorCode = 0x3EB
	CodeExiting                ErrorCode = 0x3ED
	CodeUnknownCodePage        ErrorCode = 0x3EF
	CodeServerMemory           ErrorCode = 0x3F0
	CodeLoginPermission        ErrorCode = 0x3F2
	CodeNoReceiveFolder        ErrorCode = 0x463
	CodeInvalidRecipients      ErrorCode = 0x467
	CodeDatabaseNotInitialized ErrorCode = 0x476
	CodeWrongServer            ErrorCode = 0x478
	CodeBufferTooSmall         ErrorCode = 0x47D
	CodeServerPaused           ErrorCode = 0x47F
	CodeServerBusy             ErrorCode = 0x480
	CodeNoSuchLogon            ErrorCode = 0x481
	CodeRPCFormat              ErrorCode = 0x4B6
	CodeNullObject             ErrorCode = 0x4B9
	CodeRPCAuthentication      ErrorCode = 0x4BC
	CodeQuotaExceeded          ErrorCode = 0x4D9
	CodeMaxSubmissionExceeded  ErrorCode = 0x4DA
	CodeSendAsDenied           ErrorCode = 0x4DC
	CodeShutoffQuotaExceeded   ErrorCode = 0x4DD
	CodeTooManyOpenObjects     ErrorCode = 0x4DE
	CodeClientVersionBlocked   ErrorCode = 0x4DF
	CodeRPCHTTPDisallowed      ErrorCode = 0x4E0
	CodeCachedModeRequired     ErrorCode = 0x4E1
	CodeNoReadRight            ErrorCode = 0x501
	CodeTooManyRecipients      ErrorCode = 0x505
	CodeMailboxInTransit       ErrorCode = 0x50C
	CodeWrongMailbox           ErrorCode = 0x648
	CodeChangePassword         ErrorCode = 0x64C
	CodePasswordExpired        ErrorCode = 0x64D
	CodeAccountDisabled        ErrorCode = 0x650
	CodeProtocolDisabled       ErrorCode = 0x7D8
	CodeUnknownMailbox         ErrorCode = 0x89B
	CodeMailboxDisabled        ErrorCode = 0x96C
	CodeNotEncrypted           ErrorCode = 0x970
	CodeRPCServerTooBusy       ErrorCode = 0x973
	CodeRPCServerUnavailable   ErrorCode = 0x977
	CodeInvalidRPCHandle       ErrorCode = 0xA2E
)

var codeNames = map[ErrorCode]string{
	Success:                    "Success",
	CodeGeneralFailure:         "GeneralFailure",
	CodeOutOfMemory:            "OutOfMemory",
	CodeInvalidParameter:       "InvalidParameter",
	CodeAccessDenied:           "AccessDenied",
	CodeNotSupported:           "NotSupported",
	CodeInvalidObject:          "InvalidObject",
	CodeObjectChanged:          "ObjectChanged",
	CodeObjectDeleted:          "ObjectDeleted",
	CodeNotFound:               "NotFound",
	CodeVersionMismatch:        "VersionMismatch",
	CodeLogonFailed:            "LogonFailed",
	CodeNetworkError:           "NetworkError",
	CodeEndOfSession:           "EndOfSession",
	CodeTimeout:                "Timeout",
	CodeNotInitialized:         "NotInitialized",
	CodeNoRecipients:           "NoRecipients",
	CodeAmbiguousRecipient:     "AmbiguousRecipient",
	CodeNotImplemented:         "NotImplemented",
	CodeProfileNotConfigured:   "ProfileNotConfigured",
	CodeUnknownUser:            "UnknownUser",
	CodeExiting:                "Exiting",
	CodeUnknownCodePage:        "UnknownCodePage",
	CodeServerMemory:           "ServerMemory",
	CodeLoginPermission:        "LoginPermission",
	CodeNoReceiveFolder:        "NoReceiveFolder",
	CodeInvalidRecipients:      "InvalidRecipients",
	CodeDatabaseNotInitialized: "DatabaseNotInitialized",
	CodeWrongServer:            "WrongServer",
	CodeBufferTooSmall:         "BufferTooSmall",
	CodeServerPaused:           "ServerPaused",
	CodeServerBusy:             "ServerBusy",
	CodeNoSuchLogon:            "NoSuchLogon",
	CodeRPCFormat:              "RpcFormat",
	CodeNullObject:             "NullObject",
	CodeRPCAuthentication:      "RpcAuthentication",
	CodeQuotaExceeded:          "QuotaExceeded",
	CodeMaxSubmissionExceeded:  "MaxSubmissionExceeded",
	CodeSendAsDenied:           "SendAsDenied",
	CodeShutoffQuotaExceeded:   "ShutoffQuotaExceeded",
	CodeTooManyOpenObjects:     "TooManyOpenObjects",
	CodeClientVersionBlocked:   "ClientVersionBlocked",
	CodeRPCHTTPDisallowed:      "RpcHttpDisallowed",
	CodeCachedModeRequired:     "CachedModeRequired",
	CodeNoReadRight:            "NoReadRight",
	CodeTooManyRecipients:      "TooManyRecips",
	CodeMailboxInTransit:       "MailboxInTransit",
	CodeWrongMailbox:           "WrongMailbox",
	CodeChangePassword:         "ChangePassword",
	CodePasswordExpired:        "PasswordExpired",
	CodeAccountDisabled:        "AccountDisabled",
	CodeProtocolDisabled:       "ProtocolDisabled",
	CodeUnknownMailbox:         "UnknownMailbox",
	CodeMailboxDisabled:        "MailboxDisabled",
	CodeNotEncrypted:           "NotEncrypted",
	CodeRPCServerTooBusy:       "RpcServerTooBusy",
	CodeRPCServerUnavailable:   "RpcServerUnavailable",
	CodeInvalidRPCHandle:       "InvalidRpcHandle",
}

// String is the number, with the specification's name if this package has it.
func (c ErrorCode) String() string {
	if name, ok := codeNames[c]; ok {
		return fmt.Sprintf("%s (0x%08X)", name, uint32(c))
	}
	return fmt.Sprintf("0x%08X", uint32(c))
}

func (c ErrorCode) Error() string { return "mapi: " + c.String() }
