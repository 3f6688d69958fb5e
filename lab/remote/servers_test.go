package remote_test

import (
	"slices"
	"testing"

	"shutout/lab/remote"
)

func TestServers(t *testing.T) {
	c, err := remote.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"127.0.0.1:8080", "dc1.our.example:636", "dc1.our.example:88", "eas.our.example:443", "mail.our.example:22", "mail.our.example:25",
		"mail.our.example:587", "mail.our.example:993", "mail.our.example:995",
	}
	if got := c.Servers(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	ep := c.Endpoints["imap"]
	ep.Addr, ep.Plain = "MAIL.our.example.:993", "[::1]:143"
	c.Endpoints["imap"] = ep
	if got := c.Servers(); !slices.Equal(got, append([]string{want[0], "[::1]:143"}, want[1:]...)) {
		t.Errorf("%q", got)
	}
}
