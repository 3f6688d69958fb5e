package activesync

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

func TestOptionsAndRefusals(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	c := w.Client("x")
	call := func(method, query string, auth bool) *http.Response {
		r, _ := http.NewRequest(method, "http://cas1"+airsync.URLPath+query, nil)
		if auth {
			r.SetBasicAuth(webtest.Dana, webtest.Password)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	if resp := call("OPTIONS", "", false); resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic realm=") {
		t.Errorf("without credentials: %s %v", resp.Status, resp.Header)
	}
	o, err := airsync.ParseOptions(call("OPTIONS", "", true).Header)
	if err != nil || o.Versions[len(o.Versions)-1] != airsync.V141 || !slices.Contains(o.Commands, airsync.CmdPing) {
		t.Errorf("options %+v, %v", o, err)
	}
	for query, want := range map[string]int{"": 400, "?Cmd=Sync": 400, "?Cmd=Sync&DeviceId=a&DeviceType=b": 400} {
		if resp := call("POST", query, true); resp.StatusCode != want {
			t.Errorf("POST %q: %s, want %d", query, resp.Status, want)
		}
	}
	if resp := call("GET", "", true); resp.StatusCode != 405 {
		t.Errorf("GET: %s", resp.Status)
	}
	d := newDevice(t, w)
	if code, _ := d.post("SmartReply", airsync.ContentType, nil); code != 501 {
		t.Errorf("unknown command: %d", code)
	}
	d.password = "wrong"
	if code, _ := d.post(airsync.CmdSync, airsync.ContentType, nil); code != 401 {
		t.Errorf("wrong password: %d", code)
	}
}

func TestVersionsByProfile(t *testing.T) {
	for _, want := range []struct {
		profile, server string
		newest          airsync.Version
	}{
		{"ex2003", "6.5", airsync.V25}, {"ex2007", "8.3", airsync.V121}, {"ex2010", "14.3", airsync.V141},
		{"ex2013", "15.0", airsync.V141}, {"ex2016", "15.1", airsync.V161}, {"ex2019", "15.2", airsync.V161},
	} {
		w := webtest.New(t, want.profile)
		o := options(w.World.World)
		if got := o.Versions[len(o.Versions)-1]; got != want.newest || o.Server != want.server {
			t.Errorf("%s is %s and speaks up to %s, want %s and %s", want.profile, o.Server, got, want.server, want.newest)
		}
	}
}

func TestSendMail(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	mail := "From: " + webtest.Dana + "\r\nTo: " + webtest.Erin + "\r\nBcc: b@partner.example\r\nSubject: hello\r\n\r\ntext\r\n"
	send := func(id, mail string) airsync.Status {
		_, body, err := airsync.SendMailRequest{ClientID: id, SaveInSentItems: true, MIME: []byte(mail)}.Encode(d.version)
		r, err := airsync.ParseSendMailResponse(d.must(airsync.CmdSendMail, body, err))
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	for _, c := range []struct {
		id, mail string
		want     airsync.Status
	}{
		{"a", mail, airsync.StatusOK},
		{"a", mail, airsync.StatusMessagePreviouslySent},
		{"b", "no header", airsync.StatusInvalidMIME},
		{"c", "Subject: x\r\n\r\n", airsync.StatusMessageHasNoRecipient},
		{"d", strings.Replace(mail, webtest.Dana, webtest.Erin, 1), airsync.StatusAccessDenied},
	} {
		if got := send(c.id, c.mail); got != c.want {
			t.Errorf("%s: %v, want %v", c.id, got, c.want)
		}
	}
	w.Pass(time.Minute)
	if got := w.Subjects("erin", store.Inbox); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("erin got %q", got)
	}
	if got := w.Subjects("dana", store.SentItems); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("sent items %q", got)
	}
}

func TestVersion25(t *testing.T) {
	w, _ := newWorld(t, "ex2003")
	w.Deliver("one")
	d := newDevice(t, w)
	if code, _ := d.post(airsync.CmdSync, airsync.ContentType, nil); code != 400 {
		t.Errorf("version 14.1 on 2003: %d", code)
	}
	d.version = airsync.V25
	d.syncs()
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"one"}) {
		t.Errorf("sync: %+v", r)
	}
	mail := "To: " + webtest.Erin + "\r\nSubject: old\r\n\r\ntext\r\n"
	if code, out := d.post(airsync.CmdSendMail, airsync.ContentTypeMIME, []byte(mail)); code != 200 {
		t.Errorf("SendMail: %d %s", code, out)
	}
	d.policy = "0"
	if code, _ := d.post(airsync.CmdFolderSync, airsync.ContentType, nil); code != 449 {
		t.Errorf("not provisioned: %d", code)
	}
}
