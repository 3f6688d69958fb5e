package activesync

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/airsync"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
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

func TestFolderSync(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	r := d.folders(airsync.InitialKey)
	if r.Status != airsync.StatusOK || len(r.Added) == 0 || r.Added[0].Type != airsync.FolderInbox || r.Added[0].ServerID != d.inbox {
		t.Fatalf("folders %+v", r)
	}
	again := d.folders(r.SyncKey)
	if again.SyncKey != r.SyncKey || len(again.Added)+len(again.Updated)+len(again.Deleted) != 0 {
		t.Errorf("nothing changed, but %+v", again)
	}
	edit := func(f func(s *store.Session, now time.Time) error) {
		w.Do(func(now time.Time) {
			s, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: "mapi"})
			defer s.Close(now)
			if err := f(s, now); err != nil {
				t.Fatal(err)
			}
		})
	}
	edit(func(s *store.Session, now time.Time) error {
		_, err := s.CreateFolder(now, "Projects/2026")
		return err
	})
	added := d.folders(r.SyncKey)
	if len(added.Added) != 1 || added.SyncKey == r.SyncKey {
		t.Fatalf("after a new folder: %+v", added)
	}
	if lost := d.folders(r.SyncKey); len(lost.Added) != 1 {
		t.Errorf("asking again with the previous key: %+v", lost)
	}
	now := d.folders(d.folders(airsync.InitialKey).SyncKey)
	edit(func(s *store.Session, at time.Time) error { return s.RenameFolder(at, "Projects/2026", "Old") })
	renamed := d.folders(now.SyncKey)
	if len(renamed.Updated) != 1 || renamed.Updated[0].DisplayName != "Old" {
		t.Errorf("after a rename: %+v", renamed)
	}
	edit(func(s *store.Session, at time.Time) error { return s.DeleteFolder(at, "Old") })
	if gone := d.folders(renamed.SyncKey); len(gone.Deleted) != 1 || gone.Deleted[0] != added.Added[0].ServerID {
		t.Errorf("after a removal: %+v", gone)
	}
	if bad := d.folders("999"); bad.Status != airsync.FolderSyncInvalidKey {
		t.Errorf("unknown key: %+v", bad)
	}
}

func TestSync(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	for _, s := range []string{"one", "two", "three"} {
		w.Deliver(s)
	}
	d := newDevice(t, w)
	d.window = 2
	if r := d.syncs(); len(r.Commands) != 0 {
		t.Errorf("the initial key brought items: %+v", r)
	}
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"one", "two"}) || !r.MoreAvailable || !strings.HasPrefix(r.Commands[0].Email.Body.Data, "Hello.") {
		t.Errorf("first window: %+v", r)
	}
	previous := d.key
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"three"}) || r.MoreAvailable {
		t.Errorf("second window: %+v", r)
	}
	d.key = previous // as if the response had been lost
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"three"}) {
		t.Errorf("asking again with the previous key: %+v", r)
	}
	key := d.key
	if r := d.syncs(); len(r.Commands) != 0 || r.SyncKey != key {
		t.Errorf("nothing happened, but %+v", r)
	}

	// The device reads one and deletes two; it is not told of either.
	d.syncs(
		airsync.SyncCommand{Op: airsync.Change, ServerID: "1:1", Email: &airsync.Email{Read: airsync.True}},
		airsync.SyncCommand{Op: airsync.Delete, ServerID: "1:2"},
	)
	if r := d.syncs(); len(r.Commands) != 0 {
		t.Errorf("the device is told of its own changes: %+v", r.Commands)
	}
	if got := w.Subjects("dana", store.Inbox); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("inbox %q", got)
	}
	if got := w.Subjects("dana", store.DeletedItems); !slices.Equal(got, []string{"two"}) {
		t.Errorf("deleted items %q", got)
	}

	// Somebody else reads three and removes one.
	w.Do(func(now time.Time) {
		s, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: "mapi"})
		defer s.Close(now)
		s.Mark(now, store.Inbox, []uint32{3}, store.Seen, 0)
		s.Delete(now, store.Inbox, []uint32{1})
	})
	d.window = 100
	r := d.syncs()
	if len(r.Commands) != 2 || r.Commands[0].Op != airsync.Delete || r.Commands[0].ServerID != "1:1" ||
		r.Commands[1].Op != airsync.Change || r.Commands[1].Email.Read != airsync.True {
		t.Errorf("changes made elsewhere: %+v", r.Commands)
	}
	r = d.syncs(airsync.SyncCommand{Op: airsync.Fetch, ServerID: "1:3"}, airsync.SyncCommand{Op: airsync.Fetch, ServerID: "1:77"})
	if len(r.Responses) != 2 || r.Responses[0].Email == nil || r.Responses[0].Email.Subject != "three" || r.Responses[1].Status != airsync.SyncObjectNotFound {
		t.Errorf("fetch: %+v", r.Responses)
	}
}

