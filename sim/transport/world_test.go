package transport

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/timeline"
)

var start = time.Date(2024, 3, 4, 9, 0, 0, 0, time.UTC)

// world is an organisation of two mailbox servers with dana and erin on the
// first and frank on the second.
type world struct {
	t       testing.TB
	tl      *timeline.Timeline
	dir     *directory.Directory
	st      *store.Store
	tr      *Transport
	blocked map[string]bool // "from to port" that does not get through
}

const password = "Correct-Horse-7"

// params loads a profile and sets parameters of it.
func params(t testing.TB, name string, set ...string) profile.Params {
	t.Helper()
	p, err := profile.Load(name, set...)
	if err != nil {
		t.Fatal(err)
	}
	return p.Params()
}

func testCast() *lab.Cast {
	host := func(addr string, zone lab.Zone) *lab.Host {
		return &lab.Host{Addr: netip.MustParseAddr(addr), Zone: zone}
	}
	return &lab.Cast{
		Organisation: lab.Organisation{
			Domain: "corp.example", NetBIOS: "CORP",
			Sites:    []lab.Site{{Name: "hq", DCs: []string{"dc1"}, CAS: []string{"cas1"}, Stores: []string{"mbx1", "mbx2"}}},
			Database: []lab.DB{{Name: "DB1", Server: "mbx1"}, {Name: "DB2", Server: "mbx2"}},
		},
		People: map[string]*lab.Person{
			"dana":  {Name: "Dana", Mail: "dana@corp.example", Database: "DB1"},
			"erin":  {Name: "Erin", Mail: "erin@corp.example", Database: "DB1"},
			"frank": {Name: "Frank", Mail: "frank@corp.example", Database: "DB2"},
		},
		Hosts: map[string]*lab.Host{
			"mbx1": host("10.0.0.11", lab.Servers), "mbx2": host("10.0.0.12", lab.Servers),
			"cas1": host("10.0.0.21", lab.Servers), "dc1": host("10.0.0.2", lab.Servers),
			"desk": host("10.1.0.5", lab.LAN), "home": host("203.0.113.9", lab.Internet),
		},
		Domains: map[string]lab.Domain{
			"good.example": lab.GoodDomain, "refusing.example": lab.RefusingDomain, "dead.example": lab.DeadDomain,
			"bogus.example": lab.BogusDomain,
		},
	}
}

func newWorld(t testing.TB, p profile.Params) *world {
	t.Helper()
	cast := testCast()
	w := &world{t: t, tl: timeline.New(start, 1), blocked: map[string]bool{}}
	w.dir = directory.New(w.tl, p, cast.Organisation)
	w.st = store.New(w.tl, p, cast.Organisation)
	w.st.Attach(w.dir)
	for _, id := range []string{"dana", "erin", "frank"} {
		who := cast.People[id]
		if err := w.dir.AddUser(directory.NewUser{SAM: id, Mail: who.Mail, DisplayName: who.Name, Password: password}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.st.CreateMailbox(start, id, who.Mail, who.Database, 10<<20); err != nil {
			t.Fatal(err)
		}
	}
	w.tr = New(w.tl, p, w.dir, w.st, cast, func(from, to string, port int) bool {
		return !w.blocked[fmt.Sprintf("%s %s %d", from, to, port)]
	})
	return w
}

func (w *world) now() time.Time { return w.tl.Now() }

// until plays the timeline to start+d.
func (w *world) until(d time.Duration) {
	for w.tl.Step(start.Add(d)) {
	}
}

func (w *world) user(sam string) *directory.Object {
	w.t.Helper()
	o, ok := w.dir.PDC().Lookup(sam)
	if !ok {
		w.t.Fatalf("no user %s", sam)
	}
	return o
}

func (w *world) modify(user string, mods ...directory.Mod) {
	w.t.Helper()
	if err := w.dir.PDC().Modify(w.now(), user, mods); err != nil {
		w.t.Fatal(err)
	}
}

// connect opens a session from an address and says hello.
func (w *world) connect(port int, from string) *Session {
	w.t.Helper()
	s, d, e := w.tr.Connect(w.now(), "mbx1", port, netip.MustParseAddr(from))
	if e != nil {
		w.t.Fatalf("connect: %v (%s)", e, d.Reason)
	}
	s.Hello(w.now(), "client.example")
	return s
}

func mailText(from, to, id string, extra ...string) []byte {
	s := "From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: hello\r\nDate: Mon, 04 Mar 2024 09:00:00 +0000\r\n"
	if id != "" {
		s += "Message-ID: <" + id + ">\r\n"
	}
	for _, x := range extra {
		s += x + "\r\n"
	}
	return []byte(s + "\r\nText.\r\n")
}

// inject has an anonymous client on the Internet hand over a mail.
func (w *world) inject(from, to, id string, extra ...string) {
	w.t.Helper()
	s := w.connect(PortSMTP, "203.0.113.9")
	if _, e := s.Mail(w.now(), from, 0); e != nil {
		w.t.Fatal(e)
	}
	if _, e := s.Rcpt(w.now(), to); e != nil {
		w.t.Fatal(e)
	}
	if _, _, e := s.Data(w.now(), mailText(from, to, id, extra...)); e != nil {
		w.t.Fatal(e)
	}
	s.Close(w.now(), "QUIT")
}

func (w *world) submit(user string, to ...string) error {
	return w.submitRaw(user, mailText(user+"@corp.example", to[0], ""), to...)
}

func (w *world) submitRaw(user string, raw []byte, to ...string) error {
	d, err := w.tr.Submit(w.now(), Submission{User: w.user(user), Server: "cas1", To: to, Raw: raw})
	if d.Allowed != (err == nil) {
		w.t.Fatalf("decision %+v with error %v", d, err)
	}
	return err
}

// inbox lists the subjects of a user's inbox, oldest first.
func (w *world) inbox(user string) []string {
	w.t.Helper()
	var subjects []string
	for _, it := range w.items(user) {
		subjects = append(subjects, it.Subject)
	}
	return subjects
}

func (w *world) items(user string) []store.Item {
	w.t.Helper()
	x, d := w.st.Logon(w.now(), store.Request{User: user, Protocol: "owa"})
	if x == nil {
		w.t.Fatalf("logon: %s", d.Reason)
	}
	defer x.Close(w.now())
	list, err := x.List(w.now(), store.Inbox, 1<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b store.Item) int { return int(a.UID) - int(b.UID) })
	return list
}

// events counts the tracking log by event.
func (w *world) events() map[Event]int {
	list, _ := w.tr.Tracking()
	n := map[Event]int{}
	for _, e := range list {
		n[e.Event]++
	}
	return n
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func contains(t testing.TB, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: %q does not contain %q", what, got, want)
	}
}
