// Package rpch carries DCE/RPC inside HTTP as Outlook Anywhere does: RPC over
// HTTP version 2 (MS-RPCH), for both ends. A client opens two HTTP requests to
// the proxy, an IN channel whose endless body it writes and an OUT channel
// whose endless response it reads. Among the RPC PDUs in them travel RTS PDUs,
// which open the virtual connection, keep it alive and pace it.
//
// It has no policy. Sending and authenticating the HTTP requests is for the
// caller, who hands over the two bodies; Conn makes one io.ReadWriter of them
// for package dcerpc. The proxy and the server behind it are one end here,
// which is what they look like to a client; the PDUs between them can be built
// and read all the same.
//
// Nothing here starts a goroutine or has a clock: when to ping and when to
// give up is for the caller.
package rpch
