// Package kerberos is Kerberos 5 (RFC 4120) as far as a client, a KDC and a
// server of a Windows domain need it: the AS and TGS exchanges over TCP, the
// tokens with which a ticket is presented over HTTP and RPC (RFC 4121), and the
// protection of RPC that follows (RFC 4757). It serves both ends and has no
// policy: whose ticket is issued, and what a ticket is good for, is for its
// callers to say.
//
// The one encryption type is rc4-hmac (RFC 4757), for which a directory has
// every user's key: it is the NT hash. Times are the caller's, and random
// octets come from the caller's source, so that a run can be repeated.
package kerberos
