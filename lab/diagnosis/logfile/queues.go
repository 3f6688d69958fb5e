package logfile

import (
	"fmt"
	"strconv"
	"strings"

	"shutout/lab/diagnosis"
)

// queueNames and messageNames are properties by which the output of Get-Queue
// and of Get-Message is told from other lists (Queue properties and Message
// properties, OfficeDocs-Exchange), in lower case.
var (
	queueNames   = []string{"identity", "nexthopdomain", "messagecount"}
	messageNames = []string{"identity", "fromaddress", "queue"}
)

// Bounds of one object that goes over several lines.
const (
	maxObject      = 64 << 10 // bytes
	maxObjectLines = 200
)

// objectCSV reads objects as Export-Csv writes them, each of which take passes
// on.
type objectCSV struct {
	file  string
	sink  diagnosis.Sink
	take  func(sink diagnosis.Sink, where diagnosis.Where, get func(property string) string) (int, error)
	cols  columns
	part  string // the beginning of a record with a line end in a value
	since int    // the line that it began at
}

func isQueueCSV(head []string) bool {
	return exported(head, queueNames...) || exported(head, messageNames...)
}

// exported tells whether a file of Export-Csv has these columns.
func exported(head []string, columns ...string) bool {
	if strings.HasPrefix(head[0], "#TYPE") && len(head) > 1 {
		head = head[1:]
	}
	names, err := splitCSV(head[0])
	if err != nil {
		return false
	}
	c, err := newColumns(names)
	return err == nil && c.has(columns...)
}

func (p *objectCSV) line(number int, text string) (int, error) {
	if p.part == "" && (text == "" || strings.HasPrefix(text, "#TYPE")) {
		return 0, nil
	}
	if p.part == "" {
		p.since = number
	}
	if p.part != "" && (len(p.part)+len(text) > maxObject || number-p.since > maxObjectLines) {
		p.part = ""
		return 0, fmt.Errorf("the quotation mark that opens at line %d is not closed", p.since)
	}
	text = p.part + text
	record, err := splitCSV(text)
	if err != nil {
		p.part = text + "\n"
		return 0, nil
	}
	p.part = ""
	if p.cols.n == 0 {
		p.cols, err = newColumns(record)
		return 0, err
	}
	if len(record) != p.cols.n {
		return 0, fmt.Errorf("%d values, expected %d as the first line has", len(record), p.cols.n)
	}
	return p.take(p.sink, diagnosis.Where{File: p.file, Line: p.since}, func(name string) string { return p.cols.get(record, name) })
}

func (p *objectCSV) end() (int, error) {
	if p.part != "" {
		return 0, fmt.Errorf("the quotation mark that opens at line %d is not closed", p.since)
	}
	return 0, nil
}

// entry passes on one object of Get-Queue or Get-Message.
func entry(sink diagnosis.Sink, where diagnosis.Where, get func(string) string) (int, error) {
	id := get("identity")
	if id == "" {
		return 0, fmt.Errorf("the object has no Identity")
	}
	if get("fromaddress") == "" && get("nexthopdomain") == "" && get("messagecount") == "" {
		return 0, fmt.Errorf("%s is no queue and no message: it has neither FromAddress nor NextHopDomain", quote(id))
	}
	if count := get("messagecount"); count != "" || get("fromaddress") == "" {
		n, err := strconv.ParseUint(count, 10, 31)
		if err != nil {
			return 0, fmt.Errorf("found MessageCount %s, expected a number", quote(count))
		}
		sink.AddQueue(diagnosis.Queue{
			Where: where, Identity: id, NextHop: get("nexthopdomain"), DeliveryType: get("deliverytype"), Status: get("status"),
			LastError: get("lasterror"), Count: int(n),
		})
		return 1, nil
	}
	queue := get("queue")
	if queue == "" {
		queue = id[:max(0, strings.LastIndexByte(id, '\\'))]
	}
	sink.AddQueued(diagnosis.Queued{
		Where: where, At: moment(get("datereceived")), Queue: queue, Status: get("status"), From: get("fromaddress"),
		Recipients: recipients(get("recipients")), Subject: get("subject"),
		MessageID: strings.Trim(get("internetmessageid"), "<>"), LastError: get("lasterror"),
	})
	return 1, nil
}

// recipients reads the Recipients of Get-Message -IncludeRecipientInfo. In the
// form that Export-Csv gives a list by itself there is only the name of its type.
// Each entry may carry more behind the address.
func recipients(s string) (out []string) {
	if strings.Contains(s, "[]") || strings.HasPrefix(s, "Microsoft.Exchange") {
		return nil
	}
	for _, part := range list(strings.NewReplacer(",", ";", "{", "", "}", "", "…", "", " ", ";").Replace(s)) {
		if strings.Contains(part, "@") {
			out = append(out, strings.Trim(part, "<>"))
		}
	}
	return out
}

// queueList reads the same as Format-List writes them: a line "Name : value"
// for each property, an empty line between objects, long values going on in
// the next line behind blanks.
type queueList struct {
	file   string
	sink   diagnosis.Sink
	values map[string]string
	last   string
	since  int
	size   int
}

func isQueueList(head []string) bool {
	seen := map[string]bool{}
	for _, line := range head {
		if name, _, ok := property(line); ok {
			seen[name] = true
		}
	}
	all := func(names []string) bool {
		for _, n := range names {
			if !seen[n] {
				return false
			}
		}
		return true
	}
	return all(queueNames) || all(messageNames)
}

// property splits a line of Format-List.
func property(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, " : ")
	if !ok {
		name, ok = strings.CutSuffix(strings.TrimRight(line, " "), " :")
	}
	name = strings.TrimSpace(name)
	if !ok || line == "" || line[0] == ' ' || name == "" || strings.ContainsAny(name, " \t\\") {
		return "", "", false
	}
	return strings.ToLower(name), strings.TrimSpace(value), true
}

func (p *queueList) line(number int, text string) (int, error) {
	if strings.TrimSpace(text) == "" {
		return p.object()
	}
	name, value, ok := property(text)
	if ok && name == "identity" && p.values != nil && p.values["identity"] != "" {
		// No empty line between two objects.
		n, err := p.object()
		p.begin(number)
		p.values[name], p.last = value, name
		return n, err
	}
	if p.values == nil {
		p.begin(number)
	}
	if p.size += len(text); p.size > maxObject || len(p.values) > maxColumns {
		p.values = nil
		return 0, fmt.Errorf("the object that begins at line %d is longer than %d KB", p.since, maxObject>>10)
	}
	switch {
	case ok:
		p.values[name], p.last = value, name
	case p.last != "" && strings.HasPrefix(text, " "):
		p.values[p.last] += " " + strings.TrimSpace(text)
	default:
		return 0, fmt.Errorf("found %s, expected Name : value", quote(text))
	}
	return 0, nil
}

func (p *queueList) begin(number int) {
	p.values, p.last, p.since, p.size = map[string]string{}, "", number, 0
}

func (p *queueList) object() (int, error) {
	values := p.values
	p.values, p.last = nil, ""
	if len(values) == 0 {
		return 0, nil
	}
	return entry(p.sink, diagnosis.Where{File: p.file, Line: p.since}, func(name string) string { return values[name] })
}

func (p *queueList) end() (int, error) { return p.object() }
