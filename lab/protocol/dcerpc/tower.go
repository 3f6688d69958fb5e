package dcerpc

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Protocol identifiers of tower floors (C706 appendix I).
const (
	floorConnectionOriented = 0x0B // RPC connection-oriented, minor version on the right
	floorTCP                = 0x07 // port, big-endian
	floorIP                 = 0x09 // IPv4 address, big-endian
	floorUUID               = 0x0D // interface or transfer syntax
	floorHTTP               = 0x1F // port, big-endian (MS-RPCE, ncacn_http)
)

// A Floor is one layer of a Tower: on the left a protocol identifier and its
// data, on the right what that layer needs to be told (C706 appendix L).
type Floor struct {
	Protocol byte
	Left     []byte // after the protocol identifier
	Right    []byte
}

// A Tower is an endpoint with all layers that lead to it, top first.
type Tower []Floor

const (
	maxFloors    = 16   // this many layers are more than any protocol has
	maxTowerSize = 2000 // octets; one over TCP/IP has 75
)

// ParseTower reads the octets of a tower. Floors alias b.
func ParseTower(b []byte) (Tower, error) {
	if len(b) > maxTowerSize {
		return nil, fmt.Errorf("dcerpc: a tower of %d octets is %w of %d", len(b), ErrTooLarge, maxTowerSize)
	}
	r := NewReader(b)
	n := r.unaligned16()
	if n > maxFloors {
		return nil, fmt.Errorf("dcerpc: a tower of %d floors is %w of %d", n, ErrTooLarge, maxFloors)
	}
	t := make(Tower, 0, n)
	for range n {
		left := r.Bytes(r.unaligned16())
		right := r.Bytes(r.unaligned16())
		if r.err == nil && len(left) == 0 {
			r.failf("a floor without a protocol")
		}
		if r.err != nil {
			return nil, r.err
		}
		f := Floor{Protocol: left[0], Right: right}
		if len(left) > 1 {
			f.Left = left[1:]
		}
		t = append(t, f)
	}
	if r.pos != len(b) && r.err == nil {
		r.failf("%d octets follow the tower", len(b)-r.pos)
	}
	return t, r.err
}

func (r *Reader) unaligned16() int {
	if b := r.Bytes(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

// Append writes the tower's octets.
func (t Tower) Append(dst []byte) ([]byte, error) {
	if len(t) > maxFloors {
		return nil, fmt.Errorf("dcerpc: a tower of %d floors is %w of %d", len(t), ErrTooLarge, maxFloors)
	}
	start := len(dst)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(t)))
	for _, f := range t {
		if len(f.Left)+len(f.Right) > maxTowerSize {
			return nil, fmt.Errorf("dcerpc: a floor of %d octets is %w of %d", len(f.Left)+len(f.Right), ErrTooLarge, maxTowerSize)
		}
		dst = binary.LittleEndian.AppendUint16(dst, uint16(1+len(f.Left)))
		dst = append(append(dst, f.Protocol), f.Left...)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(f.Right)))
		dst = append(dst, f.Right...)
	}
	if len(dst)-start > maxTowerSize {
		return nil, fmt.Errorf("dcerpc: a tower of %d octets is %w of %d", len(dst)-start, ErrTooLarge, maxTowerSize)
	}
	return dst, nil
}

// Transport is what carries the RPC connection.
type Transport byte

const (
	TCP  Transport = floorTCP  // ncacn_ip_tcp
	HTTP Transport = floorHTTP // ncacn_http
)

// An Endpoint is what a tower of five floors says: an interface, how it is
// marshalled, and where it listens.
type Endpoint struct {
	Interface SyntaxID
	Transfer  SyntaxID
	Transport Transport
	Port      uint16
	Addr      netip.Addr // IPv4; 0.0.0.0 in a question
}

// Tower is the endpoint's tower.
func (e Endpoint) Tower() Tower {
	addr := [4]byte{}
	if e.Addr.Unmap().Is4() {
		addr = e.Addr.Unmap().As4()
	}
	return Tower{
		syntaxFloor(e.Interface),
		syntaxFloor(e.Transfer),
		{Protocol: floorConnectionOriented, Right: []byte{0, 0}},
		{Protocol: byte(e.Transport), Right: binary.BigEndian.AppendUint16(nil, e.Port)},
		{Protocol: floorIP, Right: addr[:]},
	}
}

// Endpoint reads the tower of a connection-oriented endpoint over TCP or HTTP;
// any other is an error.
func (t Tower) Endpoint() (Endpoint, error) {
	var e Endpoint
	if len(t) != 5 {
		return e, fmt.Errorf("dcerpc: a tower of %d floors is not one over TCP/IP or HTTP", len(t))
	}
	var ok1, ok2 bool
	e.Interface, ok1 = t[0].syntax()
	e.Transfer, ok2 = t[1].syntax()
	if !ok1 || !ok2 {
		return e, fmt.Errorf("dcerpc: a tower whose first floors are not an interface and a transfer syntax")
	}
	e.Transport = Transport(t[3].Protocol)
	if t[2].Protocol != floorConnectionOriented || e.Transport != TCP && e.Transport != HTTP || t[4].Protocol != floorIP ||
		len(t[3].Right) != 2 || len(t[4].Right) != 4 {
		return e, fmt.Errorf("dcerpc: a tower of protocols %#x, %#x, %#x", t[2].Protocol, t[3].Protocol, t[4].Protocol)
	}
	e.Port = binary.BigEndian.Uint16(t[3].Right)
	e.Addr = netip.AddrFrom4([4]byte(t[4].Right))
	return e, nil
}

// A syntax has its major version on the left and its minor one on the right.
func syntaxFloor(s SyntaxID) Floor {
	return Floor{
		Protocol: floorUUID,
		Left:     binary.LittleEndian.AppendUint16(append([]byte(nil), s.UUID[:]...), s.Major),
		Right:    binary.LittleEndian.AppendUint16(nil, s.Minor),
	}
}

func (f Floor) syntax() (SyntaxID, bool) {
	if f.Protocol != floorUUID || len(f.Left) != 18 || len(f.Right) != 2 {
		return SyntaxID{}, false
	}
	return SyntaxID{
		UUID:  UUID(f.Left[:16]),
		Major: binary.LittleEndian.Uint16(f.Left[16:]),
		Minor: binary.LittleEndian.Uint16(f.Right),
	}, true
}
