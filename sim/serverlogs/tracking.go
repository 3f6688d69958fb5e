package serverlogs

import (
	"cmp"
	"fmt"
	"net/mail"
	"strconv"
	"strings"

	"shutout/sim/profile"
	"shutout/sim/transport"
)

// trackingFields are the columns of the message tracking log by version: the
// first with which they came (Message tracking, OfficeDocs-Exchange; the
// versions are general knowledge).
var trackingFields = []struct {
	since  profile.ServerVersion
	fields string
}{
	{profile.Build2016, "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version"},
	{profile.Build2013, "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,original-client-ip,original-server-ip,custom-data"},
	{profile.Build2010, "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,original-client-ip,original-server-ip,custom-data"},
	{profile.Build2007, "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info"},
}

// reportSender is the mailbox that reports come from since 2007 (general
// knowledge).
const reportSender = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@"

func (s *State) fields() string {
	for _, f := range trackingFields {
		if !s.Version.Before(f.since) {
			return f.fields
		}
	}
	return trackingFields[len(trackingFields)-1].fields
}

func (s *State) tracking(b builder) {
	fields := s.fields()
	names := strings.Split(fields, ",")
	for i := range s.Tracking {
		e := &s.Tracking[i]
		f := b.file(daily(e.Server, "MSGTRK", "-1.LOG", e.Timestamp, "20060102"), s.head("Message Tracking Log", e.Timestamp, fields)...)
		values := make([]string, len(names))
		for j, name := range names {
			values[j] = s.value(e, name)
		}
		csv(f, values...)
	}
}

// value is what a column says of an event. The client's address is that of the
// SMTP client; of mail that leaves it is the server's own.
func (s *State) value(e *transport.TrackEvent, column string) string {
	own := addr(s.Address(e.Server))
	switch column {
	case "date-time":
		return instant(e.Timestamp)
	case "client-ip", "original-client-ip":
		if e.Event == "SEND" {
			return own
		}
		return addr(e.ClientIP)
	case "server-ip":
		if e.Event == "SEND" {
			return "" // the far end's, which is not known
		}
		return own
	case "server-hostname":
		return strings.ToUpper(e.Server)
	case "connector-id":
		return e.Connector
	case "source":
		return string(e.Source)
	case "event-id":
		return string(e.Event)
	case "internal-message-id":
		return strconv.FormatUint(e.InternalID, 10)
	case "message-id":
		return "<" + e.MessageID + ">"
	case "recipient-address":
		return recipients(e)
	case "recipient-status":
		return e.Status
	case "total-bytes":
		return strconv.Itoa(e.TotalBytes)
	case "recipient-count":
		return strconv.Itoa(len(e.Recipients))
	case "reference":
		if e.Reference != "" {
			return "<" + e.Reference + ">"
		}
	case "message-subject":
		return e.Subject
	case "sender-address":
		return s.sender(e)
	case "return-path":
		return e.Sender
	}
	return ""
}

// sender is who a message says that it is from.
func (s *State) sender(e *transport.TrackEvent) string {
	from, err := mail.ParseAddress(e.HeaderFrom)
	switch {
	case err != nil:
		return e.Sender
	case e.Sender == "<>" && strings.HasPrefix(from.Address, "postmaster@"):
		return reportSender + s.Domain
	}
	return from.Address
}

func recipients(e *transport.TrackEvent) string {
	list := make([]string, len(e.Recipients))
	for i, a := range e.Recipients {
		list[i] = a.String()
	}
	return strings.Join(list, ";")
}

// event2003 is the number that the older log has for an event, 0 for what it
// does not write (KB246959, KB821905).
func event2003(e *transport.TrackEvent) int {
	switch e.Event {
	case "RECEIVE":
		if e.Source == "MAILBOXRULE" {
			return 1027
		}
		return 1019
	case "DSN":
		return 1019
	case "SUBMIT":
		return 1027
	case "DELIVER":
		return 1028
	case "FAIL":
		return 1030
	case "SEND":
		return 1031
	case "BADMAIL":
		return 1021
	}
	return 0
}

