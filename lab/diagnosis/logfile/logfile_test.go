package logfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"shutout/lab/diagnosis"
	"shutout/lab/diagnosis/logfile"
	"shutout/lab/golden"
)

// printer writes every record that it is given.
type printer struct{ strings.Builder }

func (p *printer) Open(k diagnosis.Kind) { fmt.Fprintf(p, "open %s\n", k) }
func (p *printer) AddQueue(q diagnosis.Queue) {
	fmt.Fprintf(p, "%d queue %q %q %q %q %d %q\n", q.Line, q.Identity, q.NextHop, q.DeliveryType, q.Status, q.Count, q.LastError)
}
func (p *printer) AddQueued(m diagnosis.Queued) {
	fmt.Fprintf(p, "%d queued %s %q %q %q %q %q %q\n", m.Line, when(m.At), m.Queue, m.Status, m.From, m.Recipients, m.Subject, m.MessageID)
}
func (p *printer) AddTrack(t diagnosis.Track) {
	fmt.Fprintf(p, "%d track %s %s %s %s %s %q %q %q %q %q %q %q %q\n", t.Line, when(t.At), t.Source, t.Event, t.Client, t.Server, t.Connector,
		t.MessageID, t.Reference, t.Recipients, t.Status, t.Subject, t.Sender, t.ReturnPath)
}
func (p *printer) AddRecipient(r diagnosis.Recipient) {
	fmt.Fprintf(p, "%d recipient %s %s %s %q %q %q %q %d %q\n", r.Line, when(r.At), r.Client, r.Server, r.Connector, r.Account, r.From, r.To, r.Code, r.Text)
}
func (p *printer) AddLogon(l diagnosis.Logon) {
	fmt.Fprintf(p, "%d logon %s %s %s %q %v\n", l.Line, when(l.At), l.Client, l.Server, l.Account, l.OK)
}
func (p *printer) AddPacket(k diagnosis.Packet) {
	fmt.Fprintf(p, "%d packet %s %s %s %d blocked %v\n", k.Line, when(k.At), k.From, k.To, k.Port, k.Blocked)
}

func when(at interface{ Format(string) string }) string { return at.Format("2006-01-02T15:04:05") }

// TestFixtures reads a small file of each kind and version and holds what was
// read against what must be.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p := &printer{}
			stats, err := logfile.Read("f", bytes.NewReader(content), p)
			fmt.Fprintf(p, "%s: %d records, %d broken, %v\n", stats.Format, stats.Records, stats.Broken, err)
			for _, problem := range stats.Problems {
				fmt.Fprintln(p, problem)
			}
			golden.Equal(t, filepath.Base(name)+".golden", []byte(p.String()))
		})
	}
}

// wide encodes text as PowerShell's Out-File does.
func wide(text string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestEncodings(t *testing.T) {
	plain, err := os.ReadFile("testdata/tracking-2016.log")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(plain), "frank@", "fränk😀@", 1)
	want := readAll(t, []byte(text))
	big := wide(text)
	for i := 0; i < len(big); i += 2 {
		big[i], big[i+1] = big[i+1], big[i]
	}
	for name, content := range map[string][]byte{
		"with a mark": append([]byte{0xEF, 0xBB, 0xBF}, text...), "UTF-16": wide(text), "big-endian": big,
		"Unix line ends": []byte(strings.ReplaceAll(text, "\r\n", "\n")), "no last line end": []byte(strings.TrimRight(text, "\r\n")),
	} {
		if got := readAll(t, content); got != want {
			t.Errorf("%s:\n%swant\n%s", name, got, want)
		}
	}
}

func readAll(t *testing.T, content []byte) string {
	t.Helper()
	p := &printer{}
	if _, err := logfile.Read("f", bytes.NewReader(content), p); err != nil {
		t.Fatal(err)
	}
	return p.String()
}

