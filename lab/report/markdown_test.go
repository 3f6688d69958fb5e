package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"shutout/lab/report"
)

// Another's parser, that of GitHub's Markdown, finds in every document nothing
// but what is written here: headings, tables of one width, folds and one block
// of code. No name or answer becomes a link, a picture, code or HTML.
func TestMarkdown(t *testing.T) {
	fold := regexp.MustCompile(`^(<details><summary>[^<>]*</summary>|</details>)$`)
	cell := regexp.MustCompile(`(\\.|[^|\\])*\|`)
	for name, d := range documents(t) {
		var b bytes.Buffer
		if err := report.Markdown(&b, d); err != nil {
			t.Fatal(err)
		}
		src := b.Bytes()
		root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src))
		headings, blocks, tables := 0, 0, 0
		err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Link, *ast.Image, *ast.CodeSpan, *ast.RawHTML, *ast.Blockquote, *ast.CodeBlock, *ast.ThematicBreak, *table.Strikethrough:
				t.Errorf("%s has a %s: %s", name, n.Kind(), n.Text(src)) //nolint:staticcheck // for the message only
			case *ast.AutoLink:
				if n.AutoLinkType == ast.AutoLinkURL {
					t.Errorf("%s has a link: %s", name, n.URL(src))
				}
			case *ast.Heading:
				headings++
			case *ast.FencedCodeBlock:
				blocks++
			case *ast.HTMLBlock:
				for i := range n.Lines().Len() {
					line := n.Lines().At(i)
					if s := strings.TrimSpace(string(line.Value(src))); s != "" && !fold.MatchString(s) {
						t.Errorf("%s has HTML: %s", name, s)
					}
				}
			case *table.Table:
				tables++
			}
			return ast.WalkContinue, nil
		})
		if err != nil || headings != 1 || blocks != 1 || tables == 0 {
			t.Errorf("%s: %d headings, %d blocks, %d tables, %v", name, headings, blocks, tables, err)
		}
		if open, shut := bytes.Count(src, []byte("\n<details>")), bytes.Count(src, []byte("\n</details>")); open != shut {
			t.Errorf("%s opens %d folds and closes %d", name, open, shut)
		}
		columns := 0
		for line := range strings.Lines(b.String()) {
			// A parser drops the cells that are too many, and does not tell.
			switch n := len(cell.FindAllString(line, -1)); {
			case !strings.HasPrefix(line, "|"):
				columns = 0
			case columns == 0:
				columns = n
			case n != columns:
				t.Errorf("%s has a row of %d cells among %d columns: %s", name, n, columns, line)
			}
			if len(line) > 20_000 {
				t.Errorf("%s has a line of %d bytes", name, len(line))
			}
		}
	}
}
