package expose_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"shutout/lab/mitigation"
	"shutout/sim/clientaccess"
)

const loginDenied = 67 // curl's exit status CURLE_LOGIN_DENIED

// curl runs curl for a name of the lab, which leads to a port of a server.
func (w *world) curl(host string, port int, args ...string) *result {
	w.t.Helper()
	p := w.port(host, port)
	return w.run("", "curl", append([]string{
		"--silent", "--show-error", "--verbose", "--max-time", "15", "--cacert", w.ca,
		"--resolve", mailName + ":" + p + ":127.0.0.1",
	}, args...)...)
}

// url is an address of a server's port as a user writes it.
func (w *world) url(scheme, host string, port int, path string) string {
	w.t.Helper()
	return scheme + "://" + mailName + ":" + w.port(host, port) + path
}

func (w *world) credentials() string { return w.dana.Mail + ":" + w.dana.Password }

// browse asks for a page of OWA as a browser would: with its cookies, and
// following redirections. What comes back ends with the address of the page.
func (w *world) browse(path string, form ...string) *result {
	w.t.Helper()
	args := []string{
		"--silent", "--show-error", "--max-time", "15", "--cacert", w.ca,
		"--connect-to", mailName + ":443:" + w.addr("cas1", 443),
		"--cookie", "jar", "--cookie-jar", "jar", "--location", "--write-out", "\n%{http_code} %{url_effective}\n",
	}
	for _, field := range form {
		args = append(args, "--data-urlencode", field)
	}
	return w.run("", "curl", append(args, "https://"+mailName+path)...)
}

// find returns what a pattern's group matches in a page.
func (r *result) find(pattern string) string {
	r.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(r.out)
	if m == nil {
		r.t.Fatalf("%s\nno %s in\n%s", r.line, pattern, r.out)
	}
	return html.UnescapeString(m[1])
}

func TestCurlOWA(t *testing.T) {
	w := open(t, "curl")
	const logonForm = "<form action=\"/owa/auth.owa\""
	w.browse("/owa/").want(0, logonForm, "\n200 https://"+mailName+"/owa/auth/logon.aspx?url=")
	signIn := func(password string) *result {
		return w.browse("/owa/auth.owa", "destination=https://"+mailName+"/owa/", "flags=4", "username="+w.dana.Mail, "password="+password)
	}
	signIn("not-hers").want(0, "reason=2", "isn't correct")

	inbox := signIn(w.dana.Password).want(0, "<h1>Inbox</h1>", "Price list, confidential", "\n200 https://"+mailName+"/owa/\n")
	item := inbox.find(`href="(/owa/\?ae=Item[^"]*id=[^"]*)">Price list`)
	w.browse(item).want(0, "Price list, confidential", "this message was in the mailbox before the scenario began")

	compose := w.browse("/owa/?ae=Item&t=IPM.Note&a=New").want(0, "txtbdy")
	canary := compose.find(`name="hidcanary" value="([^"]+)"`)
	const send = "/owa/?ae=PreFormAction&t=IPM.Note&a=Send"
	draft := []string{"txtto=" + w.erin.Mail, "txtsbj=from a browser", "txtbdy=Hello from curl."}
	w.browse(send, append(draft, "hidcanary=forged")...).want(0, "\n440 ")
	w.browse(send, append(draft, "hidcanary="+canary)...).want(0, "<h1>Inbox</h1>")
	if m := w.arrived(w.erin, "from a browser"); !strings.Contains(m, "Hello from curl.") || !strings.Contains(m, "<"+w.dana.Mail+">") {
		t.Errorf("erin got\n%s", m)
	}

	// The token from the sign-in outlives the account, until the worker
	// process that keeps it goes.
	w.disable()
	w.browse("/owa/").want(0, "<h1>Inbox</h1>")
	w.apply(&mitigation.RecycleAppPool{Pool: string(clientaccess.PoolOWA)})
	w.browse("/owa/").want(0, logonForm, "reason=2").lacks("<h1>Inbox</h1>")
	w.browse(send, append(draft, "hidcanary="+canary)...).want(0, logonForm)
	signIn(w.dana.Password).want(0, logonForm, "reason=2", "isn't correct")
}

// soap is a request to Exchange Web Services as people write it by hand.
const soap = `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"
    xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
  <soap:Header><t:RequestServerVersion Version="Exchange2010_SP1"/></soap:Header>
  <soap:Body>%s</soap:Body>
</soap:Envelope>
`

func TestCurlEWS(t *testing.T) {
	w := open(t, "curl")
	find := w.write("find.xml", fmt.Sprintf(soap, `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>
    <m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>`))
	post := func(scheme, password, file string) *result {
		t.Helper()
		return w.curl("cas1", 443, scheme, "--user", w.dana.Mail+":"+password, "--header", "Content-Type: text/xml; charset=utf-8",
			"--data-binary", "@"+file, w.url("https", "cas1", 443, "/ews/exchange.asmx"))
	}
	const listed = "<t:Subject>Price list, confidential</t:Subject>"
	for _, scheme := range []string{"--basic", "--ntlm"} {
		post(scheme, w.dana.Password, find).want(0, "< HTTP/1.1 200 OK", listed)
		post(scheme, "not-hers", find).want(0, "< HTTP/1.1 401 Unauthorized").lacks(listed)
	}
	w.curl("cas1", 443, w.url("https", "cas1", 443, "/EWS/Exchange.asmx")).want(0, "< HTTP/1.1 401 Unauthorized", "< Www-Authenticate: NTLM", "< Www-Authenticate: Basic realm=")
	send := w.write("send.xml", fmt.Sprintf(soap, `<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:Message><t:Subject>from curl over SOAP</t:Subject>
    <t:Body BodyType="Text">Hello from curl.</t:Body>
    <t:ToRecipients><t:Mailbox><t:EmailAddress>`+w.erin.Mail+`</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></m:Items></m:CreateItem>`))
	post("--ntlm", w.dana.Password, send).want(0, `ResponseClass="Success"`)
	if m := w.arrived(w.erin, "from curl over SOAP"); !strings.Contains(m, "Hello from curl.") {
		t.Errorf("erin got\n%s", m)
	}
	bad := w.write("bad.xml", fmt.Sprintf(soap, "<m:FindPeople/>"))
	post("--basic", w.dana.Password, bad).want(0, "< HTTP/1.1 500 Internal Server Error", "ErrorSchemaValidation")

	// Nobody remembers who has signed in with NTLM once the connection is gone;
	// with Basic, IIS does.
	w.disable()
	post("--ntlm", w.dana.Password, find).want(0, "< HTTP/1.1 401 Unauthorized").lacks(listed)
	post("--basic", w.dana.Password, find).want(0, listed)
	w.apply(&mitigation.RecycleAppPool{Pool: string(clientaccess.PoolEWS)})
	post("--basic", w.dana.Password, find).want(0, "< HTTP/1.1 401 Unauthorized").lacks(listed)
}

