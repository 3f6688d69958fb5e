package profile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A parameter that nothing reads promises what --set cannot keep. The names of
// the fields are looked for in the simulation's sources, so one that is called
// like something else can slip through.
func TestEveryParameterIsRead(t *testing.T) {
	read := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../profile/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				read[s.Sel.Name] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	params := reflect.TypeFor[Params]()
	for i := range params.NumField() {
		group := params.Field(i).Type
		for j := range group.NumField() {
			if f := group.Field(j); !read[f.Name] {
				t.Errorf("%s: nothing reads it", f.Tag.Get("param"))
			}
		}
	}
}
