// Package diagnosis tells from a mail server's queues and logs why it sends
// what nobody wants: which of the causes of section "queue abuse" of the
// sources it is, with the lines that show it. It is pure: it takes records one
// at a time, keeps bounded tallies of them, and concludes. Where the records
// come from, files of a real server or those of a lab, is no concern of it.
package diagnosis

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Where is the place that a record was read from.
type Where struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

func (w Where) String() string { return fmt.Sprintf("%s:%d", w.File, w.Line) }

// Queue is one line of Get-Queue.
type Queue struct {
	Where
	Identity, NextHop, DeliveryType, Status, LastError string
	Count                                              int
}

// Queued is one line of Get-Message: a message that waits in a queue.
type Queued struct {
	Where
	At         time.Time // when it was received
	Queue      string    // identity of the queue
	Status     string
	From       string // envelope sender; "<>" is the null reverse path
	Recipients []string
	Subject    string
	MessageID  string
	LastError  string
}

// Track is one line of a message tracking log. Events and sources are those of
// Exchange 2007 and later; the reader of the older log translates.
type Track struct {
	Where
	At            time.Time
	Event, Source string
	Client        netip.Addr // of the SMTP client
	Server        netip.Addr // the server's own address, or for SEND the far end's
	ServerName    string
	Connector     string
	MessageID     string
	Reference     string // of a report: the message that it is about
	Recipients    []string
	Status        string
	Subject       string
	Sender        string // who the message says that it is from
	ReturnPath    string // the envelope sender; "" where the log does not tell
}

// envelope is the envelope sender as far as the log tells it.
func (t *Track) envelope() string {
	if t.ReturnPath != "" {
		return t.ReturnPath
	}
	return t.Sender
}

// Recipient is a RCPT command of an SMTP protocol log with its answer.
type Recipient struct {
	Where
	At             time.Time
	Client, Server netip.Addr
	Connector      string
	Account        string // who had signed in; Unnamed when the log does not tell who
	From, To       string
	Code           int    // of the answer; 0 when there is none in the log
	Text           string // of the answer
}

// Unnamed stands for an account whose name the log does not tell.
const Unnamed = "?"

// Logon is an attempt to sign in, in an SMTP protocol log.
type Logon struct {
	Where
	At             time.Time
	Client, Server netip.Addr
	Account        string
	OK             bool
}

// Packet is a line of a firewall log: somebody called somebody's TCP port.
type Packet struct {
	Where
	At       time.Time
	Blocked  bool
	From, To netip.Addr
	Port     int
}

// A Sink takes records.
type Sink interface {
	Open(Kind) // before the records of a file
	AddQueue(Queue)
	AddQueued(Queued)
	AddTrack(Track)
	AddRecipient(Recipient)
	AddLogon(Logon)
	AddPacket(Packet)
}

// domainOf is the domain of an address in lower case, "" for the null sender
// and what is no address.
func domainOf(address string) string {
	_, domain, _ := strings.Cut(bare(address), "@")
	return domain
}

// bare is an address in lower case without brackets.
func bare(address string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(address), "<>"))
}

// null tells whether an envelope sender is the null reverse path.
func null(sender string) bool { return strings.TrimSpace(sender) == "<>" }
