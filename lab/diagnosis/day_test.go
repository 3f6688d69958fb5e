package diagnosis_test

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"shutout/lab/diagnosis"
)

var (
	morning = time.Date(2021, 2, 3, 8, 0, 0, 0, time.UTC)
	bot     = netip.MustParseAddr("192.0.2.66")
	partner = netip.MustParseAddr("198.51.100.25")
	server  = netip.MustParseAddr("10.0.1.31")
	printer = netip.MustParseAddr("10.0.20.50")
	desk    = netip.MustParseAddr("10.0.20.66")
	public  = netip.MustParseAddr("203.0.113.1")
)

// day is a mail server's day in the making.
type day struct {
	*diagnosis.Case
	line int
	id   int
}

func newDay(o diagnosis.Options) *day { return &day{Case: diagnosis.New(o)} }

func (d *day) where() diagnosis.Where {
	d.line++
	return diagnosis.Where{File: "f", Line: d.line}
}

func (d *day) newID() string {
	d.id++
	return fmt.Sprintf("%d@ex01", d.id)
}

func (d *day) track(at time.Time, source, event, id, from, to string, edit ...func(*diagnosis.Track)) {
	t := diagnosis.Track{
		Where: d.where(), At: at, Source: source, Event: event, MessageID: id, Sender: from, ReturnPath: from,
		Recipients: strings.Split(to, ";"), Server: server,
	}
	if event == "SEND" {
		t.Server = partner
		if len(to)%2 == 0 {
			t.Server = bot // no smart host: mail goes to where it belongs
		}
	}
	for _, e := range edit {
		e(&t)
	}
	d.AddTrack(t)
}

func by(a netip.Addr) func(*diagnosis.Track) { return func(t *diagnosis.Track) { t.Client = a } }

// in is mail from outside that is delivered.
func (d *day) in(at time.Time, from, to string) {
	id := d.newID()
	d.track(at, "SMTP", "RECEIVE", id, from, to, by(partner))
	d.track(at, "STOREDRIVER", "DELIVER", id, from, to)
}

// out is a user's mail that leaves.
func (d *day) out(at time.Time, from, to string) {
	id := d.newID()
	d.track(at, "STOREDRIVER", "SUBMIT", id, from, to)
	d.track(at, "SMTP", "SEND", id, from, to)
}

// bounced is mail for somebody who does not exist, with the report to its sender.
func (d *day) bounced(at time.Time, from, to string) string {
	id, ndr := d.newID(), d.newID()
	d.track(at, "SMTP", "RECEIVE", id, from, to, by(bot))
	d.track(at, "ROUTING", "FAIL", id, from, to, func(t *diagnosis.Track) { t.Status = "550 5.1.1 not found" })
	d.track(at, "DSN", "DSN", ndr, "postmaster@corp.example", from, func(t *diagnosis.Track) { t.ReturnPath, t.Reference = "<>", id })
	return ndr
}

// answered is mail to a user who is away, with the automatic reply.
func (d *day) answered(at time.Time, from, user string, stuck bool) string {
	d.in(at, from, user)
	id := d.newID()
	d.track(at, "MAILBOXRULE", "RECEIVE", id, user, from, func(t *diagnosis.Track) { t.ReturnPath = "<>" })
	event := "SEND"
	if stuck {
		event = "DEFER"
	}
	d.track(at, "SMTP", event, id, user, from, func(t *diagnosis.Track) { t.ReturnPath = "<>" })
	return id
}

// relayed is mail from outside to outside.
func (d *day) relayed(at time.Time, client netip.Addr, connector, from, to string) {
	id := d.newID()
	d.track(at, "SMTP", "RECEIVE", id, from, to, by(client), func(t *diagnosis.Track) { t.Connector = connector })
	d.track(at, "SMTP", "SEND", id, from, to)
}

func (d *day) queued(queue, from, to, subject, id string) {
	d.AddQueued(diagnosis.Queued{Where: d.where(), At: morning, Queue: queue, Status: "Retry", From: from, Recipients: []string{to}, Subject: subject, MessageID: id})
}

func (d *day) call(at time.Time, from, to netip.Addr, port int, blocked bool) {
	d.AddPacket(diagnosis.Packet{Where: d.where(), At: at, From: from, To: to, Port: port, Blocked: blocked})
}

