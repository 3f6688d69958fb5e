package client

import (
	"context"
	"net"
	"strconv"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
)

// rpcCarrier is RPC over TCP: the endpoint mapper tells the port.
type rpcCarrier struct {
	emsmdbLine
	line   *line
	server string // where the server has sent the client; "" for the endpoint
}

func openOutlookRPC(l *line) func() session {
	l.keeps()
	return func() session { return newOutlook(l, &rpcCarrier{line: l}) }
}

func (c *rpcCarrier) redirect(server string) { c.server = server }

const stageMapper = "endpoint mapper"

func (c *rpcCarrier) connect(ctx context.Context, password, mailboxDN string) error {
	c.drop()
	otherwise := lab.AuthNTLM
	if c.line.env.Endpoint.Realm != nil {
		otherwise = lab.AuthKerberos
	}
	auth := c.line.authOf(otherwise)
	if auth == lab.AuthBasic {
		return refused(stageAuth, "RPC over TCP has no Basic sign-in; ntlm and kerberos are there")
	}
	host, port, err := net.SplitHostPort(c.line.env.Endpoint.Addr)
	if err != nil {
		return unreachable(stageDial, err)
	}
	principal := c.line.env.Endpoint.Host
	if c.server != "" {
		host, principal = c.server, c.server
	}
	if port, err = c.line.mapEndpoint(ctx, net.JoinHostPort(host, port)); err != nil {
		return err
	}
	conn, err := c.line.reach(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	c.emsmdbLine = emsmdbLine{
		rpc:     dcerpc.NewConn(conn, dcerpc.Limits{}),
		came:    func() (bool, error) { return heard(conn), nil },
		patient: func() { extend(conn, patience) },
		hangUp:  func() { conn.Close() },
		record:  c.line.record,
	}
	h, m, err := c.line.prove(ctx, auth, password, principal)
	if err == nil {
		err = c.bind(h, m)
	}
	if err == nil {
		err = c.openSession(mailboxDN)
	}
	if err != nil {
		c.drop()
	}
	return err
}

// mapEndpoint asks the endpoint mapper at addr for the port of EMSMDB. The host
// that it names counts for nothing: it may be an address behind a firewall.
func (l *line) mapEndpoint(ctx context.Context, addr string) (port string, err error) {
	conn, err := l.reach(ctx, addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	extend(conn, patience)
	rpc := dcerpc.NewConn(conn, dcerpc.Limits{})
	ack, err := rpc.Bind([]dcerpc.Context{{Abstract: dcerpc.EndpointMapper, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}}}, nil)
	if err != nil {
		return "", mapperFailure(err)
	}
	if ack.Results[0].Result != dcerpc.Accepted {
		return "", refused(stageMapper, "there is none")
	}
	want := dcerpc.Endpoint{Interface: emsmdb.EMSMDB, Transfer: dcerpc.NDR, Transport: dcerpc.TCP}
	stub, err := dcerpc.EptMap{Tower: want.Tower(), MaxTowers: 1}.Encode()
	if err != nil {
		return "", unexpected(stageMapper, "%v", err)
	}
	out, err := rpc.Call(&dcerpc.Request{Opnum: dcerpc.OpnumEptMap, Stub: stub})
	l.record.line(clientSays, "ept_map for EMSMDB")
	l.record.result(len(out), err)
	if err != nil {
		return "", mapperFailure(err)
	}
	r, err := dcerpc.ParseEptMapResult(out)
	switch {
	case err != nil:
		return "", unexpected(stageMapper, "%v", err)
	case r.Status != 0 || len(r.Towers) == 0:
		return "", &lab.Failure{Kind: lab.Unreachable, Stage: stageMapper, Text: "Outlook's interface is not registered"}
	}
	at, err := r.Towers[0].Endpoint()
	if err != nil || at.Transport != dcerpc.TCP || at.Port == 0 {
		return "", unexpected(stageMapper, "a tower that leads nowhere")
	}
	return strconv.Itoa(int(at.Port)), nil
}

// mapperFailure is callFailure, but nothing here speaks about credentials.
func mapperFailure(err error) error {
	f := failure(callFailure(stageMapper, err), stageMapper)
	f.Stage = stageMapper
	return f
}
