package emsmdb

import (
	"fmt"

	"shutout/lab/protocol/dcerpc"
)

func writeVersion(w *dcerpc.Writer, v Version) {
	for _, word := range v {
		w.Uint16(word)
	}
}

func readVersion(r *dcerpc.Reader) Version {
	return Version{r.Uint16(), r.Uint16(), r.Uint16()}
}

// writeIn writes an input buffer: a conformant array, then its size once more
// as the parameter that size_is names.
func writeIn(w *dcerpc.Writer, b []byte, limit int) {
	checkSize(w, b, limit)
	w.ConformantBytes(b)
	w.Uint32(uint32(len(b)))
}

func readIn(r *dcerpc.Reader, limit int) []byte {
	b := r.ConformantBytes(limit)
	checkTwice(r, b)
	return b
}

// writeOut writes an output buffer: a conformant and varying array, then its
// size once more.
func writeOut(w *dcerpc.Writer, b []byte, limit int) {
	checkSize(w, b, limit)
	w.VaryingBytes(b)
	w.Uint32(uint32(len(b)))
}

func readOut(r *dcerpc.Reader, limit int) []byte {
	b := r.VaryingBytes(limit)
	checkTwice(r, b)
	return b
}

func checkSize(w *dcerpc.Writer, b []byte, limit int) {
	if len(b) > limit {
		w.Fail(fmt.Errorf("emsmdb: a buffer of %d octets is %w of %d", len(b), dcerpc.ErrTooLarge, limit))
	}
}

func checkTwice(r *dcerpc.Reader, b []byte) {
	if n := r.Uint32(); uint64(n) != uint64(len(b)) {
		r.Fail(fmt.Errorf("emsmdb: a buffer of %d octets whose size is given as %d", len(b), n))
	}
}

// readRoom reads how much an output buffer may hold. NDR refuses a value
// outside the declared range.
func readRoom(r *dcerpc.Reader, limit uint32) uint32 {
	n := r.Uint32()
	if n > limit {
		r.Fail(fmt.Errorf("emsmdb: room for %d octets is %w of %d", n, dcerpc.ErrTooLarge, limit))
	}
	return n
}

// readPointedString reads what an output parameter of type char** points to: a
// unique pointer, whose string follows at once. Null reads as empty.
func readPointedString(r *dcerpc.Reader) string {
	if !r.Pointer() {
		return ""
	}
	return r.String(maxString)
}

func finish(r *dcerpc.Reader, what string) error {
	if err := r.Finish(); err != nil {
		return fmt.Errorf("emsmdb: %s: %w", what, err)
	}
	return nil
}
