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
	// Two ways of MAPI that can be barred by themselves (MAPIBlockOutlookRpcHttp
	// and MapiHttpEnabled). Who may not use MAPI may use neither.
	OutlookAnywhere = "outlook-anywhere"
	MAPIHTTP        = "mapi-http"
)

// Protocols lists them.
var Protocols = []string{OWA, ActiveSync, IMAP, POP3, MAPI, OutlookAnywhere, MAPIHTTP, EWS}

// settings are the names under which protocolSettings keeps a protocol's flag.
// A value is a list of fields with "§" between them: the name, then 1 or 0.
var settings = map[string][]string{
	OWA:  {"OWA", "HTTP"}, // HTTP is what Exchange 2000 and 2003 write
	IMAP: {"IMAP4"},
	POP3: {"POP3"},
	MAPI: {"MAPI"},
}

// A way of MAPI is a field of the value called MAPI. That value has nine fields
// at least (TechNet bb219050); which ones the two ways have is inferred from
// what Exchange Online prints, "MAPI§1§0§§§0§§§§§0": the switches in the order
// of the cmdlet's parameters, and an empty field for MapiHttpEnabled, which
// means as the organisation has it.
type way struct {
	field int
	off   string // what bars it
	on    string
}

var ways = map[string]way{
	OutlookAnywhere: {field: 5, off: "1", on: "0"},
	MAPIHTTP:        {field: 6, off: "0", on: "1"},
}

const (
	fieldSeparator = "§"
	mapiFields     = 9
	// activeSyncOff is the bit of msExchOmaAdminWirelessEnable that bars
	// synchronisation; 1 and 2 bar up-to-date notifications and Outlook Mobile
	// Access.
	activeSyncOff  = 4
	allWirelessOff = 7
)

// ProtocolEnabled tells whether the mailbox's owner may use a protocol. All are
// on until somebody turns them off.
func (o *Object) ProtocolEnabled(proto string) bool { return o.ProtocolBar(proto) == "" }

// ProtocolBar is the flag that bars a protocol, "" if none does: a way of MAPI
// is barred with MAPI as a whole, too.
func (o *Object) ProtocolBar(proto string) string {
	barred := false
	switch proto {
	case ActiveSync:
		barred = o.number("msExchOmaAdminWirelessEnable")&activeSyncOff != 0
	case EWS:
		barred = o.Get("msExchEwsEnabled") == "0"
	}
	if barred {
		return proto
	}
	name := proto
	w, isWay := ways[proto]
	if isWay {
		proto = MAPI
	}
	for _, v := range o.All("protocolSettings") {
		fields := strings.Split(v, fieldSeparator)
		switch {
		case len(fields) < 2 || !slices.Contains(settings[proto], fields[0]):
		case fields[1] == "0":
			return proto
		case isWay && w.field < len(fields) && fields[w.field] == w.off:
			return name
		}
	}
	return ""
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
	field, text := 1, bit(enabled)
	if w, ok := ways[proto]; ok {
		proto, field, text = MAPI, w.field, w.off
		if enabled {
			text = w.on
		}
	}
	names := settings[proto]
	if len(names) == 0 {
		return nil
	}
	values := slices.Clone(o.All("protocolSettings"))
	found := false
	for i, v := range values {
		if fields := strings.Split(v, fieldSeparator); len(fields) > 1 && slices.Contains(names, fields[0]) {
			values[i] = withField(fields, field, text)
			found = true
		}
	}
	if !found {
		values = append(values, withField([]string{names[0], "1"}, field, text))
	}
	return []Mod{Set("protocolSettings", values...)}
}

// withField sets one field of a value of protocolSettings.
func withField(fields []string, i int, text string) string {
	if i > 1 {
		fields = append(fields, make([]string, max(0, mapiFields-len(fields)))...)
	}
	fields[i] = text
	return strings.Join(fields, fieldSeparator)
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