// ordinary fills a large organisation's day: some bounces, some automatic
// replies, a domain that is away, a program that writes to customers.
func (d *day) ordinary() {
	d.Open(diagnosis.FromQueues)
	for i := range 3000 {
		at := morning.Add(time.Duration(i) * 10 * time.Second)
		d.in(at, fmt.Sprintf("c%d@customer%d.example", i, i%200), fmt.Sprintf("user%d@corp.example", i%300))
		d.out(at, fmt.Sprintf("user%d@corp.example", i%300), fmt.Sprintf("c%d@customer%d.example", i, i%200))
		if i%100 == 0 {
			d.bounced(at, fmt.Sprintf("c%d@customer%d.example", i, i%200), "usr@corp.example")
			d.answered(at, fmt.Sprintf("c%d@customer%d.example", i, i%200), "user7@corp.example", i == 300)
			d.relayed(at, printer, `EX01\Scans`, "scanner@corp.example", fmt.Sprintf("c%d@customer1.example", i))
		}
		if i%10 == 0 {
			d.relayed(at, netip.MustParseAddr("10.0.20.51"), `EX01\Scans`, "shop@corp.example", fmt.Sprintf("c%d@customer%d.example", i, i%200))
			d.call(at, server, partner, 25, false)
			d.call(at, desk, partner, 443, false)
		}
		if i%50 == 0 {
			d.queued("EX01\\7", fmt.Sprintf("user%d@corp.example", i%300), fmt.Sprintf("c%d@away.example", i), "hello", "")
		}
	}
	d.call(morning, desk, partner, 25, true) // somebody's test with telnet
}

func (d *day) ndrAttack(n int) {
	for i := range n {
		from := fmt.Sprintf("victim%d@d%d.example", i, i)
		id := d.bounced(morning.Add(time.Duration(i)*time.Minute), from, fmt.Sprintf("nobody%d@corp.example", i))
		d.queued(fmt.Sprintf("EX01\\%d", i), "<>", from, "Undeliverable: Pills", id)
	}
}

func (d *day) outOfOffice(n int, user string) {
	for i := range n {
		from := fmt.Sprintf("forged%d@dead%d.example", i, i)
		id := d.answered(morning.Add(time.Duration(i)*time.Minute), from, user, true)
		d.queued(fmt.Sprintf("EX01\\%d", 100+i), "<>", from, "Abwesend: Pills", id) // no English
	}
}

func (d *day) stolen(n int) {
	for i := range n {
		at := morning.Add(time.Duration(i) * 10 * time.Second)
		to := fmt.Sprintf("x%d@v%d.example", i, i%30)
		d.relayed(at, bot, `EX01\Client EX01`, "erin@corp.example", to)
		d.AddRecipient(diagnosis.Recipient{Where: d.where(), At: at, Client: bot, Server: server, Account: `CORP\erin`, From: "erin@corp.example", To: to, Code: 250})
	}
	d.AddLogon(diagnosis.Logon{Where: d.where(), At: morning, Client: bot, Server: server, Account: `CORP\erin`, OK: true})
}

func (d *day) openRelay(n int) {
	for i := range n {
		at := morning.Add(time.Duration(i) * 10 * time.Second)
		to := fmt.Sprintf("x%d@v%d.example", i, i%30)
		d.relayed(at, bot, `EX01\Default EX01`, "offers@bogus.example", to)
		d.AddRecipient(diagnosis.Recipient{Where: d.where(), At: at, Client: bot, Server: server, From: "offers@bogus.example", To: to, Code: 250})
	}
}

func (d *day) harvest(n int) {
	for i := range n {
		d.AddRecipient(diagnosis.Recipient{Where: d.where(), At: morning, Client: bot, Server: server, To: fmt.Sprintf("a%d@corp.example", i), Code: 550, Text: "550 5.1.1 User unknown"})
	}
}

func (d *day) workstation(n int) {
	d.Open(diagnosis.FromQueues)
	for i := range n {
		d.call(morning.Add(time.Duration(i)*time.Minute), desk, partner, 25, true)
	}
}

func classes(r *diagnosis.Report) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, string(f.Class)+" "+string(f.Confidence))
	}
	return strings.Join(list, ", ")
}
