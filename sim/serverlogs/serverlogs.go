// Package serverlogs writes what the simulated organisation's mail servers and
// firewall know into the files that real ones keep: the message tracking log,
// the SMTP protocol log, the output of Get-Queue and Get-Message, and the
// firewall's log, each as the version of Exchange has it.
package serverlogs

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/transport"
)

// File is one file; Name is its path with slashes.
type File struct {
	Name    string
	Content []byte
}

// State is what is written.
type State struct {
	Version profile.ServerVersion
	Domain  string
	// Address is that of a server.
	Address  func(server string) netip.Addr
	Queues   []transport.Queue
	Tracking []transport.TrackEvent
	Protocol []transport.LogLine
	Dropped  []network.Dropped
}

// Files writes the state, in the order of names.
func Files(s State) []File {
	b := builder{}
	if s.old() {
		s.tracking2003(b)
		s.w3c(b)
	} else {
		s.tracking(b)
		s.protocol(b)
	}
	s.queues(b)
	s.firewall(b)
	var files []File
	for name, content := range b {
		files = append(files, File{name, content.Bytes()})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// old tells whether the servers log as Exchange 2003 does.
func (s *State) old() bool { return s.Version.Before(profile.Build2007) }

// builder holds the files by name.
type builder map[string]*bytes.Buffer

// file returns the file of a name; a new one begins with these lines.
func (b builder) file(name string, head ...string) *bytes.Buffer {
	f := b[name]
	if f == nil {
		f = &bytes.Buffer{}
		b[name] = f
		for _, line := range head {
			f.WriteString(line + "\r\n")
		}
	}
	return f
}

// daily names the log of a server for a day: mbx1/MSGTRK20260115-1.LOG.
func daily(server, prefix, suffix string, at time.Time, layout string) string {
	return path.Join(server, prefix+at.UTC().Format(layout)+suffix)
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// csv writes one record; a value with a comma or a quotation mark is quoted.
func csv(w *bytes.Buffer, values ...string) {
	for i, v := range values {
		if i > 0 {
			w.WriteByte(',')
		}
		if strings.ContainsAny(v, ",\"\r\n") {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		w.WriteString(v)
	}
	w.WriteString("\r\n")
}

// addr writes an address, nothing for none.
func addr(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// head is the beginning of a log of Exchange 2007 and later.
func (s *State) head(kind string, at time.Time, fields string) []string {
	return []string{
		"#Software: Microsoft Exchange Server", "#Version: " + string(s.Version), "#Log-type: " + kind, "#Date: " + instant(at),
		"#Fields: " + fields,
	}
}

func (s *State) protocol(b builder) {
	for _, l := range s.Protocol {
		f := b.file(daily(l.Server, "RECV", "-1.LOG", l.Time, "20060102"),
			s.head("SMTP Receive Protocol Log", l.Time, "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context")...)
		f.WriteString(l.String() + "\r\n")
	}
}

// firewall writes the log of dropped calls. The caller's own port is not known.
func (s *State) firewall(b builder) {
	f := b.file("firewall/pfirewall.log", "#Version: 1.5", "#Software: Microsoft Windows Firewall", "#Time Format: Local",
		"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path", "")
	for _, d := range s.Dropped {
		fmt.Fprintf(f, "%s DROP TCP %s %s - %d - S - - - - - - SEND\r\n", d.At.UTC().Format("2006-01-02 15:04:05"), d.From, d.To, d.Port)
	}
}