func TestSyncKeys(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	ask := func(key, folder string) airsync.Status {
		r := d.sync(airsync.SyncRequest{Collections: []airsync.SyncCollection{{SyncKey: key, ID: folder}}})
		return r.Collections[0].Status
	}
	if got := ask("1", "1"); got != airsync.SyncInvalidKey {
		t.Errorf("a key of nobody: %v", got)
	}
	if got := ask("0", "99"); got != airsync.SyncHierarchyChanged {
		t.Errorf("a folder of nobody: %v", got)
	}
	d.syncs()
	if got := ask("77", "1"); got != airsync.SyncInvalidKey {
		t.Errorf("a wrong key: %v", got)
	}
	code, out := d.post(airsync.CmdSync, airsync.ContentType, nil)
	if r, err := airsync.ParseSyncResponse(out); code != 200 || err != nil || r.Status != airsync.SyncIncomplete {
		t.Errorf("an empty request: %d %+v %v", code, r, err)
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

func (d *device) provision(q airsync.ProvisionRequest) airsync.ProvisionResponse {
	d.t.Helper()
	body, err := q.Encode()
	r, err := airsync.ParseProvisionResponse(d.must(airsync.CmdProvision, body, err))
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func TestProvision(t *testing.T) {
	w, devices := newWorld(t, "ex2016")
	d := newDevice(t, w)
	d.policy = "0"
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusDeviceNotProvisioned {
		t.Fatalf("before Provision: %v", r.Status)
	}
	one := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, Device: &airsync.Device{Model: "T1"}})
	if one.Status != airsync.StatusOK || one.PolicyKey == "" || one.Policy == nil {
		t.Fatalf("first step: %+v", one)
	}
	if bad := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, PolicyKey: "1", PolicyStatus: airsync.AckApplied}); bad.PolicyStatus != airsync.PolicyKeyMismatch {
		t.Errorf("wrong temporary key: %+v", bad)
	}
	two := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, PolicyKey: one.PolicyKey, PolicyStatus: airsync.AckApplied})
	if two.PolicyKey == "" || two.PolicyKey == one.PolicyKey {
		t.Fatalf("second step: %+v", two)
	}
	d.policy = one.PolicyKey
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusInvalidPolicyKey {
		t.Errorf("with the temporary key: %v", r.Status)
	}
	d.policy = two.PolicyKey
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusOK {
		t.Errorf("with the final key: %v", r.Status)
	}

	w.Do(func(time.Time) { devices.Wipe("dana", "phone1", DeviceWipe) })
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusRemoteWipeRequested {
		t.Errorf("a wipe is pending: %v", r.Status)
	}
	if r := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML}); !r.Wipe {
		t.Errorf("no wipe: %+v", r)
	}
	d.provision(airsync.ProvisionRequest{WipeStatus: airsync.WipeAckOK})
	w.Do(func(now time.Time) {
		dev, ok := devices.Device("dana", "PHONE1")
		if !ok || !dev.WipeAck.Equal(now) || dev.Model != "T1" || len(devices.List("dana")) != 1 {
			t.Errorf("device %+v", dev)
		}
	})
}

