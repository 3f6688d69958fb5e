package ldap_test

import (
	"bytes"
	"runtime"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"shutout/lab/authority/authoritytest"
	"shutout/sim/server/ldap"
)

// message wraps an operation as a client would.
func message(op *ber.Packet) []byte {
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(5), ""))
	m.AppendChild(op)
	return m.Bytes()
}

func text(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func number(tag ber.Tag, n int64) *ber.Packet {
	return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, tag, n, "")
}

func operation(tag ber.Tag, parts ...*ber.Packet) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	for _, p := range parts {
		op.AppendChild(p)
	}
	return message(op)
}

// NTLM messages as MS-NLMP 4.2 has them.
const (
	negotiate    = "NTLMSSP\x00\x01\x00\x00\x00\x07\x82\x08\xa2"
	authenticate = "NTLMSSP\x00\x03\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00" +
		"\x00\x00\x00\x00\x40\x00\x00\x00\x08\x00\x08\x00\x40\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00" +
		"\x00\x00\x00\x00\x40\x00\x00\x00\x35\x82\x88\xe2d\x00a\x00n\x00a\x00"
)

// sicily is a bind request of a sign-in with NTLM.
func sicily(choice ber.Tag, token string) []byte {
	return operation(0, number(ber.TagInteger, 3), text(""), ber.NewString(ber.ClassContext, ber.TypePrimitive, choice, token, ""))
}

func seeds(f testing.TB) [][]byte {
	var all [][]byte
	for _, filter := range []string{
		"(&(objectClass=user)(!(mail=a*b*c)))", "(|(userAccountControl:1.2.840.113556.1.4.803:=2)(x>=1)(y<=2)(z~=3))", "(cn:dn:2.4.6:=x)", "(cn=*)",
	} {
		compiled, err := goldap.CompileFilter(filter)
		if err != nil {
			f.Fatal(err)
		}
		for _, base := range []string{"", "DC=corp,DC=example"} {
			attrs := ber.NewSequence("")
			attrs.AppendChild(text("mail"))
			all = append(all, operation(3, text(base), number(ber.TagEnumerated, 2), number(ber.TagEnumerated, 0), number(ber.TagInteger, 3),
				number(ber.TagInteger, 0), ber.NewLDAPBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""), compiled, attrs))
		}
	}
	simple := ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "Secret-1", "")
	all = append(all, operation(0, number(ber.TagInteger, 3), text(dana), simple),
		sicily(9, ""), sicily(10, negotiate), sicily(11, authenticate))

	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	set.AppendChild(text(quoted("New-2")))
	attr := ber.NewSequence("")
	attr.AppendChild(text("unicodePwd"))
	attr.AppendChild(set)
	mod := ber.NewSequence("")
	mod.AppendChild(number(ber.TagEnumerated, 2))
	mod.AppendChild(attr)
	mods := ber.NewSequence("")
	mods.AppendChild(mod)
	all = append(all, operation(6, text(dana), mods))

	ava := ber.NewSequence("")
	ava.AppendChild(text("mail"))
	ava.AppendChild(text("x"))
	all = append(all, operation(14, text(dana), ava))
	for _, oid := range []string{"1.3.6.1.4.1.1466.20037", "1.3.6.1.4.1.4203.1.11.3", "1.2.3"} {
		all = append(all, operation(23, ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, oid, "")))
	}
	return append(all,
		[]byte("\x30\x05\x02\x01\x01\x42\x00"), // unbind
		[]byte("\x30\x06\x02\x01\x02\x50\x01\x01"),
		[]byte("\x30\x2b\x02\x01\x02\x63\x00\xa0\x24\x30\x22\x04\x161.2.840.113556.1.4.319\x04\x08\x30\x06\x02\x01\x05\x04\x01x"),
		nil)
}

func FuzzHandle(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	conf, _ := authoritytest.Configs(f, "dc1")
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > ldap.MaxMessage {
			return
		}
		for _, state := range []struct {
			user string
			tls  bool
		}{{"", false}, {dana, false}, {"CN=Administrator,CN=Users,DC=corp,DC=example", true}} {
			w := newWorld(t)
			ss := ldap.NewSession(&ldap.Server{World: w, DC: w.dir.DC("dc1"), TLS: conf, SignIn: signIn(w)}, state.user, state.tls)
			if state.tls { // with a challenge on its way
				ss.Handle(sicily(10, negotiate))
			}
			answer, _ := ss.Handle(in)
			if len(answer) > ldap.MaxAnswer {
				t.Fatalf("answer of %d bytes", len(answer))
			}
			for r := bytes.NewReader(answer); r.Len() > 0; { // whatever comes back is LDAP
				p, err := ber.ReadPacket(r)
				if err != nil || len(p.Children) < 2 {
					t.Fatalf("malformed answer %x: %v", answer, err)
				}
			}
			if bytes.Contains(answer, []byte("unicodePwd")) {
				t.Fatal("the answer names the password attribute")
			}
			if !w.TryLock() {
				t.Fatal("the world stays locked")
			}
		}
	})
}

func FuzzReadMessage(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 1000
		r := bytes.NewReader(in)
		msg, err := ldap.ReadMessage(r, limit)
		if err != nil {
			return
		}
		if len(msg) > limit+6 || !bytes.Equal(msg, in[:len(in)-r.Len()]) {
			t.Fatalf("read %x of %x", msg, in)
		}
	})
}

// The worst messages that the limits let through must not blow up in memory.
func TestDecodingCostIsBounded(t *testing.T) {
	wrap := func(b []byte, n int) []byte {
		for range n {
			l := len(b)
			b = append([]byte{0x30, 0x83, byte(l >> 16), byte(l >> 8), byte(l)}, b...)
		}
		return b
	}
	element := []byte{0x04, 0x00}
	for name, tt := range map[string]struct {
		msg []byte
		ok  bool
	}{
		"many small":         {wrap(bytes.Repeat(element, 400_000), 1), false},
		"as many as allowed": {wrap(bytes.Repeat(element, 11_000), 1), true},
		"deep":               {wrap(element, 1000), false},
		"large and deep":     {wrap(append([]byte{0x04, 0x83, 0x0f, 0x00, 0x00}, make([]byte, 0xf0000)...), 40), false},
		"large":              {wrap(append([]byte{0x04, 0x83, 0x0f, 0x00, 0x00}, make([]byte, 0xf0000)...), 5), true},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ldap.Decode(tt.msg)
		runtime.ReadMemStats(&after)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%s: %d bytes allocated", name, used)
		}
	}
}
