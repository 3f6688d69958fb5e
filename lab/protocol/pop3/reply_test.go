package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	tests := map[string]struct{ got, want string }{
		"ok":               {string(AppendOK(nil, "")), "+OK\r\n"},
		"ok with text":     {string(AppendOK([]byte("x"), "ready")), "x+OK ready\r\n"},
		"err":              {string(AppendErr(nil, "", "no")), "-ERR no\r\n"},
		"err with code":    {string(AppendErr(nil, "AUTH", "Logon failure")), "-ERR [AUTH] Logon failure\r\n"},
		"no second line":   {string(AppendErr(nil, "", "no\r\n+OK")), "-ERR no  +OK\r\n"},
		"stat":             {string(AppendStat(nil, 2, 320)), "+OK 2 320\r\n"},
		"list":             {string(AppendListing(nil, []Listing{{1, 120}, {2, 200}})), "+OK\r\n1 120\r\n2 200\r\n.\r\n"},
		"empty list":       {string(AppendListing(nil, nil)), "+OK\r\n.\r\n"},
		"uidl":             {string(AppendUIDs(nil, []UID{{1, "whqtswO00WBw418f9t5JxYwZ"}})), "+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n.\r\n"},
		"capa":             {string(AppendCapabilities(nil, []Capability{{"TOP", nil}, {"SASL", []string{"PLAIN", "NTLM"}}})), "+OK Capability list follows\r\nTOP\r\nSASL PLAIN NTLM\r\n.\r\n"},
		"message":          {string(AppendMessage(nil, "12 octets", []byte("a\r\n\r\n.b\r\n"))), "+OK 12 octets\r\na\r\n\r\n..b\r\n.\r\n"},
		"line feeds alone": {string(AppendMessage(nil, "", []byte("a\n\n.\nb"))), "+OK\r\na\r\n\r\n..\r\nb\r\n.\r\n"},
		"empty message":    {string(AppendMessage(nil, "", nil)), "+OK\r\n.\r\n"},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", name, tt.got, tt.want)
		}
	}
}

func TestReadStuffed(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":                    {".\r\n", ""},
		"dots":                     {"..\r\n...x\r\na.\r\n.\r\n", ".\r\n..x\r\na.\r\n"},
		"a dot that was not added": {".x\r\n.\r\n", "x\r\n"},
		"line feed is no line end": {"a\n.\n.\r\nb\r\n.\r\n", "a\n.\n.\r\nb\r\n"},
		"return is no line end":    {"a\r.\r\n.\r\n", "a\r.\r\n"},
		"long line":                {strings.Repeat("x", 9000) + "\r\n.\r\n", strings.Repeat("x", 9000) + "\r\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{16, 17, 4096} {
				r := bufio.NewReaderSize(strings.NewReader(tt.in+"+OK"), size)
				got, err := readStuffed(r, nil, 1<<20)
				if err != nil || string(got) != tt.want {
					t.Fatalf("buffer %d: got %q, %v", size, got, err)
				}
				if rest, _ := io.ReadAll(r); string(rest) != "+OK" {
					t.Fatalf("buffer %d: left %q", size, rest)
				}
			}
		})
	}
	if _, err := readStuffed(bufio.NewReader(strings.NewReader("a\r\n")), nil, 10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no end: %v", err)
	}
	var protocol *ProtocolError
	if _, err := readStuffed(bufio.NewReader(strings.NewReader("abc\r\n.\r\n")), nil, 4); !errors.As(err, &protocol) {
		t.Errorf("over the limit: %v", err)
	}
	if got, err := readStuffed(bufio.NewReader(strings.NewReader("abc\r\n.\r\n")), nil, 5); err != nil || string(got) != "abc\r\n" {
		t.Errorf("at the limit: %q, %v", got, err)
	}
}

func TestHead(t *testing.T) {
	const mail = "A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n\r\nthree"
	for lines, want := range []string{mail[:14], mail[:19], mail[:24], mail[:26], mail, mail} {
		if got := Head([]byte(mail), lines); string(got) != want {
			t.Errorf("%d lines: %q, want %q", lines, got, want)
		}
	}
	for _, m := range []string{"", "A: 1", "A: 1\r\n", "\r\n"} {
		if got := Head([]byte(m), 0); string(got) != m {
			t.Errorf("%q became %q", m, got)
		}
	}
	if got := Head([]byte("A: 1\n\nbody\n"), 0); string(got) != "A: 1\n\n" {
		t.Errorf("with line feeds alone: %q", got)
	}
}

func FuzzMultiline(f *testing.F) {
	f.Add([]byte("a\r\n.b\r\n\r\n..\r\n"))
	f.Add([]byte("a\n.\nb\r"))
	f.Add([]byte("\r\r\n.\r\r\n"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		roundTrip := func(in []byte) []byte {
			wire := appendStuffed(nil, in)
			r := bufio.NewReaderSize(bytes.NewReader(wire), 16)
			out, err := readStuffed(r, nil, len(wire))
			if err != nil || r.Buffered() > 0 {
				t.Fatalf("%q: %v, %d octets left", wire, err, r.Buffered())
			}
			return out
		}
		first := roundTrip(lines)
		if second := roundTrip(first); !bytes.Equal(first, second) {
			t.Fatalf("%q became %q", first, second)
		}
		clean := !bytes.Contains(bytes.ReplaceAll(lines, []byte("\r\n"), nil), []byte("\n")) && bytes.HasSuffix(lines, []byte("\r\n"))
		if clean && !bytes.Equal(first, lines) {
			t.Fatalf("%q became %q", lines, first)
		}
	})
}
