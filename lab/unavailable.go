package lab

import "time"

// Unavailable is the result of a case that a lab has nothing for, without a lab
// being opened for it. Why tells what is missing for each activity.
func Unavailable(s *Scenario, order time.Time, why func(*Activity) string) *RunResult {
	p := &play{s: s, order: order}
	for _, list := range [][]*Activity{s.Activities, s.Controls} {
		for _, a := range list {
			pl := &player{activity: a}
			for _, c := range a.Do {
				pl.tracks = append(pl.tracks, &Track{Activity: a, Capability: c, Order: order, Missing: why(a)})
			}
			p.players = append(p.players, pl)
		}
	}
	for _, step := range s.SOP {
		p.steps = append(p.steps, &StepResult{AtS: Seconds(step.At), Do: step.Action.Name(), Outcome: NotApplicable, Detail: "not played"})
	}
	res := p.result()
	res.VirtualS = 0
	return res
}
