package mailtext

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
	"time"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"bare", "Subject: a\r\n\r\nhello\r\n", "hello\r\n"},
		{"quoted-printable", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nna=C3=AFve=\r\n!", "naïve!"},
		{"base64", "Content-Type: text/plain\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGVsbG8=\r\n", "hello"},
		{"alternative", "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n--x\r\nContent-Type: text/plain\r\n\r\nyes\r\n--x--\r\n", "yes"},
		{"nested", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\ndeep\r\n--b--\r\n--a--\r\n", "deep"},
		{"html only", "Content-Type: text/html\r\n\r\n<p>x", "<p>x"},
		{"not a mail", "\x00\xff", "\x00\uFFFD"},
		{"cut", "Subject: a\r\n\r\n" + strings.Repeat("é", 600), strings.Repeat("é", 500)},
	} {
		if got := Plain([]byte(c.raw), 1000); got != c.want {
			t.Errorf("%s: Plain = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEncode(t *testing.T) {
	d := Draft{
		From:      mail.Address{Name: "Dana Ö", Address: "dana@corp.example"},
		To:        []*mail.Address{{Address: "a@b.example"}, {Name: "C", Address: "c@d.example"}},
		Subject:   "tést\r\nBcc: x@y.example",
		Date:      time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		MessageID: "1@corp.example",
		Extra:     []string{"X-Originating-IP: [10.0.0.1]"},
	}
	for _, body := range []string{"hello\nthere", strings.Repeat("x", 5000), "", "zero\x00"} {
		d.Body = body
		m, err := mail.ReadMessage(bytes.NewReader(d.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Get("Bcc") != "" {
			t.Error("a subject added a header field")
		}
		if to, err := m.Header.AddressList("To"); err != nil || len(to) != 2 {
			t.Errorf("To = %v, %v", to, err)
		}
		if got := m.Header.Get("Message-Id"); got != "<1@corp.example>" {
			t.Errorf("Message-ID = %q", got)
		}
		want := strings.ReplaceAll(body, "\n", "\r\n")
		if got := strings.TrimSuffix(Plain(d.Encode(), 1<<20), "\r\n"); got != want {
			t.Errorf("body = %.40q, want %.40q", got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n"))
	f.Add([]byte("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n=="))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got := Plain(raw, 100); len(got) > 300 { // a bad byte becomes three
			t.Errorf("%d bytes of text", len(got))
		}
	})
}

func TestOutgoing(t *testing.T) {
	raw := "From: Dana <dana@corp.example>\r\nTo: a@b.example,\r\n \"B, C\" <c@d.example>\r\nbcc: x@y.example,\r\n z@y.example\r\nSubject: s\r\n\r\nBcc: stays in the text\r\n"
	s, err := Outgoing([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Recipients, " "); got != "a@b.example c@d.example x@y.example z@y.example" || s.From != "dana@corp.example" {
		t.Errorf("from %q to %q", s.From, got)
	}
	want := strings.Replace(raw, "bcc: x@y.example,\r\n z@y.example\r\n", "", 1)
	if string(s.Raw) != want {
		t.Errorf("raw %q, want %q", s.Raw, want)
	}
	for name, raw := range map[string]string{"no header": "text", "bad address": "To: <<\r\n\r\n", "empty": ""} {
		if _, err := Outgoing([]byte(raw)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s, err := Outgoing([]byte("To: \r\n\r\n")); err != nil || len(s.Recipients) != 0 || s.From != "" {
		t.Errorf("nobody: %+v, %v", s, err)
	}
}

func FuzzOutgoing(f *testing.F) {
	f.Add([]byte("To: a@b.example\r\nBcc: x@y.example\r\n\r\ntext"))
	f.Add([]byte("Bcc: x@y.example\n\tz@y.example\nX: y\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Outgoing(raw)
		if err != nil {
			return
		}
		m, err := mail.ReadMessage(bytes.NewReader(s.Raw))
		if err != nil {
			// Nothing is left of a header that had only blind recipients.
			return
		}
		if len(m.Header["Bcc"]) > 0 {
			t.Errorf("blind recipients are left in %q", s.Raw)
		}
	})
}
