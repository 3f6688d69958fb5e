// Package ntlm builds and parses the three NTLM messages (MS-NLMP), computes
// and checks NTLMv2 responses and the keys that follow from them, and carries
// the messages in HTTP headers and in SPNEGO. It serves both ends and has no
// policy: who may sign in, and how long a connection stays signed in, is for
// its callers to say. The responses of NTLM version 1 are carried, not computed.
//
// Parsing is strict: every length and offset is checked against the message,
// and text must be whole UTF-16.
package ntlm
