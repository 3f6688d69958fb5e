package ldap

import (
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/server/signin"
)

// session is the state of one connection.
type session struct {
	srv  *Server
	conn net.Conn
	tls  bool
	// user is the distinguished name of who is bound; empty while anonymous.
	// A bind is checked once: disabling the account does not end it.
	user string
	// ntlm is the sign-in that the latest bind has begun; nil for none.
	ntlm *signin.Exchange
}

// next is what the connection does after an answer.
type next int

const (
	goOn next = iota
	hangUp
	startTLS
)

// Object identifiers of extended operations and notices.
const (
	oidDisconnection = "1.3.6.1.4.1.1466.20036"
	oidStartTLS      = "1.3.6.1.4.1.1466.20037"
	oidWhoAmI        = "1.3.6.1.4.1.4203.1.11.3" // RFC 4532
)

func (ss *session) limit() int {
	if ss.user == "" {
		return maxAnonymous
	}
	return maxMessage
}

// request is one decoded message.
type request struct {
	id       int
	op       *ber.Packet
	controls []control
}

type control struct {
	oid      string
	critical bool
	value    string
}

// handle answers one message.
func (ss *session) handle(msg []byte) ([]byte, next) {
	p, err := decode(msg)
	if err != nil {
		return disconnection(protocolError), hangUp
	}
	r, ok := parseRequest(p)
	if !ok {
		return disconnection(protocolError), hangUp
	}
	switch r.op.Tag {
	case opUnbind:
		return nil, hangUp
	case opAbandon: // everything is answered before the next message is read
		return nil, goOn
	}
	answerTo, known := responseTo[r.op.Tag]
	if !known {
		return disconnection(protocolError), hangUp
	}
	for _, c := range r.controls {
		if _, supported := supportedControls[c.oid]; c.critical && !supported {
			res := result{code: unavailableCriticalControl, text: "00000057: LdapErr: DSID-0C0907C3, comment: Error processing control, data 0, v2580"}
			return envelope(r.id, res.packet(answerTo)), goOn
		}
	}

	ss.srv.World.Lock()
	now := ss.srv.World.Now()
	var answer []byte
	var bound lab.Decision
	n := goOn
	switch r.op.Tag {
	case opBindRequest:
		var res result
		res, bound = ss.bind(now, r.op)
		answer = envelope(r.id, res.packet(answerTo))
	case opSearchRequest:
		answer = ss.search(now, r)
	case opExtendedRequest:
		answer, n = ss.extended(r)
	case opModifyRequest:
		answer = envelope(r.id, ss.modify(now, r.op).packet(answerTo))
	case opCompareRequest:
		answer = envelope(r.id, ss.compare(now, r.op).packet(answerTo))
	default: // add, delete, modify DN
		answer = envelope(r.id, ss.restructure().packet(answerTo))
	}
	ss.srv.World.Unlock()
	if bound.Layer != "" {
		ss.srv.World.Record(ss.conn, bound)
	}
	return answer, n
}

var responseTo = map[ber.Tag]ber.Tag{
	opBindRequest: opBindResponse, opSearchRequest: opSearchDone, opModifyRequest: opModifyResponse,
	opAddRequest: opAddResponse, opDeleteRequest: opDeleteResponse, opModifyDNRequest: opModifyDNResponse,
	opCompareRequest: opCompareResponse, opExtendedRequest: opExtendedResponse,
}

// parseRequest reads an LDAPMessage: its number, the operation and controls.
func parseRequest(p *ber.Packet) (request, bool) {
	if len(p.Children) < 2 || len(p.Children) > 3 {
		return request{}, false
	}
	id, ok := number(p.Children[0])
	r := request{id: id, op: p.Children[1]}
	if !ok || id < 1 || id > 1<<31-1 || r.op.ClassType != ber.ClassApplication {
		return request{}, false
	}
	if len(p.Children) == 2 {
		return r, true
	}
	list := p.Children[2]
	if !is(list, ber.ClassContext, 0) || list.TagType != ber.TypeConstructed {
		return request{}, false
	}
	for _, c := range list.Children {
		if len(c.Children) < 1 || len(c.Children) > 3 {
			return request{}, false
		}
		var ctl control
		if ctl.oid, ok = str(c.Children[0]); !ok {
			return request{}, false
		}
		for _, part := range c.Children[1:] {
			if b, isBool := boolean(part); isBool {
				ctl.critical = b
			} else if s, isString := str(part); isString {
				ctl.value = s
			} else {
				return request{}, false
			}
		}
		r.controls = append(r.controls, ctl)
	}
	return r, true
}