const fields2003 = "Date\tTime\tclient-ip\tClient-hostname\tPartner-Name\tServer-hostname\tserver-IP\tRecipient-Address\tEvent-ID\tMSGID\tPriority\t" +
	"Recipient-Report-Status\ttotal-bytes\tNumber-Recipients\tOrigination-Time\tEncryption\tservice-Version\tLinked-MSGID\tMessage-Subject\tSender-Address"

// oneColumn keeps a value from being two columns, or two lines.
var oneColumn = strings.NewReplacer("\t", " ", "\r", " ", "\n", " ")

// tracking2003 writes the log of Exchange 2003: one line for each recipient.
func (s *State) tracking2003(b builder) {
	or := func(v string) string {
		if v == "" {
			return "-"
		}
		return oneColumn.Replace(v)
	}
	for i := range s.Tracking {
		e := &s.Tracking[i]
		id := event2003(e)
		if id == 0 {
			continue
		}
		f := b.file(daily(e.Server, "", ".log", e.Timestamp, "20060102"),
			"# Message Tracking Log File", "# Exchange System Attendant Version "+string(s.Version), "# "+fields2003)
		at := e.Timestamp.UTC()
		client := addr(e.ClientIP)
		if e.Event != "RECEIVE" {
			client = ""
		}
		clock := fmt.Sprintf("%d:%d:%d GMT", at.Hour(), at.Minute(), at.Second())
		for _, to := range e.Recipients {
			f.WriteString(strings.Join([]string{
				at.Format("2006-1-2"), clock, or(client), "-", "-", strings.ToUpper(e.Server), or(addr(s.Address(e.Server))),
				to.String(), strconv.Itoa(id), or(e.MessageID), "0", "0", strconv.Itoa(e.TotalBytes), strconv.Itoa(len(e.Recipients)),
				at.Format("2006-1-2") + " " + clock, "0", "-", or(e.Reference), or(e.Subject), or(e.Sender),
			}, "\t") + "\t\r\n")
		}
	}
}

const fieldsW3C = "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host cs(User-Agent) cs(Cookie) cs(Referer)"

// w3c writes the log of the SMTP service of Exchange 2003: each command with
// the code of its answer, the client under the name of its greeting.
func (s *State) w3c(b builder) {
	type waiting struct {
		greeting string
		command  *transport.LogLine
	}
	sessions := map[uint64]*waiting{}
	for i := range s.Protocol {
		l := &s.Protocol[i]
		w := sessions[l.Session]
		if w == nil {
			w = &waiting{}
			sessions[l.Session] = w
		}
		write := func(verb, argument string, code int) {
			f := b.file(daily(l.Server, "ex", ".log", l.Time, "060102"),
				"#Software: Microsoft Internet Information Services 6.0", "#Version: 1.0", "#Date: "+l.Time.UTC().Format("2006-01-02 15:04:05"), "#Fields: "+fieldsW3C)
			if argument == "" {
				argument = "-"
			} else {
				argument = "+" + strings.ReplaceAll(argument, " ", "+")
			}
			fmt.Fprintf(f, "%s %s %s SMTPSVC1 %s %s 0 %s - %s %d 0 0 0 0 SMTP - - - -\r\n", l.Time.UTC().Format("2006-01-02 15:04:05"),
				l.Remote, cmp.Or(w.greeting, "-"), strings.ToUpper(l.Server), l.Local, verb, argument, code)
		}
		switch l.Event {
		case '<':
			verb, rest, _ := strings.Cut(l.Data, " ")
			switch verb {
			case "EHLO":
				w.greeting = strings.Join(strings.Fields(rest), "_")
				write(verb, rest, 250)
			case "MAIL", "RCPT", "DATA":
				w.command = l
			}
		case '>':
			code, _ := strconv.Atoi(l.Data[:min(3, len(l.Data))])
			switch {
			case code == 235 || code == 535:
				write("AUTH", "", code)
			case w.command != nil:
				verb, rest, _ := strings.Cut(w.command.Data, " ")
				write(verb, rest, code)
				w.command = nil
			}
		case '-':
			write("QUIT", "", 240)
			delete(sessions, l.Session)
		}
	}
}
