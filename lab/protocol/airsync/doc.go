// Package airsync builds and parses the ActiveSync messages that a phone
// reading and sending mail exchanges with its server, for both ends. It has no
// policy: which version to choose, when a policy key is stale and how long a
// Ping hangs is for its callers to say.
//
// Sources: MS-ASHTTP for the HTTP side, MS-ASWBXML for the code pages,
// MS-ASCMD for the commands, MS-ASPROV for Provision, MS-ASEMAIL and MS-ASAIRS
// for mail items.
//
// Parsing is strict about what this package models (root element, required
// elements, numbers, dates) and passes over elements that it does not model,
// because each protocol version adds some. Where an element that may stand
// once is repeated, the last one counts.
package airsync
