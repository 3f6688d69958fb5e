package rpch

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"shutout/lab/protocol/dcerpc"
)

// CommandType tells the commands of RTS PDUs apart (MS-RPCH 2.2.3.5).
type CommandType uint32

// The commands, in the order of MS-RPCH 2.2.3.5.1 to 2.2.3.5.15.
const (
	cmdReceiveWindowSize CommandType = iota
	cmdFlowControlAck
	cmdConnectionTimeout
	cmdCookie
	cmdChannelLifetime
	cmdClientKeepalive
	cmdVersion
	cmdEmpty
	cmdPadding
	cmdNegativeANCE
	cmdANCE
	cmdClientAddress
	cmdAssociationGroupID
	cmdDestination
	cmdPingTrafficSentNotify
)

// A Command is one of the types below (MS-RPCH 2.2.3.5).
type Command interface{ Type() CommandType }

type (
	// ReceiveWindowSize is how much its sender can hold unread, in octets.
	ReceiveWindowSize uint32
	// FlowControlAck tells the sender of RPC PDUs how far the recipient is
	// (MS-RPCH 2.2.3.4).
	FlowControlAck struct {
		BytesReceived   uint32 // octets of RPC PDUs on this channel so far
		AvailableWindow uint32 // octets of the receive window that are free
		Channel         Cookie
	}
	// ConnectionTimeout is after how long without traffic a proxy gives up, in
	// milliseconds (MS-RPCH 2.2.3.5.3: 120,000 to 14,400,000).
	ConnectionTimeout uint32
	// Cookie names a virtual connection or a channel (MS-RPCH 2.2.3.1).
	Cookie dcerpc.UUID
	// ChannelLifetime is after how many octets a channel must be replaced.
	ChannelLifetime uint32
	// ClientKeepalive is how often the proxy is to ping, in milliseconds; 0
	// for its own choice.
	ClientKeepalive uint32
	// Version is the version of RPC over HTTP v2, which is 1.
	Version uint32
	// Empty and Padding only make a PDU longer.
	Empty   struct{}
	Padding []byte
	// NegativeANCE and ANCE say that a replacement channel was not, or was,
	// established.
	NegativeANCE struct{}
	ANCE         struct{}
	// ClientAddress is the client's address, which a proxy tells the server.
	ClientAddress struct{ Addr netip.Addr }
	// AssociationGroupID joins the connections of one client (MS-RPCH
	// 2.2.3.5.13).
	AssociationGroupID dcerpc.UUID
	// Destination says for whom a forwarded PDU is (MS-RPCH 2.2.3.3).
	Destination uint32
	// PingTrafficSentNotify is how much a proxy has sent in pings, in octets.
	PingTrafficSentNotify uint32
)

// The destinations (MS-RPCH 2.2.3.3).
const (
	ToClient   Destination = 0
	ToInProxy  Destination = 1
	ToServer   Destination = 2
	ToOutProxy Destination = 3
)

func (ReceiveWindowSize) Type() CommandType     { return cmdReceiveWindowSize }
func (FlowControlAck) Type() CommandType        { return cmdFlowControlAck }
func (ConnectionTimeout) Type() CommandType     { return cmdConnectionTimeout }
func (Cookie) Type() CommandType                { return cmdCookie }
func (ChannelLifetime) Type() CommandType       { return cmdChannelLifetime }
func (ClientKeepalive) Type() CommandType       { return cmdClientKeepalive }
func (Version) Type() CommandType               { return cmdVersion }
func (Empty) Type() CommandType                 { return cmdEmpty }
func (Padding) Type() CommandType               { return cmdPadding }
func (NegativeANCE) Type() CommandType          { return cmdNegativeANCE }
func (ANCE) Type() CommandType                  { return cmdANCE }
func (ClientAddress) Type() CommandType         { return cmdClientAddress }
func (AssociationGroupID) Type() CommandType    { return cmdAssociationGroupID }
func (Destination) Type() CommandType           { return cmdDestination }
func (PingTrafficSentNotify) Type() CommandType { return cmdPingTrafficSentNotify }

// String is the text form of the UUID that the cookie is.
func (c Cookie) String() string { return dcerpc.UUID(c).String() }

