package ntlm

import "encoding/binary"

const (
	negotiateHeader     = 16 // what every client sends: up to the flags
	negotiateFields     = 32 // with domain and workstation
	negotiateFullHeader = 40 // with the version
)

// Negotiate is the client's first message (MS-NLMP 2.2.1.1). Domain and
// Workstation are the client machine's, in ASCII, and are written when their
// flags are set.
type Negotiate struct {
	Flags               Flags
	Domain, Workstation string
	Version             Version
}

// ParseNegotiate reads a NEGOTIATE message. A message that ends after its flags
// is one that old clients send.
func ParseNegotiate(b []byte) (Negotiate, error) {
	if err := open(b, typeNegotiate, negotiateHeader); err != nil {
		return Negotiate{}, err
	}
	n := Negotiate{Flags: Flags(binary.LittleEndian.Uint32(b[12:]))}
	if len(b) < negotiateFields {
		if n.Flags&(DomainSupplied|WorkstationSupplied) != 0 {
			return Negotiate{}, malformed("ends in its header")
		}
		return n, nil
	}
	var err error
	// These two are in the OEM character set whatever was negotiated.
	if n.Flags.Has(DomainSupplied) {
		if n.Domain, err = text(b, 16, negotiateFields, OEM); err != nil {
			return Negotiate{}, err
		}
	}
	if n.Flags.Has(WorkstationSupplied) {
		if n.Workstation, err = text(b, 24, negotiateFields, OEM); err != nil {
			return Negotiate{}, err
		}
	}
	n.Version = version(b, 32, n.Flags)
	return n, nil
}

// Encode writes the message.
func (n Negotiate) Encode() ([]byte, error) {
	w := newWriter(typeNegotiate, negotiateFullHeader)
	w.uint32(uint32(n.Flags))
	domain, workstation := "", ""
	if n.Flags.Has(DomainSupplied) {
		domain = n.Domain
	}
	if n.Flags.Has(WorkstationSupplied) {
		workstation = n.Workstation
	}
	w.text(domain, OEM)
	w.text(workstation, OEM)
	w.version(n.Flags, n.Version)
	return w.bytes()
}
