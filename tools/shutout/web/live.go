package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report"
	"shutout/lab/strict"
	"shutout/scenarios"
)

// liveView is the page of a play.
type liveView struct {
	Token  string
	Case   *lab.Scenario
	SOP    string
	Speeds []speedChoice
	Now    nowView
	Form   *formView // nil when the play is over
	Said   string    // what became of the mitigation that was just carried out
}

// nowView is the part of the page that changes by itself.
type nowView struct {
	view
	Tag   string // another one whenever something has changed
	Clock string // the time of the day there
	Share int    // how much of it has been played, in percent
	Steps []doneStep
	// Timeline and Ledger are those of the report, as far as the case has come.
	Timeline, Ledger template.HTML
}

// doneStep is a step that has been carried out, or is to be.
type doneStep struct {
	At, Do, Detail string
	Class          string
	ByHand, Ahead  bool
}

// errNothing is for pages about a play when there is none.
var errNothing = errors.New("nothing is being played: choose a case on the start page")

// live shows the play.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	p := s.current()
	if p == nil {
		s.fail(w, http.StatusNotFound, errNothing)
		return
	}
	s.showLive(w, http.StatusOK, p, r.URL.Query().Get("do"), nil, nil, r.URL.Query().Get("said"))
}

// showLive shows the play with the form for a mitigation, which may hold what
// was filled in and what is wrong with it.
func (s *Server) showLive(w http.ResponseWriter, status int, p *play, do string, filled map[string][]string, wrong map[string]string, said string) {
	now, err := p.look()
	if err != nil {
		s.fail(w, http.StatusInternalServerError, fmt.Errorf("the timeline cannot be shown: %w", err))
		return
	}
	v := liveView{Token: s.token, Case: p.sc, SOP: p.sop, Speeds: speeds, Now: now}
	if !now.Finished {
		v.Form = newForm(now.Can, p.sc.Cast, do, filled, wrong)
	}
	if n, err := strconv.Atoi(said); err == nil && n > 0 && n <= len(now.ByHand) {
		v.Said = now.saidOf(n - 1)
	}
	s.page(w, status, "live", p.sc.Title, v)
}

// now answers with the parts of the page that change by themselves, if they have.
func (s *Server) now(w http.ResponseWriter, r *http.Request) {
	p := s.current()
	if p == nil {
		s.fail(w, http.StatusNotFound, errNothing)
		return
	}
	tag := p.tag()
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	now, err := p.look()
	var b bytes.Buffer
	for _, part := range []string{"clock", "now", "more"} {
		if err == nil {
			err = templates.ExecuteTemplate(&b, part, now)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", now.Tag)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(w)
}

// tag changes whenever something else can be seen.
func (p *play) tag() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tagOf(p.version)
}

func (p *play) tagOf(version int) string { return fmt.Sprintf("%q", p.id+"-"+strconv.Itoa(version)) }

// look is what can be seen of the play now.
func (p *play) look() (nowView, error) {
	v := p.view()
	n := nowView{view: v, Tag: p.tagOf(v.Version)}
	whole := p.sc.Lead() + p.sc.Horizon
	n.Share = int(100 * (v.At + p.sc.Lead()) / whole)
	if v.Result == nil {
		return n, nil
	}
	n.Clock = v.Result.Order.Add(v.At.Round(time.Second)).Format("Monday 15:04:05")
	hands := slices.Clone(v.ByHand)
	for _, st := range v.Result.Steps {
		d := doneStep{At: lab.Moment(time.Duration(st.AtS * float64(time.Second))), Do: st.Do, Detail: st.Detail, Class: "good"}
		switch {
		case !v.Finished && st.AtS > lab.Seconds(v.At):
			d.Ahead, d.Detail, d.Class = true, "", "none"
		case st.Outcome == lab.Failed:
			d.Class = "bad"
		case st.Outcome == lab.NotApplicable:
			d.Class = "none"
		}
		if i := slices.Index(hands, byHand{st.AtS, st.Do}); i >= 0 {
			d.ByHand = true
			hands = slices.Delete(hands, i, i+1)
		}
		n.Steps = append(n.Steps, d)
	}
	var err error
	if n.Timeline, n.Ledger, err = report.Live(v.Result); err != nil {
		return n, err
	}
	if v.Folder != "" {
		n.Folder = filepath.Base(v.Folder)
	}
	return n, nil
}

// saidOf tells what became of the mitigation that was the nth to be carried out
// by hand.
func (n nowView) saidOf(nth int) string {
	h := n.ByHand[nth]
	for _, st := range n.Result.Steps {
		if st.AtS == h.AtS && st.Do == h.Do {
			return fmt.Sprintf("%s at %s: %s. %s", st.Do, lab.Moment(time.Duration(st.AtS*float64(time.Second))), st.Outcome, st.Detail)
		}
	}
	return ""
}

// setPace pauses, goes on, or goes on at another speed.
func (s *Server) setPace(w http.ResponseWriter, r *http.Request) {
	p := s.current()
	if p == nil {
		s.fail(w, http.StatusNotFound, errNothing)
		return
	}
	change := func(*float64, *bool) {}
	switch word := r.PostForm.Get("pace"); word {
	case "pause":
		change = func(_ *float64, paused *bool) { *paused = true }
	case "go":
		change = func(_ *float64, paused *bool) { *paused = false }
	default:
		speed, err := speedOf(word)
		if err != nil {
			s.fail(w, http.StatusUnprocessableEntity, err)
			return
		}
		change = func(old *float64, paused *bool) { *old, *paused = speed, false } // who chooses a speed wants to see it
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := p.setPace(ctx, change); err != nil && !errors.Is(err, errOver) {
		s.fail(w, http.StatusServiceUnavailable, err)
		return
	}
	http.Redirect(w, r, "/live", http.StatusSeeOther)
}

// patience is how long somebody waits for a mitigation to be carried out.
const patience = 30 * time.Second

// do carries out a mitigation now.
func (s *Server) do(w http.ResponseWriter, r *http.Request) {
	p := s.current()
	if p == nil {
		s.fail(w, http.StatusNotFound, errNothing)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	p.ready(ctx)
	name := r.PostForm.Get("do")
	v := p.view()
	i := slices.IndexFunc(v.Can, func(info mitigation.Info) bool { return info.Name == name })
	if i < 0 {
		var names []string
		for _, info := range v.Can {
			names = append(names, info.Name)
		}
		s.showLive(w, http.StatusUnprocessableEntity, p, "", nil, map[string]string{"": fmt.Sprintf("this lab has no mitigation %s%s", strict.Quote(name), strict.Expected(name, names))}, "")
		return
	}
	filled := map[string][]string{}
	for _, param := range v.Can[i].Params {
		filled[param.Name] = r.PostForm[field(param.Name)]
	}
	action, wrong := scenarios.Fill(v.Can[i], filled, p.sc.Cast)
	if wrong != nil {
		s.showLive(w, http.StatusUnprocessableEntity, p, name, filled, wrong, "")
		return
	}
	if _, err := p.do(ctx, action); err != nil {
		s.showLive(w, http.StatusConflict, p, name, filled, map[string]string{"": err.Error()}, "")
		return
	}
	http.Redirect(w, r, "/live?said="+strconv.Itoa(len(p.view().ByHand)), http.StatusSeeOther)
}

// stop ends the play without a result.
func (s *Server) stop(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p := s.play
	s.play = nil
	s.mu.Unlock()
	if p != nil {
		p.stop()
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
