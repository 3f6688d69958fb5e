package diagnosis_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
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

// TestCauses has each cause told apart from the others, alone and on top of an
// ordinary day, and at both sides of its threshold.
func TestCauses(t *testing.T) {
	none := func(*day) {}
	for _, c := range []struct {
		name   string
		happen func(*day)
		want   string
	}{
		{"nothing", none, ""},
		{"NDR attack", func(d *day) { d.ndrAttack(400) }, "ndr-attack strong"},
		{"out-of-office", func(d *day) { d.outOfOffice(25, "erin@corp.example") }, "out-of-office strong"},
		{"too few replies", func(d *day) { d.outOfOffice(4, "erin@corp.example") }, ""},
		{"just enough replies", func(d *day) { d.outOfOffice(5, "erin@corp.example") }, "out-of-office strong"},
		{"stolen account", func(d *day) { d.stolen(400) }, "authenticated-relay strong"},
		{"too little relayed", func(d *day) { d.stolen(19) }, ""},
		{"a user who writes by SMTP", func(d *day) { d.stolen(60) }, ""},
		{"open relay", func(d *day) { d.openRelay(20) }, "open-relay strong"},
		{"too little of it", func(d *day) { d.openRelay(19) }, ""},
		{"harvest", func(d *day) { d.harvest(20) }, "directory-harvest strong"},
		{"typing errors", func(d *day) { d.harvest(19) }, ""},
		{"workstation", func(d *day) { d.workstation(2) }, "infected-workstation strong"}, // and the test with telnet
		{"two at once", func(d *day) { d.ndrAttack(400); d.outOfOffice(25, "erin@corp.example") }, "ndr-attack strong, out-of-office strong"},
		{"all at once", func(d *day) {
			d.ndrAttack(400)
			d.outOfOffice(25, "erin@corp.example")
			d.stolen(400)
			d.harvest(30)
			d.workstation(9)
		}, "ndr-attack strong, authenticated-relay strong, out-of-office strong, directory-harvest strong, infected-workstation strong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDay(diagnosis.Options{})
			d.ordinary()
			c.happen(d)
			r := d.Conclude()
			if got := classes(r); got != c.want {
				t.Errorf("found %q, want %q; notes %v", got, c.want, r.Notes)
				for _, f := range r.Findings {
					for _, e := range f.Evidence {
						t.Log(e.Kind, e.Text)
					}
				}
			}
			if r.Mixed != strings.Contains(c.want, ",") {
				t.Errorf("mixed is %v", r.Mixed)
			}
			if !slices.Contains(r.Domains, "corp.example") || len(r.Domains) != 1 {
				t.Errorf("taken for its own: %v", r.Domains)
			}
			for _, f := range r.Findings {
				for _, e := range f.Evidence {
					if e.Kind != diagnosis.FromQueues && len(e.Lines) == 0 {
						t.Errorf("%s: no line shows %q", f.Class, e.Text)
					}
				}
			}
		})
	}
}

