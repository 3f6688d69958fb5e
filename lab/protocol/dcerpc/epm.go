package dcerpc

import "fmt"

// EndpointMapper is the interface that tells which port another interface
// listens on (C706 appendix O). It listens on EndpointMapperPort, over RPC over
// HTTP on EndpointMapperHTTPPort.
var EndpointMapper = SyntaxID{UUID: MustUUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), Major: 3}

const (
	EndpointMapperPort     = 135
	EndpointMapperHTTPPort = 593

	OpnumEptMap = 3

	// EptNotRegistered is the status of EptMapResult if nobody serves what was
	// asked for (C706 appendix E, ept_s_not_registered).
	EptNotRegistered uint32 = 0x16C9A0D6
)

// maxTowers is how many towers a question may ask for and an answer hold
// (MS-RPCE, ept_map: the range of max_towers is 0 to 500).
const maxTowers = 500

// EptMap are the parameters of ept_map (C706 appendix O): which endpoints serve
// the tower's interface.
type EptMap struct {
	Object    *UUID
	Tower     Tower         // with port and address 0
	Handle    ContextHandle // of an earlier answer, to go on after it
	MaxTowers uint32
}

// Encode is the stub of the request.
func (m EptMap) Encode() ([]byte, error) {
	var w Writer
	w.FullPointer(m.Object != nil)
	if m.Object != nil {
		w.UUID(*m.Object)
	}
	w.FullPointer(m.Tower != nil)
	if m.Tower != nil {
		w.tower(m.Tower)
	}
	w.Handle(m.Handle)
	w.Uint32(m.MaxTowers)
	return w.Finish()
}

// ParseEptMap reads the stub of a request.
func ParseEptMap(stub []byte) (EptMap, error) {
	var m EptMap
	r := NewReader(stub)
	if r.Pointer() {
		u := r.UUID()
		m.Object = &u
	}
	if r.Pointer() {
		m.Tower = r.tower()
	}
	m.Handle = r.Handle()
	m.MaxTowers = uint32(r.length("room for towers", maxTowers))
	return m, r.finish("ept_map")
}

// EptMapResult is what ept_map returns.
type EptMapResult struct {
	Handle    ContextHandle // zero if there is no more
	MaxTowers uint32        // of the request
	Towers    []Tower
	Status    uint32 // 0, or EptNotRegistered
}

// Encode is the stub of the response.
func (m EptMapResult) Encode() ([]byte, error) {
	var w Writer
	if uint64(len(m.Towers)) > uint64(m.MaxTowers) {
		w.Fail(fmt.Errorf("dcerpc: %d towers where %d were asked for", len(m.Towers), m.MaxTowers))
	}
	w.Handle(m.Handle)
	w.Uint32(uint32(len(m.Towers)))
	w.Uint32(m.MaxTowers)
	w.Uint32(0)
	w.Uint32(uint32(len(m.Towers)))
	for _, t := range m.Towers {
		w.FullPointer(t != nil)
	}
	for _, t := range m.Towers {
		if t != nil {
			w.tower(t)
		}
	}
	w.Uint32(m.Status)
	return w.Finish()
}

// ParseEptMapResult reads the stub of a response.
func ParseEptMapResult(stub []byte) (EptMapResult, error) {
	var m EptMapResult
	r := NewReader(stub)
	m.Handle = r.Handle()
	n := r.length("a list of towers", maxTowers)
	m.MaxTowers = uint32(r.length("room for towers", maxTowers))
	offset, actual := r.Uint32(), r.Uint32()
	if r.err == nil && (offset != 0 || int64(actual) != int64(n) || actual > m.MaxTowers) {
		r.failf("%d towers from %d on, of %d, with room for %d", actual, offset, n, m.MaxTowers)
	}
	var there []bool
	for range n {
		there = append(there, r.Pointer())
		if r.err != nil {
			break
		}
	}
	for _, ok := range there {
		var t Tower
		if ok {
			t = r.tower()
		}
		if r.err != nil {
			break
		}
		m.Towers = append(m.Towers, t)
	}
	m.Status = r.Uint32()
	return m, r.finish("ept_map")
}

// A tower travels as a conformant structure: the array's size in front of the
// structure, then tower_length and the octets (C706 14.3.7.1).
func (w *Writer) tower(t Tower) {
	b, err := t.Append(nil)
	if err != nil {
		w.Fail(err)
	}
	w.Uint32(uint32(len(b)))
	w.ConformantBytes(b)
}

func (r *Reader) tower() Tower {
	size := r.Uint32()
	b := r.ConformantBytes(maxTowerSize)
	if r.err != nil {
		return nil
	}
	if uint64(size) != uint64(len(b)) {
		r.failf("a tower of %d octets in an array of %d", len(b), size)
		return nil
	}
	t, err := ParseTower(b)
	if err != nil {
		r.Fail(err)
	}
	return t
}

// finish is Finish with the name of what was read.
func (r *Reader) finish(what string) error {
	if err := r.Finish(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
