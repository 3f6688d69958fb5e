package remote_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
)

// A mailbox takes a while to answer, and so does mail to arrive: that it has not
// at once shows nothing, and neither does a message that never came to it.
func TestAnswersTakeAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		answers, arrives bool
		want             lab.Verdict
	}{
		"answers":          {true, true, lab.Open},
		"answers no more":  {false, true, lab.Ended},
		"mail is held up ": {false, false, lab.VerdictUnknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := bare(true, nil)
			cfg.Endpoints = map[lab.Path]lab.Endpoint{lab.SMTPAnonymous: {Addr: "mx:25"}}
			cfg.Timeouts = remote.Timeouts{Attempt: 3 * time.Second, Delivery: 2 * time.Second}
			order := time.Now().Add(10 * time.Second)
			first := map[string]time.Time{}
			later := func(id string, ever bool) bool {
				if first[id].IsZero() {
					first[id] = time.Now()
				}
				return (ever || first[id].Before(order)) && time.Since(first[id]) >= time.Second
			}
			cfg.AutomaticReply = func(_ context.Context, id string) (string, bool, error) {
				return "no mailbox has answered", later(id, c.answers), nil
			}
			cfg.Whereabouts = func(_ context.Context, subject string) (string, bool, error) {
				return "queued", c.arrives, nil
			}
			l, err := remote.Open(t.Context(), cfg, remote.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			spam := activity("spam", "olga", lab.Threat, lab.SMTPAnonymous, lab.Reply)
			works := activity("works", "olga", lab.Control, lab.SMTPAnonymous, lab.Send)
			for _, a := range []*lab.Activity{spam, works} {
				a.To, a.Since = "dana", -10*time.Second
			}
			r := &lab.Runner{NewClient: func(env lab.Env) (lab.Client, error) {
				return &actor{env: env, do: func(context.Context, time.Duration, lab.Task) error { return nil }}, nil
			}}
			res, err := r.Run(t.Context(), l, &lab.Scenario{
				ID: "bubble", Title: "bubble", Within: 10 * time.Second, Horizon: 20 * time.Second,
				Activities: []*lab.Activity{spam}, Controls: []*lab.Activity{works},
			})
			if err != nil {
				t.Fatal(err)
			}
			if a := result(t, res, "spam reply"); a.Verdict != c.want || c.want == lab.VerdictUnknown && !strings.Contains(a.Note, "queued") {
				t.Errorf("%s: %s, %+v", name, a.Verdict, a)
			}
		})
	}
}
