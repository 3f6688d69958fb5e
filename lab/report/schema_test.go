package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	generator "github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"shutout/lab"
	"shutout/lab/golden"
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
	types := map[string]reflect.Type{}
	structs(reflect.TypeFor[lab.Document](), types)
	for name, def := range s.Definitions {
		def.Description = oneLine(def.Description)
		if def.Description == "" {
			t.Errorf("%s is not described", name)
		}
		for i := range types[name].NumField() {
			field := types[name].Field(i)
			key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if key == "-" {
				continue // no part of a document
			}
			v, ok := def.Properties.Get(key)
			if !ok {
				t.Fatalf("%s of %s is not in the schema", key, name)
			}
			v.Description = oneLine(v.Description)
			if strings.HasSuffix(key, "_s") && !strings.Contains(v.Description, "seconds") {
				v.Description = strings.TrimSpace(v.Description + " (seconds)")
			}
			// A pointer to a number that is always written is a number or null.
			number := reflect.TypeFor[*float64]()
			switch {
			case field.Type == number && options == "":
				v.OneOf, v.Type = []*generator.Schema{{Type: "number"}, {Type: "null"}}, ""
			case field.Type.Kind() == reflect.Slice && field.Type.Elem() == number:
				v.Items = &generator.Schema{OneOf: []*generator.Schema{{Type: "number"}, {Type: "null"}}}
			}
		}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// structs collects the types of a document by their names.
func structs(typ reflect.Type, into map[string]reflect.Type) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		structs(typ.Elem(), into)
	case reflect.Struct:
		if typ != reflect.TypeFor[time.Time]() && into[typ.Name()] == nil {
			into[typ.Name()] = typ
			for i := range typ.NumField() {
				structs(typ.Field(i).Type, into)
			}
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// The published schema is that of the Go types, and every document fits it.
func TestSchema(t *testing.T) {
	t.Chdir("../..")
	got := generated(t)
	if *golden.Update {
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
