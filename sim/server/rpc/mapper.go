package rpc

import (
	"net"
	"net/netip"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
)

// mapper is the endpoint mapper.
func (s *Server) mapper() interfaces {
	return interfaces{{dcerpc.EndpointMapper, map[uint16]operation{dcerpc.OpnumEptMap: (*association).eptMap}}}
}

// eptMap is ept_map: where an interface is served.
func (a *association) eptMap(_ time.Time, _ *dcerpc.PDU, stub []byte) outcome {
	m, err := dcerpc.ParseEptMap(stub)
	if err != nil {
		return outcome{fault: dcerpc.StatusBadStub}
	}
	result := dcerpc.EptMapResult{MaxTowers: m.MaxTowers, Status: dcerpc.EptNotRegistered}
	at, err := m.Tower.Endpoint()
	if err == nil && m.MaxTowers > 0 && a.s.Running() && mailbox.find(at.Interface) != nil {
		at.Port = uint16(a.s.port)
		if at.Transport == dcerpc.HTTP {
			at.Port = emsmdb.HTTPPort
		}
		at.Addr = address(a.Conn.LocalAddr())
		result.Towers, result.Status = []dcerpc.Tower{at.Tower()}, 0
	}
	return answer(result.Encode())
}

func address(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
