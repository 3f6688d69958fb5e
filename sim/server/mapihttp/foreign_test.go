package mapihttp_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/server/servertest"
	"shutout/sim/server/webtest"
)

// curl signs in, with Basic and with NTLM, pings, and opens a session context
// that an Execute finds by the cookies that curl has kept.
func TestCurl(t *testing.T) {
	curl := servertest.Program(t, "curl")
	w := newWorld(t)
	w.Live()
	url := "http://127.0.0.1:" + w.Expose("cas1:80") + mapihttp.URLPath + "?MailboxId=x"
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// curl reads the password from here, so that it is in no list of processes.
	login := file("login", []byte("user = \""+webtest.Dana+":"+webtest.Password+"\"\n"))
	jar := filepath.Join(dir, "cookies")
	post := func(scheme string, kind mapihttp.RequestType, body []byte, more ...string) (mapihttp.ResponseHead, mapihttp.Final) {
		t.Helper()
		out, headers := filepath.Join(dir, "out"), filepath.Join(dir, "headers")
		args := append([]string{"-sS", "--config", login, scheme, "-o", out, "-D", headers,
			"-H", "X-RequestType: " + string(kind), "-H", "X-RequestId: {1}:1", "-H", "Content-Type: " + mapihttp.ContentType,
			"--data-binary", "@" + file("body", body)}, more...)
		servertest.Output(t, exec.Command(curl, append(args, url)...))
		text, err := os.ReadFile(headers)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		for _, line := range strings.Split(string(text), "\r\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				h.Set(name, value)
			}
		}
		head, err := mapihttp.ParseResponseHead(h)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		answer, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if head.Code != mapihttp.CodeSuccess {
			return head, mapihttp.Final{}
		}
		final, err := mapihttp.ReadFinal(bytes.NewReader(answer), mapihttp.Limits{})
		if err != nil {
			t.Fatalf("%v in %q", err, answer)
		}
		return head, final
	}
	for _, scheme := range []string{"--basic", "--ntlm"} {
		if scheme == "--ntlm" && !strings.Contains(servertest.Output(t, exec.Command(curl, "--version")), "NTLM") {
			t.Log("this curl has no NTLM")
			continue
		}
		if head, final := post(scheme, mapihttp.Ping, nil); head.Code != 0 || final.Code != 0 || head.Type != mapihttp.Ping {
			t.Errorf("%s: PING: %+v %+v", scheme, head, final)
		}
		_, final := post(scheme, mapihttp.Connect, connectBody(t), "-c", jar)
		if r, err := mapihttp.ParseConnectResponse(final.Body); err != nil || r.Code != mapi.Success || r.DisplayName != "Dana Reyes" {
			t.Errorf("%s: Connect: %+v, %v", scheme, r, err)
		}
		_, final = post(scheme, mapihttp.Execute, logon(t), "-b", jar, "-c", jar)
		if r, err := mapihttp.ParseExecuteResponse(final.Body); err != nil || r.Code != mapi.Success || len(r.RopBuffer) == 0 {
			t.Errorf("%s: Execute: %+v, %v", scheme, r, err)
		}
		if head, _ := post(scheme, mapihttp.Execute, logon(t)); head.Code != mapihttp.CodeMissingCookie {
			t.Errorf("%s: without cookies: %v", scheme, head.Code)
		}
	}
}
