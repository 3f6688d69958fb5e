package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
)

// SOP is an SOP in a file of its own. Its steps name whoever leaves as ${leaver}
// and become real when the SOP is bound to a case.
type SOP struct {
	ID      string
	Title   string
	Sources []string
	Story   string
	File    string

	src []byte
}

// sopFile is an SOP as it is written.
type sopFile struct {
	ID      string   `yaml:"id"`
	Title   string   `yaml:"title"`
	Sources []string `yaml:"sources"`
	Story   string   `yaml:"story"`
}

// LoadSOP reads the SOP file at path. Its error is a [strict.Problems].
func LoadSOP(path string) (*SOP, error) {
	src, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return ParseSOP(path, src)
}

// ParseSOP reads an SOP from src. File names it in errors. Names of the cast in
// it are checked by [SOP.Bind], because each case may have a cast of its own.
func ParseSOP(file string, src []byte) (*SOP, error) { return parseSOP(file, src, "leaver", nil) }

// Generated makes an SOP of steps as they are written in one, such as
// "{at: 0s, do: reset-iis}". Name says in errors whose steps they are.
func Generated(name string, steps []string) (*SOP, error) {
	return ParseSOP(name, []byte("id: generated\ntitle: Generated\nsop:\n  - "+strings.Join(steps, "\n  - ")+"\n"))
}

