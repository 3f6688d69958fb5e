package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/sim/profile"
)

// startView is what the start page shows.
type startView struct {
	Playing  *view
	Case     string // that is played
	Runs     []*pastRun
	More     int
	Folder   string
	Fault    string // why there are no runs
	Query    string
	Groups   []caseGroup
	Found    int
	Services []Service
}

// caseGroup is the cases about one thing.
type caseGroup struct {
	Title string
	Cases []*lab.Scenario
}

// catalogue is the cases as they are shown. Who plays one reads it anew.
var catalogue = sync.OnceValue(scenarios.Catalogue)

// families are the groups in the order in which they are shown.
var families = []struct{ family, title string }{
	{"leaver", "Somebody has to leave"},
	{"abuse", "Servers and programs are abused"},
}

// start shows past runs and the cases that can be played.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	v := startView{Folder: s.o.Runs, Query: strings.TrimSpace(r.URL.Query().Get("q")), Services: s.o.Services}
	if p := s.current(); p != nil {
		v.Playing, v.Case = new(p.view()), p.sc.ID
	}
	var err error
	if v.Runs, v.More, err = s.past.list(); err != nil {
		v.Fault = err.Error()
	}
	words := strings.Fields(strings.ToLower(v.Query))
	for _, f := range families {
		g := caseGroup{Title: f.title}
		for _, sc := range catalogue() {
			if scenarios.Family(sc) == f.family && matches(sc, words) {
				g.Cases = append(g.Cases, sc)
			}
		}
		if v.Found += len(g.Cases); g.Cases != nil {
			v.Groups = append(v.Groups, g)
		}
	}
	s.page(w, http.StatusOK, "start", "Runs and cases", v)
}

// matches tells whether a case has every word in what is said about it.
func matches(sc *lab.Scenario, words []string) bool {
	text := []string{sc.ID, sc.Title, sc.Profile, sc.Story}
	for _, a := range slices.Concat(sc.Activities, sc.Controls) {
		text = append(text, a.Who, string(a.Path))
	}
	for _, step := range sc.SOP {
		text = append(text, step.Action.Name())
	}
	all := strings.ToLower(strings.Join(text, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
}

// caseView is a case with the form that plays it.
type caseView struct {
	Token    string
	Case     *lab.Scenario
	Leaver   bool
	Acts     []actRow
	Steps    []stepRow
	Profiles []profile.Version
	SOPs     []*scenarios.SOP
	Speeds   []speedChoice
	Chosen   choice
	Fault    string
	Playing  string // the case that is being played; empty: none
}

type actRow struct {
	*lab.Activity
	Name, Does string
	Control    bool
}

type stepRow struct{ At, Do, Params string }

// choice is what was chosen in the form.
type choice struct {
	Profile, SOP, Speed string
	Paused              bool
}

// speedChoice is a speed and how it is called.
type speedChoice struct {
	Value float64
	Word  string // as the form sends it
	Text  string
}

// speeds are those that a play can have.
var speeds = []speedChoice{
	{1, "1", "1×"}, {60, "60", "60×"}, {600, "600", "600×"}, {3600, "3600", "3600×"}, {AsFastAsItGoes, "max", "as fast as it goes"},
}

func speedOf(word string) (float64, error) {
	for _, s := range speeds {
		if s.Word == word {
			return s.Value, nil
		}
	}
	return 0, fmt.Errorf("the speed is %s: expected one of 1, 60, 600, 3600 and max", strict.Quote(word))
}

// caseOf shows one case.
func (s *Server) caseOf(w http.ResponseWriter, r *http.Request) {
	sc := shownCase(r.PathValue("id"))
	if sc == nil {
		s.fail(w, http.StatusNotFound, fmt.Errorf("there is no case %s in the catalogue", strict.Quote(r.PathValue("id"))))
		return
	}
	s.showCase(w, http.StatusOK, sc, choice{Profile: sc.Profile, Speed: "600"}, nil)
}

// shownCase is a case as it is shown; nil if there is none of that name.
func shownCase(id string) *lab.Scenario {
	i := slices.IndexFunc(catalogue(), func(sc *lab.Scenario) bool { return sc.ID == id })
	if i < 0 {
		return nil
	}
	return catalogue()[i]
}

func (s *Server) showCase(w http.ResponseWriter, status int, sc *lab.Scenario, c choice, fault error) {
	v := caseView{Token: s.token, Case: sc, Leaver: scenarios.HasLeaver(sc), Profiles: profile.Versions(), Speeds: speeds, Chosen: c}
	if fault != nil {
		v.Fault = fault.Error()
	}
	if p := s.current(); p != nil && !p.view().Finished {
		v.Playing = p.sc.ID
	}
	for _, a := range slices.Concat(sc.Activities, sc.Controls) {
		row := actRow{Activity: a, Name: a.Who, Control: a.Role == lab.Control}
		if who := sc.Cast.People[a.Who]; who != nil {
			row.Name = who.Name
		}
		var does []string
		for _, c := range a.Do {
			does = append(does, string(c))
		}
		row.Does = strings.Join(does, ", ")
		v.Acts = append(v.Acts, row)
	}
	for _, step := range sc.SOP {
		v.Steps = append(v.Steps, stepRow{lab.Moment(step.At), step.Action.Name(), mitigation.Describe(step.Action)})
	}
	if v.Leaver {
		v.SOPs = scenarios.SOPs()
	}
	s.page(w, status, "case", sc.Title, v)
}

// begin starts to play a case.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	sc, ok := scenarios.Find(form.Get("case"))
	if !ok {
		s.fail(w, http.StatusNotFound, fmt.Errorf("there is no case %s in the catalogue", strict.Quote(form.Get("case"))))
		return
	}
	c := choice{Profile: form.Get("profile"), SOP: form.Get("sop"), Speed: form.Get("speed"), Paused: form.Get("paused") != ""}
	p, err := s.prepare(sc, c)
	if err != nil {
		s.showCase(w, http.StatusUnprocessableEntity, shownCase(sc.ID), c, err)
		return
	}
	if !s.take(p) {
		s.showCase(w, http.StatusConflict, shownCase(sc.ID), c, errors.New("another case is being played: wait for its end, or stop it"))
		return
	}
	http.Redirect(w, r, "/live", http.StatusSeeOther)
}

// take begins a play, if no other one goes on.
func (s *Server) take(p *play) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.play != nil && !s.play.view().Finished {
		return false
	}
	s.play = begin(p)
	return true
}

// prepare makes the play that was chosen.
func (s *Server) prepare(sc *lab.Scenario, c choice) (*play, error) {
	speed, err := speedOf(c.Speed)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(profile.Names(), c.Profile) {
		return nil, fmt.Errorf("there is no profile %s%s", strict.Quote(c.Profile), strict.Expected(c.Profile, profile.Names()))
	}
	switch c.SOP {
	case "":
	case NoSOP:
		sc.SOP = nil
		sc.Forget()
	default:
		sop, ok := scenarios.FindSOP(c.SOP)
		if !ok {
			return nil, fmt.Errorf("there is no SOP %s", strict.Quote(c.SOP))
		}
		sc.SOP = nil // it is replaced
		if err := sop.Bind(sc); err != nil {
			return nil, err
		}
	}
	return &play{
		id: rand.Text(), sc: sc.WithProfile(c.Profile), sop: c.SOP, seed: s.o.Seed, keep: s.o.Keep,
		speed: speed, paused: c.Paused,
	}, nil
}
