package dcerpc

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestNDRLayout(t *testing.T) {
	tests := map[string]struct {
		write func(*Writer)
		want  string
	}{
		"alignment": {func(w *Writer) { w.Uint8(1); w.Uint16(2); w.Uint8(3); w.Uint32(4) },
			"01 00 02 00 03 00 00 00 04 00 00 00"},
		"conformant": {func(w *Writer) { w.ConformantBytes([]byte("ab")) }, "02 00 00 00 61 62"},
		"varying": {func(w *Writer) { w.Uint16(9); w.VaryingBytes([]byte("abc")) },
			"09 00 00 00 03 00 00 00 00 00 00 00 03 00 00 00 61 62 63"},
		"string": {func(w *Writer) { w.String("a") }, "02 00 00 00 00 00 00 00 02 00 00 00 61 00"},
		"pointers": {func(w *Writer) { w.Pointer(true); w.Pointer(false); w.Pointer(true) },
			"00 00 02 00 00 00 00 00 04 00 02 00"},
		"handle": {func(w *Writer) { w.Uint8(1); w.Handle(ContextHandle{UUID: someObject}) },
			"01 00 00 00 00 00 00 00 04 03 02 01 06 05 08 07 09 0a 0b 0c 0d 0e 0f 10"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var w Writer
			tt.write(&w)
			if got, err := w.Finish(); err != nil || !bytes.Equal(got, unhex(t, tt.want)) {
				t.Fatalf("% x, %v, want %s", got, err, tt.want)
			}
		})
	}
	var w Writer
	if w.String("a\x00b"); w.err == nil {
		t.Error("a NUL inside a string is written")
	}
}

func TestReaderRefuses(t *testing.T) {
	tests := map[string]struct {
		hex  string
		read func(*Reader)
		want string
	}{
		"array longer than the stub":  {"09 00 00 00 61", func(r *Reader) { r.ConformantBytes(100) }, "9 octets needed, 1 left"},
		"array of 2^32-1":             {"ff ff ff ff 61", func(r *Reader) { r.ConformantBytes(100) }, "over the limit of 100"},
		"array with an offset":        {"02 00 00 00 01 00 00 00 01 00 00 00 61 62", func(r *Reader) { r.VaryingBytes(9) }, "from 1 on"},
		"array larger than its room":  {"01 00 00 00 00 00 00 00 02 00 00 00 61 62", func(r *Reader) { r.VaryingBytes(9) }, "room for 1"},
		"empty string without NUL":    {"00 00 00 00 00 00 00 00 00 00 00 00", func(r *Reader) { r.String(9) }, "without a NUL"},
		"string without NUL":          {"01 00 00 00 00 00 00 00 01 00 00 00 61", func(r *Reader) { r.String(9) }, "without a NUL"},
		"string with two NULs":        {"02 00 00 00 00 00 00 00 02 00 00 00 00 00", func(r *Reader) { r.String(9) }, "one before it"},
		"integer cut off":             {"01 02 03", func(r *Reader) { r.Uint32() }, "4 octets needed, 3 left"},
		"sixteen octets after it all": {"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", func(r *Reader) {}, "16 octets follow"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := NewReader(unhex(t, tt.hex))
			tt.read(r)
			if err := r.Finish(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	r := NewReader(unhex(t, "ff ff ff ff"))
	if r.ConformantBytes(1); !errors.Is(r.Err(), ErrTooLarge) {
		t.Errorf("%v is not ErrTooLarge", r.Err())
	}
	if r.Uint32() != 0 || r.Rest() != nil || r.Handle() != (ContextHandle{}) {
		t.Error("a failed Reader goes on")
	}
}

func TestFinishAcceptsVerificationTrailer(t *testing.T) {
	r := NewReader(unhex(t, "01 00 00 00 00 00 00 00 8a e3 13 71 02 f4 36 71 01 40 04 00 01 00 00 00"))
	r.Uint32()
	r.Uint8()
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
}
