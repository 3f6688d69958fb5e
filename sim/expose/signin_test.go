package expose_test

import (
	"path/filepath"
	"strings"
	"testing"

	"shutout/lab/mitigation"
	"shutout/sim/clientaccess"
)

// web runs curl for OWA without cookies, so that each request has to say who
// asks. What comes back ends with the status of each answer.
func (w *world) web(args ...string) *result {
	w.t.Helper()
	return w.run("", "env", append([]string{
		"NTLM_USER_FILE=" + filepath.Join(w.dir, "ntlm"), "curl",
		"--silent", "--show-error", "--max-time", "15", "--cacert", w.ca, "--write-out", "\n%{http_code} OWA\n",
		"--connect-to", mailName + ":443:" + w.addr("cas1", 443),
	}, args...)...)
}

// TestCurlIntegrated has curl sign in to OWA without the form.
func TestCurlIntegrated(t *testing.T) {
	w := open(t, "curl")
	const inbox, logonForm = "<h1>Inbox</h1>", "/owa/auth/logon.aspx"
	owa := "https://" + mailName + "/owa/"
	w.web("--include", owa).want(0, logonForm, "\n302 ")
	for _, scheme := range []string{"--ntlm", "--basic"} {
		for _, user := range []string{w.dana.Mail, `CORP\dana`} {
			w.web(scheme, "--user", user+":"+w.dana.Password, owa).want(0, inbox, "Price list, confidential", "\n200 ")
		}
		w.web(scheme, "--include", "--user", w.dana.Mail+":not-hers", owa).want(0, "\n401 ", "NTLM", "Basic realm=").lacks(inbox, logonForm)
	}

	// The form's canary is the user's, and nobody else's.
	user := []string{"--ntlm", "--user", w.credentials()}
	canary := w.web(append(user, owa+"?ae=Item&t=IPM.Note&a=New")...).want(0, "txtbdy").find(`name="hidcanary" value="([^"]+)"`)
	draft := func(canary string) *result {
		return w.web(append(user, "--include", "--data", "hidcanary="+canary, "--data-urlencode", "txtto="+w.erin.Mail,
			"--data-urlencode", "txtsbj=without a form", "--data-urlencode", "txtbdy=Hello "+strings.Repeat("again ", 20000),
			owa+"?ae=PreFormAction&t=IPM.Note&a=Send")...)
	}
	draft("forged").want(0, "\n440 ")
	erin := w.web("--ntlm", "--user", w.erin.Mail+":"+w.erin.Password, owa+"?ae=Item&t=IPM.Note&a=New").find(`name="hidcanary" value="([^"]+)"`)
	draft(erin).want(0, "\n440 ")
	draft(canary).want(0, "\n302 ")
	w.arrived(w.erin, "without a form")

	// Basic lives in the token cache; a new connection with NTLM asks the
	// domain controller.
	w.disable()
	w.web("--basic", "--user", w.credentials(), owa).want(0, inbox)
	w.web(append(user, owa)...).want(0, "\n401 ").lacks(inbox)
	w.apply(&mitigation.RecycleAppPool{Pool: string(clientaccess.PoolOWA)})
	w.web("--basic", "--user", w.credentials(), owa).want(0, "\n401 ").lacks(inbox)
}

// TestCurlNegotiate has curl sign in through SPNEGO, with the system's GSS-API
// and a library that speaks NTLM there.
func TestCurlNegotiate(t *testing.T) {
	w := open(t, "curl")
	if list, _ := filepath.Glob("/usr/lib/*/gssntlmssp/gssntlmssp.so"); len(list) == 0 {
		t.Skip("gss-ntlmssp is not installed here")
	}
	const inbox = "<h1>Inbox</h1>"
	page := func() *result {
		t.Helper()
		return w.web("--negotiate", "--user", `CORP\dana:`, "--include", "https://"+mailName+"/owa/")
	}
	w.write("ntlm", "CORP:dana:"+w.dana.Password+"\n")
	page().want(0, inbox, "Www-Authenticate: Negotiate oR", "\n200 ")
	w.write("ntlm", "CORP:dana:not-hers\n")
	page().want(0, "\n401 ").lacks(inbox)
	w.write("ntlm", "CORP:dana:"+w.dana.Password+"\n")
	w.disable()
	page().want(0, "\n401 ").lacks(inbox)
}
