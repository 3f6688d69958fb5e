package transport

import (
	"bytes"
	"net/mail"
	"net/netip"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"<>":                   "",
		"dana@corp.example":    "dana@corp.example",
		"<Dana@Corp.Example>":  "Dana@corp.example",
		"a+b=c@x_y.example":    "a+b=c@x_y.example",
		`"a b"@corp.example`:   `"a b"@corp.example`,
		`"a\"b"@corp.example`:  `"a\"b"@corp.example`,
		`"a@b"@corp.example`:   `"a@b"@corp.example`,
		"a@[192.0.2.1]":        "a@[192.0.2.1]",
		"a@[IPv6:2001:DB8::1]": "a@[ipv6:2001:db8::1]",
		"postmaster@localhost": "postmaster@localhost",
	} {
		a, err := ParseAddress(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		equal(t, in, a.String(), want)
	}
	for _, in := range []string{
		"dana", "@corp.example", "dana@", "<dana@corp.example", "dana@corp.example>", "a b@corp.example", "a@b c",
		"a..b@corp.example", ".a@corp.example", "a@corp..example", "a@.example", "a@corp.example.", "a@-b.example",
		"a@b\r\n.example", "a\r\nb@c.example", "a\x00@b.example", "a@b,c@d.example", "<@relay:a@b.example>", "ä@b.example",
		"a@b\u00e4.example", `"a"b"@c.example`, `"a\"@c.example`, "\"a\r\n\"@c.example", "a@[192.0.2]", "a@[1.2.3.4", "a@[IPv6:1.2.3.4]",
		"a@[IPv6:fe80::1%x]", strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b.", 130) + "example",
		"a@" + strings.Repeat("b", 64) + ".example", "<<a@b.example>>", "<",
	} {
		if a, err := ParseAddress(in); err == nil {
			t.Errorf("%q was taken as %q", in, a)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"", "<>", "a@b.example", `"a b"@c`, "a@[IPv6:::1]", "a@b>\r\nRCPT TO:<c@d", "\"\\\"@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsFunc(a.String(), func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q: not printable: %q", s, a)
		}
		again, err := ParseAddress("<" + a.String() + ">")
		if err != nil || again != a {
			t.Fatalf("%q: %q reads back as %q, %v", s, a, again, err)
		}
	})
}

func TestRanges(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "192.0.2.0/30": "192.0.2.0-192.0.2.3", "192.0.2.9/24": "192.0.2.0-192.0.2.255",
		"192.0.2.1 - 192.0.2.9": "192.0.2.1-192.0.2.9", "2001:db8::/126": "2001:db8::-2001:db8::3", "0.0.0.0/0": "0.0.0.0-255.255.255.255",
	} {
		r, err := ParseRange(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		equal(t, in, r.String(), want)
	}
	for _, in := range []string{"", "x", "192.0.2.9-192.0.2.1", "192.0.2.1-::1", "192.0.2.0/33", "fe80::1%eth0", "1.2.3.4-", "1.2.3.4,5"} {
		if r, err := ParseRange(in); err == nil {
			t.Errorf("%q was taken as %s", in, r)
		}
	}
	if _, err := ParseRanges("10.0.0.0/8, nonsense"); err == nil {
		t.Error("a list with nonsense was taken")
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24", "192.0.2.1-192.0.2.9", "::/0", "::ffff:1.2.3.4/120", "1.2.3.4-::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err != nil {
			return
		}
		again, err := ParseRange(r.String())
		if err != nil || again != r || r.Last.Less(r.First) {
			t.Fatalf("%q: %s reads back as %s, %v", s, r, again, err)
		}
		r.Contains(netip.MustParseAddr("192.0.2.1"))
		r.width()
	})
}

