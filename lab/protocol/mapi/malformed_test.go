package mapi

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Fatalf("got %v, want an error with %q", err, part)
	}
}

func TestMalformedBuffers(t *testing.T) {
	for _, c := range []struct{ name, wire, want string }{
		{"nothing", "", "2 octets are needed"},
		{"RopSize below its own", "0100", "RopSize is 1"},
		{"RopSize over the payload", "0500 0100", "RopSize is 5 in a payload of 4"},
		{"half a handle", "0200 0102", "a handle table of 2 octets"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseRequests(unhex(t, c.wire))
			wantError(t, err, c.want)
			_, err = ParseResponses(unhex(t, c.wire), Sent{})
			wantError(t, err, c.want)
		})
	}
}

func TestMalformedRequests(t *testing.T) {
	for _, c := range []struct{ name, wire, want string }{
		{"a ROP that is not modelled", "010000 14000000", "offset 5: RopRestrict (0x14) is not modelled"},
		{"a ROP without name", "A0", "ROP 0xA0 (0xA0) is not modelled"},
		{"a response's ROP", "2A", "RopNotify (0x2A) is not modelled"},
		{"cut off", "0200", "1 octets are needed"},
		{"logon: name of another size", "FE 00 00 01 00000000 00000000 0300 6100", "a string of 2 octets with the size 3"},
		{"logon: name without end", "FE 00 00 01 00000000 00000000 0100 61", "without end"},
		{"columns: more than there are", "12 00 00 00 FFFF 1F003700", "65535 items announced"},
		{"sort: more categories than orders", "13 00 00 00 0000 0100 0000", "0 sort orders, 1 of them categories"},
		{"sort: more than there are", "13 00 00 00 FFFF 0000 0000", "65535 sort orders announced"},
		{"set: size over the list", "0A 00 00 0900 0000", "9 octets of properties announced"},
		{"set: more in the size than properties", "0A 00 00 0300 0000 00", "1 octets follow the end of the properties"},
		{"set: property beyond the size", "0A 00 00 0700 0100 03000736 01000000", "4 octets are needed, 1 are left"},
		{"set: no type", "0A 00 00 0700 0100 00000736 01", "has no type"},
		{"set: a type that is not modelled", "0A 00 00 0700 0100 FD000736 01", "property type 0x00FD"},
		{"set: a Boolean of 2", "0A 00 00 0700 0100 0B00010E 02", "a Boolean of 0x02"},
		{"set: Unicode without end", "0A 00 00 0900 0100 1F003700 6100 01", "without end"},
		{"set: half a surrogate pair", "0A 00 00 0A00 0100 1F003700 00D8 0000", "half a surrogate pair"},
		{"set: the second half first", "0A 00 00 0C00 0100 1F003700 00DC 00D8 0000", "half a surrogate pair"},
		{"set: binary over the list", "0A 00 00 0900 0100 02011310 0500 01", "5 octets are needed"},
		{"set: strings over the list", "0A 00 00 0B00 0100 1F100080 FFFFFFFF 00", "4294967295 items announced"},
		{"recipients: size over the list", "0E 00 00 0000 0100 00000000 01 0900", "9 octets are needed"},
		{"recipients: row shorter than its size", "0E 00 00 0000 0100 00000000 01 0600 0302 0000 00 00", "1 octets follow the end of the recipient"},
		{"recipients: row longer than its size", "0E 00 00 0000 0100 00000000 01 0400 0302 0000 00", "octets are needed, 0 are left"},
		{"recipients: reserved bits", "0E 00 00 0000 0100 00000000 01 0500 0340 0000 00", "recipient flags 0x4003"},
		{"recipients: type of an SMTP address", "0E 00 00 0000 0100 00000000 01 0500 0380 0000 00", "an address type for a recipient of kind 3"},
		{"recipients: more properties than columns", "0E 00 00 0000 0100 00000000 01 0500 0302 0100 00", "1 properties of 0 columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseRequests(framed(unhex(t, c.wire)))
			wantError(t, err, c.want)
		})
	}
	var unknown *UnknownRopError
	_, err := ParseRequests(framed([]byte{byte(RopRelease), 0, 0, 0x14}))
	if !errors.As(err, &unknown) || unknown.ID != 0x14 {
		t.Fatal(err)
	}
}

