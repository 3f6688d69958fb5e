package lab

// Change is what became of a promise since an earlier result.
type Change string

const (
	// Held: kept then and now.
	Held Change = "held"
	// Fixed: broken then, kept now.
	Fixed Change = "fixed"
	// StillFailing: broken then and now, and now no worse.
	StillFailing Change = "still failing"
	// Worsened: broken then and now, and now for longer, or with a worse verdict.
	Worsened Change = "worse"
	// NewlyFailing: broken now, and kept then or not there.
	NewlyFailing Change = "newly failing"
	// Added: kept now, and not there then.
	Added Change = "added"
	// Gone: there then, and not now.
	Gone Change = "gone"
)

// Changes lists every change, the worst first.
var Changes = []Change{NewlyFailing, Worsened, StillFailing, Fixed, Gone, Added, Held}

// Worse tells whether a change is one that a build server has to stop at.
func (c Change) Worse() bool { return c == NewlyFailing || c == Worsened }

// Forgiven tells whether a broken promise was known to be broken.
func (c Change) Forgiven() bool { return c == StillFailing }
