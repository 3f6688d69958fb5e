package clientaccess

import (
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const (
	dana     = "dana@corp.example"
	password = "Spring-2026"
)

// world is two client access servers and one domain controller.
type world struct {
	t   *testing.T
	tl  *timeline.Timeline
	dir *directory.Directory
	ca  *ClientAccess
	log []string // what the hooks were told
}

func newWorld(t *testing.T, name string, set ...string) *world {
	t.Helper()
	p, err := profile.Load(name, set...)
	if err != nil {
		t.Fatal(err)
	}
	org := lab.Organisation{
		Domain: "corp.example", NetBIOS: "CORP",
		Sites: []lab.Site{{Name: "main", DCs: []string{"dc1"}, CAS: []string{"cas1", "cas2"}}},
	}
	w := &world{t: t, tl: timeline.New(start, 1)}
	w.dir = directory.New(w.tl, p.Params(), org)
	w.ca = New(w.tl, p.Params(), org, w.dir)
	w.ca.OnServiceState = func(host, service string, up bool) {
		state := "down"
		if up {
			state = "up"
		}
		w.log = append(w.log, w.at()+" "+host+" "+service+" "+state)
	}
	w.ca.OnDropConnections = func(host, service string) { w.log = append(w.log, w.at()+" "+host+" "+service+" dropped") }
	if err := w.dir.AddUser(directory.NewUser{SAM: "dana", UPN: dana, Mail: dana, Password: password}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) at() string { return lab.Duration(w.tl.Now().Sub(start)) }

func (w *world) run(d time.Duration) time.Time {
	until := w.tl.Now().Add(d)
	for w.tl.Step(until) {
	}
	return until
}

// disable is an administrator who disables dana's account.
func (w *world) disable() {
	w.t.Helper()
	w.modify(directory.Set("userAccountControl", "514"))
}

func (w *world) modify(m directory.Mod) {
	w.t.Helper()
	if err := w.dir.PDC().Modify(w.tl.Now(), "dana", []directory.Mod{m}); err != nil {
		w.t.Fatal(err)
	}
}

// try signs in at a server's ActiveSync pool.
func (w *world) try(host, pw string) lab.Decision {
	_, d := w.ca.Server(host).Authenticate(w.tl.Now(), PoolActiveSync, dana, pw)
	return d
}

// poll signs in every so often for at most that long, and tells after how long
// it was refused; the whole time if it never was.
func (w *world) poll(every, most time.Duration) time.Duration {
	began := w.tl.Now()
	for w.tl.Now().Sub(began) < most {
		if !w.try("cas1", password).Allowed {
			break
		}
		w.run(every)
	}
	return w.tl.Now().Sub(began)
}
