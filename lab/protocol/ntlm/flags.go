package ntlm

// Flags is the NegotiateFlags field (MS-NLMP 2.2.2.5).
type Flags uint32

// The flags of MS-NLMP 2.2.2.5, without the prefix NTLMSSP_.
const (
	Unicode             Flags = 1 << 0
	OEM                 Flags = 1 << 1
	RequestTarget       Flags = 1 << 2
	Sign                Flags = 1 << 4
	Seal                Flags = 1 << 5
	Datagram            Flags = 1 << 6
	LMKey               Flags = 1 << 7
	NTLM                Flags = 1 << 9
	Anonymous           Flags = 1 << 11
	DomainSupplied      Flags = 1 << 12
	WorkstationSupplied Flags = 1 << 13
	AlwaysSign          Flags = 1 << 15
	TargetTypeDomain    Flags = 1 << 16
	TargetTypeServer    Flags = 1 << 17
	ExtendedSecurity    Flags = 1 << 19
	Identify            Flags = 1 << 20
	NonNTSessionKey     Flags = 1 << 22
	TargetInfoPresent   Flags = 1 << 23
	VersionPresent      Flags = 1 << 25
	Key128              Flags = 1 << 29
	KeyExchange         Flags = 1 << 30
	Key56               Flags = 1 << 31
)

// Has tells whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Version tells which Windows a peer runs; it is for the log only
// (MS-NLMP 2.2.2.10).
type Version struct {
	Major, Minor uint8
	Build        uint16
}

// revision is NTLMRevisionCurrent, NTLMSSP_REVISION_W2K3.
const revision = 15
