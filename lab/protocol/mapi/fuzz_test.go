package mapi

import (
	"bytes"
	"shutout/lab/protocol/roundtrip"
	"testing"
)

func FuzzRequests(f *testing.F) {
	for _, r := range sentRops {
		payload, err := RequestBuffer{Rops: []Request{r}, Handles: []uint32{1}}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, err := ParseRequests(payload)
		if err == nil {
			roundtrip.Check(t, b, RequestBuffer.Encode, ParseRequests)
		}
	})
}

func FuzzResponses(f *testing.F) {
	all, err := ResponseBuffer{Rops: gotRops, Handles: []uint32{1}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, all)
	for i, r := range gotRops {
		payload, err := ResponseBuffer{Rops: []Response{r}}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, payload)
	}
	f.Fuzz(func(t *testing.T, from int, payload []byte) {
		if from < 0 || from > len(sentRops) {
			return
		}
		sent := Sent{Rops: sentRops[from:], Columns: func(uint8) []PropTag { return columns }}
		parse := func(payload []byte) (ResponseBuffer, error) { return ParseResponses(payload, sent) }
		b, err := parse(payload)
		if err == nil {
			roundtrip.Check(t, b, ResponseBuffer.Encode, parse)
		}
	})
}

func FuzzRow(f *testing.F) {
	some := []PropTag{TagMID, Tag(1, TypeUnspecified), TagSubject, TagHTML, Tag(2, TypeMultipleString), Tag(3, TypeTime)}
	for _, row := range []Row{
		{int64(1), TypedValue{TypeInteger16, int16(2)}, "s", []byte("b"), []string{"x"}, someDay},
		{nil, CellError(CodeNotFound), "s", nil, nil, nil},
	} {
		data, err := AppendRow(nil, some, row)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parse := func(data []byte) (Row, error) { return ParseRow(data, some) }
		row, err := parse(data)
		if err == nil {
			roundtrip.Check(t, row, func(r Row) ([]byte, error) { return AppendRow(nil, some, r) }, parse)
		}
	})
}

func FuzzPayloads(f *testing.F) {
	for _, flags := range []HeaderFlags{FlagLast, FlagLast | FlagXorMagic, FlagLast | FlagCompressed} {
		buf, err := AppendPayload(nil, bytes.Repeat([]byte("abcd"), 100), flags)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(buf)
	}
	f.Fuzz(func(t *testing.T, buf []byte) {
		payloads, err := ParsePayloads(buf)
		for _, p := range payloads {
			if err != nil || len(p) > MaxPayload {
				t.Fatalf("%d octets, %v", len(p), err)
			}
		}
	})
}

func FuzzCompression(f *testing.F) {
	f.Add([]byte("abcabcabcabcabcabc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > MaxPayload {
			return
		}
		got, err := decompress(compress(data), len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d octets: %v", len(data), err)
		}
	})
}
