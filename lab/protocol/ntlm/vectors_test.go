package ntlm

import (
	"bytes"
	"encoding/hex"
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

func same(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if !bytes.Equal(got, unhex(t, want)) {
		t.Errorf("%s: got %x, want %s", what, got, want)
	}
}

// The values of MS-NLMP 4.2.1 and 4.2.4.
const (
	vectorChallenge = "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef" +
		"00000000000000002400240044000000060070170000000f530065007200760065007200" +
		"02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000"
	vectorAuthenticate = "4e544c4d5353500003000000180018006c00000054005400840000000c000c0048000000" +
		"080008005400000010001000" + "5c00000010001000d8000000358288e20501280a0000000f" +
		"44006f006d00610069006e0055007300650072" + "0043004f004d0050005500540045005200" +
		"86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa" +
		"68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000" +
		"02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000" +
		"c5dad2544fc9799094ce1ce90bc9d03e"
)

var (
	serverChallenge = [8]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	clientChallenge = [8]byte(bytes.Repeat([]byte{0xaa}, 8))
	randomKey       = [16]byte(bytes.Repeat([]byte{0x55}, 16))
	vectorInfo      = TargetInfo{{AvNbDomainName, toUTF16("Domain")}, {AvNbComputerName, toUTF16("Server")}}
)

func TestVectorKeys(t *testing.T) {
	hash := NTHash("Password")
	same(t, "NTOWFv1 (4.2.2.1.2)", hash[:], "a4f49c406510bdcab6824ee7c30fd852")
	key := ResponseKey(hash, "User", "Domain")
	same(t, "NTOWFv2 (4.2.4.1.1)", key[:], "0c868a403bfd7a93a3001ef22ef02e3f")
	same(t, "LMv2 response (4.2.4.2.1)", RespondLM(key, serverChallenge, clientChallenge), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa")
	response, err := Respond(key, serverChallenge, Response{Challenge: clientChallenge, Info: vectorInfo})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "NTLMv2 response (4.2.4.2.2)", response[:16], "68cd0ab851e51c96aabc927bebef6a1c")
	base := SessionBaseKey(key, [16]byte(response[:16]))
	same(t, "session base key (4.2.4.1.2)", base[:], "8de40ccadbc14a82f15cb0ad0de95ca3")
	encrypted := ExchangeKey(base, randomKey)
	same(t, "encrypted session key (4.2.4.2.3)", encrypted[:], "c5dad2544fc9799094ce1ce90bc9d03e")
	if ExchangeKey(base, encrypted) != randomKey {
		t.Error("the session key does not come back")
	}
}

func TestVectorMessages(t *testing.T) {
	c := Challenge{Flags: 0xe28a8233, Target: "Server", Challenge: serverChallenge, Info: vectorInfo, Version: Version{6, 0, 6000}}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "challenge (4.2.4.3)", b, vectorChallenge)

	a, err := ParseAuthenticate(unhex(t, vectorAuthenticate))
	if err != nil {
		t.Fatal(err)
	}
	if a.User != "User" || a.Domain != "Domain" || a.Workstation != "COMPUTER" || a.Flags != 0xe2888235 || a.MIC != nil {
		t.Errorf("got %+v", a)
	}
	key := ResponseKey(NTHash("Password"), a.User, a.Domain)
	if !Verify(key, serverChallenge, a.NT) {
		t.Error("the response is not accepted")
	}
	b, err = a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "authenticate (4.2.4.3)", b, vectorAuthenticate)
}