// TestQueuesAlone is what the queues tell without any log (KB909005,
// 002_235895b6475120ef.txt).
func TestQueuesAlone(t *testing.T) {
	many := func(n int, from, subject string) func(*day) {
		return func(d *day) {
			for i := range n {
				d.queued(fmt.Sprintf("EX01\\%d", i), strings.ReplaceAll(from, "#", fmt.Sprint(i)), fmt.Sprintf("x@v%d.example", i), subject, "")
			}
		}
	}
	for _, c := range []struct {
		name   string
		fill   func(*day)
		want   string
		domain string
	}{
		{"reports from postmaster", many(20, "postmaster@corp.example", "Undeliverable: x"), "ndr-attack likely", ""},
		{"reports from nobody", many(20, "<>", ""), "ndr-attack likely", ""},
		{"few reports", many(19, "<>", ""), "", ""},
		{"senders of other domains", many(20, "offers#@bogus.example", ""), "relay likely", "corp.example"},
		{"the same, and nobody knows who we are", many(20, "offers#@bogus.example", ""), "", ""},
		{"replies in English", many(5, "erin@corp.example", "Out of Office AutoReply: x"), "out-of-office likely", "corp.example"},
		{"mail of one user", many(25, "erin@corp.example", "Invitation"), "", "corp.example"},
		{"mail of many users", many(50, "u#@corp.example", "hello"), "", "corp.example"},
	} {
		d := newDay(diagnosis.Options{})
		if c.domain != "" {
			d = newDay(diagnosis.Options{Domains: []string{c.domain}})
		}
		c.fill(d)
		if got := classes(d.Conclude()); got != c.want {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRepliesWithoutAMark are told by their recipients, who all wrote in.
func TestRepliesWithoutAMark(t *testing.T) {
	for _, wrote := range []int{10, 7} {
		d := newDay(diagnosis.Options{Domains: []string{"corp.example"}})
		for i := range 10 {
			from := fmt.Sprintf("x@v%d.example", i)
			d.queued(fmt.Sprintf("EX01\\%d", i), "erin@corp.example", from, "", "")
			if i < wrote {
				d.AddRecipient(diagnosis.Recipient{Where: d.where(), At: morning, Client: bot, From: "<" + from + ">", To: "<Erin@corp.example>", Code: 250})
			}
		}
		want := map[int]string{10: "out-of-office strong", 7: ""}[wrote]
		if got := classes(d.Conclude()); got != want {
			t.Errorf("%d of 10 wrote in before: found %q, want %q", wrote, got, want)
		}
	}
}

// TestAListedAddress is about what a block list leaves to think of.
func TestAListedAddress(t *testing.T) {
	listed := diagnosis.Options{Listed: []netip.Addr{public}}
	d := newDay(listed)
	d.ordinary()
	d.Case.AddQueue(diagnosis.Queue{Where: d.where(), Identity: "EX01\\7", NextHop: "away.example", Status: "Suspended", Count: 60})
	if got := classes(d.Conclude()); got != "infected-workstation possible" {
		t.Errorf("clear queues: found %q", got)
	}
	d = newDay(listed)
	d.ordinary()
	if got := classes(d.Conclude()); got != "" {
		t.Errorf("queues that are not clear: found %q", got)
	}
	d = newDay(listed)
	d.ordinary()
	d.ndrAttack(400)
	r := d.Conclude()
	if got := classes(r); got != "ndr-attack strong" || !strings.Contains(r.Findings[0].Evidence[len(r.Findings[0].Evidence)-1].Text, public.String()) {
		t.Errorf("an attack that explains it: found %q", got)
	}
	d = newDay(listed)
	d.AddQueue(diagnosis.Queue{Where: d.where(), Identity: "EX01\\9", NextHop: "[198.51.100.1]", DeliveryType: "SmartHostConnectorDelivery", Status: "Ready", Count: 1})
	if got := classes(d.Conclude()); got != "smart-host possible, infected-workstation possible" {
		t.Errorf("behind a smart host: found %q", got)
	}
}

func TestAnInfectedServer(t *testing.T) {
	for calls, want := range map[int]string{40: "", 100: "infected-server likely"} {
		d := newDay(diagnosis.Options{})
		d.Open(diagnosis.FromQueues)
		for i := range 20 {
			d.in(morning, "olga@partner.example", "erin@corp.example")
			d.out(morning.Add(time.Duration(i)*time.Minute), "erin@corp.example", "olga@partner.example")
		}
		for i := range calls {
			d.call(morning.Add(time.Duration(i)*time.Second), server, partner, 25, false)
		}
		if got := classes(d.Conclude()); got != want {
			t.Errorf("%d calls: found %q, want %q", calls, got, want)
		}
	}
}

func TestWhatIsOver(t *testing.T) {
	d := newDay(diagnosis.Options{})
	for i := range 60 {
		d.bounced(morning, fmt.Sprintf("v%d@victim.example", i), "nobody@corp.example")
	}
	d.in(morning.Add(59*time.Minute), "olga@partner.example", "erin@corp.example")
	if r := d.Conclude(); len(r.Findings) != 1 || r.Findings[0].Over {
		t.Errorf("after 59 minutes: %+v", r.Findings)
	}
	// Whoever signs in shows that the log goes on, too.
	d.AddLogon(diagnosis.Logon{Where: d.where(), At: morning.Add(time.Hour), Client: desk, Server: server, Account: `CORP\erin`, OK: true})
	if r := d.Conclude(); len(r.Findings) != 1 || !r.Findings[0].Over {
		t.Errorf("after an hour: %+v", r.Findings)
	}
}

// TestThresholdsDecide holds that a finding hangs on its parameter.
func TestThresholdsDecide(t *testing.T) {
	for name, edit := range map[string]func(*diagnosis.Thresholds){
		"ndr-attack":           func(t *diagnosis.Thresholds) { t.Many = 1000 },
		"out-of-office":        func(t *diagnosis.Thresholds) { t.StuckReplies = 26 },
		"authenticated-relay":  func(t *diagnosis.Thresholds) { t.PerHour = 1000 },
		"directory-harvest":    func(t *diagnosis.Thresholds) { t.Many = 1000 },
		"infected-workstation": func(t *diagnosis.Thresholds) { t.Blocked = 11 },
	} {
		for _, changed := range []bool{false, true} {
			th := diagnosis.DefaultThresholds
			if changed {
				edit(&th)
			}
			d := newDay(diagnosis.Options{Thresholds: th})
			d.ordinary()
			d.ndrAttack(400)
			d.outOfOffice(25, "erin@corp.example")
			d.stolen(400)
			d.harvest(30)
			d.workstation(9)
			if found := strings.Contains(classes(d.Conclude()), name); found == changed {
				t.Errorf("%s: found is %v, and the threshold was raised: %v", name, found, changed)
			}
		}
	}
}

// TestSameRecordsSameReport has the report hang on no order of a map.
func TestSameRecordsSameReport(t *testing.T) {
	var want []byte
	for range 5 {
		d := newDay(diagnosis.Options{})
		d.ordinary()
		d.ndrAttack(400)
		d.stolen(100)
		for i := range 10 { // from two files that are alike, each line for several people
			d.AddQueued(diagnosis.Queued{
				Where: diagnosis.Where{File: string("gh"[i%2]), Line: 1 + i/2}, At: morning, Queue: fmt.Sprintf("EX01\\%d", 900+i), From: "erin@corp.example",
				Subject:    "Automatic reply: hello",
				Recipients: []string{fmt.Sprintf("a%d@g%d.example", i, i), fmt.Sprintf("b%d@g%d.example", i, i), fmt.Sprintf("c%d@g%d.example", i, i)},
			})
		}
		r := d.Conclude()
		for _, f := range r.Findings {
			if f.Class == diagnosis.OutOfOffice && fmt.Sprint(f.Evidence[0].Lines[0].Where, f.Evidence[0].Lines[1].Where) != "g:1 g:2" {
				t.Errorf("the lines are %v", f.Evidence[0].Lines)
			}
		}
		got, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if want != nil && string(got) != string(want) {
			t.Fatalf("once\n%s\nonce\n%s", want, got)
		}
		want = got
	}
}

// TestFloods are records without end: what is kept is bounded, and the report
// says that something was left out.
func TestFloods(t *testing.T) {
	d := newDay(diagnosis.Options{})
	for i := range 300000 {
		from := fmt.Sprintf("v%d@d%d.example", i, i)
		d.AddTrack(diagnosis.Track{Where: d.where(), At: morning, Event: "RECEIVE", Source: "SMTP", Client: bot, Sender: from, Recipients: []string{"erin@corp.example"}})
	}
	r := d.Conclude()
	if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "left out") }) {
		t.Errorf("notes: %v", r.Notes)
	}
}

