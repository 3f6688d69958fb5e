package lab

import (
	"strings"
	"time"
)

// A Transcriber is a client that can tell what was said on the wire. What it
// tells is chosen by what may be shown, not by what must be hidden: no password,
// token, cookie or message is ever written down.
type Transcriber interface {
	// AppendTranscript appends what was said in the latest attempt, a line for
	// each thing that was said: "C: " and "S: " tell who said it.
	AppendTranscript(b []byte) []byte
}

// A Transcript is what was said in the two attempts that decide about a
// capability of an activity.
type Transcript struct {
	Activity   string     `json:"activity"`
	Capability Capability `json:"capability"`
	// LastSuccess is the last attempt that worked, and FirstRefusal the first
	// after it that was refused, or, where none was, that failed.
	LastSuccess  *Exchange `json:"last_success,omitempty"`
	FirstRefusal *Exchange `json:"first_refusal,omitempty"`
}

// Exchange is what was said in one attempt.
type Exchange struct {
	AtS   float64  `json:"at_s"`  // seconds from the order
	Lines []string `json:"lines"` // without passwords, tokens and the text of mail
}

// said is an attempt of which only what was said is kept. Its buffer is used
// again for every attempt that takes its place.
type said struct {
	at    time.Duration
	text  []byte
	known bool
	final bool // a clear refusal, which no later one replaces
}

// dialogue is what is kept of a track's attempts while they go on.
type dialogue struct {
	worked, failed said
}

// keep notes an attempt. One that worked makes all failures before it
// meaningless.
func (d *dialogue) keep(c Client, at time.Duration, failure *Failure) {
	t, ok := c.(Transcriber)
	if !ok {
		return
	}
	into := &d.worked
	switch {
	case failure == nil:
		d.failed.known, d.failed.final = false, false
	case d.failed.final, d.failed.known && failure.Kind != Refused:
		return
	default:
		into = &d.failed
		into.final = failure.Kind == Refused
	}
	into.at, into.text, into.known = at, t.AppendTranscript(into.text[:0]), true
}

// transcript is what was kept, or nil where nothing was said.
func (d *dialogue) transcript(t *Track) *Transcript {
	r := &Transcript{
		Activity: t.Activity.ID, Capability: t.Capability,
		LastSuccess: d.worked.exchange(), FirstRefusal: d.failed.exchange(),
	}
	if r.LastSuccess == nil && r.FirstRefusal == nil {
		return nil
	}
	return r
}

func (s *said) exchange() *Exchange {
	if !s.known || len(s.text) == 0 {
		return nil
	}
	return &Exchange{AtS: Seconds(s.at), Lines: strings.Split(strings.TrimSuffix(string(s.text), "\n"), "\n")}
}
