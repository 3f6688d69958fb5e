package lab

import (
	"slices"
	"time"
)

// SweepKind is a way in which mail goes on after somebody left, without any
// session of theirs.
type SweepKind string

const (
	// SweepSignIn: a fresh sign-in with a password that the person knows.
	SweepSignIn SweepKind = "sign-in"
	// SweepForward: the mailbox sends its mail on.
	SweepForward SweepKind = "forward"
	// SweepDelegate: somebody else can open the mailbox.
	SweepDelegate SweepKind = "delegate"
	// SweepShared: the person can open somebody else's mailbox.
	SweepShared SweepKind = "shared-mailbox"
	// SweepDevice: a device has a partnership with the mailbox.
	SweepDevice SweepKind = "device"
	// SweepCopy: a device keeps mail of the person.
	SweepCopy SweepKind = "local-copy"
	// SweepQueue: mail of the person waits in the queues and leaves later.
	SweepQueue SweepKind = "queue"
	// SweepReply: the mailbox answers strangers in the person's name.
	SweepReply SweepKind = "out-of-office"
)

// SweepKinds lists every kind in the order in which it is presented.
var SweepKinds = []SweepKind{SweepSignIn, SweepForward, SweepDelegate, SweepShared, SweepDevice, SweepCopy, SweepQueue, SweepReply}

// Works is whether something still works.
type Works string

const (
	WorksYes          Works = "yes"
	WorksNo           Works = "no"
	WorksUnknown      Works = "unknown"
	WorksNotAvailable Works = "n/a"
)

// WorksWords lists every answer, the worst first.
var WorksWords = []Works{WorksYes, WorksUnknown, WorksNotAvailable, WorksNo}

// Shown is how it is known.
type Shown string

const (
	// ShownWire: by an attempt over the wire.
	ShownWire Shown = "wire"
	// ShownListed: by what an administrator finds on the servers, or by what the
	// device itself says that it has.
	ShownListed Shown = "listed"
)

// SweepPredictions are the predicted answers: the worst of each kind.
type SweepPredictions map[SweepKind]Works

// SweepResult is one thing that was looked for after the horizon.
type SweepResult struct {
	Kind    SweepKind `json:"kind"`
	Of      string    `json:"of"`   // who left
	What    string    `json:"what"` // "owa, password from before the order"
	Works   Works     `json:"works"`
	Shown   Shown     `json:"shown"` // by an attempt over the wire, or listed by an administrator
	Detail  string    `json:"detail"`
	Because []Reason  `json:"because"` // the decisions behind it
	// Broken says that it serves whoever left: they still get mail, or mail
	// still leaves in their name. What serves others is for somebody to decide.
	Broken bool `json:"broken"`
	// Ends are the mitigations that end it, when it works.
	Ends     []string `json:"ends,omitempty"`
	Expected Works    `json:"expected,omitempty"` // the worst that was predicted of the kind
	Drift    bool     `json:"drift,omitempty"`    // another answer than predicted
	Baseline Change   `json:"baseline,omitempty"` // compared with the baseline, if there is one
}

// A Sweeper is a lab in which an administrator can look for what is left of
// somebody's access.
type Sweeper interface {
	// Remains lists what an administrator finds about somebody now.
	Remains(who *Person) Remains
	// Onward tells where the message with this Message-ID, which owner sent, was
	// sent on to by the mailbox that it came to.
	Onward(owner, messageID string) []Onward
	// Trace tells what became of a message that was in a queue.
	Trace(id string) (state string, arrived bool)
}

// Remains is what an administrator finds about somebody. People are named as in
// the cast.
type Remains struct {
	Forwards  []Onward // what sends the mailbox's mail on; To and How
	Delegates []string // who may open the mailbox
	Shared    []string // whose mailboxes the person may open
	Devices   []Device
	Queued    []Queued // mail of the person
}

// Device is a partnership of a mailbox with a device.
type Device struct {
	ID       string
	LastSync time.Time
	Wipe     string // what became of a wipe; empty: none was asked for
}

// Queued is a message that waits.
type Queued struct {
	ID, To, State string
	Since         time.Time
}

// Onward is one way on from a mailbox.
type Onward struct {
	To      string
	How     string // what sends it on
	State   string // where the message is now
	Arrived bool
	Why     Decision
}

// settle fills in what follows from the answers: a line for each kind of which
// nothing was found, what is broken, and how it compares with the predictions.
// On another profile than its own a case predicts nothing of what is not there,
// and nothing at all when it is not whole: a step of it is not there.
func settle(found []*SweepResult, people []string, s *Scenario, whole bool) []*SweepResult {
	for _, kind := range SweepKinds {
		for _, of := range people {
			if !slices.ContainsFunc(found, func(f *SweepResult) bool { return f.Kind == kind && f.Of == of }) {
				found = append(found, &SweepResult{Kind: kind, Of: of, Works: WorksNo, Shown: ShownListed, Detail: "none"})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b *SweepResult) int {
		return slices.Index(SweepKinds, a.Kind) - slices.Index(SweepKinds, b.Kind)
	})
	worst := map[SweepKind]Works{}
	rank := func(w Works) int { return slices.Index(WorksWords, w) }
	for _, f := range found {
		if w, seen := worst[f.Kind]; !seen || rank(f.Works) < rank(w) {
			worst[f.Kind] = f.Works
		}
		if f.Because == nil {
			f.Because = []Reason{}
		}
		if f.Works != WorksYes {
			f.Broken, f.Ends = false, nil
		}
	}
	for _, f := range found {
		if want, predicted := s.SweepExpect[f.Kind]; predicted && !(s.Elsewhere && (!whole || worst[f.Kind] == WorksNotAvailable)) {
			f.Expected = want
			f.Drift = want != worst[f.Kind] && f.Works == worst[f.Kind]
		}
	}
	return found
}
