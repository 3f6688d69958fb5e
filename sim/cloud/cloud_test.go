package cloud

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

var start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

const (
	password = "Old-Secret-1"
	other    = "New-Secret-2"
)

type world struct {
	t   *testing.T
	tl  *timeline.Timeline
	dir *directory.Directory
	*Tenant
}

// newWorld makes a tenant with the account of dana.
func newWorld(t *testing.T, settings ...string) *world {
	t.Helper()
	p, err := profile.Load("exo", settings...)
	if err != nil {
		t.Fatal(err)
	}
	tl := timeline.New(start, 1)
	dir := directory.New(tl, p.Params(), lab.Organisation{Domain: "corp.example", NetBIOS: "CORP", Sites: []lab.Site{{Name: "HQ", DCs: []string{"dc1"}}}})
	if err := dir.AddUser(directory.NewUser{SAM: "dana", UPN: "dana@corp.example", Mail: "dana@corp.example", Password: password}); err != nil {
		t.Fatal(err)
	}
	return &world{t, tl, dir, New(tl, p.Params().Cloud, dir, "login")}
}

// at moves time on.
func (w *world) at(d time.Duration) time.Time {
	for w.tl.Step(start.Add(d)) {
	}
	return w.tl.Now()
}

func (w *world) dana() *User {
	u, ok := w.User("Dana@corp.example")
	if !ok {
		w.t.Fatal("dana is gone")
	}
	return u
}

func (w *world) signIn(pw string, c Client) Tokens {
	w.t.Helper()
	now := w.tl.Now()
	u, _, p := w.SignIn(now, "dana@corp.example", pw)
	if p != nil {
		w.t.Fatal(p)
	}
	tokens, _, p := w.Redeem(now, w.Code(now, u, c), c)
	if p != nil {
		w.t.Fatal(p)
	}
	return tokens
}

var (
	program = Client{ID: "program", Redirect: "http://localhost"}
	outlook = Client{ID: "outlook", Redirect: "http://localhost", CAE: true}
)

// good says until when a token is accepted, looking every minute for two days.
func (w *world) good(token string) time.Duration {
	from := w.tl.Now()
	for m := time.Duration(0); m < 48*time.Hour; m += time.Minute {
		if w.Check(from.Add(m), "cas1", token).User == nil {
			return m
		}
	}
	return 48 * time.Hour
}

func TestAccessTokensLast(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  []string
		c    Client
		want time.Duration
	}{
		{"an hour", nil, program, time.Hour},
		{"as long as is set", []string{"cloud.access_token=90m"}, program, 90 * time.Minute},
		{"a day and more under continuous access evaluation", nil, outlook, 28 * time.Hour},
		{"an hour without it", []string{"cloud.cae=false"}, outlook, time.Hour},
	} {
		w := newWorld(t, tt.set...)
		if got := w.good(w.signIn(password, tt.c).Access); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestEventsReachWhoeverFollowsThem(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world, now time.Time)
		want string
	}{
		{"block", func(w *world, now time.Time) { w.Block(now, w.dana()) }, "sign-in blocked"},
		{"reset", func(w *world, now time.Time) { w.ResetPassword(now, w.dana(), other) }, "password reset"},
		{"revoke", func(w *world, now time.Time) { w.Revoke(now, w.dana()) }, "sessions revoked"},
		{"delete", func(w *world, now time.Time) { w.Delete(now, w.dana()) }, "account deleted"},
	} {
		w := newWorld(t)
		follows, not := w.signIn(password, outlook), w.signIn(password, program)
		tt.do(w, w.at(10*time.Minute))
		if got := w.good(follows.Access); got != 15*time.Minute {
			t.Errorf("%s: heard of after %s", tt.name, got)
		}
		r := w.Check(start.Add(time.Hour), "cas1", follows.Access)
		if !r.Challenge || !strings.Contains(r.Decision.Reason, tt.want) {
			t.Errorf("%s: %+v", tt.name, r)
		}
		if got := w.good(not.Access); got != 50*time.Minute {
			t.Errorf("%s: a program that does not follow is let in for %s", tt.name, got)
		}
		if _, _, p := w.Refresh(w.tl.Now(), not.Refresh); p == nil {
			t.Errorf("%s: the refresh token lives on", tt.name)
		}
	}
	// Whoever signs in after the event has a token that is good.
	w := newWorld(t)
	w.Revoke(w.at(time.Minute), w.dana())
	w.at(2 * time.Minute)
	if got := w.good(w.signIn(password, outlook).Access); got != 28*time.Hour {
		t.Errorf("a new sign-in lasts %s", got)
	}
}

func TestRefreshTokens(t *testing.T) {
	refresh := func(w *world, token string) string {
		if _, _, p := w.Refresh(w.tl.Now(), token); p != nil {
			return p.Error()
		}
		return ""
	}
	w := newWorld(t, "cloud.refresh_token=1d", "cloud.sync_interval=never")
	token := w.signIn(password, program).Refresh
	for _, day := range []time.Duration{20, 40, 60} { // each use counts
		w.at(day * time.Hour)
		if got := refresh(w, token); got != "" {
			t.Errorf("after %d hours: %s", day, got)
		}
	}
	w.at(84 * time.Hour)
	if got := refresh(w, token); got != "refresh token expired (AADSTS700082)" {
		t.Errorf("unused for a day: %q", got)
	}
	token = w.signIn(password, program).Refresh
	w.Block(w.tl.Now(), w.dana())
	if got := refresh(w, token); got != "sign-in blocked (AADSTS50057)" {
		t.Errorf("blocked: %q", got)
	}
	w.Unblock(w.tl.Now(), w.dana())
	if got := refresh(w, token); got != "" {
		t.Errorf("admitted again: %s", got)
	}
	w.DisableDevices(w.at(90*time.Hour), w.dana())
	if got := refresh(w, token); got != "device disabled (AADSTS135011)" {
		t.Errorf("device: %q", got)
	}
	if got := refresh(w, "nonsense"); got != "no such token (AADSTS9002313)" {
		t.Errorf("nonsense: %q", got)
	}
}

