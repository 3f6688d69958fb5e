package expose_test

import (
	"net"
	"strings"
	"testing"

	"shutout/lab"
)

// Swaks's exit status for what the server refused (swaks(1), EXIT CODES).
const (
	swaksMail   = 23 // MAIL FROM
	swaksRcpt   = 24 // every RCPT TO
	swaksNoAuth = 28
)

// swaks hands in a message at a port of dana's mailbox server. It encrypts
// where offered and checks the certificate.
func (w *world) swaks(port int, to *lab.Person, subject string, args ...string) *result {
	w.t.Helper()
	host, p, err := net.SplitHostPort(w.addr("mbx1", port))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.run("", "swaks", append([]string{
		"--server", host, "--port", p, "--helo", "home.example", "--timeout", "15",
		"--from", w.dana.Mail, "--to", to.Mail, "--header", "Subject: " + subject, "--body", "Hello from swaks.",
		"--tls-verify", "--tls-ca-path", w.ca,
	}, args...)...)
}

func (w *world) signedIn(mechanism string) []string {
	return []string{"--tls", "--auth", mechanism, "--auth-user", w.dana.Mail, "--auth-password", w.dana.Password}
}

func TestSwaksSubmission(t *testing.T) {
	w := open(t, "swaks")
	if strings.Contains(w.run("", "swaks", "--support").out, "TLS not available") {
		t.Skip("swaks has no TLS here; it needs the Perl module Net::SSLeay")
	}
	w.swaks(587, w.erin, "signed in", w.signedIn("LOGIN")...).want(0,
		"TLS started", " ~> AUTH LOGIN", "<~  235 ", "Queued mail for delivery")
	if m := w.arrived(w.erin, "signed in"); !strings.Contains(m, "Hello from swaks.") {
		t.Errorf("erin got\n%s", m)
	}
	olga := w.Cast().People["olga"]
	w.swaks(587, olga, "to a partner", w.signedIn("LOGIN")...).want(0, "Queued mail for delivery")
	// Exchange offers LOGIN and no PLAIN, and swaks keeps to what is offered.
	w.swaks(587, w.erin, "plain", w.signedIn("PLAIN")...).
		want(swaksNoAuth, "<~  250-AUTH LOGIN\n", "requested type not available").lacks("Queued")
	w.swaks(587, w.erin, "not dana's password", "--tls", "--auth", "LOGIN", "--auth-user", w.dana.Mail, "--auth-password", "wrong").
		want(swaksNoAuth, "<~* 535 5.7.3 Authentication unsuccessful").lacks("Queued")
	w.swaks(587, w.erin, "anonymous", "--tls").want(swaksMail, "<~* 530 5.7.1 Client was not authenticated").lacks("Queued")
	w.swaks(587, w.erin, "in the clear", "--auth", "LOGIN", "--auth-user", w.dana.Mail, "--auth-password", w.dana.Password).
		want(swaksNoAuth, "250-STARTTLS").lacks(" -> AUTH", "Queued")

	w.disable()
	w.swaks(587, w.erin, "too late", w.signedIn("LOGIN")...).want(swaksNoAuth, "<~* 535 5.7.3 Authentication unsuccessful").lacks("Queued")
}

func TestSwaksAnonymous(t *testing.T) {
	w := open(t, "swaks")
	olga := w.Cast().People["olga"]
	w.swaks(25, w.erin, "from outside", "--from", olga.Mail).want(0, "<-  220 mbx1.corp.example", "Queued mail for delivery")
	w.arrived(w.erin, "from outside")
	w.swaks(25, olga, "relayed", "--from", "offers@bogus.example").want(swaksRcpt, "<** 550 5.7.1 Unable to relay").lacks("Queued")

	// Disabling the account does not end what needs none: mail to the inside
	// under the leaver's name.
	w.disable()
	w.swaks(25, w.erin, "forged").want(0, "Queued mail for delivery")
	w.arrived(w.erin, "forged")
}
