// Package mapi builds and parses the remote operations (ROPs) that Outlook
// exchanges with the store, for both ends: logging on to a private mailbox,
// opening folders, listing and reading messages, writing, addressing and
// submitting a message, and notifications. It has no policy and no transport:
// RPC, RPC over HTTP and MAPI over HTTP all carry the same payloads.
//
// Three layers lie on top of each other. AppendPayload and ParsePayloads frame
// a payload with RPC_HEADER_EXT (MS-OXCRPC). RequestBuffer and ResponseBuffer
// are what a payload holds: a list of ROPs and a table of object handles
// (MS-OXCROPS). Property values, rows and recipients are the data in them
// (MS-OXCDATA).
//
// ROPs do not say how long they are, so one that this package does not model
// makes the rest of a buffer unreadable; UnknownRopError names it. A response
// can only be read by those who know the requests: see ParseResponses.
//
// Parsing never allocates more than a small multiple of its input, which the
// 16-bit sizes of the format bound to 64 KiB.
package mapi

import "shutout/lab/protocol/mapi/wire"

// SyntaxError is input that is not what the specifications say.
type SyntaxError = wire.SyntaxError
