package transport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shutout/sim/profile"
)

func (w *world) outOfOffice(user string, o OutOfOffice) {
	w.t.Helper()
	if err := w.tr.SetOutOfOffice(w.now(), user, o); err != nil {
		w.t.Fatal(err)
	}
}

// What comes over a distribution list is answered where the user is named, or
// where oof.answers_distribution_lists says so.
func TestOOFDistributionLists(t *testing.T) {
	for _, tt := range []struct {
		set       string
		header    string
		to        []string
		mail, oof int
	}{
		{"oof.answers_distribution_lists=false", "staff@corp.example", []string{"staff@corp.example"}, 1, 0},
		{"oof.answers_distribution_lists=true", "staff@corp.example", []string{"staff@corp.example"}, 1, 1},
		{"oof.answers_distribution_lists=false", "staff@corp.example, dana@corp.example", []string{"staff@corp.example"}, 1, 1},
		{"oof.answers_distribution_lists=false", "staff@corp.example", []string{"staff@corp.example", "dana@corp.example"}, 1, 1},
		{"oof.answers_distribution_lists=false", "dana@corp.example", []string{"dana@corp.example"}, 1, 1},
	} {
		w := newWorld(t, params(t, "ex2016", tt.set))
		if err := w.dir.AddList("staff", "staff@corp.example", []string{"dana", "frank"}); err != nil {
			t.Fatal(err)
		}
		w.outOfOffice("dana", OutOfOffice{State: OOFAll})
		if err := w.submitRaw("erin", mailText("erin@corp.example", tt.header, "1@x"), tt.to...); err != nil {
			t.Fatal(err)
		}
		w.until(time.Second)
		if got, back := len(w.inbox("dana")), len(w.inbox("erin")); got != tt.mail || back != tt.oof {
			t.Errorf("%s, to %s: %d messages and %d replies, want %d and %d", tt.set, tt.header, got, back, tt.mail, tt.oof)
		}
		equal(t, "frank's", len(w.inbox("frank")), min(1, len(tt.to)*strings.Count(strings.Join(tt.to, " "), "staff")))
	}
	if err := newWorld(t, params(t, "ex2016")).dir.AddList("x", "x@corp.example", []string{"nobody"}); err == nil {
		t.Error("a list of nobody is made")
	}
}

// Who is answered: the state of the mailbox, the switches of the organisation
// and who writes.
func TestOOFAudience(t *testing.T) {
	const (
		inside  = "erin@corp.example" // signed in
		known   = "known@good.example"
		outside = "stranger@good.example"
		forged  = "frank@corp.example" // an own address, nobody signed in
	)
	all := []string{inside, known, outside, forged}
	for _, tc := range []struct {
		profile string
		set     []string
		state   OOFState
		want    []string
	}{
		{"ex2016", nil, OOFOff, nil},
		{"ex2016", nil, OOFInternal, []string{inside}},
		{"ex2016", nil, OOFKnown, []string{inside, known}},
		{"ex2016", nil, OOFAll, all},
		{"ex2010", nil, OOFAll, all},
		{"ex2016", []string{"remote.oof_type=none"}, OOFAll, []string{inside}},
		{"ex2016", []string{"remote.oof_type=internal-legacy"}, OOFAll, all},
		{"ex2016", []string{"oof.mailbox_option=internal-only"}, OOFAll, []string{inside}},
		// 2003 has one switch for the organisation, and cannot tell a forged
		// own address from a true one.
		{"ex2003", nil, OOFAll, []string{inside, forged}},
		{"ex2003", []string{"oof.external_default=all"}, OOFAll, all},
		{"ex2003", []string{"oof.external_default=all"}, OOFInternal, []string{inside, forged}},
		{"ex2003", nil, OOFOff, nil},
	} {
		t.Run(fmt.Sprint(tc.profile, tc.set, tc.state), func(t *testing.T) {
			w := newWorld(t, params(t, tc.profile, tc.set...))
			w.outOfOffice("dana", OutOfOffice{State: tc.state, Contacts: []string{known}})
			var got []string
			for i, from := range all {
				id := fmt.Sprintf("%d@x", i)
				if from == inside {
					w.submitRaw("erin", mailText(from, "dana@corp.example", id), "dana@corp.example")
				} else {
					w.inject(from, "dana@corp.example", id)
				}
				state, made := w.tr.AutomaticReply(id)
				if made {
					got = append(got, from)
				}
				d, ok := w.tr.ReplyDecision(id)
				if !ok || d.Allowed != made || d.Reason == "" || state == "" {
					t.Errorf("%s: %q, %+v", from, state, d)
				}
			}
			equal(t, "answered", strings.Join(got, " "), strings.Join(tc.want, " "))
		})
	}
}

