package logfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// decode returns the text of a file in UTF-8. Exchange writes UTF-8 with or
// without a byte order mark, PowerShell's Out-File UTF-16 with one.
func decode(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	mark, err := b.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(mark, []byte{0xEF, 0xBB, 0xBF}):
		b.Discard(3)
	case bytes.HasPrefix(mark, []byte{0xFF, 0xFE}):
		b.Discard(2)
		return &wide{b: b}, nil
	case bytes.HasPrefix(mark, []byte{0xFE, 0xFF}):
		b.Discard(2)
		return &wide{b: b, big: true}, nil
	}
	return b, nil
}

// wide reads UTF-16.
type wide struct {
	b    *bufio.Reader
	big  bool
	high rune // the first half of a surrogate pair, or 0
	out  []byte
}

func (w *wide) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}

// fill decodes the next piece.
func (w *wide) fill() error {
	w.out = w.out[:0]
	for range 4096 {
		first, err := w.b.ReadByte()
		if err != nil {
			return w.over(err)
		}
		second, err := w.b.ReadByte()
		if err != nil {
			return w.over(err) // half a unit at the very end
		}
		unit := rune(first) | rune(second)<<8
		if w.big {
			unit = rune(first)<<8 | rune(second)
		}
		switch {
		case w.high != 0:
			w.out = utf8.AppendRune(w.out, utf16.DecodeRune(w.high, unit))
			w.high = 0
		case unit >= 0xD800 && unit < 0xDC00:
			w.high = unit
		default:
			w.out = utf8.AppendRune(w.out, unit)
		}
	}
	return nil
}

// over passes on what was decoded before the end.
func (w *wide) over(err error) error {
	if len(w.out) > 0 {
		return nil
	}
	return err
}
