// Package web shows past runs in a browser, and plays cases there while people
// look on and carry out mitigations. It serves this machine alone.
package web

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/strict"
)

// Options say what is shown.
type Options struct {
	// Runs is the folder of past runs.
	Runs string
	// Seed is what everything random comes from in a play.
	Seed uint64
	// Speed is how fast a play is by itself.
	Speed float64
	// Keep writes a play that has come to its end as a run, and returns its
	// folder.
	Keep func(*Played) (folder string, err error)
	// Services are the ports that are open to mail clients, to be named.
	Services []Service
}

// Service is a port that is open to mail clients.
type Service struct{ Host, Name, URL string }

// Server is the pages and the play that is going on.
type Server struct {
	o     Options
	token string // proves that a change was asked for on a page of this server
	past  pastRuns

	mu   sync.Mutex
	play *play // the latest; nil: none yet
}

//go:embed *.tmpl
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"duration": lab.Duration, "moment": lab.Moment, "count": lab.Count, "class": report.Class, "mark": report.Mark,
}).ParseFS(files, "*.tmpl"))

// New returns a server that shows what o says.
func New(o Options) *Server {
	return &Server{o: o, token: rand.Text(), past: pastRuns{folder: o.Runs}}
}

// Close ends the play.
func (s *Server) Close() {
	s.mu.Lock()
	p := s.play
	s.mu.Unlock()
	if p != nil {
		p.stop()
	}
}

// Handler answers requests to the server that listens at addr. Requests for
// other names are refused.
func (s *Server) Handler(addr string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.start)
	mux.HandleFunc("GET /cases/{id}", s.caseOf)
	mux.HandleFunc("GET /runs/{name}", s.run)
	mux.HandleFunc("POST /play", s.begin)
	mux.HandleFunc("GET /live", s.live)
	mux.HandleFunc("GET /live/now", s.now)
	mux.HandleFunc("POST /live/pace", s.setPace)
	mux.HandleFunc("POST /live/do", s.do)
	mux.HandleFunc("POST /live/stop", s.stop)
	mux.HandleFunc("GET /assets/{name}", s.asset)
	mux.HandleFunc("/", s.nowhere)
	return s.guard(addr, mux)
}

// nowhere answers where there is no page.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.fail(w, http.StatusNotFound, fmt.Errorf("there is no page %s: begin with the start page", strict.Quote(r.URL.Path)))
}

// Serve answers requests at l until ctx ends. Then it ends the play.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s.Handler(l.Addr().String()),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		BaseContext:    func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	defer s.Close()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// current is the latest play; nil if there was none.
func (s *Server) current() *play {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.play
}
