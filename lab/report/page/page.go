// Package page makes an HTML page that is one file: style, script and pictures
// are in it, and a policy in its head forbids the browser to fetch anything
// else. Without JavaScript it can be read whole.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"shutout/lab/report/foreign"
)

//go:embed style.css
var style string

//go:embed script.js
var script string

//go:embed page.html
var frame string

// Page is what a page says.
type Page struct {
	Title string // of the window
	Made  string // who made it, with the version
	Body  template.HTML
	// Links, if set, are where a server has style and script; then the page is
	// not one file, and the policy is that of the server.
	Links *Links
	// Refresh has a browser without JavaScript load the page again and again.
	Refresh bool
}

// Links are addresses of styles and scripts.
type Links struct{ Styles, Scripts []string }

var shell = template.Must(template.New("page").Parse(frame))

// blank is what steers and belongs to a page all the same.
const blank = "\n\t"

// Write writes the page. What could steer a reader's eye without being seen
// (control characters, marks that turn the direction of writing) is replaced:
// names and answers of servers come from elsewhere.
func Write(w io.Writer, p Page) error {
	p.Title, p.Made, p.Body = foreign.Except(p.Title, blank), foreign.Except(p.Made, blank), template.HTML(foreign.Except(string(p.Body), blank))
	return shell.Execute(w, struct {
		Page
		Policy string
		Style  template.CSS
		Script template.JS
	}{p, policy, template.CSS(style), template.JS(script)})
}

// policy allows the page's own style and script, by their hashes, and an empty
// picture for the window. Nothing else is loaded, sent or framed.
var policy = "default-src 'none'; img-src data:; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'; base-uri 'none'; form-action 'none'"

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
