package diagnosis_test

import (
	"fmt"
	"strings"
	"testing"

	"shutout/lab/diagnosis"
)

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
