package ntlm

import (
	"bytes"
	"errors"
	"testing"
)

// TestVectorSeal is MS-NLMP 4.2.4.4.
func TestVectorSeal(t *testing.T) {
	client, server := NewSession(0xe2888235, randomKey, false), NewSession(0xe2888235, randomKey, true)
	same(t, "SIGNKEY", client.send.sign[:], "4788dc861b4782f35d43fd98fe1a2d39")
	message := toUTF16("Plaintext")
	signature := client.Seal(message, 0, len(message))
	same(t, "sealed", message, "54e50165bf1936dc996020c1811b0f06fb5f")
	same(t, "signature", signature[:], "010000007fb38ec5c55d497600000000")
	if err := server.Open(message, 0, len(message), signature); err != nil || !bytes.Equal(message, toUTF16("Plaintext")) {
		t.Errorf("got %x, %v", message, err)
	}
}

func TestSession(t *testing.T) {
	for name, f := range map[string]Flags{"exchanged": Key128 | KeyExchange, "128 bits": Key128, "56 bits": Key56, "40 bits": 0} {
		client, server := NewSession(f|ExtendedSecurity, randomKey, false), NewSession(f|ExtendedSecurity, randomKey, true)
		for range 3 {
			request := []byte("header stub trailer")
			signature := client.Seal(request, 7, 11)
			if !bytes.HasPrefix(request, []byte("header ")) || !bytes.HasSuffix(request, []byte(" trailer")) || bytes.Contains(request, []byte("stub")) {
				t.Errorf("%s: sealed %q", name, request)
			}
			if err := server.Open(request, 7, 11, signature); err != nil || string(request) != "header stub trailer" {
				t.Errorf("%s: opened %q, %v", name, request, err)
			}
			if err := client.Check([]byte("reply"), server.Sign([]byte("reply"))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		signature := client.Sign([]byte("one"))
		if err := server.Check([]byte("two"), signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: altered: %v", name, err)
		}
	}
	client, server := NewSession(common, randomKey, false), NewSession(common, randomKey, true)
	signature := client.Sign([]byte("x"))
	if err := server.Check([]byte("x"), signature); err != nil {
		t.Error(err)
	}
	if err := server.Check([]byte("x"), signature); !errors.Is(err, ErrSignature) {
		t.Errorf("replayed: %v", err)
	}
}
