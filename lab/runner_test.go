package lab

import (
	"testing"
	"time"
)

// A program that polls takes some seconds to answer. What began right before
// the horizon says nothing about whether it would have worked.
func TestAttemptThatHangsAtTheHorizon(t *testing.T) {
	pl := &player{activity: &Activity{Every: time.Minute}, begun: time.Hour - 5*time.Second}
	if pl.hangs(time.Hour) {
		t.Error("nothing is in flight, and it hangs")
	}
	pl.inFlight = true
	if pl.hangs(time.Hour) {
		t.Error("an attempt of five seconds hangs")
	}
	pl.begun = time.Hour - time.Minute
	if !pl.hangs(time.Hour) {
		t.Error("an attempt of a whole interval does not hang")
	}
}
