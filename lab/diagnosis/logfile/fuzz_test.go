package logfile

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shutout/lab/diagnosis"
)

// watcher is a sink that knows how many lines there are.
type watcher struct {
	t     *testing.T
	lines int
	n     int
	*diagnosis.Case
}

func (w *watcher) at(p diagnosis.Where) {
	w.n++
	if p.File != "f" || p.Line < 1 || p.Line > w.lines {
		w.t.Errorf("a record of %s, and there are %d lines", p, w.lines)
	}
}

func (w *watcher) AddQueue(q diagnosis.Queue)         { w.at(q.Where); w.Case.AddQueue(q) }
func (w *watcher) AddQueued(m diagnosis.Queued)       { w.at(m.Where); w.Case.AddQueued(m) }
func (w *watcher) AddTrack(t diagnosis.Track)         { w.at(t.Where); w.Case.AddTrack(t) }
func (w *watcher) AddRecipient(r diagnosis.Recipient) { w.at(r.Where); w.Case.AddRecipient(r) }
func (w *watcher) AddLogon(l diagnosis.Logon)         { w.at(l.Where); w.Case.AddLogon(l) }
func (w *watcher) AddPacket(p diagnosis.Packet)       { w.at(p.Where); w.Case.AddPacket(p) }

// fuzz has a format read whatever comes. What it reads a case must be able to
// conclude from.
func fuzz(f *testing.F, name string, seeds ...string) {
	i := 0
	for formats[i].name != name {
		i++
	}
	for _, pattern := range seeds {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || files == nil {
			f.Fatalf("no seed %s: %v", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		w := &watcher{t: t, lines: bytes.Count(content, []byte("\n")) + 1, Case: diagnosis.New(diagnosis.Options{})}
		text, err := decode(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if wide, ok := text.(*wide); ok {
			w.lines = len(content) // a line end may be any two bytes
			text = wide
		}
		stats := Stats{File: "f"}
		err = read(bufio.NewReaderSize(text, maxHead), formats[i].open("f", w), &stats)
		if stats.Records < 0 || stats.Broken > w.lines+1 || (err != nil) != (stats.Records == 0 && stats.Broken > 0) {
			t.Errorf("%+v, %v", stats, err)
		}
		w.Conclude()
	})
}

func FuzzTracking(f *testing.F) { fuzz(f, "message tracking log", "tracking-20[012][0679].log") }
func FuzzTracking2003(f *testing.F) {
	fuzz(f, "message tracking log of Exchange 2003", "tracking-2003.log")
}
func FuzzProtocol(f *testing.F)    { fuzz(f, "SMTP protocol log", "protocol-*.log") }
func FuzzW3C(f *testing.F)         { fuzz(f, "W3C log of the SMTP service", "smtpsvc-*.log") }
func FuzzTrackingCSV(f *testing.F) { fuzz(f, "message tracking log (CSV)", "tracking*.csv") }
func FuzzQueueCSV(f *testing.F)    { fuzz(f, "queue list (CSV)", "[mq]*.csv") }
func FuzzQueueList(f *testing.F)   { fuzz(f, "queue list (Format-List)", "*.txt") }
func FuzzIPTables(f *testing.F)    { fuzz(f, "iptables log", "iptables.log") }
func FuzzWindowsFirewall(f *testing.F) {
	fuzz(f, "Windows Firewall log", "pfirewall*.log")
}

// FuzzRead has any file read that may be of any kind.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*[gvt]")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c := diagnosis.New(diagnosis.Options{})
		stats, err := Read("f", bytes.NewReader(content), c)
		if err != nil && !strings.HasPrefix(err.Error(), "f:") {
			t.Errorf("the error %q names no place", err)
		}
		if err == nil && stats.Format == "" {
			t.Error("read without a format")
		}
		c.Conclude()
	})
}
