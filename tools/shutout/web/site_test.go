package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/report"
)

// options are those of a server with an empty folder of runs, and what it has
// kept.
func options(t *testing.T) (Options, func() []*Played) {
	t.Helper()
	var mu sync.Mutex
	var kept []*Played
	folder := t.TempDir()
	return Options{Runs: folder, Seed: 1, Keep: func(p *Played) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, p)
			dir := filepath.Join(folder, "run-"+p.Case.ID)
			return dir, write(dir, documentOf(p.Result))
		}}, func() []*Played {
			mu.Lock()
			defer mu.Unlock()
			return kept
		}
}

func documentOf(runs ...*lab.RunResult) *lab.Document {
	return &lab.Document{Schema: lab.Schema, Tool: lab.Tool{Name: "shutout", Version: "test"}, Lab: "sim", Seed: 1, Replay: "shutout run", Runs: runs}
}

// write leaves a result document in a folder.
func write(dir string, d *lab.Document) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, report.ResultFile))
	if err != nil {
		return err
	}
	defer f.Close()
	return report.JSON(f, d)
}

// short is a case of an hour.
const short = "token-cache-flushed"

const address = "127.0.0.1:8025"

// site is a server without a network.
type site struct {
	t *testing.T
	*Server
	h http.Handler
}

func newSite(t *testing.T, o Options) *site {
	s := New(o)
	t.Cleanup(s.Close)
	return &site{t, s, s.Handler(address)}
}

// ask sends a request and returns the status and the text of the answer.
func (s *site) ask(r *http.Request) (int, string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		s.t.Errorf("%s %s: the policy is %q", r.Method, r.URL, policy)
	}
	return w.Code, string(body)
}

func (s *site) get(path string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest("GET", "http://"+address+"/", nil)
	u, err := url.Parse("http://" + address + path)
	if err != nil {
		s.t.Fatal(err)
	}
	r.URL = u
	return s.ask(r)
}

// post sends a form as a page of the server does.
func (s *site) post(path string, form url.Values) (int, string) {
	s.t.Helper()
	form.Set("token", s.token)
	r := httptest.NewRequest("POST", "http://"+address+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.ask(r)
}

// begin begins to play a case of an hour.
func (s *site) play(change url.Values) {
	s.t.Helper()
	form := url.Values{"case": {short}, "profile": {"ex2003"}, "sop": {""}, "speed": {"max"}}
	for k, v := range change {
		form[k] = v
	}
	if status, body := s.post("/play", form); status != http.StatusSeeOther {
		s.t.Fatalf("the play does not begin: %d\n%s", status, body)
	}
}

// wait waits until the play is over.
func (s *site) wait() view {
	s.t.Helper()
	select {
	case <-s.current().done:
	case <-time.After(2 * time.Minute):
		s.t.Fatal("the play does not end")
	}
	return s.current().view()
}
