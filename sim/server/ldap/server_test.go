package ldap_test

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestMalformedInputEndsTheConnection(t *testing.T) {
	w := newWorld(t)
	plain, _, _ := w.serve(t)
	for name, in := range map[string]string{
		"not LDAP":         "GET / HTTP/1.1\r\n\r\n",
		"too long":         "\x30\x84\x7f\xff\xff\xff",
		"indefinite":       "\x30\x80",
		"long length":      "\x30\x85\x01\x01\x01\x01\x01",
		"message number 0": "\x30\x07\x02\x01\x00\x63\x02\x04\x00",
		"unknown op":       "\x30\x05\x02\x01\x01\x7e\x00",
		"inside too long":  "\x30\x05\x02\x7f\x01\x42\x00",
	} {
		c, err := net.Dial("tcp", plain)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Write([]byte(in)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1000)
		n, _ := c.Read(got)
		if !strings.Contains(string(got[:n]), "1.3.6.1.4.1.1466.20036") {
			t.Errorf("%s: answer %q is no notice of disconnection", name, got[:n])
		}
		c.Close()
	}
}
