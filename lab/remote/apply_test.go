package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
)

// fake is an executor that writes down what it is told.
type fake struct {
	log             []string
	doFails, stays  bool
	undo, lasting   string
	unplanned       error
	waits           bool
	intendedAtTheDo int
	journal         *journal
	planned         *remote.Order
}

func (f *fake) Plan(_ context.Context, o remote.Order) (*remote.Change, error) {
	f.planned = &o
	if f.unplanned != nil {
		return nil, f.unplanned
	}
	return &remote.Change{
		Executor: "fake", Target: "somebody", Do: "a -> b", Undo: f.undo, Lasting: f.lasting, State: json.RawMessage(`"` + o.Action.Name() + `"`),
	}, nil
}

func (f *fake) Do(ctx context.Context, c *remote.Change) (string, error) {
	f.log = append(f.log, "do "+c.Mitigation)
	if f.journal != nil {
		f.intendedAtTheDo = len(f.journal.entries)
	}
	if f.waits {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if f.doFails {
		return "", errors.New("half-way")
	}
	return "seen", nil
}

func (f *fake) Undo(_ context.Context, c *remote.Change) (string, error) {
	f.log = append(f.log, "undo "+c.Mitigation)
	if f.stays {
		return "", errors.New("it stays")
	}
	return "again a", nil
}

// bare is a lab without servers.
func bare(own bool, executors map[string]remote.Executor) *remote.Config {
	c := &remote.Config{
		Name: "bare", Domain: "our.example", Own: own, Allow: []string{"leaver@our.example"}, Executors: executors,
		People: map[string]*remote.Person{
			"dana": {Mail: "Leaver@our.example", User: "leaver", Password: remote.Secret{Value: "p"}},
			"erin": {Mail: "bystander@our.example", Password: remote.Secret{Value: "q"}},
		},
		Lacks: map[string]string{"reset-iis": "there is no IIS"},
	}
	if !own {
		c.File = "lab.yaml"
	}
	return c
}

var (
	disable = &mitigation.DisableAccount{User: "dana"}
	enable  = &mitigation.EnableAccount{User: "dana"}
)

// Each change is in the journal before it is made, and all are taken back in
// reverse, those that were made by half included.
func TestChangesAreJournaledAndTakenBack(t *testing.T) {
	j := &journal{}
	one, two := &fake{undo: "b -> a", journal: j}, &fake{undo: "b -> a", doFails: true, journal: j}
	l := openLab(t, bare(false, map[string]remote.Executor{"disable-account": one, "enable-account": two}), j)
	if out := l.Apply(t.Context(), disable); out != (lab.Outcome{Result: lab.Done, Detail: "seen"}) || one.intendedAtTheDo != 1 {
		t.Errorf("%+v, %d in the journal", out, one.intendedAtTheDo)
	}
	if p := one.planned; p.Person.ID != "dana" || p.Person.Mail != "Leaver@our.example" || p.Params["user"] != "dana" || p.Action != lab.Action(disable) {
		t.Errorf("the order was %+v", p)
	}
	if out := l.Apply(t.Context(), enable); out != (lab.Outcome{Result: lab.Failed, Detail: "half-way"}) || two.intendedAtTheDo != 2 {
		t.Errorf("%+v, %d in the journal", out, two.intendedAtTheDo)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	l.Close()
	if want := []string{"do enable-account", "undo enable-account"}; !slices.Equal(two.log, want) {
		t.Errorf("%q", two.log)
	}
	var got []string
	for _, e := range j.entries {
		got = append(got, fmt.Sprintf("%s done=%s failed=%s undone=%s stuck=%s", e.Mitigation, e.done, e.failed, e.undone, e.stuck))
	}
	if want := []string{
		"disable-account done=seen failed= undone=again a stuck=", "enable-account done= failed=half-way undone=again a stuck=",
	}; !slices.Equal(got, want) {
		t.Errorf("the journal has %q", got)
	}
}

func TestRestoreIsInReverse(t *testing.T) {
	f := &fake{undo: "b -> a"}
	l := openLab(t, bare(true, map[string]remote.Executor{"disable-account": f, "enable-account": f}), nil)
	for _, a := range []lab.Action{disable, enable, disable} {
		if out := l.Apply(t.Context(), a); out.Result != lab.Done {
			t.Error(out)
		}
	}
	if err := l.Restore(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.Restore(t.Context()); err != nil { // the second time nothing is left
		t.Error(err)
	}
	if want := []string{"do disable-account", "do enable-account", "do disable-account", "undo disable-account", "undo enable-account", "undo disable-account"}; !slices.Equal(f.log, want) {
		t.Errorf("%q", f.log)
	}
}

func TestWhatCannotBeTakenBackIsNamed(t *testing.T) {
	j := &journal{}
	l := openLab(t, bare(false, map[string]remote.Executor{
		"disable-account": &fake{undo: "b -> a", stays: true}, "enable-account": &fake{lasting: "nobody knows the old one"}, "expire-account": &fake{},
	}), j)
	for _, a := range []lab.Action{disable, enable, &mitigation.ExpireAccount{User: "dana"}} {
		l.Apply(t.Context(), a)
	}
	err := l.Close()
	for _, want := range []string{"disable-account of somebody was not taken back: it stays", "enable-account of somebody was not taken back: nobody knows the old one"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	if j.entries[0].stuck != "it stays" || j.entries[1].stuck != "nobody knows the old one" || j.entries[2].undone != "nothing stayed behind" {
		t.Errorf("%+v", j.entries)
	}
}

func TestWhatIsNotChanged(t *testing.T) {
	failing := &journal{fails: true}
	for _, tt := range []struct {
		name    string
		own     bool
		journal remote.Journal
		action  lab.Action
		plan    error
		want    lab.OutcomeResult
		detail  string
	}{
		{"no executor", false, &journal{}, &mitigation.LockAccount{User: "dana"}, nil, lab.NotApplicable, "the lab file says under mitigations nothing of lock-account"},
		{"no executor in a lab of a program", true, nil, &mitigation.LockAccount{User: "dana"}, nil, lab.NotApplicable, "nothing here carries out lock-account"},
		{"with a reason", true, nil, &mitigation.ResetIIS{}, nil, lab.NotApplicable, "there is no IIS"},
		{"not there", false, &journal{}, &mitigation.DisableAccount{User: "frank"}, nil, lab.NotApplicable, `nobody is called "frank" here`},
		{"not allowed", false, &journal{}, &mitigation.DisableAccount{User: "erin"}, nil, lab.Failed, "bystander@our.example is not on the lab's allow-list"},
		{"no journal", false, nil, disable, nil, lab.Failed, "there is no journal"},
		{"full disk", false, failing, disable, nil, lab.Failed, "the change was not made: no space left on device"},
		{"no plan", false, &journal{}, disable, errors.New("the directory is away"), lab.Failed, "the directory is away"},
		{"no way", false, &journal{}, disable, fmt.Errorf("%w: not in this version", lab.ErrNotAvailable), lab.NotApplicable, "not in this version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{undo: "b -> a", unplanned: tt.plan}
			l := openLab(t, bare(tt.own, map[string]remote.Executor{"disable-account": f}), tt.journal)
			out := l.Apply(t.Context(), tt.action)
			if out.Result != tt.want || !strings.Contains(out.Detail, tt.detail) {
				t.Errorf("%+v", out)
			}
			if err := l.Close(); err != nil || f.log != nil {
				t.Errorf("%v, %q", err, f.log)
			}
		})
	}
}

// A change that does not end is cut off when its time is over, also while the lab
// is being closed, and what it may have done is taken back.
func TestStepIsCutOff(t *testing.T) {
	f := &fake{undo: "b -> a", waits: true}
	j := &journal{}
	cfg := bare(false, map[string]remote.Executor{"disable-account": f})
	cfg.Timeouts.Step = 100 * time.Millisecond
	l := openLab(t, cfg, j)
	clock := l.Clock()
	begun := make(chan lab.Outcome, 1)
	clock.At(clock.Now(), lab.ClassStep, "", func(ctx context.Context) { begun <- l.Apply(ctx, disable) })
	if err := clock.Run(t.Context(), clock.Now().Add(10*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if out := <-begun; out.Result != lab.Failed {
		t.Errorf("%+v", out)
	}
	if want := []string{"do disable-account", "undo disable-account"}; !slices.Equal(f.log, want) || j.entries[0].undone == "" || j.entries[0].failed == "" {
		t.Errorf("%q, %+v", f.log, j.entries)
	}
}

func TestPlanTouchesNothing(t *testing.T) {
	f := &fake{undo: "b -> a"}
	l := openLab(t, bare(false, map[string]remote.Executor{"disable-account": f}), nil)
	c, err := l.Plan(t.Context(), disable)
	if err != nil || c.Mitigation != "disable-account" || c.Undo != "b -> a" || f.log != nil {
		t.Errorf("%+v, %v, %q", c, err, f.log)
	}
	if _, err := l.Plan(t.Context(), &mitigation.ResetIIS{}); !errors.Is(err, lab.ErrNotAvailable) {
		t.Error(err)
	}
}

// The lab's people stand in the place of the case's; whoever has a mailbox and is
// not among them is not there.
func TestCast(t *testing.T) {
	l := openLab(t, bare(false, nil), nil)
	c := l.Cast()
	if c.Organisation.Domain != "our.example" || c.People["frank"] != nil {
		t.Errorf("%+v", c.Organisation)
	}
	for id, want := range map[string]string{
		"dana": "Leaver@our.example", "erin": "bystander@our.example", "olga": "olga@partner.example", "scanner": "scanner@our.example",
	} {
		if p := c.People[id]; p == nil || p.Mail != want || p.ID != id {
			t.Errorf("%s is %+v", id, p)
		}
	}
	if p := c.People["dana"]; p.User != "leaver" || p.Password != "p" || p.Outsider() {
		t.Errorf("%+v", p)
	}
	for address, allowed := range map[string]bool{
		"leaver@OUR.example": true, "olga@partner.example": true, "x@sub.test": true, "<>": true, "boss@our.com": false, "x@example.com": false,
		"bystander@our.example": true, "x@notexample": false,
	} {
		if err := l.MayWriteTo(address); (err == nil) != allowed || err != nil && !errors.Is(err, lab.ErrNotAvailable) {
			t.Errorf("%s: %v", address, err)
		}
	}
	missing := bare(false, nil)
	missing.People["dana"].Password = remote.Secret{Env: "SHUTOUT_TEST_UNSET"}
	if _, err := remote.Open(t.Context(), missing, remote.Options{}); err == nil || !strings.Contains(err.Error(), "dana: the password: the environment variable SHUTOUT_TEST_UNSET is not set") {
		t.Error(err)
	}
	missing.People["erin"].Password = remote.Secret{Env: "SHUTOUT_TEST_UNSET"}
	_, err := remote.Open(t.Context(), missing, remote.Options{})
	if err == nil || strings.Count(err.Error(), "the lab "+missing.Name+": ") != 2 || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("of two passwords that are not set, each in a line of its own: %v", err)
	}
	if _, err := remote.Open(t.Context(), missing, remote.Options{Unsigned: true}); err != nil {
		t.Errorf("where nobody signs in no password is needed: %v", err)
	}
}

// forgetful is a journal that cannot be written any more when something is taken
// back.
type forgetful struct{ *journal }

func (forgetful) Undone(int, string) error { return errors.New("the disk is full") }

func TestTakenBackAndNotWrittenDown(t *testing.T) {
	ex := &fake{undo: "b -> a"}
	l := openLab(t, bare(false, map[string]remote.Executor{"disable-account": ex}), forgetful{&journal{}})
	l.Apply(t.Context(), disable)
	err := l.Close()
	if want := "disable-account of somebody: taken back (again a), but that was not written down: the disk is full"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
