package owa

import (
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// TestCurl has curl use OWA over loopback as a person would.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	w := newWorld(t, "ex2010")
	w.Deliver("greetings")
	srv := httptest.NewServer(New(w.World.World, "cas1"))
	defer srv.Close()
	jar := t.TempDir() + "/jar"
	run := func(args ...string) string {
		out, err := exec.Command(curl, append([]string{"-sS", "-i", "-b", jar, "-c", jar}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	out := run("-d", "destination=/owa/&flags=0", "--data-urlencode", "username=CORP\\dana", "--data-urlencode", "password="+webtest.Password, srv.URL+"/owa/auth.owa")
	canary := regexp.MustCompile(`X-OWA-CANARY=([^;]+)`).FindStringSubmatch(out)
	if canary == nil {
		t.Fatalf("sign-in: %s", out)
	}
	if out := run(srv.URL + "/owa/"); !strings.Contains(out, "greetings") {
		t.Errorf("inbox: %s", out)
	}
	out = run("-H", "X-OWA-CANARY: "+canary[1], "--data-urlencode", "txtto="+webtest.Erin, "-d", "txtsbj=hi&txtbdy=there",
		srv.URL+"/owa/?ae=PreFormAction&t=IPM.Note&a=Send")
	if !strings.HasPrefix(out, "HTTP/1.1 302") {
		t.Errorf("send: %s", out)
	}
	w.Pass(time.Minute)
	if got := w.Subjects("erin", store.Inbox); len(got) != 1 || got[0] != "hi" {
		t.Errorf("erin got %q", got)
	}
}
