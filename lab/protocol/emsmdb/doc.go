// Package emsmdb marshals the calls that Outlook makes of Exchange over RPC:
// to open a session, to pass buffers of ROPs, to wait for news and to close
// it. It has both directions of each call and no policy; what the buffers hold
// is opaque to it.
//
// Source: MS-OXCRPC 3.1.4 (EMSMDB) and 3.3.4 (AsyncEMSMDB). Parameters travel
// in the order of the method's declaration there, those of pointer type
// without a pointer in front: for top-level parameters NDR needs none unless
// they are unique (C706 14.3.12).
package emsmdb

import "shutout/lab/protocol/dcerpc"

// The interfaces (MS-OXCRPC 1.9).
var (
	EMSMDB      = dcerpc.SyntaxID{UUID: dcerpc.MustUUID("a4f1db00-ca47-1067-b31f-00dd010662da"), Major: 0, Minor: 81}
	AsyncEMSMDB = dcerpc.SyntaxID{UUID: dcerpc.MustUUID("5261574a-4572-206e-b268-6b199213b4e4"), Major: 0, Minor: 1}
)

// Opnums of EMSMDB (MS-OXCRPC 3.1.4).
const (
	OpDisconnect     = 1
	OpRegisterPush   = 4 // EcRRegisterPushNotification; not marshalled here
	OpDummy          = 6 // EcDummyRpc: no parameters, only a result
	OpConnectEx      = 10
	OpRpcExt2        = 11
	OpAsyncConnectEx = 14
)

// OpAsyncWaitEx is the one opnum of AsyncEMSMDB (MS-OXCRPC 3.3.4).
const OpAsyncWaitEx = 0

// HTTPPort is where EMSMDB listens for RPC over HTTP (MS-OXCRPC 2.1, the
// well-known endpoint of ncacn_http).
const HTTPPort = 6001

// NotificationPending is the flag of AsyncWaitExResponse that there is news
// (MS-OXCRPC 3.3.4.1).
const NotificationPending uint32 = 0x1

// Bounds of the buffers, in octets (MS-OXCRPC 6, the ranges of
// BIG_RANGE_ULONG and SMALL_RANGE_ULONG).
const (
	MaxBuffer    = 0x40000
	MaxAuxiliary = 0x1008
	maxString    = 4096 // a distinguished name or display name, with its NUL
)

// ErrorCode is what a call returns (MS-OXCRPC 3.1.4, MS-OXCDATA 2.4). 0 is
// success.
type ErrorCode uint32

// Error codes that clients act upon (MS-OXCDATA 2.4).
const (
	None                    ErrorCode = 0
	UnknownUser             ErrorCode = 0x000003EB
	LoginPermission         ErrorCode = 0x000003F2 // no right to the mailbox that szUserDN names
	WrongServer             ErrorCode = 0x00000478
	BufferTooSmall          ErrorCode = 0x0000047D
	RpcFormat               ErrorCode = 0x000004B6
	NullObject              ErrorCode = 0x000004B9
	ClientVersionDisallowed ErrorCode = 0x000004DF
	RpcHttpDisallowed       ErrorCode = 0x000004E0
	CachedModeRequired      ErrorCode = 0x000004E1
	ProtocolDisabled        ErrorCode = 0x000007D8
	NotEncrypted            ErrorCode = 0x00000970
	VersionMismatch         ErrorCode = 0x80040110
	LoginFailure            ErrorCode = 0x80040111
	RpcFailed               ErrorCode = 0x80040115
	AccessDenied            ErrorCode = 0x80070005
	InvalidParameter        ErrorCode = 0x80070057
)
