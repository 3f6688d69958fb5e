package scenarios_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/transport"
)

// The document's order of steps: Exchange is frozen first, so that what knocks
// at the closed port is no mail server.
var _ = Describe("the SOP find-infected-workstation", func() {
	It("leaves the workstation, and nobody else, in the firewall's log", func(ctx SpecContext) {
		s := named("infected-workstation")
		sop, ok := scenarios.FindSOP("find-infected-workstation")
		Expect(ok).To(BeTrue())
		Expect(sop.Bind(s)).To(Succeed())
		s.Horizon = 2 * time.Hour
		looked(ctx, s, 31*time.Minute-time.Second, func(org *sim.Organisation) {
			log := org.Net.DropLog()
			Expect(len(log)).To(BeNumerically(">", 20))
			for _, line := range log {
				Expect(line).To(And(HaveField("From", s.Cast.Hosts["infected"].Addr), HaveField("Port", 25)))
			}
			Expect(senders(queues(org))).To(And(HaveLen(1), HaveKey("erin@corp.example")))
		})
		s = named("infected-workstation")
		Expect(sop.Bind(s)).To(Succeed())
		s.SOP = s.SOP[1:2] // the port is closed, and nobody has frozen Exchange
		s.Horizon = 2 * time.Hour
		looked(ctx, s, 31*time.Minute-time.Second, func(org *sim.Organisation) {
			from := map[string]bool{}
			for _, line := range org.Net.DropLog() {
				from[line.From.String()] = true
			}
			Expect(from).To(HaveLen(2), "the mail server knocks as well")
		})
	})
})

var _ = Describe("a listed address", func() {
	It("has mail come back while the queues are clear", func(ctx SpecContext) {
		s := named("shared-address-blacklisted")
		s.Horizon = 4 * time.Hour
		looked(ctx, s, -time.Second, func(org *sim.Organisation) {
			Expect(queues(org)).To(BeEmpty())
			org.Do(func(time.Time) {
				events, _ := org.Transport.Tracking()
				Expect(events).To(ContainElement(And(
					HaveField("Event", transport.Event("FAIL")), HaveField("Sender", "erin@corp.example"),
					HaveField("Status", ContainSubstring("Client host [198.51.100.1] blocked using")))))
			})
		})
	})
	It("is spam's, and its second is not", func(ctx SpecContext) {
		s := named("second-address-for-the-server")
		s.Horizon = 4 * time.Hour
		looked(ctx, s, 3*time.Hour, func(org *sim.Organisation) {
			org.Do(func(now time.Time) {
				for i, want := range []bool{true, false} {
					_, listed := org.Transport.Internet().List.Acts(now, s.Cast.Organisation.Addresses[i])
					Expect(listed).To(Equal(want))
				}
			})
		})
	})
})

var _ = Describe("a smart host", func() {
	It("clears the queues while the abuse goes on, until the provider blocks", func(ctx SpecContext) {
		s := named("smart-host-hides-the-abuse")
		s.Horizon = 6 * time.Hour
		looked(ctx, s, 3*time.Hour, func(org *sim.Organisation) { Expect(queues(org)).To(BeEmpty()) })
		looked(ctx, s, 6*time.Hour-time.Second, func(org *sim.Organisation) {
			list := queues(org)
			Expect(list).To(HaveLen(1))
			Expect(list[0]).To(And(HaveField("NextHop", "provider"), HaveField("Status", transport.QueueRetry),
				HaveField("LastError", ContainSubstring("421 4.7.0"))))
			Expect(senders(list)).To(And(HaveKey("erin@corp.example"), HaveKey("admin@corp.example")))
		})
	})
})

