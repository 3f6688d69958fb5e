package transport

import (
	"strings"
	"testing"
	"time"
)

func TestSameSeedSameWorld(t *testing.T) {
	run := func() string {
		w := newWorld(t, params(t, "ex2016"))
		w.inject("a@dead.example", "nobody@corp.example", "")
		w.submit("dana", "b@refusing.example", "erin@corp.example", "c@dead.example")
		w.until(5 * time.Hour)
		var b strings.Builder
		list, _ := w.tr.Tracking()
		for _, e := range list {
			b.WriteString(e.Timestamp.String() + e.MessageID + string(e.Event) + e.Status + "\n")
		}
		for _, it := range w.items("dana") {
			b.Write(it.Raw)
		}
		return b.String()
	}
	if run() != run() {
		t.Error("two runs differ")
	}
}
