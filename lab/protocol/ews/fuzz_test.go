package ews

import (
	"errors"
	"maps"
	"shutout/lab/protocol/roundtrip"
	"slices"
	"testing"
)

func FuzzRequest(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		f.Add(encoded(f)(requests[name].Encode()))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := ParseRequest(body)
		if err != nil {
			return
		}
		roundtrip.Check(t, first, Request.Encode, ParseRequest)
	})
}

func FuzzResponse(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(responses)) {
		f.Add(encoded(f)(responses[name].Encode()))
	}
	f.Add(encoded(f)((&Fault{Code: ErrorServerBusy, Text: "busy", BackOff: 1e9}).Encode()))
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := ParseResponse(body)
		var fault *Fault
		if errors.As(err, &fault) {
			again, err := fault.Encode()
			if err != nil {
				t.Fatal(err)
			}
			var second *Fault
			if _, err := ParseResponse(again); !errors.As(err, &second) || fault.Code != "" && *second != *fault {
				t.Fatalf("%+v became %v", fault, err)
			}
			return
		}
		if err != nil {
			return
		}
		roundtrip.Check(t, first, Response.Encode, ParseResponse)
	})
}
