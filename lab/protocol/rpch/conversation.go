package rpch

import (
	"fmt"
	"slices"
)

// Kind is the role of an RTS PDU in a conversation. A few kinds have the same
// flags and commands, so that only sender and state tell them apart.
type Kind int

// The kinds, in the order of MS-RPCH 2.2.4.2 to 2.2.4.51. CONN opens a virtual
// connection; IN_R and OUT_R replace a channel that has reached its lifetime,
// by way of another proxy (R1) or the same one (R2).
const (
	ConnA1 Kind = iota
	ConnA2
	ConnA3
	ConnB1
	ConnB2
	ConnB3
	ConnC1
	ConnC2
	InR1A1
	InR1A2
	InR1A3
	InR1A4
	InR1A5
	InR1A6
	InR1B1
	InR1B2
	InR2A1
	InR2A2
	InR2A3
	InR2A4
	InR2A5
	OutR1A1
	OutR1A2
	OutR1A3
	OutR1A4
	OutR1A5
	OutR1A6
	OutR1A7
	OutR1A8
	OutR1A9
	OutR1A10
	OutR1A11
	OutR2A1
	OutR2A2
	OutR2A3
	OutR2A4
	OutR2A5
	OutR2A6
	OutR2A7
	OutR2A8
	OutR2B1
	OutR2B2
	OutR2B3
	OutR2C1
	KeepAlive
	PingTrafficSent
	Echo
	Ping
	FlowAck
	FlowAckTo
)

// Short names for the table.
const (
	win    = cmdReceiveWindowSize
	ack    = cmdFlowControlAck
	limit  = cmdConnectionTimeout
	cookie = cmdCookie
	life   = cmdChannelLifetime
	alive  = cmdClientKeepalive
	vers   = cmdVersion
	to     = cmdDestination
)

