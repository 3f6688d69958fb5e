// Package dcerpc reads and writes connection-oriented DCE/RPC as Windows
// speaks it, for both ends: the PDUs, their fragments, the marshalling of
// parameters (NDR) and the endpoint mapper. It has no policy: who may bind,
// what a call does and how a token is made or checked is for its callers.
//
// Sources: C706 (DCE 1.1: Remote Procedure Call), chapter 12 for the PDUs and
// chapter 14 for NDR, appendix L for protocol towers; MS-RPCE for what Windows
// adds to them.
//
// Only little-endian, ASCII, IEEE data is read, which is what every Windows
// host sends; the data representation of C706 14.1 allows more.
//
// Everything here is synchronous: no function starts a goroutine.
package dcerpc