// What tells replies to forged senders from a reverse NDR attack (the second
// source): who the sender is, how few messages each queue has, and that each
// recipient wrote in before.
var _ = Describe("replies stuck in the queues", func() {
	It("have a user as sender, one for each queue, to those who wrote in", func(ctx SpecContext) {
		s := named("spam-to-ooo-user")
		s.Horizon = 3 * time.Hour
		looked(ctx, s, -time.Second, func(org *sim.Organisation) {
			list := queues(org)
			Expect(senders(list)).To(And(HaveLen(1), HaveKey("erin@corp.example")))
			var log string
			org.Do(func(time.Time) {
				lines, _ := org.Transport.ProtocolLog()
				for _, l := range lines {
					log += l.String() + "\n"
				}
			})
			for _, q := range list {
				Expect(q.MessageCount).To(Equal(1))
				Expect(q.Status).To(Equal(transport.QueueRetry))
				for _, to := range q.Messages[0].Recipients {
					Expect(log).To(MatchRegexp(`192\.0\.2\.66:\d+,<,MAIL FROM:<` + regexp.QuoteMeta(to) + `>`))
				}
			}
		})
		// The attack has postmaster in that place (KB909005).
		s = named("ndr-attack")
		s.Horizon = time.Hour
		looked(ctx, s, -time.Second, func(org *sim.Organisation) {
			Expect(senders(queues(org))).To(And(HaveLen(1), HaveKey("postmaster@corp.example")))
		})
	})
})

// Erin reads the header of what came without a sign-in, over IMAP: it tells
// the computer, or the router that the computer stands behind (X14).
var _ = Describe("the header of an anonymous mail", func() {
	It("names the computer, and behind a router only the router", func(ctx SpecContext) {
		s := named("sender-told-by-the-header")
		s.Horizon = time.Hour
		org := organisation(s, "popimap.autostart=true")
		var headers string
		org.Clock().At(sim.Order.Add(-time.Minute-time.Second), lab.ClassAttempt, "reader", func(ctx context.Context) {
			defer GinkgoRecover()
			headers = inbox(ctx, org, "erin")
		})
		run(ctx, org, s)

		received := map[string]string{} // the address in the first Received field, by activity
		for _, mail := range strings.Split(headers, "Return-Path:")[1:] {
			subject := regexp.MustCompile(`Subject: (\S+) send`).FindStringSubmatch(mail)
			from := regexp.MustCompile(`Received: from \S+ \(([0-9.]+)\) by`).FindStringSubmatch(mail)
			if subject != nil && from != nil {
				received[subject[1]] = from[1]
			}
		}
		Expect(received).To(Equal(map[string]string{
			"forger": "10.0.20.66", "forger-behind-router": "10.0.20.99", "copier-behind-router": "10.0.20.99", "scans": "10.0.20.50",
		}))
	})
})

// inbox fetches the headers of somebody's inbox over IMAP with TLS.
func inbox(ctx context.Context, org *sim.Organisation, who string) string {
	GinkgoHelper()
	person := org.Cast().People[who]
	ep, err := org.Endpoint(person, lab.IMAP)
	Expect(err).NotTo(HaveOccurred())
	raw, err := org.Dial(ctx, "reader", "erin-desk", ep.Addr)
	Expect(err).NotTo(HaveOccurred())
	conf := ep.TLS.Clone()
	conf.ServerName, _, _ = net.SplitHostPort(ep.Addr)
	c := tls.Client(raw, conf)
	defer c.Close()
	text := textproto.NewConn(c)
	_, err = text.ReadLine()
	Expect(err).NotTo(HaveOccurred())
	var all strings.Builder
	for i, command := range []string{"LOGIN " + person.Mail + " " + person.Password, "SELECT INBOX", "FETCH 1:* BODY.PEEK[HEADER]"} {
		tag := fmt.Sprintf("a%d", i)
		Expect(text.PrintfLine("%s %s", tag, command)).To(Succeed())
		for {
			line, err := text.ReadLine()
			if err == io.EOF {
				Fail("the server hung up")
			}
			Expect(err).NotTo(HaveOccurred())
			if strings.HasPrefix(line, tag+" ") {
				Expect(line).To(HavePrefix(tag + " OK"))
				break
			}
			all.WriteString(line + "\n")
		}
	}
	return all.String()
}
