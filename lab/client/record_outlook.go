package client

import (
	"errors"
	"net"
	"strconv"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/kerberos"
	"shutout/lab/protocol/mapi"
)

// connected writes down that a connection was made, or not. The name of a host
// that another server has told is not written down.
func (r *record) connected(l *line, addr string, err error) {
	if r == nil {
		return
	}
	host, port, _ := net.SplitHostPort(addr)
	told := true
	at := l.env.Endpoint
	known := []string{at.Addr, at.Plain}
	if at.Tokens != nil {
		known = append(known, at.Tokens.Addr)
	}
	for _, k := range known {
		if h, _, err := net.SplitHostPort(k); err == nil && h == host {
			told = false
		}
	}
	if told && host != at.Autodiscover && host != at.Server {
		host = "another server"
	}
	r.line(clientSays, "connect to ", host, ", port ", port)
	if err != nil {
		r.line(serverSays, "(no connection)")
	}
}

// kerberos writes down a request to a KDC.
func (r *record) kerberos(request string, err error) {
	if r == nil {
		return
	}
	r.line(clientSays, request, " to the KDC")
	if says, ok := errors.AsType[*kerberos.Error](err); ok {
		r.line(serverSays, "KRB-ERROR ", strconv.Itoa(int(says.Code)), ", ", says.Error())
	} else if err != nil {
		r.failed(err)
	} else {
		r.line(serverSays, "a ticket")
	}
}

// bound writes down the bind that begins an RPC connection.
func (r *record) bound(h *dcerpc.Handshake, err error) {
	if r == nil {
		return
	}
	proof := "without authentication"
	if h != nil {
		for auth, kind := range authTypes {
			if kind == h.Type {
				proof = string(auth)
			}
		}
	}
	r.line(clientSays, "RPC bind, ", proof)
	if no, ok := errors.AsType[*dcerpc.BindError](err); ok {
		r.line(serverSays, "bind refused, reason ", strconv.Itoa(int(no.Reason)))
	} else if err != nil {
		r.failed(err)
	} else {
		r.line(serverSays, "bound")
	}
}

// calls are the names of the calls that Outlook waits for (MS-OXCRPC 3.1.4).
var calls = map[uint16]string{
	emsmdb.OpConnectEx: "EcDoConnectEx", emsmdb.OpAsyncConnectEx: "EcDoAsyncConnectEx",
	emsmdb.OpRpcExt2: "EcDoRpcExt2", emsmdb.OpDisconnect: "EcDoDisconnect",
}

// called writes down a call and what came of it.
func (r *record) called(opnum uint16, sent, got int, err error) {
	if r == nil {
		return
	}
	r.sized(clientSays, calls[opnum]+" ", sent)
	r.result(got, err)
}

// result writes down the answer to a call.
func (r *record) result(got int, err error) {
	if r == nil {
		return
	}
	if fault, ok := errors.AsType[*dcerpc.FaultError](err); ok {
		r.line(serverSays, faultText(fault))
	} else if err != nil {
		r.failed(err)
	} else {
		r.sized(serverSays, "answer ", got)
	}
}

// rops writes down which operations a buffer carries.
func (r *record) rops(rops []mapi.Request) {
	if r == nil {
		return
	}
	names := make([]string, 0, 2*len(rops))
	for i, q := range rops {
		if i > 0 {
			names = append(names, ", ")
		}
		names = append(names, q.Rop().String())
	}
	r.line(clientSays, names...)
}

// refusals writes down which operations failed.
func (r *record) refusals(p mapi.ResponseBuffer) {
	if r == nil {
		return
	}
	for _, q := range p.Rops {
		if no, ok := q.(*mapi.ErrorResponse); ok {
			r.line(serverSays, no.ID.String(), ": ", no.Code.String())
		}
	}
}
