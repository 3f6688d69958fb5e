package transport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shutout/sim/directory"
)

// attempts plays to the horizon and notes when the only queue was tried.
func attempts(w *world, horizon time.Duration) (at []time.Duration) {
	last := w.tr.Queues()[0].LastRetry
	for w.tl.Step(start.Add(horizon)) {
		for _, q := range w.tr.Queues() {
			if !q.LastRetry.Equal(last) {
				last = q.LastRetry
				at = append(at, last.Sub(start))
			}
		}
	}
	return at
}

func TestRetryLadder(t *testing.T) {
	const m = time.Minute
	for _, tc := range []struct {
		profile  string
		first    []time.Duration // retries after the attempt at the start
		then     time.Duration
		attempts int // the first one included
		notice   time.Duration
	}{
		{"ex2016", []time.Duration{1 * m, 2 * m, 3 * m, 4 * m, 9 * m, 14 * m, 19 * m, 24 * m, 29 * m, 34 * m, 44 * m, 54 * m}, 10 * m, 295, 4 * time.Hour},
		{"ex2010", []time.Duration{1 * m, 2 * m, 3 * m, 4 * m, 9 * m, 14 * m, 19 * m, 24 * m, 29 * m, 34 * m, 44 * m}, 10 * m, 295, 4 * time.Hour},
		{"ex2003", []time.Duration{15 * m, 45 * m, 105 * m, 345 * m, 585 * m}, 240 * m, 15, 12 * time.Hour},
	} {
		t.Run(tc.profile, func(t *testing.T) {
			w := newWorld(t, params(t, tc.profile))
			if err := w.submit("dana", "x@dead.example"); err != nil {
				t.Fatal(err)
			}
			q := w.tr.Queues()
			if len(q) != 1 || q[0].Status != QueueRetry || q[0].MessageCount != 1 || q[0].NextHop != "dead.example" {
				t.Fatalf("queues at the start: %+v", q)
			}
			at := attempts(w, tc.notice-time.Second)
			equal(t, "mail before the notice", len(w.inbox("dana")), 0)
			at = append(at, attempts(w, tc.notice)...)
			if got := w.inbox("dana"); len(got) != 1 || !strings.HasPrefix(got[0], "Delivery delayed: ") {
				t.Fatalf("inbox at the notice: %q", got)
			}
			at = append(at, attempts(w, 48*time.Hour-time.Second)...)
			equal(t, "messages just before expiry", len(w.inbox("dana")), 1)
			for i, want := range tc.first {
				equal(t, fmt.Sprintf("retry %d", i+1), at[i], want)
			}
			n := len(tc.first)
			equal(t, "step afterwards", at[n+1]-at[n], tc.then)
			equal(t, "attempts before expiry", 1+len(at), tc.attempts)
			w.until(48 * time.Hour)
			equal(t, "queues after expiry", len(w.tr.Queues()), 0)
			if got := w.inbox("dana"); len(got) != 2 || got[1] != "Undeliverable: hello" {
				t.Errorf("inbox after expiry: %q", got)
			}
			_, more := w.tl.Next()
			equal(t, "events left", more, false)
		})
	}
}