func TestEveryCauseHasAdvice(t *testing.T) {
	for _, c := range diagnosis.Classes() {
		a := diagnosis.AdviceFor(c)
		if a.Title == "" || a.Means == "" || len(a.Mitigations) == 0 || len(a.Cases) == 0 || len(a.Sources) == 0 {
			t.Errorf("%s: %+v", c, a)
		}
	}
}

// TestOneCorrespondentIsNoAttack: a mailbox is gone, and somebody who does not
// know goes on writing to it.
func TestOneCorrespondentIsNoAttack(t *testing.T) {
	for senders, want := range map[int]string{1: "", 19: "", 20: "ndr-attack likely"} {
		d := newDay(diagnosis.Options{})
		for i := range 60 {
			d.bounced(morning, fmt.Sprintf("v%d@partner.example", i%senders), "dana@corp.example")
		}
		r := d.Conclude()
		if got := classes(r); got != want {
			t.Errorf("%d senders: found %q, want %q", senders, got, want)
		}
		if told := strings.Contains(strings.Join(r.Notes, "\n"), "60 messages came for people who do not exist (any more): dana@corp.example"); told != (want == "") {
			t.Errorf("%d senders: notes %v", senders, r.Notes)
		}
	}
}

// TestWhatIsNoRelay has a server's own ways of sending on not taken for abuse.
func TestWhatIsNoRelay(t *testing.T) {
	other := netip.MustParseAddr("10.0.1.32")
	for name, happen := range map[string]func(d *day, i int, at time.Time){
		"mail that a rule redirects, on its way between two servers": func(d *day, i int, at time.Time) {
			d.track(at, "STOREDRIVER", "DELIVER", d.newID(), "x@a.example", "erin@corp.example", func(t *diagnosis.Track) { t.Server = other })
			d.relayed(at, other, "", fmt.Sprintf("x%d@a.example", i), "erin@home.example")
		},
		"mail for a second domain of the organisation": func(d *day, i int, at time.Time) {
			id := d.newID()
			d.track(at, "SMTP", "RECEIVE", id, fmt.Sprintf("x%d@a.example", i), "erin@alias.example", by(bot))
			d.track(at, "STOREDRIVER", "DELIVER", id, "x@a.example", "erin@corp.example")
		},
	} {
		d := newDay(diagnosis.Options{})
		for i := range 100 {
			happen(d, i, morning.Add(time.Duration(i)*time.Second))
		}
		if got := classes(d.Conclude()); got != "" {
			t.Errorf("%s: found %q", name, got)
		}
	}
}

