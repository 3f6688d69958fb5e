package mapihttp

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var aFinal = Final{Elapsed: 63 * time.Millisecond, Start: time.Date(2013, 4, 22, 15, 33, 32, 0, time.UTC), Body: []byte("DONE\r\n\r\nbody")}

// The chunks of MS-OXCMAPIHTTP 4.2 are 0xC and 9 octets long.
func TestMetaTags(t *testing.T) {
	if got := Processing.Append(nil); string(got) != "PROCESSING\r\n" || len(got) != 0xC {
		t.Errorf("%q", got)
	}
	if got := Pending.Append(nil); string(got) != "PENDING\r\n" || len(got) != 9 {
		t.Errorf("%q", got)
	}
}

func TestStream(t *testing.T) {
	stream := Processing.Append(nil)
	stream = Pending.Append(Pending.Append(stream))
	stream = aFinal.Append(stream)
	const want = "PROCESSING\r\nPENDING\r\nPENDING\r\nDONE\r\nX-ElapsedTime: 63\r\nX-StartTime: Mon, 22 Apr 2013 15:33:32 GMT\r\n\r\nDONE\r\n\r\nbody"
	if string(stream) != want {
		t.Fatalf("got %q", stream)
	}
	r := NewReader(iotest.OneByteReader(strings.NewReader(want)), Limits{})
	for _, want := range []MetaTag{Processing, Pending, Pending, Done} {
		if got, err := r.Next(); err != nil || got != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	if got, err := r.Final(); err != nil || !reflect.DeepEqual(got, aFinal) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := r.Next(); err == nil {
		t.Fatal("a meta-tag after DONE")
	}
}

func TestFinals(t *testing.T) {
	for _, want := range []Final{
		{},
		{Code: CodeContextNotFound, Elapsed: time.Second},
		{Body: []byte{0, 1, 2, '\n', 0xFF}},
	} {
		got, err := ReadFinal(strings.NewReader(string(want.Append(nil))), Limits{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	}
	for in, want := range map[string]Final{
		"PROCESSING\r\nDONE\r\n":                                       {}, // PING without a body
		"DONE\r\nX-ElapsedTime: 2\r\n":                                 {Elapsed: 2 * time.Millisecond},
		"DONE\r\nx-responsecode:15\r\nX-FEServer: fe1: a\r\n\r\nx\r\n": {Code: CodeInvalidSequence, Body: []byte("x\r\n")},
	} {
		got, err := ReadFinal(strings.NewReader(in), Limits{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestMalformedStreams(t *testing.T) {
	limits := Limits{Line: 64, Headers: 2, Pending: 2, Body: 4}
	for _, c := range []struct {
		name, in, want string
	}{
		{"nothing", "", io.ErrUnexpectedEOF.Error()},
		{"no end", "PROCESSING\r\n", io.ErrUnexpectedEOF.Error()},
		{"half a line", "PROCESS", io.ErrUnexpectedEOF.Error()},
		{"half a header", "DONE\r\nX-ElapsedTime: 6", io.ErrUnexpectedEOF.Error()},
		{"LF alone", "PROCESSING\nDONE\r\n\r\n", "does not end with CR LF"},
		{"another line", "<html>\r\n", `"<html>" where a meta-tag is due`},
		{"an empty line", "PROCESSING\r\n\r\nDONE\r\n\r\n", `"" where a meta-tag is due`},
		{"PROCESSING twice", "PROCESSING\r\nPROCESSING\r\n", "PROCESSING after PROCESSING"},
		{"PROCESSING late", "PENDING\r\nPROCESSING\r\n", "PROCESSING after PENDING"},
		{"PENDING without end", strings.Repeat("PENDING\r\n", 3), "PENDING lines is over the limit of 2"},
		{"a long line", "DONE\r\nX: " + strings.Repeat("x", 80), "a line is over the limit of 64"},
		{"many headers", "DONE\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n", "headers is over the limit of 2"},
		{"a long body", "DONE\r\n\r\n12345", "the body is over the limit of 4"},
		{"no header", "DONE\r\nhello\r\n\r\n", `"hello" is not a header`},
		{"a header without name", "DONE\r\n: x\r\n\r\n", "is not a header"},
		{"a header with a space", "DONE\r\nX Y: x\r\n\r\n", "is not a header"},
		{"a code that is none", "DONE\r\nX-ResponseCode: x\r\n\r\n", `"x" is not a code`},
		{"a time that is none", "DONE\r\nX-ElapsedTime: -1\r\n\r\n", `"-1" is not a number of milliseconds`},
		{"a date that is none", "DONE\r\nX-StartTime: now\r\n\r\n", `"now" is not a date`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadFinal(strings.NewReader(c.in), limits)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %+v, %v; want an error with %q", got, err, c.want)
			}
			if over := strings.Contains(c.want, "over the limit"); over != errors.Is(err, ErrTooLarge) {
				t.Errorf("%v is ErrTooLarge: %v", err, !over)
			}
		})
	}
	if _, err := NewReader(strings.NewReader("DONE\r\n"), Limits{}).Final(); err == nil {
		t.Error("a final part before DONE")
	}
	broken := errors.New("reset")
	if _, err := ReadFinal(iotest.ErrReader(broken), Limits{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
