package activesync

import (
	"testing"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/sim/server/webtest"
)

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
