package containers

import (
	"reflect"
	"testing"
)

const mailLogText = `Nov 28 08:22:36 mx postfix/smtpd[95]: connect from unknown[172.28.0.1]
Nov 28 08:22:46 mx postfix/smtpd[95]: 4jc3F24SYTz85CV: client=unknown[172.28.0.1]
Nov 28 08:22:46 mx postfix/cleanup[100]: 4jc3F24SYTz85CV: info: header Subject: news from home; from=<a> from unknown[172.28.0.1]; from=<x@bogus.example> to=<frank@corp.example> proto=ESMTP helo=<[127.0.0.1]>
Nov 28 08:22:46 mx postfix/cleanup[100]: 4jc3F24SYTz85CV: message-id=<qq>
Nov 28 08:22:47 mx postfix/submission/smtpd[102]: connect from unknown[172.27.0.2]
Nov 28 08:22:47 mx postfix/submission/smtpd[102]: 4jc3F36MVjz85Cd: client=unknown[172.27.0.2], sasl_method=PLAIN, sasl_username=Dana
Nov 28 08:22:47 mx postfix/submission/smtpd[103]: 4jc3F36MVjz85Ce: client=unknown[172.27.0.2], sasl_method=PLAIN, sasl_username=erin
Nov 28 08:22:47 mx postfix/cleanup[100]: 4jc3F36MVjz85Cd: info: header In-Reply-To: <qq> from unknown[172.27.0.2]; from=<> to=<x@dead.example> proto=ESMTP helo=<mail.corp.example>
Nov 28 08:22:47 mx postfix/lmtp[101]: 4jc3F24SYTz85CV: to=<frank@corp.example>, relay=mail.corp.example[172.27.0.2]:24, delay=1.4, delays=0.1/0.08/0.1/1.1, dsn=2.0.0, status=sent (250 2.0.0 <frank@corp.example> BdkwMVaPCmsQAAAAZU03Dg Saved)
Nov 28 08:22:48 mx postfix/smtp[104]: 4jc3F36MVjz85Cd: to=<x@dead.example>, relay=none, delay=0.2, delays=0.1/0/0/0, dsn=4.4.1, status=deferred (connect to world[192.168.0.2]:2551: Connection refused)
Nov 28 08:22:48 mx postfix/error[105]: 4jc3F36MVjz85Ce: to=<x@bogus.example>, relay=none, delay=0.2, delays=0.1/0/0/0, dsn=5.4.4, status=bounced (Host not found)
Nov 28 08:22:48 mx postfix/smtp[104]: 4jc3F36MVjz85Ce: to=<olga@partner.example>, relay=world[192.168.0.2]:25, delay=0.06, delays=0/0.02/0.03/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
Nov 28 08:22:49 mx postfix/submission/smtpd[103]: disconnect from unknown[172.27.0.2] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8
`

func TestMailLog(t *testing.T) {
	l := parseMailLog(mailLogText)
	if want := map[string]string{"102": "dana"}; !reflect.DeepEqual(l.signedIn, want) {
		t.Errorf("signed in are %v, want %v", l.signedIn, want)
	}
	for _, c := range []struct {
		id, state string
		arrived   bool
	}{
		{"4jc3F24SYTz85CV", "delivered to frank@corp.example", true},
		{"4jc3F36MVjz85Cd", "queued for dead.example, Connection refused", false},
		{"4jc3F36MVjz85Ce", "returned: Host not found; taken by the mail server of partner.example", false},
	} {
		state, arrived := l.byID[c.id].whereabouts()
		if state != c.state || arrived != c.arrived {
			t.Errorf("%s: %q %v, want %q %v", c.id, state, arrived, c.state, c.arrived)
		}
	}
	first, reply := l.letters[0], l.byID["4jc3F36MVjz85Cd"]
	if first.subject != "news from home; from=<a>" || first.messageID != "qq" || reply.inReplyTo != "qq" {
		t.Errorf("%+v %+v", first, reply)
	}
}

func FuzzMailLog(f *testing.F) {
	f.Add(mailLogText)
	f.Fuzz(func(t *testing.T, text string) {
		l := parseMailLog(text)
		for _, m := range l.letters {
			if l.byID[m.id] != m {
				t.Errorf("the message %s is there twice", m.id)
			}
			m.whereabouts()
		}
	})
}

func TestQueuedFrom(t *testing.T) {
	const queue = `{"queue_name": "deferred", "queue_id": "4jc3Kz6Wwmz859h", "sender": "frank@corp.example", "recipients": []}
{"queue_name": "deferred", "queue_id": "4jc3Kz6Wwmz859i", "sender": "MAILER-DAEMON", "recipients": []}
`
	for sender, want := range map[string]string{"Frank@corp.example": "4jc3Kz6Wwmz859h", "": "4jc3Kz6Wwmz859i"} {
		if ids, err := queuedFrom(queue, sender); err != nil || len(ids) != 1 || ids[0] != want {
			t.Errorf("from %q: %v %v, want %s", sender, ids, err, want)
		}
	}
	if _, err := queuedFrom("postqueue: warning: the queue is damaged\n", ""); err == nil {
		t.Error("what is no list of messages is taken for one")
	}
}

func FuzzQueuedFrom(f *testing.F) {
	f.Add(`{"queue_id": "4jc3Kz6Wwmz859h", "sender": "a@b"}`, "a@b")
	f.Fuzz(func(_ *testing.T, queue, sender string) { queuedFrom(queue, sender) })
}

// A changed recipe is another image, and each image has one name.
func TestTags(t *testing.T) {
	seen := map[string]bool{}
	for _, image := range []string{imageBase, imageSamba, imageDovecot, imagePostfix, imageSOGo} {
		name := tag(image)
		if seen[name] || name != tag(image) {
			t.Errorf("the image %s is called %s", image, name)
		}
		seen[name] = true
		if len(files(image)) == 0 {
			t.Errorf("the image %s has no recipe", image)
		}
	}
}
