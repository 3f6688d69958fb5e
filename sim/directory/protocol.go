package directory

import (
	"slices"
	"strconv"
	"strings"
)

// Protocols that a mailbox can be barred from (Set-CASMailbox).
const (
	OWA        = "owa"
	ActiveSync = "activesync"
	IMAP       = "imap"
	POP3       = "pop3"
	MAPI       = "mapi"
	EWS        = "ews"
)

// Protocols lists them.
var Protocols = []string{OWA, ActiveSync, IMAP, POP3, MAPI, EWS}

// settings are the names under which protocolSettings keeps a protocol's flag.
// A value is a list of fields with "§" between them: the name, then 1 or 0.
var settings = map[string][]string{
	OWA:  {"OWA", "HTTP"}, // HTTP is what Exchange 2000 and 2003 write
	IMAP: {"IMAP4"},
	POP3: {"POP3"},
	MAPI: {"MAPI"},
}

const (
	fieldSeparator = "§"
	// activeSyncOff is the bit of msExchOmaAdminWirelessEnable that bars
	// synchronisation; 1 and 2 bar up-to-date notifications and Outlook Mobile
	// Access.
	activeSyncOff  = 4
	allWirelessOff = 7
)

// ProtocolEnabled tells whether the mailbox's owner may use a protocol. All are
// on until somebody turns them off.
func (o *Object) ProtocolEnabled(proto string) bool {
	switch proto {
	case ActiveSync:
		return o.number("msExchOmaAdminWirelessEnable")&activeSyncOff == 0
	case EWS:
		return o.Get("msExchEwsEnabled") != "0"
	}
	for _, v := range o.All("protocolSettings") {
		fields := strings.Split(v, fieldSeparator)
		if len(fields) > 1 && slices.Contains(settings[proto], fields[0]) && fields[1] == "0" {
			return false
		}
	}
	return true
}

// ProtocolMods returns the modifications that turn a protocol on or off for o,
// leaving the other protocols alone, or nil for an unknown protocol.
func (o *Object) ProtocolMods(proto string, enabled bool) []Mod {
	switch proto {
	case ActiveSync:
		n := o.number("msExchOmaAdminWirelessEnable") | allWirelessOff
		if enabled {
			n = 0
		}
		return []Mod{Set("msExchOmaAdminWirelessEnable", strconv.FormatInt(n, 10))}
	case EWS:
		return []Mod{Set("msExchEwsEnabled", bit(enabled))}
	}
	names := settings[proto]
	if len(names) == 0 {
		return nil
	}
	values := slices.Clone(o.All("protocolSettings"))
	found := false
	for i, v := range values {
		fields := strings.Split(v, fieldSeparator)
		if len(fields) > 1 && slices.Contains(names, fields[0]) {
			fields[1] = bit(enabled)
			values[i] = strings.Join(fields, fieldSeparator)
			found = true
		}
	}
	if !found {
		values = append(values, names[0]+fieldSeparator+bit(enabled))
	}
	return []Mod{Set("protocolSettings", values...)}
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
