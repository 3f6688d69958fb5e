package mapi

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPayloads(t *testing.T) {
	long := []byte(strings.Repeat("Please find attached. ", 500))
	for _, flags := range []HeaderFlags{0, FlagXorMagic, FlagCompressed, FlagCompressed | FlagXorMagic} {
		for _, payload := range [][]byte{{}, []byte("x"), long, bytes.Repeat([]byte{7}, MaxPayload)} {
			buf, err := AppendPayload([]byte("before"), payload, flags|FlagLast)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParsePayloads(buf[len("before"):])
			if err != nil {
				t.Fatalf("flags 0x%04X, %d octets: %v", flags, len(payload), err)
			}
			equal(t, len(got), 1)
			sameBytes(t, got[0], payload)
			if flags&FlagCompressed != 0 && len(payload) > 1 && len(buf) > len(payload)/4 {
				t.Errorf("%d octets became %d", len(payload), len(buf))
			}
		}
	}
}

func TestPackedPayloads(t *testing.T) {
	buf, err := AppendPayload(nil, []byte("one"), FlagXorMagic)
	if err != nil {
		t.Fatal(err)
	}
	sameBytes(t, buf, []byte{0, 0, 2, 0, 3, 0, 3, 0, 'o' ^ 0xA5, 'n' ^ 0xA5, 'e' ^ 0xA5})
	if buf, err = AppendPayload(buf, []byte("two"), FlagLast); err != nil {
		t.Fatal(err)
	}
	kept := bytes.Clone(buf)
	got, err := ParsePayloads(buf)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, [][]byte{[]byte("one"), []byte("two")})
	sameBytes(t, buf, kept) // parsing leaves its input alone
}

func TestAppendPayloadRefuses(t *testing.T) {
	if _, err := AppendPayload(nil, make([]byte, MaxPayload+1), FlagLast); err == nil {
		t.Error("a payload over the limit was written")
	}
	if _, err := AppendPayload(nil, nil, 8); err == nil {
		t.Error("unknown flags were written")
	}
}

func TestMalformedPayloads(t *testing.T) {
	for _, c := range []struct{ name, wire, want string }{
		{"nothing", "", "2 octets are needed, 0 are left"},
		{"no end of the header", "0000 0400 0100", "2 octets are needed"},
		{"version", "0100 0400 0000 0000", "version 1"},
		{"flags", "0000 0C00 0000 0000", "unknown header flags 0x000C"},
		{"sizes differ", "0000 0400 0100 0200 41", "a payload of 1 octets that should become 2"},
		{"size over the input", "0000 0400 0200 0200 41", "2 octets are needed, 1 are left"},
		{"over 32 KiB", "0000 0400 0180 0180", "32769 octets"},
		{"no last payload", "0000 0000 0100 0100 41", "octets are needed, 0 are left"},
		{"something behind the last", "0000 0400 0100 0100 41 42", "1 octets follow"},
		{"compressed but not smaller", "0000 0500 0100 0100 41", "a payload of 1 octets that should become 1"},
		{"compressed: no mask", "0000 0500 0200 0500 4142", "compressed payload: mapi: offset 0: 4 octets are needed"},
		{"compressed: no octet", "0000 0500 0400 0500 00000000", "1 octets are needed"},
		{"compressed: match before the start", "0000 0500 0600 0700 00000080 0000", "begins 1 octets before the start"},
		{"compressed: too long", "0000 0500 0700 0900 00000040 41 0700", "octets are needed"},
		{"compressed: over its size", "0000 0500 0800 0900 00000040 41 0700 0f", "octets are needed"},
		{"compressed: more than announced", "0000 0500 0800 0900 00000040 41 0700 05", "more than the announced 9"},
		{"compressed: something behind", "0000 0500 0700 0800 ffffff3f 41 41 41", "compressed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePayloads(unhex(t, c.wire))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %q, %v; want an error with %q", got, err, c.want)
			}
		})
	}
}

func TestTooManyPayloads(t *testing.T) {
	var buf []byte
	for range MaxPayloads + 1 {
		buf, _ = AppendPayload(buf, nil, 0)
	}
	if _, err := ParsePayloads(buf); err == nil || !strings.Contains(err.Error(), "more than 96 payloads") {
		t.Fatal(err)
	}
}

// TestCompression goes over all lengths of a match that change the encoding,
// and over masks that end with the data.
func TestCompression(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var inputs [][]byte
	for _, run := range []int{1, 3, 4, 10, 11, 12, 25, 26, 27, 280, 281, 282, 283, 5000} {
		noise := []byte{byte(r.Uint32()), byte(r.Uint32())}
		data := append(bytes.Repeat([]byte("q"), run), noise...)
		inputs = append(inputs, data, append(data, data...), append(append(data, "---"...), data...))
	}
	for n := range 70 {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(r.IntN(3))
		}
		distinct := make([]byte, n)
		for i := range distinct {
			distinct[i] = byte(i)
		}
		inputs = append(inputs, data, distinct)
	}
	far := make([]byte, 3*maxOffset)
	for i := range far {
		far[i] = byte(r.Uint32())
	}
	inputs = append(inputs, append(far, far[len(far)-maxOffset:]...), append(far, far[:100]...))
	for _, data := range inputs {
		got, err := decompress(compress(data), len(data))
		if err != nil {
			t.Fatalf("%d octets: %v", len(data), err)
		}
		if !bytes.Equal(got, data) {
			t.Fatalf("%d octets came back as others", len(data))
		}
	}
}
