package client

import (
	"testing"

	"shutout/lab"
)

// later is the failure of an attempt that a server has put off.
func later(stage, text string) *lab.Failure {
	return &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: text}
}

// The replies are those of servers that are in use: Postfix, Exim, Sendmail,
// Exchange, Gmail, Dovecot, Cyrus, Courier.
func TestTemporaryAnswers(t *testing.T) {
	smtp := func(text string) *lab.Failure { return smtpRefusal("send", text) }
	imap := func(text string) *lab.Failure { return imapRefusal("send", text) }
	for _, tt := range []struct {
		judge func(string) *lab.Failure
		text  string
		want  lab.FailureKind
	}{
		{smtp, "450 4.2.0 <erin@corp.example>: Recipient address rejected: Greylisted", lab.Unknown},
		{smtp, "451 Temporary local problem - please try later", lab.Unknown},
		{smtp, "451 4.3.0 Error: queue file write error", lab.Unknown},
		{smtp, "452 4.3.1 Insufficient system resources", lab.Unknown},
		{smtp, "421 4.7.0 mx Error: too many connections from 192.0.2.1", lab.Unknown},
		{smtp, "421 4.7.28 Our system has detected an unusual rate of mail", lab.Unknown},
		{smtp, "421 mx.corp.example Service shutting down", lab.Unknown},
		{smtp, "432 4.7.12 A password transition is needed", lab.Unknown},
		{smtp, "454 Temporary authentication failure", lab.Unknown},
		{smtp, "421 4.3.2 Service not available", lab.Unreachable},
		{smtp, "452 4.5.3 Too many recipients", lab.Refused},
		{smtp, "452 4.5.30 what", lab.Unknown},
		{smtp, "421 4.3.2 Service not active", lab.Unreachable},
		{smtp, "421 4.3.20 what", lab.Unknown},
		{smtp, "454 5.7.3 Client does not have permission to submit mail to this server.", lab.Refused},
		{smtp, "451 5.7.3 STARTTLS is required to send mail", lab.Refused},
		{smtp, "535 5.7.8 Error: authentication failed", lab.Refused},
		{smtp, "550 4.7.1 muddled", lab.Refused},
		{smtp, "554 no SMTP service here", lab.Refused},
		{imap, "NO [UNAVAILABLE] Temporary authentication failure.", lab.Unknown},
		{imap, "NO [INUSE] Mailbox is locked", lab.Unknown},
		{imap, "NO [SERVERBUG] Internal error occurred.", lab.Unknown},
		{imap, "NO [LIMIT] Too many simultaneous connections.", lab.Unknown},
		{imap, "BYE [UNAVAILABLE] too many connections", lab.Unknown},
		{imap, "no [inuse] locked", lab.Unknown},
		{imap, "NO [AUTHENTICATIONFAILED] Authentication failed.", lab.Refused},
		{imap, "NO [LIMITED] no such code", lab.Refused},
		{imap, "NO [EXPIRED] password", lab.Refused},
		{imap, "NO not [UNAVAILABLE] at all", lab.Refused},
		{imap, "NO Server Unavailable. 15", lab.Refused}, // Exchange gives no code
		{imap, "BYE", lab.Refused},
	} {
		if f := tt.judge(tt.text); f.Kind != tt.want || f.Stage != "send" || f.Text != tt.text {
			t.Errorf("%s: %+v, want %s", tt.text, f, tt.want)
		}
	}
	for code, want := range map[string]lab.FailureKind{
		"SYS/TEMP": lab.Unknown, "SYS/TEMP/QUEUE": lab.Unknown, "IN-USE": lab.Unknown, "LOGIN-DELAY": lab.Unknown,
		"SYS/PERM": lab.Refused, "SYS/TEMPER": lab.Refused, "AUTH": lab.Refused, "": lab.Refused,
	} {
		if f := pop3Refusal("read", "-ERR", code); f.Kind != want {
			t.Errorf("%s: %s, want %s", code, f.Kind, want)
		}
	}
}

// What is put off in an open session leaves the session as it is, also to a client
// that does not sign in again, and is no reason to try another password.
func TestPutOff(t *testing.T) {
	signIn := []string{"220 mx", "250-mx\r\n250 AUTH PLAIN", "235 2.7.0 ok"}
	l := newTestLab(t, lab.SMTPSubmission)
	l.env.Activity.Client.Reconnect = "never"
	l.script(dialogue(append(signIn[:3:3],
		"250 ok", "450 4.2.0 Greylisted", // MAIL, RCPT
		"250 reset", "250 mx", "250 ok", "250 ok", "354 go", "451 4.3.0 queue file write error",
		"250 reset", "250 mx", "250 ok", "250 ok", "354 go", "250 queued")...))
	c := l.client()
	check(t, "greylisted", do(c, lab.Send), later("send", "450 4.2.0 Greylisted"))
	check(t, "after the dot", do(c, lab.Send), later("send", "451 4.3.0 queue file write error"))
	check(t, "and then", do(c, lab.Send), nil)
	wantConnections(t, c, 1)

	l = newTestLab(t, lab.SMTPSubmission)
	l.env.Login.Passwords = []string{oldPass, newPass}
	l.script(dialogue("220 mx", "250-mx\r\n250 AUTH PLAIN", "454 4.7.0 Temporary authentication failure"))
	c = l.client()
	check(t, "directory down", do(c, lab.Send), later(stageSignIn, "454 4.7.0 Temporary authentication failure"))
	wantConnections(t, c, 1)
}
