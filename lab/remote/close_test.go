package remote_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
)

// An attempt that does not heed its end does not keep an account from being put
// back.
func TestCloseDoesNotWaitForWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ex := &fake{undo: "b -> a"}
		l := openLab(t, bare(false, map[string]remote.Executor{"disable-account": ex}), &journal{})
		release := make(chan struct{})
		l.Clock().At(l.Clock().Now(), lab.ClassAttempt, "deaf", func(context.Context) { <-release })
		if err := l.Clock().Run(t.Context(), l.Clock().Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		l.Apply(t.Context(), disable)
		begun := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 10*time.Second || !slices.Contains(ex.log, "undo disable-account") {
			t.Errorf("after %v: %q", took, ex.log)
		}
		close(release)
	})
}

// A change that has begun is finished before it is taken back, and none begins
// once the lab is being closed.
func TestCloseWaitsForTheChangeUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ex := &slow{takes: 20 * time.Second, fake: fake{undo: "b -> a"}}
		later := &fake{undo: "b -> a"}
		j := &journal{}
		l := openLab(t, bare(false, map[string]remote.Executor{"disable-account": ex, "enable-account": later}), j)
		outcomes := make(chan lab.Outcome, 2)
		for _, a := range []lab.Action{disable, enable} {
			l.Clock().At(l.Clock().Now(), lab.ClassStep, "", func(ctx context.Context) { outcomes <- l.Apply(ctx, a) })
		}
		if err := l.Clock().Run(t.Context(), l.Clock().Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if out := <-outcomes; out.Result != lab.Done || !slices.Equal(ex.log, []string{"undo disable-account"}) {
			t.Errorf("%+v, %q", out, ex.log)
		}
		if out := <-outcomes; out.Result != lab.Failed || later.log != nil || len(j.entries) != 1 {
			t.Errorf("%+v, %q", out, later.log)
		}
	})
}