func TestCurlAutodiscover(t *testing.T) {
	w := open(t, "curl")
	ask := w.write("ask.xml", `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress>`+w.dana.Mail+`</EMailAddress>
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`)
	w.curl("cas1", 443, "--ntlm", "--user", w.credentials(), "--header", "Content-Type: text/xml", "--data-binary", "@"+ask,
		w.url("https", "cas1", 443, "/Autodiscover/Autodiscover.xml")).want(0, "< HTTP/1.1 200 OK",
		"<LegacyDN>/o=CORP/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=dana</LegacyDN>",
		"<EwsUrl>https://cas1.corp.example/EWS/Exchange.asmx</EwsUrl>", "<Type>EXCH</Type>", "<OWAUrl AuthenticationMethod=")
}

func TestCurlIMAP(t *testing.T) {
	w := open(t, "curl")
	subject := w.deliver()
	fetch := func(scheme string, port int, path string, args ...string) *result {
		t.Helper()
		return w.curl("cas1", port, append(args, "--user", w.credentials(), w.url(scheme, "cas1", port, path))...)
	}
	fetch("imaps", 993, "/").want(0, "* LIST ", "INBOX", `"Sent Items"`)
	fetch("imaps", 993, "/INBOX", "--request", "SEARCH SUBJECT "+`"`+subject+`"`).want(0, "* SEARCH 4")
	fetch("imaps", 993, "/INBOX;MAILINDEX=4").want(0, "Subject: "+subject)
	fetch("imaps", 993, "/INBOX;MAILINDEX=2;SECTION=TEXT").want(0, "this message was in the mailbox")
	fetch("imap", 143, "/INBOX;MAILINDEX=4", "--ssl-reqd").want(0, "STARTTLS", "Subject: "+subject)
	fetch("imap", 143, "/").want(loginDenied, "LOGINDISABLED")

	// A message that a program stores.
	w.write("note.eml", "From: "+w.dana.Mail+"\r\nSubject: put here by curl\r\n\r\nkept\r\n")
	fetch("imaps", 993, "/Drafts", "--upload-file", w.dir+"/note.eml").want(0)
	fetch("imaps", 993, "/Drafts;MAILINDEX=1").want(0, "Subject: put here by curl")

	w.disable()
	fetch("imaps", 993, "/INBOX;MAILINDEX=1").want(loginDenied, "AUTHENTICATE PLAIN", " NO AUTHENTICATE failed.").lacks("Subject:")
}

func TestCurlPOP3(t *testing.T) {
	w := open(t, "curl")
	subject := w.deliver()
	fetch := func(scheme string, port int, path string, args ...string) *result {
		t.Helper()
		return w.curl("cas1", port, append(args, "--user", w.credentials(), w.url(scheme, "cas1", port, path))...)
	}
	fetch("pop3s", 995, "/").want(0, "\n4 ")
	fetch("pop3s", 995, "/4").want(0, "Subject: "+subject)
	fetch("pop3", 110, "/4", "--ssl-reqd").want(0, "STLS", "Subject: "+subject)
	fetch("pop3s", 995, "/1", "--request", "DELE", "--list-only").want(0, "> DELE 1", "+OK")
	fetch("pop3s", 995, "/").want(0, "\n3 ").lacks("\n4 ")
	w.disable()
	fetch("pop3s", 995, "/1").want(loginDenied, "AUTH PLAIN", "-ERR Logon failure: unknown user name or bad password.").lacks("Subject:")
}

func TestCurlSMTP(t *testing.T) {
	w := open(t, "curl")
	submit := func(subject, to string, args ...string) *result {
		t.Helper()
		w.write("message.eml", "From: "+w.dana.Mail+"\r\nTo: "+to+"\r\nSubject: "+subject+"\r\n\r\n.a line with a dot\r\n")
		return w.curl("mbx1", 587, append(args, "--ssl-reqd", "--mail-from", w.dana.Mail, "--mail-rcpt", to,
			"--upload-file", w.dir+"/message.eml", w.url("smtp", "mbx1", 587, "/"+url.PathEscape("home.example")))...)
	}
	submit("from curl", w.erin.Mail, "--user", w.credentials()).want(0, "STARTTLS", "235 ", "Queued mail for delivery")
	if m := w.arrived(w.erin, "from curl"); !strings.Contains(m, "\r\n.a line with a dot\r\n") {
		t.Errorf("erin got\n%s", m)
	}
	w.disable()
	submit("too late", w.erin.Mail, "--user", w.credentials()).want(loginDenied, "535 5.7.3 Authentication unsuccessful").lacks("Queued")
}
