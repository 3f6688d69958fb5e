package store_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"shutout/sim/store"
)

func TestParseMessage(t *testing.T) {
	tests := []struct {
		name, raw string
		want      store.Message
	}{
		{"plain", "From: Dana <dana@corp.example>\r\nTo: erin@corp.example\r\nSubject: Hello\r\nMessage-ID: <1@corp.example>\r\n\r\nSubject: body\r\n",
			store.Message{From: "Dana <dana@corp.example>", To: "erin@corp.example", Subject: "Hello", MessageID: "1@corp.example"}},
		{"bare line feeds", "subject: a\nFROM: b\n\nTo: c\n", store.Message{Subject: "a", From: "b"}},
		{"folded", "Subject: one\r\n two\r\n\tthree\r\nTo: x\r\n\r\n", store.Message{Subject: "one two three", To: "x"}},
		{"encoded", "Subject: =?UTF-8?B?R3LDvMOfZQ==?= =?iso-8859-1?Q?=FC?=\r\n\r\n", store.Message{Subject: "Grüßeü"}},
		{"unknown charset", "Subject: =?klingon?Q?x?=\r\n\r\n", store.Message{Subject: "=?klingon?Q?x?="}},
		{"encoded line break", "Subject: =?UTF-8?Q?a=0D=0Ab?=\r\n\r\n", store.Message{Subject: "a  b"}},
		{"bad bytes", "Subject: \xff\xfe!\r\n\r\n", store.Message{Subject: "\uFFFD!"}},
		{"the first of two", "Subject: a\r\nSubject: b\r\n\r\n", store.Message{Subject: "a"}},
		{"no colon", "what is this\r\nSubject: a\r\n", store.Message{}},
		{"no end", "Subject: a", store.Message{Subject: "a"}},
		{"long", "Subject: " + strings.Repeat("x", 5000) + "\r\n\r\n", store.Message{Subject: strings.Repeat("x", 1023)}},
		{"empty", "", store.Message{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := store.ParseMessage([]byte(tt.raw))
			if m.From != tt.want.From || m.To != tt.want.To || m.Subject != tt.want.Subject || m.MessageID != tt.want.MessageID {
				t.Errorf("got %q %q %q %q", m.From, m.To, m.Subject, m.MessageID)
			}
			if string(m.Raw) != tt.raw || m.Size() != len(tt.raw) {
				t.Errorf("raw %q", m.Raw)
			}
		})
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte("From: a\r\nSubject: =?UTF-8?Q?a=0D?=\r\n b\r\n\r\nbody"))
	f.Add([]byte("Subject: x\n\t\n \nTo:"))
	f.Add([]byte(":\n:\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := store.ParseMessage(raw)
		for _, s := range []string{m.From, m.To, m.Subject, m.MessageID} {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || len(s) > 4096 {
				t.Errorf("field %q", s)
			}
		}
	})
}
