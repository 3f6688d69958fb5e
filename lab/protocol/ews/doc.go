// Package ews builds and parses the messages of Exchange Web Services that a
// mail client needs, for both ends: folders, items, sending, synchronisation
// and streaming notifications. It has no policy: what a folder holds, who may
// see it and when a connection is closed is for its callers to say.
//
// Sources: the EWS operation pages of "EWS reference for Exchange" and the
// schemas types.xsd and messages.xsd that they describe (MS-OXWSFOLD,
// MS-OXWSSRCH, MS-OXWSCORE, MS-OXWSMSG, MS-OXWSSYNC, MS-OXWSNTIF, MS-OXWSCVTID);
// SOAP 1.1 for the envelope.
//
// Parsing goes by namespaces, not by prefixes. It is strict about what this
// package models (required elements, enumerations, numbers, dates) and passes
// over elements that it does not model, because each server version adds some.
// Where an element that may stand once is repeated, the last one counts.
package ews