func TestPermissionGroups(t *testing.T) {
	for in, want := range map[string]string{
		"none": "None", "anonymoususers,EXCHANGEUSERS": "AnonymousUsers, ExchangeUsers", "Custom": "Custom",
	} {
		g, err := ParsePermissionGroups(in)
		if err != nil {
			t.Error(err)
		}
		equal(t, in, g.String(), want)
	}
	for _, in := range []string{"", "Everyone", "AnonymousUsers,", "None, Custom"} {
		if _, err := ParsePermissionGroups(in); err == nil {
			t.Errorf("%q was taken", in)
		}
	}
	equal(t, "mechanisms", (TLS | BasicAuth).String(), "Tls, BasicAuth")
}

func TestReadHeader(t *testing.T) {
	raw := "Received: from a\r\n by b\r\nRECEIVED: from c\nno field\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n and\r\n more\r\n" +
		"Message-Id: <1@x>\r\nsubject: second\r\nFrom : \"A\" <a@b.example>\r\nX-Bad\x00: y\r\n\r\nFrom: not@header\r\n"
	h, ok := readHeader([]byte(raw), 1<<10)
	if !ok {
		t.Fatal("too long")
	}
	equal(t, "hops", h.hops, 2)
	equal(t, "subject", h.subject, "Grüße and more")
	equal(t, "id", h.messageID, "1@x")
	equal(t, "from", h.headerFrom, `"A" <a@b.example>`)
	equal(t, "date", h.hasDate, false)
	equal(t, "end", raw[h.end:], "From: not@header\r\n")
	if _, ok := readHeader([]byte(raw), 20); ok {
		t.Error("a header above the limit was taken")
	}
	for _, raw := range []string{"", "\r\n", "\n", "body without header", "A: b", "A: b\r\n c"} {
		if _, ok := readHeader([]byte(raw), 1<<10); !ok {
			t.Errorf("%q was refused", raw)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "a\r\n\tb": "a b", "a\x1b[31mb": "a [31mb", "a\xffb": "a?b", "Grüße": "Grüße", "a\u202eb": "a b", "a\u0085b": "a b",
	} {
		equal(t, in, clean(in), want)
	}
}

// Whatever comes in, the stored mail starts with a sound header in which only
// the server says who signed in, and the body is unchanged.
func FuzzStamp(f *testing.F) {
	for _, s := range []string{
		"", "\r\n", "Subject: x\r\n\r\nbody", "Subject: x", "no header at all", "X-MS-Exchange-Organization-AuthAs: Internal\r\n\r\n",
		"X-MS-EXCHANGE-ORGANIZATION-AUTHAS: Internal\n folded\n\n", " starts folded\r\nMessage-ID: <>\r\n\r\n", "A: b\r\n\r\n.\r\n",
		"X-MS-Exchange-Organization-AuthAs: Internal", "\r\r\n: empty name\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		w := newWorld(t, params(t, "ex2016"))
		s := w.connect(PortSMTP, "203.0.113.9")
		s.Mail(w.now(), "a@good.example", 0)
		s.Rcpt(w.now(), "dana@corp.example")
		if _, _, e := s.Data(w.now(), raw); e != nil {
			return
		}
		out := w.items("dana")[0].Raw
		in, _ := readHeader(raw, maxHeaderSize)
		if !bytes.HasSuffix(out, raw[in.end:]) {
			t.Fatalf("body changed: %q -> %q", raw, out)
		}
		head := out[:len(out)-len(raw[in.end:])]
		if !bytes.HasSuffix(head, []byte("\n")) {
			t.Fatalf("header does not end: %q -> %q", raw, out)
		}
		if n := bytes.Count(bytes.ToLower(head), []byte("\nx-ms-exchange-organization-authas:")); n != 1 {
			t.Fatalf("%d AuthAs fields: %q -> %q", n, raw, out)
		}
		again, _ := readHeader(out, 2*maxHeaderSize)
		if again.messageID == "" && in.messageID != "" {
			t.Fatalf("Message-ID lost: %q -> %q", raw, out)
		}
		if m, err := mail.ReadMessage(bytes.NewReader(out)); err == nil && m.Header.Get("X-MS-Exchange-Organization-AuthAs") != "Anonymous" {
			t.Fatalf("AuthAs forged: %q -> %q", raw, out)
		}
	})
}
