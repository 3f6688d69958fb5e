package lab

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Decision is the record that a layer makes when it grants or refuses
// access. A report's explanation is this record and never a second guess. It
// is a plain value, cheap enough to be made for every attempt; the sentence is
// put together only when somebody reads it.
type Decision struct {
	At      time.Time
	Layer   Layer
	Server  string // the host that decided, e.g. "cas2"
	Allowed bool
	Reason  string // what the layer saw: "token reused", "account disabled (data 533)"
	Rule    string // the parameter that governs it: "sliding 15m", "age 2h"
	// Since is when the layer's memory was made, Renewed when it was last
	// extended, Until when it lapses if nothing happens; zero where it does
	// not apply.
	Since, Renewed, Until time.Time
}

// Remembered tells whether a grant was owed to something older than the order:
// a memory that was made before it, or a password from before it was changed.
func (d Decision) Remembered(order time.Time) bool {
	return d.Layer == LayerOldPassword || !d.Since.IsZero() && d.Since.Before(order)
}

// Describe tells the decision as one line, with times relative to order, e.g.
// "token reused on cas1, sliding 15m, made T-30m, renewed T+2h".
func (d Decision) Describe(order time.Time) string {
	var b strings.Builder
	b.WriteString(d.Reason)
	if d.Server != "" {
		fmt.Fprintf(&b, " on %s", d.Server)
	}
	if d.Rule != "" {
		fmt.Fprintf(&b, ", %s", d.Rule)
	}
	if !d.Since.IsZero() {
		fmt.Fprintf(&b, ", made %s", relative(d.Since, order))
	}
	if !d.Renewed.IsZero() && !d.Renewed.Equal(d.Since) {
		fmt.Fprintf(&b, ", renewed %s", relative(d.Renewed, order))
	}
	if !d.Until.IsZero() {
		fmt.Fprintf(&b, ", until %s", relative(d.Until, order))
	}
	return b.String()
}

func relative(t, order time.Time) string { return Moment(t.Sub(order)) }

// Moment writes a time relative to the order: "T-30m", "T0", "T+1h58m30s".
func Moment(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < 0:
		return "T-" + Duration(-d)
	case d > 0:
		return "T+" + Duration(d)
	default:
		return "T0"
	}
}

// Count writes a number with its noun: "1 step", "2 steps".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// Duration writes d for people: "1h58m30s", "15m", "24h", "0s". Parts below a
// second are kept only for durations below a minute.
func Duration(d time.Duration) string {
	if d >= time.Minute || d <= -time.Minute {
		d = d.Round(time.Second)
	} else if d >= time.Second || d <= -time.Second {
		d = d.Round(time.Millisecond) // of a document's seconds, 4.012 are 4.011999999
	}
	s := d.String()
	s = strings.TrimSuffix(s, "0s")
	switch {
	case s == "" || s == "-":
		return "0s"
	case strings.HasSuffix(s, "h0m"):
		return strings.TrimSuffix(s, "0m")
	case strings.HasSuffix(s, "m") || strings.HasSuffix(s, "h"):
		return s
	default: // the zero belonged to a number such as 10s or 1.50s
		return d.String()
	}
}
