// Package logfile reads and writes the logs and lists that tell what a mail
// server and the firewall around it did: Exchange's message tracking logs (2003,
// and 2007 and later), its SMTP protocol logs, the W3C log of the SMTP service
// of Exchange 2003, the output of Get-Queue and Get-Message, Windows Firewall's
// pfirewall.log, and lines of iptables. What a file is it tells from the content.
// Files are read line by line and may be of any length.
package logfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"shutout/lab/diagnosis"
)

// Bounds of what is read.
const (
	maxLine   = 1 << 20 // bytes of one line, which is enough for some thousand recipients
	maxHead   = 64 << 10
	headLines = 100
	// MaxProblems is how many broken lines of a file are told; the rest are
	// counted.
	MaxProblems = 5
)

// Problem is a line that could not be read.
type Problem struct {
	diagnosis.Where
	Text string `json:"text"`
}

func (p Problem) String() string { return p.Where.String() + ": " + p.Text }

// Stats is what was read of a file.
type Stats struct {
	File     string    `json:"file"`
	Format   string    `json:"format"`
	Records  int       `json:"records"`
	Broken   int       `json:"broken,omitempty"`   // lines that could not be read
	Problems []Problem `json:"problems,omitempty"` // the first of them
}

// Firewall says whether the file is a firewall's log.
func (s Stats) Firewall() bool {
	return slices.ContainsFunc(formats, func(f format) bool { return f.name == s.Format && f.kind == diagnosis.FromFirewall })
}

// Error tells why nothing of a file could be used.
type Error struct {
	diagnosis.Where
	Found, Expected, Hint string
}

func (e *Error) Error() string {
	s := e.Where.String() + ": " + e.Found
	if e.Expected != "" {
		s += ": expected " + e.Expected
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// kinds names what can be read, for errors.
const kinds = "a message tracking log, an SMTP protocol log, Get-Queue, Get-Message or Get-MessageTrackingLog as CSV, the first two as Format-List, pfirewall.log or lines of iptables"

// A format is one kind of file.
type format struct {
	name string
	kind diagnosis.Kind
	// is tells whether the first lines of a file are of this kind.
	is func(head []string) bool
	// open begins to read a file.
	open func(file string, sink diagnosis.Sink) parser
}

// A parser reads a file line by line. Its error is about that line.
type parser interface {
	line(number int, text string) (records int, err error)
	// end tells that there are no more lines. Its error is about the last one.
	end() (records int, err error)
}

// formats are tried in this order.
var formats = []format{
	{"message tracking log", diagnosis.FromTracking, isTracking, func(f string, s diagnosis.Sink) parser { return &tracking{file: f, sink: s} }},
	{"message tracking log of Exchange 2003", diagnosis.FromTracking, isTracking2003, func(f string, s diagnosis.Sink) parser { return &tracking2003{file: f, sink: s} }},
	{"SMTP protocol log", diagnosis.FromProtocol, isProtocol, func(f string, s diagnosis.Sink) parser { return newProtocol(f, s) }},
	{"Windows Firewall log", diagnosis.FromFirewall, isWindowsFirewall, func(f string, s diagnosis.Sink) parser { return &windowsFirewall{file: f, sink: s} }},
	{"W3C log of the SMTP service", diagnosis.FromProtocol, isW3C, func(f string, s diagnosis.Sink) parser { return newW3C(f, s) }},
	{"queue list (CSV)", diagnosis.FromQueues, isQueueCSV, func(f string, s diagnosis.Sink) parser { return &objectCSV{file: f, sink: s, take: entry} }},
	{"message tracking log (CSV)", diagnosis.FromTracking, isTrackingCSV, func(f string, s diagnosis.Sink) parser { return &objectCSV{file: f, sink: s, take: tracked} }},
	{"queue list (Format-List)", diagnosis.FromQueues, isQueueList, func(f string, s diagnosis.Sink) parser { return &queueList{file: f, sink: s} }},
	{"iptables log", diagnosis.FromFirewall, isIPTables, func(f string, s diagnosis.Sink) parser { return &ipTables{file: f, sink: s} }},
}

// Read reads a file, called name, into sink. Lines that cannot be read are
// passed over and told in the statistics. The error is an [*Error] when the
// file is of no known kind or nothing in it could be read.
func Read(name string, r io.Reader, sink diagnosis.Sink) (Stats, error) {
	stats := Stats{File: name}
	text, err := decode(r)
	if err != nil {
		return stats, fmt.Errorf("%s: %w", name, err)
	}
	b := bufio.NewReaderSize(text, maxHead)
	peek, err := b.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) && len(peek) == 0 {
		return stats, fmt.Errorf("%s: %w", name, err)
	}
	head := headOf(string(peek))
	if len(head) == 0 {
		return stats, &Error{Where: diagnosis.Where{File: name, Line: 1}, Found: "the file is empty", Expected: kinds}
	}
	for _, f := range formats {
		if f.is(head) {
			stats.Format = f.name
			sink.Open(f.kind)
			return stats, read(b, f.open(name, sink), &stats)
		}
	}
	return stats, unknown(name, head)
}

// headOf returns the first lines of a file that are not empty.
func headOf(text string) (head []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			head = append(head, line)
		}
		if len(head) == headLines {
			break
		}
	}
	return head
}

func unknown(name string, head []string) error {
	e := &Error{
		Where: diagnosis.Where{File: name, Line: 1}, Found: "this is no log that can be read", Expected: kinds,
		Hint: "give the file as the server wrote it, with its #Fields line",
	}
	// Nothing is told of what may be anything but a log.
	if head[0][0] == '#' {
		e.Found += ", it begins with " + quote(head[0])
	}
	if web := strings.Join(head, "\n"); strings.Contains(web, "cs-uri-stem") && strings.Contains(web, " GET ") {
		e.Found, e.Hint = "this is the log of a web server", "the SMTP service's own log is in LogFiles\\SMTPSVC1"
	}
	return e
}

func read(b *bufio.Reader, p parser, stats *Stats) error {
	lines, number := lineReader{b: b}, 0
	note := func(records int, fault error) {
		stats.Records += records
		if fault == nil {
			return
		}
		stats.Broken++
		if len(stats.Problems) < MaxProblems {
			stats.Problems = append(stats.Problems, Problem{diagnosis.Where{File: stats.File, Line: max(number, 1)}, fault.Error()})
		}
	}
	for {
		text, tooLong, err := lines.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s:%d: %w", stats.File, number+1, err)
		}
		if err != nil && text == "" && !tooLong {
			break
		}
		number++
		if tooLong {
			note(0, fmt.Errorf("the line is longer than %d KB", maxLine>>10))
		} else {
			note(p.line(number, text))
		}
		if err != nil {
			break
		}
	}
	note(p.end())
	if stats.Records == 0 && stats.Broken > 0 {
		first := stats.Problems[0]
		return &Error{Where: first.Where, Found: first.Text, Hint: "nothing in this " + stats.Format + " could be read"}
	}
	return nil
}

// lineReader yields lines without their ends, in bounded memory.
type lineReader struct{ b *bufio.Reader }

func (l *lineReader) next() (text string, tooLong bool, err error) {
	var long []byte
	for {
		part, err := l.b.ReadSlice('\n')
		if err == nil && long == nil && !tooLong {
			return strings.TrimRight(string(part), "\r\n"), false, nil
		}
		if !tooLong {
			long = append(long, part...)
		}
		if len(long) > maxLine {
			long, tooLong = nil, true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return strings.TrimRight(string(long), "\r\n"), tooLong, err
	}
}

// quote makes a piece of a file fit for a message.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