func TestOOFSuppression(t *testing.T) {
	for _, tc := range []struct {
		name, from, header string
		set                []string
		answered           bool
	}{
		{name: "plain", from: "a@good.example", answered: true},
		{name: "null sender", from: ""},
		{name: "null sender, answered by setting", from: "", header: "X-Any: 1", set: []string{"oof.answers_empty_sender=true"}},
		{name: "own address", from: "dana@corp.example"},
		{name: "auto-generated", from: "a@good.example", header: "Auto-Submitted: auto-generated"},
		{name: "auto-replied", from: "a@good.example", header: "auto-submitted: Auto-Replied; x=y"},
		{name: "not automatic", from: "a@good.example", header: "Auto-Submitted: no", answered: true},
		{name: "ignored by setting", from: "a@good.example", header: "Auto-Submitted: auto-replied", set: []string{"oof.honours_auto_submitted=false"}, answered: true},
		{name: "suppress OOF", from: "a@good.example", header: "X-Auto-Response-Suppress: DR, oof"},
		{name: "suppress All", from: "a@good.example", header: "X-Auto-Response-Suppress: All"},
		{name: "suppress receipts only", from: "a@good.example", header: "X-Auto-Response-Suppress: DR, NDR, RN, NRN, AutoReply", answered: true},
		{name: "suppress ignored by setting", from: "a@good.example", header: "X-Auto-Response-Suppress: All", set: []string{"oof.honours_suppress_header=false"}, answered: true},
		{name: "bulk", from: "a@good.example", header: "Precedence: bulk"},
		{name: "list", from: "a@good.example", header: "Precedence: List"},
		{name: "junk", from: "a@good.example", header: "Precedence: junk"},
		{name: "first class", from: "a@good.example", header: "Precedence: first-class", answered: true},
		{name: "bulk by setting", from: "a@good.example", header: "Precedence: bulk", set: []string{"oof.honours_precedence=false"}, answered: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, params(t, "ex2016", tc.set...))
			w.outOfOffice("dana", OutOfOffice{State: OOFAll})
			var extra []string
			if tc.header != "" {
				extra = append(extra, tc.header)
			}
			w.inject(tc.from, "dana@corp.example", "1@x", extra...)
			state, made := w.tr.AutomaticReply("<1@x>")
			equal(t, "made ("+state+")", made, tc.answered)
		})
	}
}

func TestOOFToHeaderSenderWhenAsked(t *testing.T) {
	w := newWorld(t, params(t, "ex2016", "oof.answers_empty_sender=true"))
	w.outOfOffice("dana", OutOfOffice{State: OOFAll})
	s := w.connect(PortSMTP, "203.0.113.9")
	s.Mail(w.now(), "", 0)
	s.Rcpt(w.now(), "dana@corp.example")
	s.Data(w.now(), mailText("a@good.example", "dana@corp.example", "1@x"))
	state, made := w.tr.AutomaticReply("1@x")
	equal(t, "made", made, true)
	equal(t, "state", state, "sent to good.example")
}

func TestOOFRepeat(t *testing.T) {
	for _, tc := range []struct {
		set   []string
		after time.Duration
		again bool
	}{
		{nil, 30 * 24 * time.Hour, false},
		{[]string{"oof.repeat=7d"}, 7*24*time.Hour - time.Second, false},
		{[]string{"oof.repeat=7d"}, 7 * 24 * time.Hour, true},
	} {
		w := newWorld(t, params(t, "ex2016", tc.set...))
		w.outOfOffice("dana", OutOfOffice{State: OOFAll})
		answered := func(from, id string) bool {
			w.inject(from, "dana@corp.example", id)
			_, made := w.tr.AutomaticReply(id)
			return made
		}
		equal(t, "first", answered("a@good.example", "1@x"), true)
		equal(t, "second", answered("A@Good.Example", "2@x"), false)
		equal(t, "another sender", answered("b@good.example", "3@x"), true)
		w.outOfOffice("dana", OutOfOffice{State: OOFInternal})
		w.outOfOffice("dana", OutOfOffice{State: OOFAll})
		equal(t, "after another audience", answered("a@good.example", "4@x"), false)
		w.until(tc.after)
		equal(t, fmt.Sprint("after ", tc.after), answered("a@good.example", "5@x"), tc.again)
		w.outOfOffice("dana", OutOfOffice{State: OOFOff})
		equal(t, "while off", answered("c@good.example", "6@x"), false)
		w.outOfOffice("dana", OutOfOffice{State: OOFAll})
		equal(t, "after off and on", answered("a@good.example", "7@x"), true)
	}
}

