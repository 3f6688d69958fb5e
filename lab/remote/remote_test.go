package remote_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
)

var errDisk = errors.New("no space left on device")

func openLab(t *testing.T, c *remote.Config, j remote.Journal) *remote.Lab {
	t.Helper()
	l, err := remote.Open(t.Context(), c, remote.Options{Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func activity(id, who string, role lab.Role, path lab.Path, do ...lab.Capability) *lab.Activity {
	return &lab.Activity{
		ID: id, Who: who, Role: role, From: "home", Path: path, Do: do, To: "olga",
		Every: 2 * time.Second, Since: -4 * time.Second, Size: 2 << 10,
	}
}

// A case is played in real time, over this machine's network, on servers that
// the lab knows by their addresses alone; the directory is changed over LDAP,
// and is as before when the lab is closed.
func TestPlay(t *testing.T) {
	t.Parallel()
	w := open(t)
	j := &journal{}
	l := openLab(t, w.config(), j)
	sc := &lab.Scenario{
		ID: "short", Title: "short", Within: 5 * time.Second, Horizon: 10 * time.Second,
		Activities: []*lab.Activity{
			activity("imap", "dana", lab.Threat, lab.IMAP, lab.Read, lab.Receive),
			activity("imap-anew", "dana", lab.Threat, lab.IMAP, lab.SignIn),
			activity("mail", "dana", lab.Threat, lab.SMTPSubmission, lab.Send),
			activity("phone", "dana", lab.Threat, lab.ActiveSync, lab.Read),
			activity("pop", "dana", lab.Threat, lab.POP3, lab.Read),
			activity("outlook", "dana", lab.Threat, lab.MAPIHTTP, lab.Read),
			activity("frank", "frank", lab.Threat, lab.IMAP, lab.Read),
		},
		Controls: []*lab.Activity{
			activity("erin-imap", "erin", lab.Control, lab.IMAP, lab.Read, lab.Receive),
			activity("erin-mail", "erin", lab.Control, lab.SMTPSubmission, lab.Send),
			activity("erin-pop", "erin", lab.Control, lab.POP3, lab.Read),
			activity("erin-phone", "erin", lab.Control, lab.ActiveSync, lab.Read),
		},
		SOP: []lab.Step{
			{At: time.Second, Action: &mitigation.DisableAccount{User: "dana"}},
		},
	}
	begun := time.Now()
	res, err := (&lab.Runner{NewClient: client.New}).Run(t.Context(), l, sc)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < sc.Lead()+sc.Horizon || took > sc.Lead()+sc.Horizon+5*time.Second {
		t.Errorf("it took %v", took)
	}
	if s := res.Steps[0]; s.Outcome != lab.Done || s.Detail != "userAccountControl 512 -> 514" || s.TookS <= 0 {
		t.Errorf("disable: %+v", s)
	}
	// What is open goes on, since nothing but the directory knows of the change.
	for id, want := range map[string]lab.Verdict{
		"imap read": lab.Open, "imap receive": lab.Open, "imap-anew sign-in": lab.Ended, "mail send": lab.Open,
		"phone read": lab.Open, "pop read": lab.Ended, "outlook read": lab.NotAvailable, "frank read": lab.NotAvailable,
		"erin-imap read": lab.Kept, "erin-imap receive": lab.Kept, "erin-mail send": lab.Kept, "erin-pop read": lab.Kept, "erin-phone read": lab.Kept,
	} {
		a := result(t, res, id)
		if a.Verdict != want {
			t.Errorf("%s is %s, want %s: %+v", id, a.Verdict, want, a)
		}
	}
	for id, note := range map[string]string{
		"outlook read": "the lab file names no endpoint for mapi-http", "frank read": `nobody is called "frank" here`,
	} {
		if a := result(t, res, id); !strings.Contains(a.Note, note) {
			t.Errorf("%s says %q, want %q", id, a.Note, note)
		}
	}
	for _, id := range []string{"imap read", "imap receive", "mail send", "erin-imap receive"} {
		if a := result(t, res, id); a.Attempts < 4 || a.Successes != a.Attempts {
			t.Errorf("%s worked %d times of %d", id, a.Successes, a.Attempts)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if got := w.attribute("dana", "userAccountControl"); got != "512" {
		t.Errorf("after the run userAccountControl is %s", got)
	}
	if len(j.entries) != 1 || j.entries[0].Target != "dana@corp.example at "+w.config().Directory.URL ||
		j.entries[0].done == "" || j.entries[0].undone != "userAccountControl 514 -> 512" {
		t.Errorf("the journal has %+v", j.entries)
	}
}

// result finds "imap read".
func result(t *testing.T, res *lab.RunResult, id string) *lab.ActivityResult {
	t.Helper()
	for _, a := range res.Activities {
		if a.ID+" "+string(a.Capability) == id {
			return a
		}
	}
	t.Fatalf("there is no %s", id)
	return nil
}

// attribute reads what the first domain controller holds.
func (w *world) attribute(user, attr string) (value string) {
	w.Do(func(time.Time) {
		o, _ := w.Dir.PDC().Lookup(user)
		value = strings.Join(o.All(attr), "|")
	})
	return value
}