func TestDeniedDevices(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.folders(airsync.InitialKey)
	w.Change(directory.Set("msExchMobileBlockedDeviceIDs", "phone1"))
	w.Pass(10 * time.Minute)
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusDeviceBlockedForUser {
		t.Errorf("blocked device: %v", r.Status)
	}
	d.id = "OTHER"
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusOK {
		t.Errorf("another device: %v", r.Status)
	}
	w.SwitchOff("activesync")
	w.Pass(3 * time.Hour)
	if code, _ := d.post(airsync.CmdFolderSync, airsync.ContentType, nil); code != 403 {
		t.Errorf("flag off: %d", code)
	}
	w.DisableAccount()
	w.Pass(time.Hour)
	if code, _ := d.post(airsync.CmdFolderSync, airsync.ContentType, nil); code != 401 {
		t.Errorf("account disabled: %d", code)
	}
}

func TestPing(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.syncs()

	for _, c := range []struct{ asked, nearest time.Duration }{{30 * time.Second, time.Minute}, {2 * time.Hour, 3540 * time.Second}} {
		if r := d.pings(c.asked); r.Status != airsync.PingHeartbeatOutOfRange || r.Heartbeat != c.nearest {
			t.Errorf("heartbeat %v: %+v", c.asked, r)
		}
	}

	var r airsync.PingResponse
	var at time.Duration
	ping := func() <-chan struct{} {
		return w.Go("dana-phone", func() {
			r = d.pings(15 * time.Minute)
			at = w.Elapsed()
		})
	}
	done := ping()
	began := w.Elapsed()
	w.Pass(time.Hour)
	<-done
	if r.Status != airsync.PingExpired || at-began != 15*time.Minute {
		t.Errorf("quiet mailbox: %+v after %v", r, at-began)
	}

	began = w.Elapsed()
	w.Event(began+7*time.Minute, func(now time.Time) { w.Mail(now, "dana", "news") })
	done = ping()
	w.Pass(time.Hour)
	<-done
	if r.Status != airsync.PingChanges || !slices.Equal(r.Folders, []string{"1"}) || at-began != 7*time.Minute {
		t.Errorf("mail after 7m: %+v after %v", r, at-began)
	}
	if r = d.pings(15 * time.Minute); r.Status != airsync.PingChanges {
		t.Errorf("what the device has not fetched is still news: %+v", r)
	}
	d.syncs()
}

// A hanging Ping is not authenticated again: it tells a disabled user of new
// mail. What follows is up to the token.
func TestPingOutlivesDisable(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.syncs()
	var r airsync.PingResponse
	done := w.Go("dana-phone", func() { r = d.pings(55 * time.Minute) })
	w.Pass(time.Minute)
	w.DisableAccount()
	w.Event(w.Elapsed()+50*time.Minute, func(now time.Time) { w.Mail(now, "dana", "secret") })
	w.Decisions("dana-phone")
	w.Pass(time.Hour)
	<-done
	if r.Status != airsync.PingChanges {
		t.Errorf("ping: %+v", r)
	}
	ds := w.Decisions("dana-phone")
	if len(ds) != 1 || ds[0].Layer != lab.LayerHanging || !ds[0].Allowed || ds[0].Rule != "heartbeat 55m" {
		t.Errorf("decisions %+v", ds)
	}
	if code, _ := d.post(airsync.CmdSync, airsync.ContentType, nil); code != 401 {
		t.Errorf("sync afterwards: %d", code)
	}
}

func TestPingIsCutOff(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  func(w *webtest.World, now time.Time)
		want airsync.Status // 0: no answer
		at   time.Duration
	}{
		{"recycle", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolActiveSync)
		}, 0, 10*time.Minute + 90*time.Second},
		{"reset", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{})
		}, 0, 10 * time.Minute},
		{"store", func(w *webtest.World, now time.Time) { w.Store.Sever(now, "dana", "test") }, airsync.PingServerError, 10 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := newWorld(t, "ex2010")
			d := newDevice(t, w)
			d.syncs()
			w.Event(10*time.Minute, func(now time.Time) { c.cut(w, now) })
			var r airsync.PingResponse
			var at time.Duration
			done := w.Go("dana-phone", func() {
				r = d.pings(30 * time.Minute)
				at = w.Elapsed()
			})
			w.Pass(time.Hour)
			<-done
			if r.Status != c.want || at != c.at {
				t.Errorf("answer %+v at %v", r, at)
			}
			mb, _ := w.Store.Mailbox("dana")
			if n := len(mb.Sessions()); n != 0 {
				t.Errorf("%d store sessions are left", n)
			}
			if n := len(w.CAS.Server("cas1").Sessions()); n != 0 {
				t.Errorf("%d held requests are left", n)
			}
		})
	}
}