// parseSOP reads an SOP, and holds the names in it against a cast, if there is
// one.
func parseSOP(file string, src []byte, leaver string, cast *lab.Cast) (*SOP, error) {
	d := strict.Parse(file, src)
	if d.Root == nil || d.Root.Kind == strict.Null {
		if d.Err() == nil {
			d.Problemf(nil, "the file is empty: an SOP has an id, a title and a list sop: of steps")
		}
		return nil, d.Err()
	}
	switch {
	case isResult(d.Root):
		d.Problemf(d.Root, "this is a result document, not an SOP: shutout report shows it")
		return nil, d.Err()
	case IsLab(d.Root):
		d.Problemf(d.Root, labText)
		return nil, d.Err()
	case hasActors(d.Root):
		d.Problemf(d.Root, "this is a case, not an SOP: run it by itself")
		return nil, d.Err()
	}
	var f sopFile
	d.Decode(d.Root, &f, "sop")
	if d.Root.Kind != strict.Map {
		return nil, d.Err()
	}
	head(d, d.Root, f.ID, f.Title)
	cited := sources.Check(d, d.Root.Get("sources"))
	if n := d.Root.Get("sop"); n == nil || n.Kind == strict.List && len(n.Items) == 0 {
		d.Problemf(d.Root.Find("sop"), `there are no steps: add at least one under sop:, such as - {at: 0s, do: disable-account, user: "${leaver}"}`)
	} else {
		decodeSteps(d, n, []string{leaver}, cast, 0)
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return &SOP{ID: f.ID, Title: strict.OneLine(f.Title), Sources: cited, Story: strings.TrimSpace(f.Story), File: file, src: slices.Clone(src)}, nil
}

// Steps returns the SOP's steps for whoever leaves and a cast, and checks that
// they lie before the horizon. A step that names ${leaver} is taken once for each
// of them. With a nil cast the names of people and servers are not checked, with
// horizon 0 the times are not. Its error is a [strict.Problems].
func (s *SOP) Steps(leavers []string, cast *lab.Cast, horizon time.Duration) ([]lab.Step, error) {
	d := strict.Parse(s.File, s.src)
	return decodeSteps(d, d.Root.Get("sop"), leavers, cast, horizon), d.Err()
}

// written are the SOP's steps without a case.
func (s *SOP) written() []lab.Step {
	steps, _ := s.Steps([]string{"leaver"}, nil, 0) // ParseSOP has read them
	return steps
}

// Length is when the SOP's last step is. A case has to last as long.
func (s *SOP) Length() (last time.Duration) {
	for _, step := range s.written() {
		last = max(last, step.At)
	}
	return last
}

// Source is the SOP as it is written.
func (s *SOP) Source() []byte { return slices.Clone(s.src) }

// ForLeaver tells whether the SOP is about a person, whom it calls ${leaver}.
// Others are about the servers or the network.
func (s *SOP) ForLeaver() bool {
	return strict.Parse(s.File, s.src).Root.Get("sop").Names(leaverVariable)
}

// Bind puts the SOP in the place of the case's own, for everybody who leaves in
// it. Predictions of the case are dropped, since they are about its own SOP; of
// its promises those count that the SOP is about.
func (s *SOP) Bind(sc *lab.Scenario) error {
	people := s.about(sc)
	if !s.Suits(sc) {
		return fmt.Errorf("%s names ${leaver}, and in the case %s nobody leaves: nobody of the organisation has access by an account that must end, but for people who have to go on working (--sop without a case plays those in which somebody leaves)", s.File, sc.ID)
	}
	if err := s.BindTo(sc, people...); err != nil {
		return err
	}
	s.promise(sc, people)
	return nil
}

// Suits tells whether there is somebody in a case whom the SOP can be about.
func (s *SOP) Suits(sc *lab.Scenario) bool { return !s.ForLeaver() || s.about(sc) != nil }

// BindTo puts the SOP in the place of the case's own, for these people.
func (s *SOP) BindTo(sc *lab.Scenario, leavers ...string) error {
	steps, err := s.Steps(leavers, sc.Cast, sc.Horizon)
	if err != nil {
		return fmt.Errorf("the SOP does not fit the case %s:\n%w", sc.ID, err)
	}
	sc.SOP, sc.SOPID = steps, s.ID
	sc.Forget()
	return nil
}

// lateText says that a step is never carried out.
func lateText(step lab.Step, horizon time.Duration) string {
	return fmt.Sprintf("the step %s at %s lies after the horizon of %s: it would never be carried out",
		step.Action.Name(), lab.Duration(step.At), lab.Duration(horizon))
}

// decodeSteps reads the steps that stand at n and puts them in the order of
// their times. With a nil cast, what they name in the cast is not checked. With
// no horizon they are an SOP's, which begins with the order; a case may tell
// what was done before it. A step that names ${leaver} is there once for each of
// the leavers.
func decodeSteps(d *strict.Doc, n *strict.Node, leavers []string, cast *lab.Cast, horizon time.Duration) []lab.Step {
	if n.Kind == strict.Null || n.Kind == strict.Faulty {
		return nil // somebody has complained about it
	}
	if n.Kind != strict.List {
		d.Problemf(n, "sop takes a list of steps, such as - {at: 0s, do: disable-account, user: dana}")
		return nil
	}
	steps := make([]lab.Step, 0, len(n.Items))
	for _, item := range n.Items {
		for _, vars := range eachLeaver(item, leavers) {
			before := d.Count()
			item := d.Expand(item, vars)
			step, ok := decodeStep(d, item, cast)
			if !ok {
				break // what is wrong with it is told once
			}
			switch {
			case horizon > 0 && step.At > horizon:
				d.Problemf(item.Find("at"), "%s", lateText(step, horizon))
			case horizon == 0 && step.At < 0:
				d.Problemf(item.Find("at"), "at is negative: a step of an SOP comes at the order or later, such as 0s or 15m")
			case step.At < -longest:
				d.Problemf(item.Find("at"), "at is too long before the order: expected at most %s", lab.Duration(longest))
			}
			steps = append(steps, step)
			if d.Count() > before {
				break
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b lab.Step) int { return cmp.Compare(a.At, b.At) })
	return steps
}

func decodeStep(d *strict.Doc, n *strict.Node, cast *lab.Cast) (lab.Step, bool) {
	if n.Kind != strict.Map {
		d.Problemf(n, "a step is a mapping, such as {at: 0s, do: disable-account, user: dana}")
		return lab.Step{}, false
	}
	var head struct {
		At time.Duration `yaml:"at"`
		Do string        `yaml:"do"`
	}
	var others []string
	for _, k := range n.Keys {
		others = append(others, k.Name.Text)
	}
	d.Decode(n, &head, others...)
	do := n.Get("do")
	if do == nil {
		d.Problemf(n, "do is missing: name a mitigation (shutout list mitigations)")
		return lab.Step{}, false
	}
	info, known := mitigation.Lookup(head.Do)
	if !known {
		if do.Kind == strict.Scalar {
			d.Problemf(do, "unknown mitigation %s%s (shutout list mitigations)", strict.Quote(head.Do), strict.Expected(head.Do, mitigation.Names()))
		}
		return lab.Step{}, false
	}
	action := info.New()
	d.Decode(n, action, "at", "do")
	complete := !d.Complained(n)
	missing := map[string]bool{}
	for _, p := range info.Params {
		if p.Required && n.Get(p.Name) == nil {
			missing[p.Name], complete = true, false
			d.Problemf(n, "%s needs %s: %s (%s; shutout show %s)", info.Name, p.Name, p.Doc, p.Type, info.Name)
		}
	}
	if cast == nil {
		return lab.Step{At: head.At, Action: action, Line: n.Line}, true
	}
	// What could not be read has been complained about; its zero value would
	// only be complained about once more, and so would what has to fit it.
	for _, err := range unjoin(action.Validate(cast)) {
		pe, ok := errors.AsType[*mitigation.ParamError](err)
		switch {
		case !ok && complete:
			d.Problemf(n, "%v", err)
		case ok && !missing[pe.Param] && !d.Complained(n.Get(pe.Param)):
			plain := *pe
			plain.Known = nil // Expected names the nearest as well
			d.Problemf(n.Find(pe.Param), "%v%s", &plain, strict.Expected(pe.Found, pe.Known))
		}
	}
	return lab.Step{At: head.At, Action: action, Line: n.Line}, true
}

// unjoin takes apart what errors.Join put together, also when joined again.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, unjoin(e)...)
	}
	return out
}
