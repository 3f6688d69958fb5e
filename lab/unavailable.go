package lab

import "time"

// Unavailable is the result of a case that a lab has nothing for, without a lab
// being opened for it. Why tells what is missing for each activity.
func Unavailable(s *Scenario, order time.Time, why func(*Activity) string) *RunResult {
	s = new(*s)
	s.Forget() // what is predicted is about a lab that has it
	p := &play{s: s, order: order, steps: []*StepResult{}}
	for _, list := range [][]*Activity{s.Activities, s.Controls} {
		for _, a := range list {
			for _, t := range p.enlist(a).tracks {
				t.Missing = why(a)
			}
		}
	}
	res := p.finish()
	res.VirtualS = 0
	return res
}