func TestSyncHangs(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.syncs()
	ask := func() (r airsync.SyncResponse, took time.Duration) {
		began := w.Elapsed()
		done := w.Go("dana-phone", func() {
			r = d.sync(airsync.SyncRequest{Heartbeat: 10 * time.Minute, Collections: []airsync.SyncCollection{{SyncKey: d.key, ID: d.inbox}}})
			took = w.Elapsed() - began
		})
		w.Pass(time.Hour)
		<-done
		return r, took
	}
	if r, took := ask(); len(r.Collections) != 0 || took != 10*time.Minute {
		t.Errorf("quiet: %+v after %v", r, took)
	}
	w.Event(w.Elapsed()+3*time.Minute, func(now time.Time) { w.Mail(now, "dana", "news") })
	r, took := ask()
	if len(r.Collections) != 1 || !slices.Equal(subjects(r.Collections[0]), []string{"news"}) || took != 3*time.Minute {
		t.Errorf("with mail: %+v after %v", r, took)
	}
	if r, took := ask(); len(r.Collections) != 1 || took != 0 {
		t.Errorf("the previous key again: %+v after %v", r, took)
	}
	bad := d.sync(airsync.SyncRequest{Heartbeat: 2 * time.Hour, Collections: []airsync.SyncCollection{{SyncKey: d.key, ID: d.inbox}}})
	if bad.Status != airsync.SyncWaitOutOfRange || bad.Limit != 3540 {
		t.Errorf("too long a wait: %+v", bad)
	}
}

// FuzzPost sends anything to every command, from a device that is new and from
// one that has synchronised.
func FuzzPost(f *testing.F) {
	add := func(b []byte, err error) {
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	add(airsync.FolderSyncRequest{SyncKey: "0"}.Encode())
	add(airsync.PingRequest{Heartbeat: time.Minute, Folders: []airsync.PingFolder{{ID: "1", Class: "Email"}}}.Encode())
	add(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, PolicyKey: "1", PolicyStatus: airsync.AckApplied}.Encode())
	add(airsync.SyncRequest{WindowSize: 1, Collections: []airsync.SyncCollection{{SyncKey: "1", ID: "1", WindowSize: 1, Commands: []airsync.SyncCommand{
		{Op: airsync.Delete, ServerID: "1:1"}, {Op: airsync.Fetch, ServerID: "1:2"}, {Op: airsync.Change, ServerID: "1:2", Email: &airsync.Email{Read: airsync.True}}}}}}.Encode(airsync.V141))
	_, b, err := airsync.SendMailRequest{ClientID: "a", MIME: []byte("To: erin@corp.example\r\n\r\nx")}.Encode(airsync.V141)
	add(b, err)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		w := webtest.New(t, "ex2010")
		for range 3 {
			w.Deliver("mail")
		}
		devices := NewDevices()
		h := New(w.World.World, "cas1", devices)
		for _, cmd := range []string{airsync.CmdSync, airsync.CmdFolderSync, airsync.CmdPing, airsync.CmdProvision, airsync.CmdSendMail} {
			for _, state := range []string{"new", "synced"} {
				if state == "synced" {
					for _, key := range []string{"0", "1"} {
						q, err := airsync.SyncRequest{Collections: []airsync.SyncCollection{{SyncKey: key, ID: "1"}}}.Encode(airsync.V141)
						if err != nil {
							t.Fatal(err)
						}
						if rec := post(h, airsync.CmdSync, cmd+state, q); rec.Code != 200 {
							t.Fatalf("a good Sync: %d", rec.Code)
						}
					}
				}
				if rec := post(h, cmd, cmd+state, body); rec.Code >= 500 && rec.Code != 507 {
					t.Errorf("%s of a %s device: %d %s", cmd, state, rec.Code, rec.Body)
				}
			}
		}
		for _, dev := range devices.List("dana") {
			for id, c := range dev.collections {
				unseen := 0
				for _, k := range c.at.items {
					if !k.seen {
						unseen++
					}
				}
				if unseen != c.at.unseen {
					t.Errorf("folder %d: %d unseen, counted as %d", id, unseen, c.at.unseen)
				}
			}
		}
	})
}
