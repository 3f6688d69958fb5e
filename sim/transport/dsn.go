package transport

import (
	"strings"
	"time"
)

// The texts below are those that bounces and the queue viewer show, as
// administrators quote them for the versions (general knowledge).

func (g generation) unknownUser() status {
	if g >= gen2016 {
		return status{"5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"}
	}
	return status{"5.1.1", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"}
}

func (g generation) expired() status {
	return status{"4.4.7", "550 4.4.7 QUEUE.Expired; message expired"}
}

func (g generation) noSuchDomain() status {
	return status{"5.4.4", "554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain"}
}

func (g generation) noConnection() status {
	switch {
	case g == gen2003:
		return status{"4.4.1", "The remote server did not respond to a connection attempt."}
	case g == gen2007:
		return status{"4.4.0", `451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to connect." ` +
			`Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, ` +
			`or delivery failed to all alternate hosts.`}
	default:
		return status{"4.4.1", `441 4.4.1 Error encountered while communicating with primary target IP address: ` +
			`"Failed to connect. Winsock error code: 10060, Win32 error code: 10060." ` +
			`Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, ` +
			`or delivery failed to all alternate hosts.`}
	}
}

// notDelivered words the store's refusal of a delivery.
func (g generation) notDelivered(code string) status {
	switch code {
	case "5.1.1":
		return g.unknownUser()
	case "5.2.1":
		return status{code, "554 5.2.1 STOREDRV.Deliver; mailbox disabled"}
	case "5.2.2":
		return status{code, "554 5.2.2 STOREDRV.Deliver; mailbox full"}
	case "5.2.3":
		return status{code, "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient"}
	}
	return status{code, "554 " + code + " STOREDRV.Deliver; delivery failed"}
}

// failedAll is failed with one reason for all recipients.
func (t *Transport) failedAll(now time.Time, h *host, m *message, to []Address, why status, source Source) {
	list := make([]failure, len(to))
	for i, a := range to {
		list[i] = failure{a, why}
	}
	t.failed(now, h, m, list, source)
}

// failed ends the message for some recipients and reports it to the sender. A
// report that cannot be delivered is dropped: it has nobody to go back to
// (RFC 5321 section 6.1).
func (t *Transport) failed(now time.Time, h *host, m *message, list []failure, source Source) {
	if len(list) == 0 {
		return
	}
	for _, f := range list {
		t.track(now, h, m, eventFail, source, []Address{f.to}, f.why.text, "")
	}
	if m.reply != nil {
		m.reply.queue, m.reply.state = nil, "returned: "+list[0].why.text
	}
	t.report(now, h, m, list, bounce, "failed", "Undeliverable: ")
}

// delayed tells the sender that a message still waits.
func (t *Transport) delayed(now time.Time, h *host, m *message, to []Address, last string) {
	list := make([]failure, len(to))
	for i, a := range to {
		list[i] = failure{a, status{"4.4.7", "400 4.4.7 Message delayed; " + last}}
	}
	t.report(now, h, m, list, delayNotice, "delayed", "Delivery delayed: ")
}

// report makes a delivery status notification (RFC 3464) and sends it off.
func (t *Transport) report(now time.Time, h *host, m *message, list []failure, kind messageKind, action, title string) {
	if m.from.Null() || m.kind == bounce || m.kind == delayNotice {
		if kind == bounce {
			t.track(now, h, m, eventBadMail, sourceDSN, nil, "undeliverable report dropped", "")
		}
		return
	}
	if !t.accepted(m.from) && !t.params.Remote.NDR {
		t.track(now, h, m, eventDrop, sourceDSN, []Address{m.from}, "reports to the remote domain are off", "")
		return
	}
	d := &message{
		id: t.newID(), arrived: now, to: []Address{m.from}, internal: true, kind: kind,
		header: header{
			headerFrom: "Microsoft Outlook <" + t.postmaster() + ">", headerTo: m.from.String(),
			subject: title + m.subject, autoSubmitted: "auto-replied", hasDate: true,
		},
	}
	if t.gen < gen2013 {
		d.headerFrom = "Mail Delivery System <" + t.postmaster() + ">"
	}
	t.complete(d, h)
	d.raw = t.statusNotification(now, h, m, d, list, action)
	t.track(now, h, d, eventDSN, sourceDSN, d.to, list[0].why.text, m.messageID)
	t.accept(now, h, d)
}

// postmaster is the sender in the From field of reports.
func (t *Transport) postmaster() string { return "postmaster@" + t.domain }

// maxReturned bounds how much of a returned message's header a report quotes,
// in bytes.
const maxReturned = 4 << 10

func (t *Transport) statusNotification(now time.Time, h *host, m, d *message, list []failure, action string) []byte {
	var b strings.Builder
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	boundary := "_" + strings.ToUpper(d.messageID[:min(32, len(d.messageID))]) + "_"
	date := now.Format(time.RFC1123Z)
	line("Return-Path: <>")
	line("Received: from ", h.fqdn, " by ", h.fqdn, " with Microsoft SMTP Server id ", string(t.params.Server.Version), "; ", date)
	line("From: ", d.headerFrom)
	line("To: <", d.headerTo, ">")
	line("Subject: ", encode(d.subject))
	line("Date: ", date)
	line("Message-ID: <", d.messageID, ">")
	line("In-Reply-To: <", m.messageID, ">")
	line("Auto-Submitted: auto-replied")
	if t.params.SMTP.StampsAuthAs {
		line("X-MS-Exchange-Message-Is-Ndr:")
		line("X-Auto-Response-Suppress: All")
	}
	line("MIME-Version: 1.0")
	line(`Content-Type: multipart/report; report-type=delivery-status; boundary="`, boundary, `"`)
	line()
	line("--", boundary)
	line("Content-Type: text/plain; charset=us-ascii")
	line()
	if action == "failed" {
		line("Delivery has failed to these recipients:")
	} else {
		line("Delivery is delayed to these recipients; the server keeps trying:")
	}
	for _, f := range list {
		line()
		line(f.to.String())
		line("#", f.why.text, "#")
	}
	line()
	line("--", boundary)
	line("Content-Type: message/delivery-status")
	line()
	line("Reporting-MTA: dns;", h.fqdn)
	line("Arrival-Date: ", m.arrived.Format(time.RFC1123Z))
	for _, f := range list {
		line()
		line("Final-Recipient: rfc822;", f.to.String())
		line("Action: ", action)
		line("Status: ", f.why.code)
		line("Diagnostic-Code: smtp;", f.why.text)
	}
	line()
	line("--", boundary)
	line("Content-Type: text/rfc822-headers")
	line()
	b.Write(headerPart(m.raw, maxReturned))
	line()
	line("--", boundary, "--")
	return []byte(b.String())
}
