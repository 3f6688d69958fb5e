package web

import (
	_ "embed"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/page"
)

var (
	//go:embed live.css
	liveStyle string
	//go:embed live.js
	liveScript string
)

// assets are the style and the scripts of every page: those of a report, and
// what the pages of the server have beside them.
var assets = map[string]struct{ kind, text string }{
	"report.css": {"text/css; charset=utf-8", page.Style()},
	"live.css":   {"text/css; charset=utf-8", liveStyle},
	"report.js":  {"text/javascript; charset=utf-8", page.Script()},
	"live.js":    {"text/javascript; charset=utf-8", liveScript},
}

var links = &page.Links{
	Styles:  []string{"/assets/report.css", "/assets/live.css"},
	Scripts: []string{"/assets/report.js", "/assets/live.js"},
}

// reportPolicy is what a report may do, which has style and script in the page.
var reportPolicy = page.Policy() + "; frame-ancestors 'none'"

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("name")]
	if !ok {
		s.nowhere(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(a.text))
}

// writeFrame writes a page of this server.
func writeFrame(w io.Writer, title string, body template.HTML, refresh bool) error {
	return page.Write(w, page.Page{Title: title + " · Shutout", Made: "shutout", Body: body, Links: links, Refresh: refresh})
}

// writeReport writes a past run as the file that a run leaves.
func writeReport(w io.Writer, d *lab.Document) error { return report.HTML(w, d) }
