package web

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"

	"shutout/lab/strict"
)

// maxBody bounds what a form sends.
const maxBody = 64 << 10

// policy is what a page of this server may do: use what this server has, and
// nothing else. No script and no style stands in a page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard keeps out who does not look at a page of this server: another name for
// this machine (DNS rebinding), and another site that has a browser send
// something here (cross-site requests).
func (s *Server) guard(addr string, next http.Handler) http.Handler {
	names := []string{addr}
	if host, port, err := net.SplitHostPort(addr); err == nil {
		names = append(names, net.JoinHostPort("localhost", port))
		if port == "80" {
			names = append(names, host, "localhost")
		}
	}
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.fail(w, http.StatusForbidden, errors.New("another site has sent this: nothing was changed"))
	}))
	inner := cross.Handler(s.tokens(next))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !slices.Contains(names, r.Host) {
			s.fail(w, http.StatusMisdirectedRequest, fmt.Errorf("%s is not a name of this server: open http://%s/", strict.Quote(r.Host), addr))
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// tokens lets only those forms change something that a page of this server has
// sent out.
func (s *Server) tokens(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := r.ParseForm(); err != nil {
				status := http.StatusBadRequest
				if _, large := errors.AsType[*http.MaxBytesError](err); large {
					status = http.StatusRequestEntityTooLarge
				}
				s.fail(w, status, errors.New("the form cannot be read: go back and send it again"))
				return
			}
			if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("token")), []byte(s.token)) != 1 {
				s.fail(w, http.StatusForbidden, errors.New("the form is of another page or of an earlier start of this server: open it anew"))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// fail answers with a page that says what is wrong.
func (s *Server) fail(w http.ResponseWriter, status int, err error) {
	s.page(w, status, "failure", "Not possible", struct{ Text string }{err.Error()})
}

// page answers with a page: a template with its data in the frame that all
// pages have. What is shown is complete before anything is sent.
func (s *Server) page(w http.ResponseWriter, status int, name, title string, data any) {
	var body, whole bytes.Buffer
	err := templates.ExecuteTemplate(&body, name, data)
	if err == nil {
		v, _ := data.(liveView)
		refresh := name == "live" && !v.Now.Finished && v.Form != nil && v.Form.Chosen == nil
		err = writeFrame(&whole, title, template.HTML(body.String()), refresh) // which the template has escaped
	}
	if err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = whole.WriteTo(w) // who has gone away needs no answer
}