// TestGuessedPasswords make less mail suspicious than an hour's flood.
func TestGuessedPasswords(t *testing.T) {
	for refused, want := range map[int]string{9: "", 10: "authenticated-relay strong"} {
		d := newDay(diagnosis.Options{})
		d.in(morning, "olga@partner.example", "erin@corp.example")
		for range refused {
			d.AddLogon(diagnosis.Logon{Where: d.where(), At: morning, Client: bot, Server: server, Account: diagnosis.Unnamed})
		}
		d.stolen(30)
		if got := classes(d.Conclude()); got != want {
			t.Errorf("after %d refusals: found %q, want %q", refused, got, want)
		}
	}
}

// TestWhatIsNoReply: a queue with more than a reply or two is no backscatter,
// and mail to mailboxes does not count.
func TestWhatIsNoReply(t *testing.T) {
	d := newDay(diagnosis.Options{Domains: []string{"corp.example"}})
	for i := range 10 {
		for range 3 {
			d.queued(fmt.Sprintf("EX01\\%d", i), "erin@corp.example", fmt.Sprintf("x@v%d.example", i), "Automatic reply: x", "")
		}
	}
	if got := classes(d.Conclude()); got != "" {
		t.Errorf("three in each queue: found %q", got)
	}
	d = newDay(diagnosis.Options{Domains: []string{"corp.example"}})
	d.AddQueue(diagnosis.Queue{Where: d.where(), Identity: "EX01\\1", NextHop: "db1", DeliveryType: "MapiDelivery", Status: "Retry", Count: 50})
	for range 50 {
		d.queued("EX01\\1", "<>", "erin@corp.example", "Undeliverable: x", "")
	}
	if r := d.Conclude(); classes(r) != "" || r.Waiting.Messages != 0 {
		t.Errorf("a mailbox that is away: found %q, %+v", classes(r), r.Waiting)
	}
}

// TestShares: what would be much by itself is little beside more of the same.
func TestShares(t *testing.T) {
	d := newDay(diagnosis.Options{Domains: []string{"corp.example"}})
	for i := range 1000 {
		d.queued(fmt.Sprintf("EX01\\%d", i%50), fmt.Sprintf("u%d@corp.example", i), fmt.Sprintf("x%d@v%d.example", i, i%50), "hello", "")
		if i%40 == 0 {
			d.queued(fmt.Sprintf("EX01\\%d", i%50), "<>", fmt.Sprintf("y%d@v%d.example", i, i%50), "Undeliverable: hello", "")
		}
	}
	if got := classes(d.Conclude()); got != "" {
		t.Errorf("25 reports among a thousand messages that wait: found %q", got)
	}
	d = newDay(diagnosis.Options{})
	d.harvest(25) // a mailing list with some addresses that are gone
	for i := range 26 {
		d.AddRecipient(diagnosis.Recipient{Where: d.where(), At: morning, Client: bot, Server: server, To: fmt.Sprintf("u%d@corp.example", i), Code: 250})
	}
	if got := classes(d.Conclude()); got != "" {
		t.Errorf("25 of 51 recipients refused: found %q", got)
	}
	d = newDay(diagnosis.Options{})
	d.AddQueue(diagnosis.Queue{Where: d.where(), Identity: "EX01\\1", NextHop: "db1", DeliveryType: "MapiDelivery", Status: "Retry", Count: 50})
	for range 50 { // without -IncludeRecipientInfo
		d.AddQueued(diagnosis.Queued{Where: d.where(), Queue: "EX01\\1", From: "<>"})
	}
	if r := d.Conclude(); classes(r) != "" || r.Waiting.Messages != 0 {
		t.Errorf("a mailbox that is away: found %q, %+v", classes(r), r.Waiting)
	}
}