// Two mailboxes that are both out of office do not answer each other's
// answers.
func TestOOFNoLoop(t *testing.T) {
	for _, name := range profile.Names() {
		w := newWorld(t, params(t, name))
		w.outOfOffice("dana", OutOfOffice{State: OOFAll})
		w.outOfOffice("erin", OutOfOffice{State: OOFAll})
		w.submit("erin", "dana@corp.example")
		equal(t, name+": dana", len(w.inbox("dana")), 1)
		equal(t, name+": erin", len(w.inbox("erin")), 1)
	}
}

func TestOOFMessage(t *testing.T) {
	for _, tc := range []struct {
		profile, returnPath, subject, text string
		auto                               bool
	}{
		{"ex2016", "<>", "Automatic reply: hello", "outside text", true},
		{"ex2003", "<dana@corp.example>", "Out of Office AutoReply: hello", "inside text", false},
	} {
		w := newWorld(t, params(t, tc.profile, "oof.external_default=all"))
		w.outOfOffice("dana", OutOfOffice{State: OOFAll, Internal: "inside text", External: "outside text"})
		w.inject("a@d1.dead.example", "dana@corp.example", "1@x")
		raw := string(w.tr.host("mbx1").queues[queueKey{toDomain, "d1.dead.example"}].items[0].m.raw)
		contains(t, tc.profile, raw, "Return-Path: "+tc.returnPath+"\r\n")
		contains(t, tc.profile, raw, "From: <dana@corp.example>\r\n")
		contains(t, tc.profile, raw, "To: <a@d1.dead.example>\r\n")
		contains(t, tc.profile, raw, "Subject: "+tc.subject+"\r\n")
		contains(t, tc.profile, raw, "In-Reply-To: <1@x>\r\n")
		contains(t, tc.profile, raw, "\r\n\r\n"+tc.text)
		equal(t, "Auto-Submitted", strings.Contains(raw, "Auto-Submitted: auto-replied\r\n"), tc.auto)
		equal(t, "X-Auto-Response-Suppress", strings.Contains(raw, "X-Auto-Response-Suppress: All\r\n"), tc.auto)
	}
}

// The shape of the out-of-office case: spam with forged senders at domains
// that do not answer comes in for one user, and the replies hang in one queue
// for each domain, from that user.
func TestOOFFillsQueues(t *testing.T) {
	for _, tc := range []struct{ profile, sender string }{{"ex2003", "dana@corp.example"}, {"ex2016", "<>"}} {
		t.Run(tc.profile, func(t *testing.T) {
			w := newWorld(t, params(t, tc.profile, "oof.external_default=all", "smtp.protocol_log=verbose"))
			w.outOfOffice("dana", OutOfOffice{State: OOFAll})
			for i := range 20 {
				w.inject(fmt.Sprintf("forged@d%02d.dead.example", i), "dana@corp.example", fmt.Sprintf("%d@spam", i))
			}
			queues := w.tr.Queues()
			equal(t, "queues", len(queues), 20)
			for i, q := range queues {
				equal(t, "next hop", q.NextHop, fmt.Sprintf("d%02d.dead.example", i))
				equal(t, "status", q.Status, QueueRetry)
				equal(t, "messages", q.MessageCount, 1)
				m := q.Messages[0]
				equal(t, "sender", m.FromAddress, tc.sender)
				equal(t, "header From", m.HeaderFrom, "dana@corp.example")
				equal(t, "automatic", m.IsAutomatic, true)
				// The recipient of the queued reply is a sender in the
				// inbound log.
				from := "MAIL FROM:<" + m.Recipients[0] + ">"
				lines, _ := w.tr.ProtocolLog()
				found := false
				for _, l := range lines {
					found = found || l.Event == '<' && l.Data == from
				}
				equal(t, from, found, true)
				state, made := w.tr.AutomaticReply(fmt.Sprintf("%d@spam", i))
				equal(t, "made", made, true)
				equal(t, "state", state, "queued for "+q.NextHop+", Retry")
			}
			// The short-term cure: no new replies, and the queues run dry.
			w.outOfOffice("dana", OutOfOffice{State: OOFOff})
			w.inject("forged@d99.dead.example", "dana@corp.example", "late@spam")
			equal(t, "queues after the cure", len(w.tr.Queues()), 20)
			w.until(49 * time.Hour)
			equal(t, "queues in the end", len(w.tr.Queues()), 0)
			state, _ := w.tr.AutomaticReply("0@spam")
			contains(t, "state in the end", state, "message expired")
		})
	}
}