func TestBlockMayTakeADay(t *testing.T) {
	w := newWorld(t, "cloud.block_signin_delay=24h", "cloud.sync_interval=never")
	if from := w.Block(start, w.dana()); !from.Equal(start.Add(24 * time.Hour)) {
		t.Errorf("felt from %s on", from)
	}
	w.at(23 * time.Hour)
	w.signIn(password, program)
	if _, _, p := w.SignIn(w.at(24*time.Hour), "dana@corp.example", password); p == nil || *p != signInBlocked {
		t.Errorf("after a day: %v", p)
	}
}

func TestCodesAreGoodOnce(t *testing.T) {
	w := newWorld(t)
	now := w.tl.Now()
	code := w.Code(now, w.dana(), program)
	if _, _, p := w.Redeem(now, code, Client{ID: "thief", Redirect: program.Redirect}); p == nil {
		t.Error("another client redeems the code")
	}
	if _, _, p := w.Redeem(now, code, program); p == nil {
		t.Error("the code is good after it was shown")
	}
	code = w.Code(now, w.dana(), program)
	if _, _, p := w.Redeem(now.Add(codeLife), code, program); p == nil {
		t.Error("the code does not lapse")
	}
}

func TestSynchronisation(t *testing.T) {
	signs := func(w *world, pw string) string {
		if _, _, p := w.SignIn(w.tl.Now(), "dana@corp.example", pw); p != nil {
			return p.Text
		}
		return ""
	}
	disable := func(w *world) {
		if err := w.dir.PDC().Modify(w.tl.Now(), "dana", []directory.Mod{directory.Set("userAccountControl", "514")}); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t)
	w.at(time.Minute)
	disable(w)
	if w.at(179 * time.Minute); signs(w, password) != "" {
		t.Error("the change arrives before the synchronisation")
	}
	if w.at(180 * time.Minute); signs(w, password) != "sign-in blocked" {
		t.Errorf("after it: %q", signs(w, password))
	}

	w = newWorld(t)
	w.at(time.Minute)
	if err := w.dir.PDC().SetPassword(w.tl.Now(), "dana", other); err != nil {
		t.Fatal(err)
	}
	if w.at(2 * time.Minute); signs(w, other) != "" || signs(w, password) != "wrong password" {
		t.Error("the password has not arrived")
	}

	for _, tt := range []struct {
		set  string
		want string
	}{{"cloud.sync_undoes_block=true", ""}, {"cloud.sync_undoes_block=false", "sign-in blocked"}, {"cloud.sync_interval=never", "sign-in blocked"}} {
		w = newWorld(t, tt.set)
		w.Block(w.at(time.Minute), w.dana())
		if w.at(4 * time.Hour); signs(w, password) != tt.want {
			t.Errorf("%s: %q", tt.set, signs(w, password))
		}
	}
}

func TestSessionRefreshesItself(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(password, Client{ID: "owa", Browser: true}).Refresh
	r, why := w.Session(w.at(30*time.Minute), "cas1", token)
	if r.User != w.dana() || len(why) != 1 || !why[0].Allowed {
		t.Errorf("%+v, %+v", r, why)
	}
	r, why = w.Session(w.at(61*time.Minute), "cas1", token)
	if r.User != w.dana() || len(why) != 3 || why[0].Allowed || why[1].Layer != lab.LayerRefreshToken || !why[2].Allowed {
		t.Errorf("%+v, %+v", r, why)
	}
	if !why[2].Since.Equal(start) || !why[2].Renewed.Equal(w.tl.Now()) {
		t.Errorf("it does not tell of the sign-in behind it: %+v", why[2])
	}
	w.Revoke(w.tl.Now().Add(time.Second), w.dana())
	if r, _ = w.Session(w.at(3*time.Hour), "cas1", token); r.User != nil || !strings.Contains(r.Decision.Reason, "sessions revoked") {
		t.Errorf("%+v", r)
	}
}

// A token that comes with a name is good for that name alone.
func TestCheckFor(t *testing.T) {
	w := newWorld(t)
	token := w.signIn(password, program).Access
	for user, want := range map[string]bool{"dana": true, "DANA@corp.example": true, "erin": false, "": false} {
		r := w.CheckFor(w.tl.Now(), "cas1", user, token)
		if (r.User != nil) != want || r.Decision.Allowed != want {
			t.Errorf("%q: %+v", user, r)
		}
	}
}

// Sign-ins that nobody uses any more do not fill the memory.
func TestLapsedGrantsAreForgotten(t *testing.T) {
	w := newWorld(t, "cloud.refresh_token=1h", "cloud.sync_interval=never")
	for range 20 * minSweep {
		w.signIn(password, program)
		w.at(w.tl.Now().Sub(start) + 5*time.Minute)
	}
	if n := len(w.grants); n > 2*minSweep {
		t.Errorf("%d grants are kept", n)
	}
}
