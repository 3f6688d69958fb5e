package expose_test

import (
	"os/exec"
	"testing"

	"shutout/lab/protocol/airsync"
	"shutout/lab/protocol/oauth"
)

// TestCurlWithATokenOfTheCloud signs in at Exchange Online as a program does
// that nobody here wrote: a code from the form, tokens for it, and the access
// token over HTTP, IMAP4, POP3 and SMTP.
func TestCurlWithATokenOfTheCloud(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed here")
	}
	t.Parallel()
	w := startVersion(t, "exo")
	login := "https://" + w.addr("login", 443)
	curl := func(args ...string) *result {
		return w.run("", "curl", append([]string{"--silent", "--show-error", "--max-time", "15", "--cacert", w.ca}, args...)...)
	}
	program := []string{"-d", "client_id=curl", "-d", "redirect_uri=http://localhost"}
	form := func(password string) *result {
		return curl(append(program, "--write-out", "%{redirect_url}", "-d", "login="+w.dana.Mail, "-d", "passwd="+password, login+oauth.LoginPath)...)
	}
	form("not-hers").want(0, "AADSTS50126")
	code := form(w.dana.Password).find(`http://localhost/?\?code=([^&]+)`)
	answer := curl(append(program, "-d", "grant_type=authorization_code", "-d", "code="+code, login+oauth.TokenPath)...)
	token := answer.find(`"access_token":"([^"]+)"`)

	bearer := []string{"-H", "Authorization: " + oauth.Header(token)}
	web := "https://" + w.addr("cas1", 443) + airsync.URLPath
	curl(append(bearer, "-i", "-X", "OPTIONS", web)...).want(0, "200 OK", "14.1")
	curl("-i", "-u", w.credentials(), "-X", "OPTIONS", web).want(0, "401 Unauthorized", "authorization_uri=")

	sasl := []string{"-u", w.dana.Mail + ":", "--oauth2-bearer", token}
	curl(append(sasl, "imaps://"+w.addr("cas1", 993)+"/INBOX;MAILINDEX=1")...).want(0, "Subject: Welcome")
	curl(append(sasl, "pop3s://"+w.addr("cas1", 995)+"/1")...).want(0, "Subject: Welcome")
	mail := w.write("mail.txt", "Subject: with a token\r\n\r\nHello.\r\n")
	curl(append(sasl, "--ssl-reqd", "--mail-from", w.dana.Mail, "--mail-rcpt", w.dana.Mail, "-T", mail, "smtp://"+w.addr("mbx1", 587))...).want(0)
	curl(append(sasl, "imaps://"+w.addr("cas1", 993)+"/INBOX;MAILINDEX=4")...).want(0, "Subject: with a token", "Hello.")

	refresh := answer.find(`"refresh_token":"([^"]+)"`)
	w.Lock()
	u, _ := w.Cloud.User("dana")
	w.Cloud.Revoke(w.Now(), u)
	w.Unlock()
	curl("-d", "grant_type=refresh_token", "-d", "refresh_token="+refresh, login+oauth.TokenPath).want(0, "invalid_grant", "AADSTS50173")
}
