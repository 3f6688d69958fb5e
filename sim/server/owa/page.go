package owa

import (
	"net/http"
	"strconv"
	"sync"
)

// page is a page being written. Pages are small and many are asked for every
// second, so they are put together by hand instead of from templates; escape
// is for everything that is not written in this package.
type page struct{ b []byte }

var pages = sync.Pool{New: func() any { return &page{b: make([]byte, 0, 8<<10)} }}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:56rem;margin:1.5rem auto;padding:0 1rem}` +
	`table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ddd}` +
	`pre{white-space:pre-wrap;overflow-wrap:anywhere}nav a{margin-right:1rem}.new{font-weight:600}` +
	`input[name^=txt],textarea{width:100%;box-sizing:border-box}`

func newPage(title string) *page {
	p := pages.Get().(*page)
	p.b = p.b[:0]
	p.text(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>`)
	p.escape(title)
	p.text(`</title><style>` + style + `</style></head><body><h1>`)
	p.escape(title)
	p.text(`</h1>`)
	return p
}

func (p *page) text(s string)  { p.b = append(p.b, s...) }
func (p *page) number(n int64) { p.b = strconv.AppendInt(p.b, n, 10) }

// escape writes s for element content and for quoted attribute values.
func (p *page) escape(s string) {
	last := 0
	for i := range len(s) {
		var e string
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '"':
			e = "&#34;"
		case '\'':
			e = "&#39;"
		case 0:
			e = "\uFFFD"
		default:
			continue
		}
		p.b = append(append(p.b, s[last:i]...), e...)
		last = i + 1
	}
	p.b = append(p.b, s[last:]...)
}

func (p *page) end() { p.text("</body></html>\n") }

// write answers with a page that is complete.
func write(rw http.ResponseWriter, status int, page []byte) {
	h := rw.Header()
	h["Content-Type"] = htmlType
	h.Set("Content-Length", strconv.Itoa(len(page)))
	rw.WriteHeader(status)
	rw.Write(page)
}

// send writes the page out and ends its life.
func (p *page) send(rw http.ResponseWriter, status int) {
	p.end()
	write(rw, status, p.b)
	p.free()
}

// maxKept bounds the pages that are kept, in bytes.
const maxKept = 64 << 10

// free gives the page's memory back.
func (p *page) free() {
	if cap(p.b) <= maxKept {
		pages.Put(p)
	}
}

// problem answers with one sentence.
func problem(rw http.ResponseWriter, status int, sentence string) {
	p := newPage("Outlook Web App")
	p.text(`<p role="alert">`)
	p.escape(sentence)
	p.text(`</p>`)
	p.send(rw, status)
}
