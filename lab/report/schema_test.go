package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	generator "github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"shutout/lab"
	"shutout/lab/report"
)

const schemaFile = "docs/result.schema.json"

// generated is the schema of the result document, from its Go types and what
// their comments say.
func generated(t *testing.T) []byte {
	t.Helper()
	r := &generator.Reflector{
		Anonymous: true,
		Mapper: func(typ reflect.Type) *generator.Schema {
			words, closed := report.Vocabulary[typ]
			if !closed {
				return nil
			}
			s := &generator.Schema{Type: "string"}
			for _, w := range words {
				s.Enum = append(s.Enum, w)
			}
			return s
		},
	}
	if err := r.AddGoComments("shutout", "lab", generator.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&lab.Document{})
	s.Title = "Result document of shutout"
	s.Definitions["Document"].Properties.Set("schema", &generator.Schema{
		Const: lab.Schema, Description: "version of this form of the document",
	})
	for name, def := range s.Definitions {
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			v := p.Value
			v.Description = strings.Join(strings.Fields(v.Description), " ")
			// A pointer to a number is a number or null; generated is the number.
			if p.Key == "cutoff_s" || p.Key == "last_success_s" || name == "OutageResult" && p.Key == "to_s" {
				v.OneOf = []*generator.Schema{{Type: "number"}, {Type: "null"}}
				v.Type = ""
			}
			if strings.HasSuffix(p.Key, "_s") && !strings.Contains(v.Description, "seconds") {
				t.Errorf("%s of %s does not say that it is in seconds", p.Key, name)
			}
		}
		def.Description = strings.Join(strings.Fields(def.Description), " ")
		if def.Description == "" {
			t.Errorf("%s is not described", name)
		}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// The published schema is that of the Go types, and every document fits it.
func TestSchema(t *testing.T) {
	t.Chdir("../..")
	got := generated(t)
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs from the Go types, %v (go test ./lab/report -run Schema -update writes it anew)", schemaFile, err)
	}
	schema := compiled(t, schemaFile)
	files, err := filepath.Glob("lab/report/testdata/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance(t, b)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for name, change := range map[string]func(d map[string]any){
		"a later schema":  func(d map[string]any) { d["schema"] = 2 },
		"no runs":         func(d map[string]any) { delete(d, "runs") },
		"an unknown key":  func(d map[string]any) { d["more"] = 1 },
		"a wrong word":    func(d map[string]any) { d["runs"].([]any)[0].(map[string]any)["verdict"] = "fine" },
		"a time in words": func(d map[string]any) { d["wall_s"] = "1s" },
	} {
		b, err := os.ReadFile("lab/report/testdata/document.result.json")
		if err != nil {
			t.Fatal(err)
		}
		d := instance(t, b).(map[string]any)
		change(d)
		if schema.Validate(d) == nil {
			t.Errorf("a document with %s fits the schema", name)
		}
	}
}

func compiled(t *testing.T, file string) *validator.Schema {
	t.Helper()
	c := validator.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func instance(t *testing.T, b []byte) any {
	t.Helper()
	v, err := validator.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
