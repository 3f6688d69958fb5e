// Package mapihttp builds and parses the envelope that carries MAPI over HTTP
// (MS-OXCMAPIHTTP) to the mailbox endpoint, for both ends: the headers and
// cookies of a request and its response, the bodies of Connect, Execute,
// Disconnect and NotificationWait, and the lines with which a server tells that
// it is still at work. PING has no body. What Execute carries is of package
// mapi.
//
// It has no policy: when a session context ends, how often a server says
// PENDING and how long a NotificationWait hangs is for its callers to say.
package mapihttp
