package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/strict"
)

// maxRuns is how many past runs are listed: the newest.
const maxRuns = 100

// pastRuns are the runs of a folder. What was read of one is kept as long as its
// file stays as it is.
type pastRuns struct {
	folder string

	mu    sync.Mutex
	known map[string]*pastRun
}

// pastRun is what the list of past runs tells about one.
type pastRun struct {
	Name     string
	When     time.Time
	What     string // the case, or how many
	Lab      string
	Profiles []string
	Counts   []verdictCount // of the promises about access that had to end
	Beside   []string       // what was broken beside those
	Fault    string         // why it cannot be read

	size int64
}

// verdictCount is how many promises have a verdict.
type verdictCount struct {
	Verdict lab.Verdict
	N       int
}

// list returns the newest runs, and how many more there are. A folder in which
// no run was finished is none.
func (p *pastRuns) list() (runs []*pastRun, more int, err error) {
	root, err := os.OpenRoot(p.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]*pastRun{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		info, err := root.Stat(e.Name() + "/" + report.ResultFile)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		old := p.known[e.Name()]
		if old == nil || old.size != info.Size() || !old.When.Equal(info.ModTime()) {
			old = &pastRun{Name: e.Name(), When: info.ModTime(), size: info.Size()}
		}
		seen[e.Name()] = old
		runs = append(runs, old)
	}
	slices.SortFunc(runs, func(a, b *pastRun) int { return cmp.Or(b.When.Compare(a.When), cmp.Compare(b.Name, a.Name)) })
	if more = len(runs) - maxRuns; more > 0 {
		runs = runs[:maxRuns]
	}
	for _, r := range runs {
		if r.What == "" && r.Fault == "" {
			r.read(root)
		}
	}
	p.known = seen
	return runs, max(more, 0), nil
}

// read fills in what the document says.
func (r *pastRun) read(root *os.Root) {
	d, err := document(root, r.Name)
	if err != nil {
		r.Fault = err.Error()
		return
	}
	r.Lab = d.Lab
	r.What = lab.Count(len(d.Runs), "case")
	if len(d.Runs) == 1 {
		r.What = d.Runs[0].Scenario
	}
	counts := map[lab.Verdict]int{}
	for _, run := range d.Runs {
		if !slices.Contains(r.Profiles, run.Profile) {
			r.Profiles = append(r.Profiles, run.Profile)
		}
		for _, a := range run.Activities {
			if a.Role == lab.Threat {
				counts[a.Verdict]++
			}
		}
	}
	for _, v := range lab.Verdicts {
		if counts[v] > 0 {
			r.Counts = append(r.Counts, verdictCount{v, counts[v]})
		}
	}
	r.Beside = report.Beside(d)
}

// document reads the result of a run in the folder. The root keeps whatever the
// name says inside the folder, symbolic links included.
func document(root *os.Root, name string) (*lab.Document, error) {
	f, err := root.Open(name + "/" + report.ResultFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.ReadFrom(f)
}

// run shows the report of a past run, made from its result document. The page
// that lies in the folder is not sent: it may be anybody's.
func (s *Server) run(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	missing := fmt.Errorf("there is no run %s in the folder %s", strict.Quote(name), s.o.Runs)
	if name == "" || strings.ContainsAny(name, `/\`) || !fs.ValidPath(name) || name == "." {
		s.fail(w, http.StatusNotFound, missing)
		return
	}
	root, err := os.OpenRoot(s.o.Runs)
	if err != nil {
		s.fail(w, http.StatusNotFound, missing)
		return
	}
	defer root.Close()
	d, err := document(root, name)
	if errors.Is(err, fs.ErrNotExist) || isOutside(err) {
		s.fail(w, http.StatusNotFound, missing)
		return
	}
	if err != nil {
		s.fail(w, http.StatusUnprocessableEntity, fmt.Errorf("the result of the run %s cannot be read: %w", strict.Quote(name), err))
		return
	}
	var page bytes.Buffer
	if err := writeReport(&page, d); err != nil {
		s.fail(w, http.StatusInternalServerError, fmt.Errorf("the report of %s cannot be shown: %w", strict.Quote(name), err))
		return
	}
	w.Header().Set("Content-Security-Policy", reportPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w)
}

// isOutside tells whether a name led out of the folder, or to no folder.
func isOutside(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}
