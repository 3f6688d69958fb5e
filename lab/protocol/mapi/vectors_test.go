package mapi

import "testing"

// The examples of the specifications, read and written.
func TestPublishedRequests(t *testing.T) {
	for _, v := range []struct {
		source string
		wire   string
		want   Request
	}{
		{"MS-OXCTABL 4.1.1", "05 00 00 01 00", &GetContentsTableRequest{Output: 1}},
		{"MS-OXCTABL 4.3.1", "13 00 00 00 02 00 01 00-01 00 1f 30 08 80 00 40 00 06 0e 01",
			&SortTableRequest{Categories: 1, Expanded: 1,
				Orders: []SortOrder{{0x8008301F, SortAscending}, {TagMessageDeliveryTime, SortDescending}}}},
		{"MS-OXCTABL 4.5.3.1", "15 00 00 00 01 32 00", &QueryRowsRequest{Forward: true, RowCount: 50}},
		{"MS-OXCPRPT, Setting Properties",
			`0A 00 00 24 00 02 00 1F-00 3D 00 00 00 1F 00 1D
			 0E 48 00 65 00 6C 00 6C-00 6F 00 20 00 57 00 6F
			 00 72 00 6C 00 64 00 00-00`,
			&SetPropertiesRequest{Properties: []Property{{TagSubjectPrefix, ""}, {TagNormalizedSubject, "Hello World"}}}},
		{"MS-OXCMSG 4.8.1", "0c 00 00 01 0a", &SaveChangesMessageRequest{Input: 1, Flags: 0x0A}},
		{"MS-OXOMSG 4.1.1", "32 00 02 00", &SubmitMessageRequest{Input: 2}},
	} {
		t.Run(v.source, func(t *testing.T) {
			payload := framed(unhex(t, v.wire))
			got, err := ParseRequests(payload)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, RequestBuffer{Rops: []Request{v.want}})
			again, err := got.Encode()
			if err != nil {
				t.Fatal(err)
			}
			sameBytes(t, again, payload)
		})
	}
}

func TestPublishedResponses(t *testing.T) {
	for _, v := range []struct {
		source string
		wire   string
		to     Request
		want   Response
	}{
		{"MS-OXCTABL 4.3.2", "13 01 00 00 00 00 00", &SortTableRequest{Input: 1}, &SortTableResponse{Index: 1}},
		{"MS-OXORULE 4.2.2", "12 01 00 00 00 00 00", &SetColumnsRequest{Input: 1}, &SetColumnsResponse{Index: 1}},
	} {
		t.Run(v.source, func(t *testing.T) {
			payload := framed(unhex(t, v.wire))
			got, err := ParseResponses(payload, Sent{Rops: []Request{v.to}})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, ResponseBuffer{Rops: []Response{v.want}})
			again, err := got.Encode()
			if err != nil {
				t.Fatal(err)
			}
			sameBytes(t, again, payload)
		})
	}
}

// MS-XCA has two examples of Plain LZ77, the same as DIRECT2.
func TestPublishedCompression(t *testing.T) {
	abc := make([]byte, 0, 300)
	for range 100 {
		abc = append(abc, "abc"...)
	}
	for _, v := range []struct{ plain, packed string }{
		{"abcdefghijklmnopqrstuvwxyz", "3f 00 00 00 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71 72 73 74 75 76 77 78 79 7a"},
		{string(abc), "ff ff ff 1f 61 62 63 17 00 0f ff 26 01"},
	} {
		packed := unhex(t, v.packed)
		got, err := decompress(packed, len(v.plain))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, string(got), v.plain)
		sameBytes(t, compress([]byte(v.plain)), packed)
	}
}