// addressPadding follows the address in a ClientAddress (MS-RPCH 2.2.3.2).
const addressPadding = 12

func appendCommand(dst []byte, c Command) ([]byte, error) {
	u32 := binary.LittleEndian.AppendUint32
	dst = u32(dst, uint32(c.Type()))
	switch c := c.(type) {
	case ReceiveWindowSize:
		return u32(dst, uint32(c)), nil
	case FlowControlAck:
		return append(u32(u32(dst, c.BytesReceived), c.AvailableWindow), c.Channel[:]...), nil
	case ConnectionTimeout:
		return u32(dst, uint32(c)), nil
	case Cookie:
		return append(dst, c[:]...), nil
	case ChannelLifetime:
		return u32(dst, uint32(c)), nil
	case ClientKeepalive:
		return u32(dst, uint32(c)), nil
	case Version:
		return u32(dst, uint32(c)), nil
	case Empty, NegativeANCE, ANCE:
		return dst, nil
	case Padding:
		return append(u32(dst, uint32(len(c))), c...), nil
	case ClientAddress:
		return c.append(dst)
	case AssociationGroupID:
		return append(dst, c[:]...), nil
	case Destination:
		return u32(dst, uint32(c)), nil
	case PingTrafficSentNotify:
		return u32(dst, uint32(c)), nil
	}
	return nil, fmt.Errorf("rpch: a command of type %T", c)
}

// append writes the address: 0 and an IPv4 address, or 1 and an IPv6 address,
// either with its last octet first (MS-RPCH 2.2.3.2.1 and 2.2.3.2.2,
// "little-endian byte order").
func (c ClientAddress) append(dst []byte) ([]byte, error) {
	if !c.Addr.IsValid() || c.Addr.Zone() != "" {
		return nil, fmt.Errorf("rpch: %q is no client address", c.Addr)
	}
	var family byte
	if c.Addr.Is6() {
		family = 1
	}
	octets := c.Addr.AsSlice()
	slices.Reverse(octets)
	dst = append(append(dst, family, 0, 0, 0), octets...)
	return append(dst, make([]byte, addressPadding)...), nil
}

func readCommand(r *dcerpc.Reader) Command {
	switch t := CommandType(r.Uint32()); t {
	case cmdReceiveWindowSize:
		return ReceiveWindowSize(r.Uint32())
	case cmdFlowControlAck:
		return FlowControlAck{BytesReceived: r.Uint32(), AvailableWindow: r.Uint32(), Channel: Cookie(r.UUID())}
	case cmdConnectionTimeout:
		return ConnectionTimeout(r.Uint32())
	case cmdCookie:
		return Cookie(r.UUID())
	case cmdChannelLifetime:
		return ChannelLifetime(r.Uint32())
	case cmdClientKeepalive:
		return ClientKeepalive(r.Uint32())
	case cmdVersion:
		return Version(r.Uint32())
	case cmdEmpty:
		return Empty{}
	case cmdPadding:
		return Padding(r.ConformantBytes(dcerpc.MaxFragment))
	case cmdNegativeANCE:
		return NegativeANCE{}
	case cmdANCE:
		return ANCE{}
	case cmdClientAddress:
		return readClientAddress(r)
	case cmdAssociationGroupID:
		return AssociationGroupID(r.UUID())
	case cmdDestination:
		d := Destination(r.Uint32())
		if d > ToOutProxy {
			r.Fail(fmt.Errorf("rpch: destination %d", d))
		}
		return d
	case cmdPingTrafficSentNotify:
		return PingTrafficSentNotify(r.Uint32())
	default:
		r.Fail(fmt.Errorf("rpch: command type %d", t))
		return nil
	}
}

func readClientAddress(r *dcerpc.Reader) Command {
	family := r.Uint32()
	size := 4
	switch family {
	case 0:
	case 1:
		size = 16
	default:
		r.Fail(fmt.Errorf("rpch: a client address of type %d", family))
	}
	octets := slices.Clone(r.Bytes(size))
	slices.Reverse(octets)
	addr, _ := netip.AddrFromSlice(octets) // of no octets if r has failed
	r.Bytes(addressPadding)
	return ClientAddress{Addr: addr}
}
