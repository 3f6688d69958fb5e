package mapi

import "testing"

// BenchmarkReadMail is a call with all the requests of this package and its
// answer, both ways, without the transport.
func BenchmarkReadMail(b *testing.B) {
	sent, got := RequestBuffer{Rops: sentRops}, ResponseBuffer{Rops: gotRops}
	b.ReportAllocs()
	for b.Loop() {
		payload, err := sent.Encode()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ParseRequests(payload); err != nil {
			b.Fatal(err)
		}
		if payload, err = got.Encode(); err != nil {
			b.Fatal(err)
		}
		if _, err := ParseResponses(payload, Sent{Rops: sentRops}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPayload(b *testing.B) {
	payload, err := RequestBuffer{Rops: sentRops}.Encode()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range []struct {
		name  string
		flags HeaderFlags
	}{{"plain", 0}, {"obfuscated", FlagXorMagic}, {"compressed", FlagCompressed}} {
		b.Run(f.name, func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				buf, err := AppendPayload(nil, payload, f.flags|FlagLast)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := ParsePayloads(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
