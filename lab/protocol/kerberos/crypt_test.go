package kerberos

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The cases of MIT krb5's src/lib/crypto/crypto_tests/t_decrypt.c for this
// encryption type; RFC 4757 has none.
func TestDecrypt(t *testing.T) {
	for _, v := range []struct {
		usage              usage
		key, plain, cipher string
	}{
		{0, "F81FEC39255F5784E850C4377C88BD85", "", "02C1EB15586144122EC717763DD348BF00434DDC6585954C"},
		{1, "67D1300D281223867F9647FF48721273", "1", "6156E0CC04E0A0874F9FDA008F498A7ADBBC80B70B14DDDBC0"},
		{2, "3E40AB6093695281B3AC1A9304224D98", "9 bytesss", "0F9AD121D99D4A09448E4F1F718C4F5CBE6096262C66F29DF232A87C9F98755D55"},
		{3, "4BA2FBF0379FAED87A254D3B353D5A7E", "13 bytes byte", "612C57568B17A70352BAE8CF26FB9459A6F3353CD35FD439DB3107CBEC765D326DFC04C1DD"},
		{4, "68F263DB3FCE15D031C9EAB02D67107A", "30 bytes bytes bytes bytes byt",
			"95F9047C3AD75891C2E9B04B16566DC8B6EB9CE4231AFB2542EF87A7B5A0F260A99F0460508DE0CECC632D07C354124E46C5D2234EB8"},
	} {
		key, cipher := Key(unhex(t, v.key)), unhex(t, v.cipher)
		if got, err := key.decrypt(v.usage, cipher); err != nil || string(got) != v.plain {
			t.Errorf("usage %d: %q, %v", v.usage, got, err)
		}
		if _, err := key.decrypt(v.usage+20, cipher); !errors.Is(err, ErrIntegrity) {
			t.Errorf("usage %d opens as another: %v", v.usage, err)
		}
		if got, err := key.decrypt(v.usage, key.encrypt(v.usage, []byte(v.plain), numbers(1))); err != nil || string(got) != v.plain {
			t.Errorf("there and back: %q, %v", got, err)
		}
	}
	if _, err := (Key{}).decrypt(1, make([]byte, 23)); !errors.Is(err, ErrIntegrity) {
		t.Errorf("less than a checksum and a confounder: %v", err)
	}
}

// t_cksums.c of the same suite.
func TestChecksum(t *testing.T) {
	key, data := Key(unhex(t, "F7D3A155AF5E238A0B7A871A96BA2AB2")), []byte("seventeen eighteen nineteen twenty")
	sum := key.checksum(6, data)
	if got := strings.ToUpper(hex.EncodeToString(sum)); got != "EB38CC97E2230F59DA4117DC5859D7EC" {
		t.Error(got)
	}
	for _, c := range []Checksum{{sumHMACMD5, sum}, {sumMD5, unhex(t, "8e9a6a2c3a03a0b7ff2ea6e6aa9dbb47")}, {12, sum}} {
		if got, want := key.verify(6, c, data), c.Type == sumHMACMD5; got != want {
			t.Errorf("type %d: %t", c.Type, got)
		}
	}
}

// RFC 4757 section 2 has the key of the password "foo".
func TestPasswordKey(t *testing.T) {
	if got := PasswordKey("foo"); got != Key(unhex(t, "ac8e657f83df82beea5d43bdaf7800cc")) {
		t.Errorf("%x", got)
	}
}
