package remote_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
)

// actor is a client that does what its activity's name says, with a second of
// server in it.
type actor struct {
	env   lab.Env
	do    func(ctx context.Context, since time.Duration, t lab.Task) error
	begun time.Time
}

func (a *actor) Do(ctx context.Context, t lab.Task) error {
	err := a.do(ctx, time.Since(a.begun), t)
	if ctx.Err() != nil {
		return &lab.Failure{Kind: lab.Unknown, Stage: "read", Text: "no answer in time"}
	}
	return err
}

func (*actor) Close() {}

// slow is an executor whose changes take a while.
type slow struct {
	fake
	takes time.Duration
}

func (s *slow) Do(ctx context.Context, c *remote.Change) (string, error) {
	select {
	case <-time.After(s.takes):
		return "seen", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// inBubble plays a case of 20 s, whose order comes 5 s after its begin, on a lab
// without servers, in time that passes as soon as nobody has anything to do.
func inBubble(t *testing.T, activities, controls []string, do map[string]func(context.Context, time.Duration, lab.Task) error, steps []lab.Step, ex map[string]remote.Executor, check func(*testing.T, *lab.RunResult)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := bare(true, ex)
		cfg.Endpoints = map[lab.Path]lab.Endpoint{lab.IMAP: {Addr: "imap:993"}}
		cfg.Timeouts = remote.Timeouts{Attempt: 3 * time.Second, Delivery: 2 * time.Second}
		l, err := remote.Open(t.Context(), cfg, remote.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sc := &lab.Scenario{ID: "bubble", Title: "bubble", Within: 10 * time.Second, Horizon: 20 * time.Second, SOP: steps}
		act := func(id, who string, role lab.Role) *lab.Activity {
			a := activity(id, who, role, lab.IMAP, lab.Read)
			a.Every, a.Since = time.Second, -5*time.Second
			return a
		}
		for _, id := range activities {
			sc.Activities = append(sc.Activities, act(id, "dana", lab.Threat))
		}
		for _, id := range controls {
			sc.Controls = append(sc.Controls, act(id, "erin", lab.Control))
		}
		begun := time.Now()
		r := &lab.Runner{NewClient: func(env lab.Env) (lab.Client, error) {
			f := do[env.Activity.ID]
			if f == nil {
				f = func(context.Context, time.Duration, lab.Task) error { return nil }
			}
			return &actor{env: env, do: f, begun: begun}, nil
		}}
		res, err := r.Run(t.Context(), l, sc)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 25*time.Second {
			t.Errorf("it took %v", took)
		}
		check(t, res)
		l.Close()
	})
}

// hang waits for ever.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// An attempt that gets no answer is cut off and shows nothing; the others go on
// side by side with it.
func TestAttemptIsCutOff(t *testing.T) {
	inBubble(t, []string{"hangs"}, []string{"works"}, map[string]func(context.Context, time.Duration, lab.Task) error{
		"hangs": func(ctx context.Context, since time.Duration, _ lab.Task) error {
			if since >= 10*time.Second {
				return hang(ctx)
			}
			return nil
		},
	}, nil, nil, func(t *testing.T, res *lab.RunResult) {
		a := result(t, res, "hangs read")
		// T+5s, and then each time when the one before has been cut off: T+8s,
		// T+11s, T+14s, and that of T+17s ends with the horizon.
		if a.Verdict != lab.VerdictUnknown || a.Successes != 10 || a.Attempts < 14 || !strings.Contains(a.Note, "no answer in time") {
			t.Errorf("%+v", a)
		}
		if c := result(t, res, "works read"); c.Verdict != lab.Kept || c.Attempts < 25 || c.Attempts != c.Successes {
			t.Errorf("%+v", c)
		}
	})
}

// A message that is on its way is looked for again, until it had its time.
func TestReceiveWaitsForDelivery(t *testing.T) {
	var mu sync.Mutex
	looks := map[string]int{}
	absent := &lab.Failure{Kind: lab.Refused, Stage: "receive", Text: "the message is not in the inbox", Absent: true}
	in := func(name string, n int) func(context.Context, time.Duration, lab.Task) error {
		return func(context.Context, time.Duration, lab.Task) error {
			mu.Lock()
			defer mu.Unlock()
			if looks[name]++; looks[name]%n == 0 {
				return nil
			}
			return absent
		}
	}
	inBubble(t, []string{"third", "never"}, []string{"works"}, map[string]func(context.Context, time.Duration, lab.Task) error{
		"third": in("third", 3), "never": in("never", 1000),
	}, nil, nil, func(t *testing.T, res *lab.RunResult) {
		if a := result(t, res, "third read"); a.Attempts < 24 || a.Attempts != a.Successes {
			t.Errorf("%+v", a)
		}
		mu.Lock()
		defer mu.Unlock()
		// Each takes 1.75 s, so every other second one begins.
		if a := result(t, res, "never read"); a.Verdict != lab.Invalid || a.Successes != 0 || a.Attempts < 12 || looks["never"] < 8*12 {
			t.Errorf("%+v after %d looks", a, looks["never"])
		}
	})
}

// Mail that stops coming shows nothing while no control receives any: the servers
// may be what does not deliver it.
func TestMailThatDoesNotComeShowsNothing(t *testing.T) {
	inBubble(t, []string{"stops"}, []string{"works"}, map[string]func(context.Context, time.Duration, lab.Task) error{
		"stops": func(_ context.Context, since time.Duration, _ lab.Task) error {
			if since < 10*time.Second {
				return nil
			}
			return &lab.Failure{Kind: lab.Refused, Stage: "receive", Text: "the message is not in the inbox", Absent: true}
		},
	}, nil, nil, func(t *testing.T, res *lab.RunResult) {
		if a := result(t, res, "stops read"); a.Verdict != lab.VerdictUnknown || !strings.Contains(a.Note, "no control receives mail") {
			t.Errorf("%+v", a)
		}
	})
}

// A step takes the time that it takes, and those after it wait; a result tells
// both, and of one that is not over at the horizon that it is not.
func TestStepsTakeTime(t *testing.T) {
	inBubble(t, []string{"open"}, []string{"works"}, nil, []lab.Step{
		{At: time.Second, Action: disable},
		{At: 2 * time.Second, Action: enable},
		{At: 19 * time.Second, Action: &mitigation.ExpireAccount{User: "dana"}},
	}, map[string]remote.Executor{
		"disable-account": &slow{takes: 4 * time.Second}, "enable-account": &slow{}, "expire-account": &slow{takes: time.Minute},
	}, func(t *testing.T, res *lab.RunResult) {
		for i, want := range []lab.StepResult{
			{AtS: 1, Do: "disable-account", Outcome: lab.Done, Detail: "seen", TookS: 4},
			{AtS: 2, Do: "enable-account", Outcome: lab.Done, Detail: "seen", LateS: 3},
			{AtS: 19, Do: "expire-account", Outcome: lab.Failed, Detail: "not finished at the horizon"},
		} {
			if *res.Steps[i] != want {
				t.Errorf("%+v, want %+v", *res.Steps[i], want)
			}
		}
		if a := result(t, res, "open read"); a.Verdict != lab.Open {
			t.Errorf("%+v", a)
		}
	})
}