func TestMalformedResponses(t *testing.T) {
	query := &QueryRowsRequest{}
	set := &SetColumnsRequest{Tags: []PropTag{TagMessageSize}}
	for _, c := range []struct {
		name, wire string
		sent       []Request
		want       string
	}{
		{"nothing was asked", "32 00 00000000", nil, "all requests are answered"},
		{"another was asked", "32 00 00000000", []Request{query}, "RopSubmitMessage where one of RopQueryRows is due"},
		{"a request's ROP", "01 00 00", []Request{&ReleaseRequest{}}, "RopRelease (0x01) is not modelled"},
		{"cut off in the code", "32 00 0000", []Request{&SubmitMessageRequest{}}, "4 octets are needed"},
		{"unknown columns", "15 00 00000000 02 0000", []Request{query}, "columns are not known"},
		{"rows over the list", "12 00 00000000 00 15 00 00000000 02 FFFF 00", []Request{set, query}, "65535 items announced"},
		{"a row that is neither kind", "12 00 00000000 00 15 00 00000000 02 0100 02 00000000", []Request{set, query}, "a row that begins with 0x02"},
		{"a cell of no kind", "12 00 00000000 00 15 00 00000000 02 0100 01 05", []Request{set, query}, "a value with the flag 0x05"},
		{"logon to public folders", "FE 00 00000000 00", []Request{&LogonRequest{}}, "public folders"},
		{"logon at no time", "FE 00 00000000 01" + strings.Repeat("00", 104+1+16+2+16) + "00 00 00 00 1F 02 DD07" + strings.Repeat("00", 12),
			[]Request{&LogonRequest{}}, "2013-2-31 0:0:0 is not a time"},
		{"redirection of another size", "FE 00 78040000 01 05 6100", []Request{&LogonRequest{}}, "a server name of 2 octets with the size 5"},
		{"data in a failure", "2C 00 B9040000 0100 41", []Request{&ReadStreamRequest{}}, "a failed RopReadStream with 1 octets"},
		{"event of no kind", "2A 00000000 00 0000", nil, "a notification of kind 0x0000"},
		{"event of two kinds", "2A 00000000 00 0600", nil, "a notification of kind 0x0006"},
		{"table event of no kind", "2A 00000000 00 0001 0200", nil, "a table event of kind 0x0002"},
		{"event with tags over the list", "2A 00000000 00 1000 0000000000000000 FEFF", nil, "65534 tags announced"},
		{"subject in an unknown code page", "03 00 00000000 00 02E400 01 0000 0000 00", []Request{&OpenMessageRequest{}}, "unknown code page"},
		{"subject of no kind", "03 00 00000000 00 05", []Request{&OpenMessageRequest{}}, "a string of kind 0x05"},
		{"servers over the list", "02 00 00000000 00 01 FFFF 0000", []Request{&OpenFolderRequest{}}, "65535 servers announced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseResponses(framed(unhex(t, c.wire)), Sent{Rops: c.sent})
			wantError(t, err, c.want)
		})
	}
}

func TestSubjectsOfEveryKind(t *testing.T) {
	payload := framed(unhex(t, "03 00 00000000 01 03 52 C9 3A 20 00 02 68 69 00 0000 0000 00"))
	got, err := ParseResponses(payload, Sent{Rops: []Request{&OpenMessageRequest{}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got.Rops[0], Response(&OpenMessageResponse{HasNamedProperties: true, SubjectPrefix: "RÉ: ", NormalizedSubject: "hi"}))
}

// What cannot be said on the wire is refused when writing.
func TestUnwritable(t *testing.T) {
	set := func(p ...Property) Request { return &SetPropertiesRequest{Properties: p} }
	for _, c := range []struct {
		name string
		r    Request
		want string
	}{
		{"a value of another type", set(Property{TagSubject, 7}), "Go type int where string is due"},
		{"no value", set(Property{TagSubject, nil}), "where string is due"},
		{"a NUL in Unicode", set(Property{TagSubject, "a\x00b"}), "has a NUL"},
		{"text that is not UTF-8", set(Property{TagSubject, "\xff"}), "not UTF-8"},
		{"a time before 1601", set(Property{TagClientSubmitTime, time.Time{}}), "FILETIME"},
		{"a time after FILETIME", set(Property{TagClientSubmitTime, time.Unix(1<<41, 0)}), "FILETIME"},
		{"long binary", set(Property{TagHTML, make([]byte, 1<<16)}), "65536 octets where 65535 fit"},
		{"long properties", set(Property{TagHTML, make([]byte, 65000)}, Property{TagHTML, make([]byte, 65000)}), "octets of properties"},
		{"a NUL in a class", &GetReceiveFolderRequest{MessageClass: "\x00"}, "has a NUL"},
		{"many columns", &SetColumnsRequest{Tags: make([]PropTag, 1<<16)}, "65536 items where 65535 fit"},
		{"a list over RopSize", &SetColumnsRequest{Tags: make([]PropTag, 1<<15)}, "a list of ROPs"},
		{"a row of another width", &ModifyRecipientsRequest{Recipients: []ModifyRecipient{{0, RecipientTo, bob}}}, "1 properties of 0 columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := RequestBuffer{Rops: []Request{c.r}}.Encode()
			wantError(t, err, c.want)
		})
	}
	_, err := AppendRow(nil, columns, Row{nil})
	wantError(t, err, "a row of 1 values for 4 columns")
	_, err = ResponseBuffer{Rops: []Response{&ErrorResponse{ID: RopLogon}}}.Encode()
	wantError(t, err, "with the code for success")
}
