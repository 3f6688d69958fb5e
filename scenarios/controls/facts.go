package controls

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
)

// promise is access that somebody had who leaves, and what became of it when it
// is held against the organisation's limit.
type promise struct {
	*lab.ActivityResult
	verdict lab.Verdict
	who     string // "dana over owa (case, profile)"
	came    string // "ended after 3m"
}

// facts is what a document tells about people who left.
type facts struct {
	promises []promise
	steps    []step
	findings []finding
	swept    bool     // at least one case was swept
	unswept  int      // cases that were not
	limits   string   // in words
	outside  int      // promises about what needs no account
	beside   []string // access that the SOP is not about
	local    []promise
	lacking  []string // paths that the lab does not have
	untried  []string // paths that nobody who leaves had
}

type step struct {
	*lab.StepResult
	of     *lab.RunResult
	limitS float64
	text   string
}

type finding struct {
	*lab.SweepResult
	text string
}

// unnamed are the paths that need no account, so that nobody's access is ended
// on them.
var unnamed = []lab.Path{lab.SMTPAnonymous, lab.SMTPDirect}

func gather(d *lab.Document, limit time.Duration) *facts {
	f := &facts{}
	var limits []string
	tried := map[lab.Path]bool{}
	several := len(d.Runs) > 1
	for _, r := range d.Runs {
		limitS := r.LimitS
		if limit >= 0 {
			limitS = lab.Seconds(limit)
		}
		leaves := false
		for _, a := range r.Activities {
			switch {
			case a.Role != lab.Threat:
				continue
			case slices.Contains(unnamed, a.Path):
				f.outside++
				continue
			case r.Unpromised(a):
				if text := fmt.Sprintf("%s over %s%s", a.Who, a.Path, caseOf(r, several)); !slices.Contains(f.beside, text) {
					f.beside = append(f.beside, text)
				}
				tried[a.Path] = true
				continue
			}
			leaves = true
			p := promise{ActivityResult: a, verdict: a.Verdict}
			if limitS != r.LimitS {
				p.verdict = against(a, limitS, r.HorizonS)
			}
			p.who, p.came = fmt.Sprintf("%s over %s%s", p.Who, p.Path, caseOf(r, several)), p.became(r)
			if a.Capability == lab.ReadLocal { // on the person's own device: no access to a system
				if p.verdict.Broken() {
					f.local = append(f.local, p)
				}
				continue
			}
			if a.Verdict == lab.NotAvailable {
				if !slices.Contains(f.lacking, string(a.Path)) {
					f.lacking = append(f.lacking, string(a.Path))
				}
				continue
			}
			tried[a.Path] = true
			f.promises = append(f.promises, p)
		}
		if !leaves {
			continue
		}
		if text := lab.Duration(time.Duration(limitS * float64(time.Second))); !slices.Contains(limits, text) {
			limits = append(limits, text)
		}
		for _, s := range r.Steps {
			f.steps = append(f.steps, step{s, r, limitS, fmt.Sprintf("%s at %s%s", s.Do, moment(s.AtS), caseOf(r, several))})
		}
		if r.Sweep == nil {
			f.unswept++
			continue
		}
		f.swept = true
		for _, s := range r.Sweep {
			f.findings = append(f.findings, finding{s, fmt.Sprintf("%s%s", s.What, caseOf(r, several))})
		}
	}
	f.limits = strings.Join(limits, ", ")
	f.lacking = slices.DeleteFunc(f.lacking, func(p string) bool { return tried[lab.Path(p)] })
	for _, p := range lab.Paths {
		if !tried[p] && !slices.Contains(unnamed, p) && !slices.Contains(f.lacking, string(p)) {
			f.untried = append(f.untried, string(p))
		}
	}
	return f
}

// against holds what was seen against another limit than the case's. A verdict
// that is no matter of the limit stays as it is.
func against(a *lab.ActivityResult, limitS, horizonS float64) lab.Verdict {
	if a.Verdict == lab.Open && horizonS <= limitS {
		return lab.VerdictUnknown // nobody looked after that limit
	}
	if a.Verdict != lab.Ended && a.Verdict != lab.Late || a.CutoffS == nil {
		return a.Verdict
	}
	if *a.CutoffS > limitS {
		return lab.Late
	}
	// The first attempt that failed must not lie further behind the limit than
	// attempts are apart, or nothing was shown in between.
	precision := a.EveryS
	if precision > limitS {
		precision = 0
	}
	last := -1
	for i, s := range a.Spans {
		if s.Outcome == "ok" {
			last = i
		}
	}
	if last+1 >= len(a.Spans) || a.Spans[last+1].FromS > limitS+precision {
		return lab.VerdictUnknown
	}
	return lab.Ended
}

// became tells what became of a promise.
func (p promise) became(r *lab.RunResult) string {
	switch {
	case p.verdict == lab.Open:
		return "still open after " + span(r.HorizonS)
	case p.CutoffS != nil && (p.verdict == lab.Ended || p.verdict == lab.Late):
		return "ended after " + span(*p.CutoffS)
	case p.Verdict == lab.Open:
		return "open when the watch ended after " + span(r.HorizonS) + ", before the limit"
	}
	return string(p.verdict)
}

// caseOf names a case with what it was played on, where there are several.
func caseOf(r *lab.RunResult, several bool) string {
	if !several {
		return ""
	}
	return " (" + r.Scenario + ", " + r.Profile + ")"
}

// told lists promises, those together that came out alike: "dana over owa: read
// and send ended after 3m".
func told(list []promise) string {
	var texts []string
	for i := 0; i < len(list); {
		p := list[i]
		var can []string
		for ; i < len(list) && list[i].who == p.who && list[i].came == p.came; i++ {
			can = append(can, string(list[i].Capability))
		}
		texts = append(texts, p.who+": "+strings.Join(can, ", ")+" "+p.came)
	}
	return named(texts)
}

func span(s float64) string   { return lab.Duration(time.Duration(s * float64(time.Second))) }
func moment(s float64) string { return lab.Moment(time.Duration(s * float64(time.Second))) }

// split sorts promises by what they show.
func split(list []promise) (broken, unclear, kept []promise) {
	for _, p := range list {
		switch p.verdict {
		case lab.Late, lab.Open:
			broken = append(broken, p)
		case lab.VerdictUnknown, lab.Invalid:
			unclear = append(unclear, p)
		case lab.Ended:
			kept = append(kept, p)
		}
	}
	return broken, unclear, kept
}

// found lists what a sweep found of a kind, by its answer.
func (f *facts) found(kind lab.SweepKind, works lab.Works) (list []string) {
	for _, s := range f.findings {
		if s.Kind == kind && s.Works == works {
			list = append(list, s.text)
		}
	}
	return list
}
