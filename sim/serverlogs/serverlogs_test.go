package serverlogs

import (
	stdcsv "encoding/csv"
	"net/netip"
	"strings"
	"testing"
	"time"

	"shutout/sim/profile"
	"shutout/sim/transport"
)

// What a sender may write into a header makes no other line or column.
func TestNothingBreaksALine(t *testing.T) {
	to, err := transport.ParseAddress("erin@corp.example")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	const subject = "a,b\t\"c\"\r\n2026-01-15,forged"
	for _, version := range []profile.ServerVersion{profile.Build2007, profile.Build2016, "6.5.7638.1"} {
		files := Files(State{
			Version: version, Domain: "corp.example", Address: func(string) netip.Addr { return netip.MustParseAddr("10.0.1.31") },
			Tracking: []transport.TrackEvent{{Timestamp: at, Server: "mbx1", Event: "RECEIVE", Source: "SMTP", MessageID: "1@x", Subject: subject,
				Sender: "dana@corp.example", HeaderFrom: "Dana <dana@corp.example>", Recipients: []transport.Address{to}}},
			Queues: []transport.Queue{{Identity: "mbx1\\1", Messages: []transport.QueuedMessage{{Subject: subject, MessageID: "1@x"}}}},
		})
		for _, f := range files {
			switch text := string(f.Content); {
			case strings.HasSuffix(f.Name, ".csv"), strings.Contains(f.Name, "MSGTRK"):
				r := stdcsv.NewReader(strings.NewReader(text))
				r.Comment = '#'
				if all, err := r.ReadAll(); err != nil {
					t.Errorf("%s, %s: %v in %q", version, f.Name, err, all)
				}
			case f.Name == "mbx1/20260115.log":
				lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
				if len(lines) != 4 || strings.Count(lines[3], "\t") != strings.Count(lines[2], "\t")+1 { // each line ends with a tab
					t.Errorf("%s: %q", f.Name, lines)
				}
			}
		}
	}
}
