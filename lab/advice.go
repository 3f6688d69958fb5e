package lab

// AdviceResult is what to change in the SOP of a case, found by playing: the case
// was played again with one more mitigation at a time, or two of which one cuts
// and one refuses, and then with the fewest of them that keep its promises.
type AdviceResult struct {
	AtS    float64        `json:"at_s"`   // when the mitigations that were tried are carried out, in seconds from the order
	Trials []*TrialResult `json:"trials"` // each with one mitigation more, or two; those that keep most first
	// Together is the case with the fewest mitigations, and the least disturbance,
	// that keep what the trials kept; absent where none of them kept anything.
	Together *TrialResult `json:"together,omitempty"`
}

// TrialResult is a case that was played once more with further steps.
type TrialResult struct {
	Label    string         `json:"label"` // the mitigations, in brief: "stop-service imap"
	Do       []string       `json:"do"`    // their names
	Steps    []string       `json:"steps"` // as an SOP says them
	Promises []TrialPromise `json:"promises"`
	// Disturbed are the bystanders who were away for longer than without these
	// steps.
	Disturbed []TrialDisturbance `json:"disturbed,omitempty"`
}

// TrialPromise is what became of a promise that the case did not keep, or that is
// not kept with these steps.
type TrialPromise struct {
	ID         string     `json:"id"` // the activity's
	Capability Capability `json:"capability"`
	Verdict    Verdict    `json:"verdict"`
	CutoffS    *float64   `json:"cutoff_s"` // seconds from the order until it worked for the last time; null where it was not seen to end
}

// TrialDisturbance is what the steps did to a bystander.
type TrialDisturbance struct {
	ID         string     `json:"id"` // the activity's
	Capability Capability `json:"capability"`
	AwayS      float64    `json:"away_s"`         // how many seconds longer it did not work
	Lost       bool       `json:"lost,omitempty"` // it had not come back at the horizon
}

// Kept lists the promises that these steps keep.
func (t *TrialResult) Kept() (kept []TrialPromise) {
	for _, p := range t.Promises {
		if p.Verdict == Ended {
			kept = append(kept, p)
		}
	}
	return kept
}

// Left lists the promises that are broken with these steps.
func (t *TrialResult) Left() (left []TrialPromise) {
	for _, p := range t.Promises {
		if p.Verdict.Broken() {
			left = append(left, p)
		}
	}
	return left
}
