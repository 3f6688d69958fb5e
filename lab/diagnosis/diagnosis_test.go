package diagnosis_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/diagnosis"
)

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
