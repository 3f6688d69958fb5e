package ntlm

import (
	"encoding/binary"
	"fmt"
	"time"
)

// An AVID says what an AV pair holds (MS-NLMP 2.2.2.1).
type AVID uint16

const (
	AvEOL AVID = iota
	AvNbComputerName
	AvNbDomainName
	AvDNSComputerName
	AvDNSDomainName
	AvDNSTreeName
	AvFlags
	AvTimestamp
	AvSingleHost
	AvTargetName
	AvChannelBindings
)

// AvFlagMIC in AvFlags tells that the AUTHENTICATE message carries a MIC.
const AvFlagMIC = 2

// An AVPair is one attribute of a target.
type AVPair struct {
	ID    AVID
	Value []byte
}

// TargetInfo is a sequence of AV pairs without the AvEOL that ends it on the
// wire.
type TargetInfo []AVPair

// Names are a server's own names, which it tells in its challenge.
type Names struct {
	NetBIOSDomain, NetBIOSComputer  string
	DNSDomain, DNSComputer, DNSTree string
}

// NewTargetInfo is what a domain member sends (MS-NLMP 3.2.5.1.1). Names that
// are empty are left out, and so is a zero time.
func NewTargetInfo(n Names, now time.Time) TargetInfo {
	var t TargetInfo
	for _, p := range []struct {
		id   AVID
		name string
	}{
		{AvNbDomainName, n.NetBIOSDomain}, {AvNbComputerName, n.NetBIOSComputer},
		{AvDNSDomainName, n.DNSDomain}, {AvDNSComputerName, n.DNSComputer}, {AvDNSTreeName, n.DNSTree},
	} {
		if p.name != "" {
			t = append(t, AVPair{p.id, toUTF16(p.name)})
		}
	}
	if !now.IsZero() {
		t = append(t, AVPair{AvTimestamp, binary.LittleEndian.AppendUint64(nil, FileTime(now))})
	}
	return t
}

// Get returns the first value of an attribute.
func (t TargetInfo) Get(id AVID) ([]byte, bool) {
	for _, p := range t {
		if p.ID == id {
			return p.Value, true
		}
	}
	return nil, false
}

// Text returns an attribute that is a name, or "".
func (t TargetInfo) Text(id AVID) string {
	v, _ := t.Get(id)
	s, err := fromUTF16(v)
	if err != nil {
		return ""
	}
	return s
}

// Flags returns AvFlags, or 0.
func (t TargetInfo) Flags() uint32 {
	if v, ok := t.Get(AvFlags); ok && len(v) == 4 {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// Timestamp returns AvTimestamp as it stands, a FILETIME, and whether it is
// there.
func (t TargetInfo) Timestamp() (uint64, bool) {
	if v, ok := t.Get(AvTimestamp); ok && len(v) == 8 {
		return binary.LittleEndian.Uint64(v), true
	}
	return 0, false
}

// ParseTargetInfo reads AV pairs up to the AvEOL, which must be there. What
// follows it is left alone.
func ParseTargetInfo(b []byte) (TargetInfo, error) {
	var t TargetInfo
	for {
		if len(b) < 4 {
			return nil, malformed("AV pairs without an end")
		}
		id, size := AVID(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
		b = b[4:]
		if id == AvEOL {
			if size != 0 {
				return nil, malformed("an AvEOL of %d octets", size)
			}
			return t, nil
		}
		if size > len(b) {
			return nil, malformed("an AV pair ends after the message")
		}
		t = append(t, AVPair{id, b[:size:size]})
		b = b[size:]
	}
}

// Encode writes the pairs and the AvEOL.
func (t TargetInfo) Encode() ([]byte, error) {
	var b []byte
	for _, p := range t {
		if p.ID == AvEOL || len(p.Value) > 0xffff {
			return nil, fmt.Errorf("ntlm: AV pair %d of %d octets cannot be written", p.ID, len(p.Value))
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(p.ID))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(p.Value)))
		b = append(b, p.Value...)
	}
	return append(b, 0, 0, 0, 0), nil
}

// epochDelta is from 1601 to 1970, in seconds.
const epochDelta = 11644473600

// FileTime is t as a FILETIME (MS-DTYP 2.3.3): units of 100 ns since 1601.
func FileTime(t time.Time) uint64 {
	return uint64(t.Unix()+epochDelta)*1e7 + uint64(t.Nanosecond()/100)
}