func TestWhatCannotBeRead(t *testing.T) {
	const fields = "#Fields: date-time,event-id,recipient-address\n"
	for name, c := range map[string]struct{ content, want string }{
		"empty":    {"", `f:1: the file is empty: expected a message tracking log,`},
		"blank":    {"\r\n \r\n", `f:1: the file is empty`},
		"a letter": {"Dear Erin,\n", `f:1: this is no log that can be read: expected a message tracking log,`},
		"binary":   {"\x7fELF\x00\x01", `f:1: this is no log that can be read: expected`},
		"web log": {"#Fields: date time c-ip cs-method cs-uri-stem\n2021-02-03 10:00:00 10.0.0.1 GET /owa/\n",
			`f:1: this is the log of a web server`},
		"all broken": {fields + "x\ny\n", `f:2: 1 values, expected 3 as the #Fields line has (nothing in this message tracking log could be read)`},
		"other log":  {"#Software: Something Else\n#Fields: a b c\n", `f:1: this is no log that can be read, it begins with "#Software: Something Else": expected`},
		"other list": {"\"Name\",\"Alias\",\"Database\"\n\"Erin\",\"erin\",\"db1\"\n", `f:1: this is no log`},
	} {
		_, err := logfile.Read("f", strings.NewReader(c.content), &printer{})
		var bad *logfile.Error
		if err == nil || !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s…", name, err, c.want)
		}
	}
}

func TestALogWithoutRecordsIsNoError(t *testing.T) {
	stats, err := logfile.Read("f", strings.NewReader("#Fields: date-time,event-id,recipient-address\n"), &printer{})
	if err != nil || stats.Records != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

func TestBrokenLinesAreCountedAndTheirNumbersTold(t *testing.T) {
	var b strings.Builder
	b.WriteString("#Fields: date-time,event-id,recipient-address\n")
	for i := range 100 {
		if i%2 == 0 {
			b.WriteString("2021-02-03T10:00:00Z,SEND,a@b.example\n")
		} else {
			b.WriteString("broken\n")
		}
	}
	b.WriteString("2021-02-03T10:00:00Z,SEND," + strings.Repeat("a", 2<<20) + "\n2021-02-03T10:00:00Z,SEND,last@b.example\n")
	p := &printer{}
	stats, err := logfile.Read("f", strings.NewReader(b.String()), p)
	if err != nil || stats.Records != 51 || stats.Broken != 51 || len(stats.Problems) != logfile.MaxProblems || stats.Problems[1].Line != 5 {
		t.Errorf("%+v, %v", stats, err)
	}
	if !strings.Contains(p.String(), "103 track") {
		t.Error("the line behind the long one was not read, or has another number")
	}
}

// TestLongLogsAreStreamed reads a log that is larger than it may take in memory.
func TestLongLogsAreStreamed(t *testing.T) {
	line := "2021-02-03T10:00:00Z,SEND,a@b.example" + strings.Repeat(";x@y.example", 20) + "\n"
	r := &repeated{head: "#Fields: date-time,event-id,recipient-address\n", line: line, n: 10000}
	if stats, err := logfile.Read("f", r, nowhere{}); err != nil || stats.Records != 10000 {
		t.Errorf("%+v, %v", stats, err)
	}
}

type repeated struct {
	head, line string
	n          int
	rest       []byte
}

func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		switch {
		case r.head != "":
			r.rest, r.head = []byte(r.head), ""
		case r.n == 0:
			return 0, io.EOF
		default:
			r.rest, r.n = []byte(r.line), r.n-1
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

type nowhere struct{}

func (nowhere) Open(diagnosis.Kind)              {}
func (nowhere) AddQueue(diagnosis.Queue)         {}
func (nowhere) AddQueued(diagnosis.Queued)       {}
func (nowhere) AddTrack(diagnosis.Track)         {}
func (nowhere) AddRecipient(diagnosis.Recipient) {}
func (nowhere) AddLogon(diagnosis.Logon)         {}
func (nowhere) AddPacket(diagnosis.Packet)       {}