// One queue is one event, however many messages it holds, and each message has
// its own notice and expiry.
func TestQueueIsOneEvent(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	for i := range 200 {
		w.until(time.Duration(i) * time.Second)
		if err := w.submit("dana", fmt.Sprintf("x%d@dead.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "queues", len(w.tr.Queues()), 1)
	equal(t, "messages", w.tr.Queues()[0].MessageCount, 200)
	w.tl.Cancel(w.tr.host("mbx1").queues[queueKey{toDomain, "dead.example"}].event)
	if _, more := w.tl.Next(); more {
		t.Error("a queue has more than one event")
	}
	w.tr.RetryQueue(w.now(), "dead.example")
	w.until(4*time.Hour + 99*time.Second)
	equal(t, "notices", w.events()[eventDSN], 100)
	w.until(48*time.Hour + 49*time.Second)
	equal(t, "expired", w.events()[eventFail], 50)
	w.until(49 * time.Hour)
	equal(t, "expired in the end", w.events()[eventFail], 200)
}

func TestOutsideDomains(t *testing.T) {
	for _, tc := range []struct {
		to, event, queue, report string
	}{
		{"a@good.example", "SEND", "", ""},
		{"a@sub.good.example", "SEND", "", ""},
		{"a@refusing.example", "FAIL", "", "550 5.1.1 User unknown"},
		{"a@bogus.example", "FAIL", "", "nonexistent domain"},
		{"a@unheard.test", "FAIL", "", "nonexistent domain"},
		{"a@dead.example", "DEFER", "dead.example", ""},
		{"a@d7.dead.example", "DEFER", "d7.dead.example", ""},
		{"nobody@corp.example", "FAIL", "", "RESOLVER.ADR.Recip"},
		{"frank@corp.example", "DELIVER", "", ""},
	} {
		t.Run(tc.to, func(t *testing.T) {
			w := newWorld(t, params(t, "ex2010"))
			if err := w.submit("dana", tc.to); err != nil {
				t.Fatal(err)
			}
			equal(t, tc.event, w.events()[Event(tc.event)], 1)
			var hop, lastError string
			for _, q := range w.tr.Queues() {
				hop, lastError = q.NextHop, q.LastError
			}
			equal(t, "queue", hop, tc.queue)
			if hop != "" {
				contains(t, "last error", lastError, "451 4.4.0 Primary target IP address responded with")
			}
			items := w.items("dana")
			if tc.report == "" {
				equal(t, "reports", len(items), 0)
				return
			}
			if len(items) != 1 {
				t.Fatalf("reports: %d", len(items))
			}
			raw := string(items[0].Raw)
			contains(t, "report", raw, tc.report)
			contains(t, "report", raw, "Final-Recipient: rfc822;"+tc.to)
			contains(t, "report", raw, "Return-Path: <>\r\n")
			contains(t, "report", items[0].From, "postmaster@corp.example")
		})
	}
}

func TestPort25ClosedOutbound(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.blocked["mbx1 good.example 25"] = true
	w.submit("dana", "a@good.example")
	q := w.tr.Queues()
	if len(q) != 1 || q[0].Status != QueueRetry || !strings.Contains(q[0].LastError, "441 4.4.1") {
		t.Fatalf("queues: %+v", q)
	}
	delete(w.blocked, "mbx1 good.example 25")
	w.until(59 * time.Second)
	equal(t, "sent before the retry", w.events()[eventSend], 0)
	w.until(time.Minute)
	equal(t, "sent at the retry", w.events()[eventSend], 1)
	equal(t, "queues", len(w.tr.Queues()), 0)
}

// A report has the null sender, so one that cannot be delivered ends there.
func TestReportIsNotReported(t *testing.T) {
	w := newWorld(t, params(t, "ex2010"))
	w.inject("forged@refusing.example", "nobody@corp.example", "a@x")
	w.inject("forged@bogus.example", "nobody@corp.example", "b@x")
	equal(t, "reports made", w.events()[eventDSN], 2)
	equal(t, "reports dropped", w.events()[eventBadMail], 2)
	equal(t, "queues", len(w.tr.Queues()), 0)
	w.inject("", "nobody@corp.example", "c@x")
	equal(t, "reports made for the null sender", w.events()[eventDSN], 2)
}

// The reverse NDR attack of KB909005: unknown recipients are taken, and the
// reports for the forged senders fill the queues, from postmaster.
func TestReverseNDR(t *testing.T) {
	for _, tc := range []struct{ profile, sender string }{{"ex2003", "postmaster@corp.example"}, {"ex2010", "<>"}} {
		w := newWorld(t, params(t, tc.profile))
		for i := range 50 {
			w.inject(fmt.Sprintf("victim%d@dead.example", i), fmt.Sprintf("guess%d@corp.example", i), fmt.Sprintf("%d@x", i))
		}
		q := w.tr.Queues()
		if len(q) != 1 || q[0].MessageCount != 50 {
			t.Fatalf("%s: queues: %+v", tc.profile, q)
		}
		for _, m := range q[0].Messages {
			equal(t, tc.profile+" sender", m.FromAddress, tc.sender)
			contains(t, tc.profile+" From", m.HeaderFrom, "postmaster@corp.example")
			equal(t, tc.profile+" is report", m.IsReport, true)
		}
	}
}

func TestSuspendResumeRemove(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.submit("dana", "a@dead.example")
	w.submit("erin", "b@dead.example")
	id := w.tr.Queues()[0].Identity
	if err := w.tr.SuspendQueue(w.now(), id); err != nil {
		t.Fatal(err)
	}
	w.until(72 * time.Hour)
	q := w.tr.Queues()[0]
	equal(t, "status", q.Status, QueueSuspended)
	equal(t, "messages kept", q.MessageCount, 2)
	n := w.tr.RemoveMessages(w.now(), func(_ Queue, m QueuedMessage) bool { return m.FromAddress == "erin@corp.example" }, false)
	equal(t, "removed", n, 1)
	equal(t, "erin's reports", len(w.inbox("erin")), 0)
	w.submit("frank", "c@dead.example") // another server, another queue
	equal(t, "queues", len(w.tr.Queues()), 2)
	w.tr.cast.Domains["dead.example"] = "good"
	if err := w.tr.ResumeQueue(w.now(), `mbx1\dead.example`); err != nil {
		t.Fatal(err)
	}
	equal(t, "sent after resume", w.events()[eventSend], 1)
	if err := w.tr.ResumeQueue(w.now(), id); err == nil {
		t.Error("resumed a queue that is gone")
	}
}

func TestFreezeOutbound(t *testing.T) {
	w := newWorld(t, params(t, "ex2003"))
	w.tr.FreezeOutbound(w.now(), true)
	w.submit("dana", "a@good.example")
	w.submit("dana", "erin@corp.example")
	equal(t, "delivered inside", len(w.inbox("erin")), 1)
	w.until(time.Hour)
	equal(t, "sent", w.events()[eventSend], 0)
	equal(t, "status", w.tr.Queues()[0].Status, QueueSuspended)
	w.tr.FreezeOutbound(w.now(), false)
	equal(t, "sent", w.events()[eventSend], 1)
	equal(t, "queues", len(w.tr.Queues()), 0)
}

func TestMailboxAway(t *testing.T) {
	t.Run("dismounted", func(t *testing.T) {
		w := newWorld(t, params(t, "ex2016"))
		if err := w.st.Dismount(w.now(), "DB1"); err != nil {
			t.Fatal(err)
		}
		w.inject("a@good.example", "dana@corp.example", "1@x")
		w.until(time.Minute)
		w.inject("a@good.example", "dana@corp.example", "2@x", "X-Order: second")
		q := w.tr.Queues()
		if len(q) != 1 || q[0].NextHop != "DB1" || q[0].MessageCount != 2 || q[0].Status != QueueRetry {
			t.Fatalf("queues: %+v", q)
		}
		w.st.Mount(w.now(), "DB1")
		w.until(5*time.Minute - time.Second)
		equal(t, "delivered early", w.events()[eventDeliver], 0)
		w.until(5 * time.Minute)
		var ids []string
		for _, it := range w.items("dana") {
			ids = append(ids, it.MessageID)
		}
		equal(t, "order", strings.Join(ids, " "), "1@x 2@x")
	})
	t.Run("disconnected", func(t *testing.T) {
		w := newWorld(t, params(t, "ex2016"))
		if err := w.st.Disconnect(w.now(), "dana"); err != nil {
			t.Fatal(err)
		}
		w.submit("erin", "dana@corp.example")
		if got := w.inbox("erin"); len(got) != 1 || got[0] != "Undeliverable: hello" {
			t.Errorf("inbox: %q", got)
		}
		equal(t, "queues", len(w.tr.Queues()), 0)
	})
	t.Run("other server unreachable", func(t *testing.T) {
		w := newWorld(t, params(t, "ex2016"))
		w.blocked["mbx1 mbx2 2525"] = true
		w.submit("dana", "frank@corp.example")
		equal(t, "next hop", w.tr.Queues()[0].NextHop, "DB2")
		delete(w.blocked, "mbx1 mbx2 2525")
		w.until(5 * time.Minute)
		equal(t, "delivered", len(w.inbox("frank")), 1)
	})
	t.Run("locked by a move", func(t *testing.T) {
		w := newWorld(t, params(t, "ex2003")) // offline moves: locked at once
		move, err := w.st.Move(w.now(), "dana", "DB2")
		if err != nil {
			t.Fatal(err)
		}
		w.submit("erin", "dana@corp.example")
		w.inject("a@good.example", "erin@corp.example", "1@x")
		equal(t, "erin is not held up", len(w.inbox("erin")), 1)
		equal(t, "next hop", w.tr.Queues()[0].NextHop, "DB1")
		for move.Ended.IsZero() {
			if !w.tl.Step(start.Add(48 * time.Hour)) {
				t.Fatal("the move does not end")
			}
		}
		equal(t, "delivered before the retry", len(w.inbox("dana")), 0)
		w.until(w.now().Sub(start) + 5*time.Minute)
		equal(t, "delivered after it", len(w.inbox("dana")), 1)
	})
}

func TestServiceDown(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.submit("dana", "a@dead.example")
	open := w.connect(PortSMTP, "203.0.113.9")
	w.tr.SetService(w.now(), "mbx1", false)
	if _, e := open.Mail(w.now(), "a@good.example", 0); e == nil || e.Code != 421 || !e.Close {
		t.Errorf("MAIL while down: %v", e)
	}
	w.submit("dana", "erin@corp.example")
	equal(t, "delivered while down", len(w.inbox("erin")), 0)
	w.until(time.Hour)
	equal(t, "retries while down", w.tr.Queues()[0].RetryCount, 1)
	w.tr.SetService(w.now(), "mbx1", true)
	equal(t, "delivered", len(w.inbox("erin")), 1)
	equal(t, "tried at once", w.tr.Queues()[0].LastRetry.Equal(w.now()), true)
}

func TestForwarding(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.modify("dana", directory.Set("altRecipient", w.user("erin").DN()))
	w.inject("a@good.example", "dana@corp.example", "1@x")
	equal(t, "erin", len(w.inbox("erin")), 1)
	equal(t, "dana", len(w.inbox("dana")), 0)
	w.modify("dana", directory.Set("deliverAndRedirect", "TRUE"))
	w.until(10 * time.Minute)
	w.inject("a@good.example", "dana@corp.example", "2@x")
	equal(t, "erin", len(w.inbox("erin")), 2)
	equal(t, "dana", len(w.inbox("dana")), 1)
	w.modify("erin", directory.Set("altRecipient", w.user("dana").DN()))
	w.until(20 * time.Minute)
	w.inject("a@dead.example", "dana@corp.example", "3@x")
	contains(t, "loop", w.tr.Queues()[0].Messages[0].Subject, "Undeliverable")
}

func TestDeliveryRestrictions(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.modify("dana", directory.Set("authOrig", w.user("erin").DN()))
	w.modify("frank", directory.Set("msExchRequireAuthToSendTo", "TRUE"))
	w.submit("erin", "dana@corp.example")
	w.submit("frank", "dana@corp.example")
	w.inject("erin@corp.example", "dana@corp.example", "1@x") // forged: nobody signed in
	w.inject("a@good.example", "frank@corp.example", "2@x")
	w.submit("erin", "frank@corp.example")
	equal(t, "dana", len(w.inbox("dana")), 1)
	equal(t, "erin: report on the forged mail", len(w.inbox("erin")), 1)
	equal(t, "frank: report and mail", strings.Join(w.inbox("frank"), "; "), "Undeliverable: hello; hello")
}