// disconnection is the server's notice that it hangs up (RFC 4511, section
// 4.4.1).
func disconnection(code int) []byte {
	p := result{code: code}.packet(opExtendedResponse)
	p.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 10, oidDisconnection, ""))
	return envelope(0, p)
}

// extended answers StartTLS and "Who am I?".
func (ss *session) extended(r request) ([]byte, next) {
	refuse := func(code int, text string) ([]byte, next) {
		return envelope(r.id, result{code: code, text: text}.packet(opExtendedResponse)), goOn
	}
	if len(r.op.Children) == 0 || !is(r.op.Children[0], ber.ClassContext, 0) {
		return refuse(protocolError, "")
	}
	ok := result{}.packet(opExtendedResponse)
	switch raw(r.op.Children[0]) {
	case oidStartTLS:
		switch {
		case ss.srv.TLS == nil:
			return refuse(unavailable, "00000000: LdapErr: DSID-0C090F78, comment: Error initializing SSL/TLS, data 0, v2580")
		case ss.tls:
			return refuse(operationsError, "00000000: LdapErr: DSID-0C090F3F, comment: TLS or SSL already in effect, data 0, v2580")
		}
		ok.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 10, oidStartTLS, ""))
		return envelope(r.id, ok), startTLS
	case oidWhoAmI:
		who := ""
		if o, bound := ss.bound(); bound {
			who = "u:" + ss.srv.DC.Directory().NetBIOS() + `\` + o.SAM()
		}
		ok.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 11, who, ""))
		return envelope(r.id, ok), goOn
	}
	return refuse(protocolError, "0000203D: LdapErr: DSID-0C090E84, comment: Unknown extended request OID, data 0, v2580")
}

// bound returns the account that is signed in, as it is now on this domain
// controller.
func (ss *session) bound() (*directory.Object, bool) {
	if ss.user == "" {
		return nil, false
	}
	return ss.srv.DC.Lookup(ss.user)
}

// mustBind is Active Directory's answer to an anonymous client.
var mustBind = result{code: operationsError, text: "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this " +
	"operation a successful bind must be completed on the connection., data 0, v2580"}

// compare answers a compare request.
func (ss *session) compare(now time.Time, op *ber.Packet) result {
	if _, ok := ss.bound(); !ok {
		return mustBind
	}
	if len(op.Children) != 2 || len(op.Children[1].Children) != 2 {
		return result{code: protocolError}
	}
	dn, ok1 := str(op.Children[0])
	attr, ok2 := str(op.Children[1].Children[0])
	value, ok3 := str(op.Children[1].Children[1])
	if !ok1 || !ok2 || !ok3 {
		return result{code: protocolError}
	}
	o, res := ss.entry(dn)
	if o == nil {
		return res
	}
	a, known := directory.Schema(attr)
	values := ss.srv.DC.Values(now, o, attr)
	if !known || a.Secret || len(values) == 0 {
		return result{code: noSuchAttribute}
	}
	for _, have := range values {
		if equal(a, have, value) {
			return result{code: compareTrue}
		}
	}
	return result{code: compareFalse}
}

// entry finds an object by a client's spelling of its name.
func (ss *session) entry(dn string) (*directory.Object, result) {
	key, err := normaliseDN(dn)
	if err != nil {
		return nil, result{code: invalidDNSyntax, text: "0000208F: NameErr: DSID-03100232, problem 2006 (BAD_NAME), data 0"}
	}
	if o, ok := ss.srv.DC.Lookup(key); ok && key != "" {
		return o, result{}
	}
	best := ""
	if base := ss.srv.DC.Directory().Base(); isBelow(key, lowerDN(base)) {
		best = base
	}
	return nil, result{code: noSuchObject, dn: best, text: "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'" + best + "'\n"}
}
