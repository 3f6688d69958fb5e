package scenarios

import (
	"time"

	"shutout/lab"
)

// Hasten has no activity or step begin longer before the order than lead, and no
// activity wait longer between attempts than every: a real lab takes as long as
// the wall clock does. A negative value leaves it as it is.
func Hasten(sc *lab.Scenario, lead, every time.Duration) {
	for _, a := range everybody(sc) {
		if lead >= 0 {
			a.Since = max(a.Since, -lead)
		}
		if every > 0 {
			a.Every = min(a.Every, every)
		}
	}
	if lead >= 0 {
		for i := range sc.SOP {
			sc.SOP[i].At = max(sc.SOP[i].At, -lead)
		}
	}
}