var kinds = [...]struct {
	name     string
	flags    Flags
	commands []CommandType
}{
	ConnA1:          {"CONN/A1", 0, []CommandType{vers, cookie, cookie, win}},
	ConnA2:          {"CONN/A2", FlagOutChannel, []CommandType{vers, cookie, cookie, life, win}},
	ConnA3:          {"CONN/A3", 0, []CommandType{limit}},
	ConnB1:          {"CONN/B1", 0, []CommandType{vers, cookie, cookie, life, alive, cmdAssociationGroupID}},
	ConnB2:          {"CONN/B2", FlagInChannel, []CommandType{vers, cookie, cookie, win, limit, cmdAssociationGroupID, cmdClientAddress}},
	ConnB3:          {"CONN/B3", 0, []CommandType{win, vers}},
	ConnC1:          {"CONN/C1", 0, []CommandType{vers, win, limit}},
	ConnC2:          {"CONN/C2", 0, []CommandType{vers, win, limit}},
	InR1A1:          {"IN_R1/A1", FlagRecycle, []CommandType{vers, cookie, cookie, cookie}},
	InR1A2:          {"IN_R1/A2", FlagRecycle | FlagInChannel, []CommandType{vers, cookie, cookie, cookie, win, limit}},
	InR1A3:          {"IN_R1/A3", 0, []CommandType{to, vers, win, limit}},
	InR1A4:          {"IN_R1/A4", 0, []CommandType{to, vers, win, limit}},
	InR1A5:          {"IN_R1/A5", 0, []CommandType{cookie}},
	InR1A6:          {"IN_R1/A6", 0, []CommandType{cookie}},
	InR1B1:          {"IN_R1/B1", 0, []CommandType{cmdEmpty}},
	InR1B2:          {"IN_R1/B2", 0, []CommandType{win}},
	InR2A1:          {"IN_R2/A1", FlagRecycle, []CommandType{vers, cookie, cookie, cookie}},
	InR2A2:          {"IN_R2/A2", 0, []CommandType{cookie}},
	InR2A3:          {"IN_R2/A3", 0, []CommandType{to}},
	InR2A4:          {"IN_R2/A4", 0, []CommandType{to}},
	InR2A5:          {"IN_R2/A5", 0, []CommandType{cookie}},
	OutR1A1:         {"OUT_R1/A1", FlagRecycle, []CommandType{to}},
	OutR1A2:         {"OUT_R1/A2", FlagRecycle, []CommandType{to}},
	OutR1A3:         {"OUT_R1/A3", FlagRecycle, []CommandType{vers, cookie, cookie, cookie, win}},
	OutR1A4:         {"OUT_R1/A4", FlagRecycle | FlagOutChannel, []CommandType{vers, cookie, cookie, cookie, life, win, limit}},
	OutR1A5:         {"OUT_R1/A5", FlagOutChannel, []CommandType{to, vers, limit}},
	OutR1A6:         {"OUT_R1/A6", FlagOutChannel, []CommandType{to, vers, limit}},
	OutR1A7:         {"OUT_R1/A7", FlagOutChannel, []CommandType{to, cookie}},
	OutR1A8:         {"OUT_R1/A8", FlagOutChannel, []CommandType{to, cookie}},
	OutR1A9:         {"OUT_R1/A9", 0, []CommandType{cmdANCE}},
	OutR1A10:        {"OUT_R1/A10", 0, []CommandType{cmdANCE}},
	OutR1A11:        {"OUT_R1/A11", 0, []CommandType{cmdANCE}},
	OutR2A1:         {"OUT_R2/A1", FlagRecycle, []CommandType{to}},
	OutR2A2:         {"OUT_R2/A2", FlagRecycle, []CommandType{to}},
	OutR2A3:         {"OUT_R2/A3", FlagRecycle, []CommandType{vers, cookie, cookie, cookie, win}},
	OutR2A4:         {"OUT_R2/A4", 0, []CommandType{cookie}},
	OutR2A5:         {"OUT_R2/A5", 0, []CommandType{to, cmdANCE}},
	OutR2A6:         {"OUT_R2/A6", 0, []CommandType{to, cmdANCE}},
	OutR2A7:         {"OUT_R2/A7", FlagOutChannel, []CommandType{to, cookie, vers}},
	OutR2A8:         {"OUT_R2/A8", FlagOutChannel, []CommandType{to, cookie}},
	OutR2B1:         {"OUT_R2/B1", 0, []CommandType{cmdANCE}},
	OutR2B2:         {"OUT_R2/B2", 0, []CommandType{cmdNegativeANCE}},
	OutR2B3:         {"OUT_R2/B3", FlagEOF, []CommandType{cmdANCE}},
	OutR2C1:         {"OUT_R2/C1", FlagPing, []CommandType{cmdEmpty}}, // or Padding, which would be longer than is allowed
	KeepAlive:       {"Keep-Alive", FlagOther, []CommandType{alive}},
	PingTrafficSent: {"Ping Traffic Sent Notify", FlagOther, []CommandType{cmdPingTrafficSentNotify}},
	Echo:            {"Echo", FlagEcho, nil},
	Ping:            {"Ping", FlagPing, nil},
	FlowAck:         {"FlowControlAck", FlagOther, []CommandType{ack}},
	FlowAckTo:       {"FlowControlAckWithDestination", FlagOther, []CommandType{to, ack}},
}

// String is the specification's name, for example "CONN/A1".
func (k Kind) String() string {
	if k >= 0 && int(k) < len(kinds) {
		return kinds[k].name
	}
	return fmt.Sprintf("RTS PDU kind %d", int(k))
}

// Is tells whether the PDU has the flags and commands of the kind.
func (p *PDU) Is(k Kind) bool {
	if k < 0 || int(k) >= len(kinds) || p.Flags != kinds[k].flags {
		return false
	}
	return slices.EqualFunc(p.Commands, kinds[k].commands, func(c Command, t CommandType) bool { return c.Type() == t })
}

// Name is the name of the first kind that the PDU is, or what it has instead.
func (p *PDU) Name() string {
	for k := range kinds {
		if p.Is(Kind(k)) {
			return kinds[k].name
		}
	}
	return fmt.Sprintf("RTS PDU with flags %#x and %d commands", uint16(p.Flags), len(p.Commands))
}

// New builds a PDU of the kind from its commands, which must be those that the
// kind has.
func New(k Kind, commands ...Command) (*PDU, error) {
	if k < 0 || int(k) >= len(kinds) {
		return nil, fmt.Errorf("rpch: no %v", k)
	}
	p := &PDU{Flags: kinds[k].flags, Commands: commands}
	if !p.Is(k) {
		return nil, fmt.Errorf("rpch: the commands are not those of %v", k)
	}
	return p, nil
}

// encode is the octets of a PDU whose commands this package chose.
func encode(k Kind, commands ...Command) []byte {
	p, err := New(k, commands...)
	if err != nil {
		panic(err)
	}
	b, err := p.Append(nil)
	if err != nil {
		panic(err)
	}
	return b
}
