package logfile

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"shutout/lab/diagnosis"
)

// tracking reads the message tracking log of Exchange 2007 and later. Which
// columns there are differs by version, so the #Fields line is gone by:
// directionality, tenant-id, original-client-ip, original-server-ip and
// custom-data came with 2010 SP1, network-message-id with 2013,
// transport-traffic-type, log-id and schema-version with 2016 (Message tracking,
// OfficeDocs-Exchange; the versions are general knowledge).
type tracking struct {
	file string
	sink diagnosis.Sink
	cols columns
}

func isTracking(head []string) bool {
	return hasFields(head, "date-time", "event-id", "recipient-address")
}

func (p *tracking) line(number int, text string) (int, error) {
	record, err := p.cols.csv(text)
	if record == nil || err != nil {
		return 0, err
	}
	get := func(name string) string { return p.cols.get(record, name) }
	at, err := stamp(time.RFC3339, "2026-01-15T09:30:00.000Z", get("date-time"))
	if err != nil {
		return 0, err
	}
	p.sink.AddTrack(track(diagnosis.Where{File: p.file, Line: number}, at, get))
	return 1, nil
}

func (p *tracking) end() (int, error) { return 0, nil }

// track makes a record of the values of a line.
func track(where diagnosis.Where, at time.Time, get func(string) string) diagnosis.Track {
	t := diagnosis.Track{
		Where: where, At: at,
		Event: strings.ToUpper(get("event-id")), Source: strings.ToUpper(get("source")),
		Client: address(get("original-client-ip")), Server: address(get("server-ip")), ServerName: get("server-hostname"),
		Connector: get("connector-id"), MessageID: strings.Trim(get("message-id"), "<>"),
		Recipients: list(get("recipient-address")), Status: get("recipient-status"),
		Subject: get("message-subject"), Sender: get("sender-address"), ReturnPath: get("return-path"),
	}
	if !t.Client.IsValid() {
		t.Client = address(get("client-ip"))
	}
	if first := list(get("reference")); len(first) > 0 {
		t.Reference = strings.Trim(first[0], "<>")
	}
	if t.Event == "RESOLVE" {
		// The address that was written to is the organisation's own as well.
		t.Recipients = append(t.Recipients, list(get("related-recipient-address"))...)
	}
	return t
}

func isTrackingCSV(head []string) bool { return exported(head, "timestamp", "eventid", "recipients") }

// tracked passes on an object of Get-MessageTrackingLog. Its properties are
// named as the log's columns without the hyphens, but for some
// (Get-MessageTrackingLog, cmdlet page). Of a list Export-Csv writes the name
// of its type alone.
func tracked(sink diagnosis.Sink, where diagnosis.Where, get func(string) string) (int, error) {
	at := moment(get("timestamp"))
	if at.IsZero() {
		return 0, fmt.Errorf("found Timestamp %s, expected a time", quote(get("timestamp")))
	}
	t := track(where, at, func(column string) string {
		v := get(strings.ReplaceAll(column, "-", ""))
		switch column {
		case "recipient-address":
			v = get("recipients")
		case "sender-address":
			v = get("sender")
		}
		if strings.HasSuffix(v, "[]") {
			return ""
		}
		return v
	})
	if len(t.Recipients) < 2 {
		t.Recipients = recipients(get("recipients"))
	}
	sink.AddTrack(t)
	return 1, nil
}

// tracking2003 reads the message tracking log of Exchange 2000 and 2003: tabs
// between the columns, one line for each recipient, events by number (KB246965,
// KB821905).
type tracking2003 struct {
	file string
	sink diagnosis.Sink
	cols columns
}

const tracking2003Mark = "# message tracking log file"

func isTracking2003(head []string) bool {
	return strings.HasPrefix(strings.ToLower(head[0]), tracking2003Mark)
}

// events2003 translates the events that are of use (KB246959, KB821905; the
// wording of those from 1019 on is general knowledge).
var events2003 = map[int]struct{ event, source string }{
	1019: {"RECEIVE", "SMTP"},        // handed to the advanced queue
	1021: {"BADMAIL", "SMTP"},        // thrown away
	1023: {"DELIVER", "STOREDRIVER"}, // local delivery
	1026: {"FAIL", "ROUTING"},
	1027: {"SUBMIT", "STOREDRIVER"}, // from a mailbox
	1028: {"DELIVER", "STOREDRIVER"},
	1030: {"FAIL", "ROUTING"}, // a report is made for all recipients
	1031: {"SEND", "SMTP"},    // the transfer to another server ended
}

func (p *tracking2003) line(number int, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	if strings.HasPrefix(text, "#") {
		rest := strings.TrimSpace(strings.TrimPrefix(text, "#"))
		if names := strings.Split(rest, "\t"); len(names) > 5 {
			var err error
			p.cols, err = newColumns(names)
			return 0, err
		}
		return 0, nil
	}
	if p.cols.n == 0 {
		return 0, fmt.Errorf("a record before the line that names the columns")
	}
	record := strings.Split(text, "\t")
	if len(record) < p.cols.n-1 { // the last may be left out
		return 0, fmt.Errorf("%d values, expected %d", len(record), p.cols.n)
	}
	get := func(name string) string { return p.cols.get(record, name) }
	at, err := stamp("2006-1-2 15:4:5", "2026-1-15 9:30:0", get("date")+" "+strings.TrimSuffix(strings.TrimSpace(get("time")), " GMT"))
	if err != nil {
		return 0, err
	}
	id, err := strconv.Atoi(get("event-id"))
	if err != nil {
		return 0, fmt.Errorf("found event %s, expected a number such as 1019", quote(get("event-id")))
	}
	what, known := events2003[id]
	if !known {
		return 1, nil
	}
	t := diagnosis.Track{
		Where: diagnosis.Where{File: p.file, Line: number}, At: at, Event: what.event, Source: what.source,
		Client: address(get("client-ip")), Server: address(get("server-ip")), ServerName: get("server-hostname"),
		MessageID: strings.Trim(get("msgid"), "<>"), Reference: strings.Trim(get("linked-msgid"), "<>"),
		Recipients: list(get("recipient-address")), Subject: get("message-subject"), Sender: get("sender-address"),
	}
	if id == 1019 && !t.Client.IsValid() {
		if t.Sender != "<>" && !strings.HasPrefix(strings.ToLower(t.Sender), "postmaster@") {
			return 1, nil // it came from a mailbox, which event 1027 tells
		}
		t.Event, t.Source = "DSN", "DSN" // a report, made here (KB909005)
	}
	if t.Event == "SEND" {
		t.Client, t.Server = t.Server, address(get("partner-name"))
	}
	p.sink.AddTrack(t)
	return 1, nil
}

func (p *tracking2003) end() (int, error) { return 0, nil }