func TestExternalSwitchAtRuntime(t *testing.T) {
	w := newWorld(t, params(t, "ex2003"))
	equal(t, "off by default", w.tr.ExternalReplies(), false)
	w.outOfOffice("dana", OutOfOffice{State: OOFAll})
	w.inject("a@good.example", "dana@corp.example", "1@x")
	w.tr.SetExternalReplies(w.now(), true)
	w.inject("a@good.example", "dana@corp.example", "2@x")
	state, made := w.tr.AutomaticReply("1@x")
	equal(t, "before: "+state, made, false)
	_, made = w.tr.AutomaticReply("2@x")
	equal(t, "after", made, true)
	if n := w.events()[eventDSN]; n != 0 {
		t.Errorf("%d reports for a reply that was held back (KB266166 says none)", n)
	}
}

func TestOOFBookkeeping(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	if err := w.tr.SetOutOfOffice(w.now(), "nobody", OutOfOffice{State: OOFAll}); err == nil {
		t.Error("a user without a mailbox was taken")
	}
	if err := w.tr.SetOutOfOffice(w.now(), "dana", OutOfOffice{State: "sometimes"}); err == nil {
		t.Error("an unknown state was taken")
	}
	o, since := w.tr.OutOfOffice("DANA")
	equal(t, "state", o.State, OOFOff)
	equal(t, "never set", since.IsZero(), true)
	w.outOfOffice("dana", OutOfOffice{State: OOFAll})
	o, since = w.tr.OutOfOffice("DANA")
	equal(t, "state", o.State, OOFAll)
	equal(t, "set now", since.Equal(w.now()), true)
	state, made := w.tr.AutomaticReply("unknown@x")
	equal(t, "unknown message", made, false)
	contains(t, "unknown message", state, "no mailbox")

	a := w.tr.autoReply("dana")
	for i := range maxTold + 10 {
		a.remember(w.now(), fmt.Sprint(i))
	}
	equal(t, "remembered senders are bounded", len(a.told), maxTold)
	for i := range maxReplies + 10 {
		w.tr.replies.add(fmt.Sprint(i), &reply{})
	}
	equal(t, "known messages are bounded", len(w.tr.replies.byID), maxReplies)
}

// A mail that could not be delivered is answered when it is.
func TestOOFIsDecidedAtDelivery(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.outOfOffice("dana", OutOfOffice{State: OOFAll})
	w.st.Dismount(w.now(), "DB1")
	w.inject("a@good.example", "dana@corp.example", "1@x")
	if _, made := w.tr.AutomaticReply("1@x"); made {
		t.Error("answered before the delivery")
	}
	w.outOfOffice("dana", OutOfOffice{State: OOFInternal})
	w.st.Mount(w.now(), "DB1")
	w.until(5 * time.Minute)
	state, made := w.tr.AutomaticReply("1@x")
	equal(t, "made", made, false)
	contains(t, "state", state, "organisation only")
}

// The state of a reply inside the organisation is known too.
func TestOOFReplyWaitsForMailbox(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.outOfOffice("dana", OutOfOffice{State: OOFInternal})
	w.blocked["mbx1 mbx2 2525"] = true
	w.submitRaw("frank", mailText("frank@corp.example", "dana@corp.example", "1@x"), "dana@corp.example")
	state, made := w.tr.AutomaticReply("1@x")
	equal(t, "made", made, true)
	equal(t, "state", state, "queued for DB2, Retry")
	delete(w.blocked, "mbx1 mbx2 2525")
	w.until(5 * time.Minute)
	state, _ = w.tr.AutomaticReply("1@x")
	equal(t, "state", state, "delivered to frank@corp.example")
}

// The cost of a mail from outside whose out-of-office is decided: a forged
// sender of its own each, at a domain that does not answer.
func BenchmarkAcceptWithOOF(b *testing.B) {
	w := newWorld(b, params(b, "ex2016"))
	w.outOfOffice("dana", OutOfOffice{State: OOFAll})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		w.inject(fmt.Sprintf("forged%d@d%d.dead.example", i, i%25), "dana@corp.example", fmt.Sprintf("%d@spam", i))
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "messages/s")
}

// A day of a full queue: 10^5 messages for one dead domain.
func BenchmarkFullQueueDay(b *testing.B) {
	for b.Loop() {
		w := newWorld(b, params(b, "ex2016"))
		s := w.connect(PortSMTP, "203.0.113.9")
		w.outOfOffice("dana", OutOfOffice{State: OOFAll})
		for i := range 100_000 {
			s.Mail(w.now(), fmt.Sprintf("f%d@dead.example", i), 0)
			s.Rcpt(w.now(), "dana@corp.example")
			s.Data(w.now(), mailText("x@dead.example", "dana@corp.example", ""))
		}
		w.until(24 * time.Hour)
		if n := w.tr.Queues()[0].MessageCount; n != 100_000 {
			b.Fatalf("%d messages queued", n)
		}
	}
}
