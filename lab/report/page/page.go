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
}

var shell = template.Must(template.New("page").Parse(frame))

// Write writes the page.
func Write(w io.Writer, p Page) error {
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
