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
		{"MS-OXCPRPT 4.2.1",
			`0A 00 00 24 00 02 00 1F-00 3D 00 00 00 1F 00 1D
			 0E 48 00 65 00 6C 00 6C-00 6F 00 20 00 57 00 6F
			 00 72 00 6C 00 64 00 00-00`,
			&SetPropertiesRequest{Properties: []Property{{TagSubjectPrefix, ""}, {TagNormalizedSubject, "Hello World"}}}},
		{"MS-OXCTABL 4.2.1",
			`12 00 01 00 06 00 14 00-48 67 14 00 4a 67 14 00
			 4d 67 03 00 4e 67 1f 00-37 00 40 00 06 0e`,
			&SetColumnsRequest{Input: 1, Tags: []PropTag{TagFolderID, TagMID, 0x674D0014, 0x674E0003, TagSubject, TagMessageDeliveryTime}}},
		{"MS-OXCPRPT 4.3.1", "07 00 00 00 00 01 00 03-00 0B 00 3E 86 03 00 3F 86 02 01 E2 65",
			&GetPropertiesSpecificRequest{WantUnicode: true, Tags: []PropTag{0x863E000B, 0x863F0003, 0x65E20102}}},
		{"MS-OXCPRPT 4.4.1.1", "2B 01 00 01 02 01 9A 0E-01", &OpenStreamRequest{LogonID: 1, Output: 1, Tag: 0x0E9A0102, Mode: OpenReadWrite}},
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
		{"MS-OXCPRPT 4.2.2", "0A 00 00 00 00 00 00 00", &SetPropertiesRequest{}, &SetPropertiesResponse{}},
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

// The beginning of the first row in MS-OXCTABL 4.5.3.2, whose end is not
// printed. The columns are not either, beyond the first.
func TestPublishedRow(t *testing.T) {
	row := unhex(t, `01 00 01 00 00 00 00 f1-1f 32 0a 0f 01 04 80 00
		01 00 00 00 00 f1 88 bd-00 00 00 00 00 00 03 00
		00 00 00 00 00 00 00 0a-0f 01 04 80`)
	number := Tag(0x8000, TypeInteger32)
	columns := []PropTag{TagFolderID, TagMID, 0x674D0014, number, number, number, TagSubject}
	got, err := ParseRow(row, columns)
	if err != nil {
		t.Fatal(err)
	}
	folder := ID(0x321ff10000000001)
	equal(t, got, Row{int64(folder), CellError(CodeNotFound), int64(-0x42770eFFFFFFFFFF), int32(0), int32(3), int32(0), CellError(CodeNotFound)})
	equal(t, folder, MakeID(1, 0xf11f32))
	again, err := AppendRow(nil, columns, got)
	if err != nil {
		t.Fatal(err)
	}
	sameBytes(t, again, row)
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
