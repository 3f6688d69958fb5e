package ldap

import (
	"encoding/binary"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"shutout/sim/directory"
)

const (
	// maxPage is how many entries one search or page returns (Active
	// Directory's MaxPageSize).
	maxPage = 1000
	// maxAnswer bounds the bytes of one search's answer.
	maxAnswer = 16 << 20
)

const controlPaged = "1.2.840.113556.1.4.319" // RFC 2696

// supportedControls are those that a critical request may carry. The domain
// has no referrals and nothing is written lazily, so the last three change
// nothing.
var supportedControls = map[string]bool{
	controlPaged:              true,
	"1.2.840.113556.1.4.1339": true, // domain scope: no referrals
	"1.2.840.113556.1.4.619":  true, // lazy commit
	"2.16.840.1.113730.3.4.2": true, // ManageDsaIT (RFC 3296)
}

// Scopes of a search.
const (
	scopeBase = 0
	scopeOne  = 1
	scopeSub  = 2
)

// query is a search request.
type query struct {
	base      string // in normal form
	scope     int
	sizeLimit int
	typesOnly bool
	filter    filter
	attrs     []string
}

func parseQuery(op *ber.Packet) (query, result) {
	bad := result{code: protocolError}
	c := op.Children
	if len(c) != 8 {
		return query{}, bad
	}
	var q query
	base, ok1 := str(c[0])
	scope, ok2 := number(c[1])
	deref, ok3 := number(c[2])
	size, ok4 := number(c[3])
	limit, ok5 := number(c[4])
	types, ok6 := boolean(c[5])
	f, ok7 := parseFilter(c[6])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || !ok7 || scope < 0 || scope > scopeSub || deref < 0 || deref > 3 || size < 0 || limit < 0 {
		return query{}, bad
	}
	for _, a := range c[7].Children {
		name, ok := str(a)
		if !ok {
			return query{}, bad
		}
		q.attrs = append(q.attrs, name)
	}
	dn, err := normaliseDN(base)
	if err != nil {
		return query{}, result{code: invalidDNSyntax, text: "0000208F: NameErr: DSID-03100232, problem 2006 (BAD_NAME), data 0"}
	}
	q.base, q.scope, q.sizeLimit, q.typesOnly, q.filter = dn, scope, size, types, f
	return q, result{}
}

// search answers a search request: the entries, then the result.
func (ss *session) search(now time.Time, r request) []byte {
	done := func(res result, controls ...*ber.Packet) []byte {
		return envelope(r.id, res.packet(opSearchDone), controls...)
	}
	q, res := parseQuery(r.op)
	if res.code != success {
		return done(res)
	}
	if q.base == "" && q.scope == scopeBase {
		return append(ss.rootDSE(now, r.id, q), done(result{})...)
	}
	if _, ok := ss.bound(); !ok {
		return done(mustBind)
	}
	page, paged, ok := pageOf(r.controls)
	if !ok {
		return done(result{code: unwillingToPerform, text: "00000057: LdapErr: DSID-0C090A7D, comment: Error processing control, data 0, v2580"})
	}
	if paged && page.size == 0 { // the client wants no more pages
		return done(result{}, pageAnswer(""))
	}
	base, res := ss.entry(q.base)
	if base == nil {
		return done(res)
	}
	limit := maxPage
	if q.sizeLimit > 0 {
		limit = min(limit, q.sizeLimit)
	}
	if paged {
		limit = min(limit, page.size)
	}

	var answer []byte
	count, last := 0, page.after
	for _, o := range ss.srv.DC.Objects() {
		if o.ID() <= page.after || !q.inScope(o) {
			continue
		}
		if q.filter(func(attr string) []string { return ss.srv.DC.Values(now, o, attr) }) != yes {
			continue
		}
		switch {
		case count < limit:
		case paged && limit == page.size:
			return append(answer, done(result{}, pageAnswer(cookieAfter(last)))...)
		default:
			return append(answer, done(result{code: sizeLimitExceeded})...)
		}
		answer = append(answer, envelope(r.id, ss.entryPacket(now, o, q))...)
		count, last = count+1, o.ID()
		if len(answer) > maxAnswer {
			return append(answer, done(result{code: adminLimitExceeded})...)
		}
	}
	if paged {
		return append(answer, done(result{}, pageAnswer(""))...)
	}
	return append(answer, done(result{})...)
}

func (q query) inScope(o *directory.Object) bool {
	dn := lowerDN(o.DN())
	switch q.scope {
	case scopeBase:
		return dn == q.base
	case scopeOne:
		return isChild(dn, q.base)
	}
	return dn == q.base || isBelow(dn, q.base)
}

// selected lists the attributes that the client asked for: no list or "*"
// means all, "1.1" none (RFC 4511, section 4.5.1.8).
func (q query) selected(all []string) []string {
	if len(q.attrs) == 0 {
		return all
	}
	var names []string
	have := map[string]bool{}
	add := func(n string) {
		if key := strings.ToLower(n); !have[key] {
			have[key] = true
			names = append(names, n)
		}
	}
	for _, n := range q.attrs {
		switch n {
		case "*":
			for _, n := range all {
				add(n)
			}
		case "1.1", "+":
		default:
			add(n)
		}
	}
	return names
}

func (ss *session) entryPacket(now time.Time, o *directory.Object, q query) *ber.Packet {
	list := ber.NewSequence("")
	for _, n := range q.selected(ss.srv.DC.Names(now, o)) {
		a, known := directory.Schema(n)
		if values := ss.srv.DC.Values(now, o, n); known && len(values) > 0 {
			list.AppendChild(attribute(a.Name, values, q.typesOnly))
		}
	}
	return entryOf(o.DN(), list)
}

func entryOf(dn string, attributes *ber.Packet) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, opSearchEntry, nil, "")
	p.AppendChild(octets(dn))
	p.AppendChild(attributes)
	return p
}

func attribute(name string, values []string, typesOnly bool) *ber.Packet {
	p := ber.NewSequence("")
	p.AppendChild(octets(name))
	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	for _, v := range values {
		if !typesOnly {
			set.AppendChild(octets(v))
		}
	}
	p.AppendChild(set)
	return p
}

// page is the client's paging control.
type page struct {
	size  int
	after int // the last entry that it has had
}

// pageOf reads the control. The cookie is the last entry of the page before,
// so the server keeps nothing for a client that does not come back.
func pageOf(controls []control) (p page, paged, ok bool) {
	p.after = -1
	for _, c := range controls {
		if c.oid != controlPaged {
			continue
		}
		v, err := decode([]byte(c.value))
		if err != nil || len(v.Children) != 2 {
			return p, false, false
		}
		size, ok1 := number(v.Children[0])
		cookie, ok2 := str(v.Children[1])
		if !ok1 || !ok2 || size < 0 || len(cookie) != 0 && len(cookie) != cookieLen {
			return p, false, false
		}
		p.size = min(size, maxPage)
		if cookie != "" {
			p.after = int(binary.BigEndian.Uint32([]byte(cookie)))
		}
		paged = true
	}
	return p, paged, true
}

const cookieLen = 4

func cookieAfter(id int) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(id)))
}

func pageAnswer(cookie string) *ber.Packet {
	v := ber.NewSequence("")
	v.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(0), "")) // how many there are is not told
	v.AppendChild(octets(cookie))
	c := ber.NewSequence("")
	c.AppendChild(octets(controlPaged))
	c.AppendChild(octets(string(v.Bytes())))
	return c
}
