package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shutout/lab/report"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	good, err := os.ReadFile("testdata/document.result.json")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("run/result.json", string(good))
	for _, path := range []string{filepath.Join(dir, "run"), filepath.Join(dir, "run", "result.json")} {
		if d, err := report.Read(path); err != nil || len(d.Runs) != 2 {
			t.Errorf("%s: %v, %v", path, d, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Read(filepath.Join(dir, "empty")); err == nil || !strings.HasSuffix(err.Error(), "empty: the folder has no result.json, so it is not the folder of a run that was finished") {
		t.Errorf("error %v", err)
	}
	if _, err := report.Read(filepath.Join(dir, "gone")); err == nil || !strings.HasSuffix(err.Error(), "gone: there is no such file: name a run folder or the result.json in it") {
		t.Errorf("error %v", err)
	}

	change := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(string(good), old, new, 1)
	}
	for name, c := range map[string]struct{ content, want string }{
		"newer":    {change(`"schema": 1`, `"schema": 2`), "the result document has schema 2, and this version reads up to 1: use the shutout that made it, or a newer one"},
		"none":     {`{"runs": []}`, `not a result document: it has no "schema" number (shutout run writes one, result.json in the run folder)`},
		"empty":    {"", "not a result document: the file is empty"},
		"cases":    {"id: a\ntitle: b\n", "not a result document: line 1: invalid character 'i' looking for beginning of value"},
		"cut":      {string(good[:len(good)/2]), "the file is cut short: copy it again, or play it again"},
		"list":     {`[1]`, `not a result document: it begins with an array, expected { (`},
		"no runs":  {`{"schema": 1}`, "not a result document: it has no runs"},
		"null run": {`{"schema": 1, "runs": [null]}`, "not a result document: runs[0] is null"},
		"unknown":  {change(`"seed"`, `"sead"`), `not a result document: json: unknown field "sead"`},
		"word":     {change(`"verdict": "open"`, `"verdict": "fine"`), `.verdict is "fine", which is none of ended, late, open, unknown, invalid, n/a, kept, lost`},
		"text":     {change(`"limit_s": 300`, `"limit_s": "5m"`), `"runs.limit_s" is a string, expected a number`},
		"verdict": {change(`"verdict": "open",
          "attempts"`, `"verdict": "ended",
          "attempts"`), "the case first contradicts itself: dana-owa read is ended, and has no cutoff_s: it is not as shutout wrote it, so play it again"},
		"ages":     {change(`"limit_s": 300`, `"limit_s": 1e300`), "runs[0].limit_s is 1e+300 seconds"},
		"behind":   {string(good) + "{}", "not a result document: line "},
		"steering": {"{\"schema\": 1, \"\x1b[2J\": 2}", "not a result document: line 1: invalid character '\\x1b'"},
	} {
		_, err := report.Read(write(name+".json", c.content))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name+".json: ") || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Whatever is taken for a document can be rendered, and comes back as it is.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"testdata/empty.result.json", "testdata/swept.result.json"} { // small ones
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"schema":1,"runs":[{"scenario":"a","activities":[{"id":"a","path":"owa","role":"threat","capability":"read","verdict":"ended","cutoff_s":1}],"verdict":"ended"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := report.Decode(data)
		if err != nil {
			return
		}
		for _, form := range report.Renderings {
			var b, again bytes.Buffer
			if err := form.Write(&b, d); err != nil {
				t.Fatalf("%s: %v", form.Name, err)
			}
			switch form.Name {
			case "json":
				back, err := report.Decode(b.Bytes())
				if err != nil {
					t.Fatal(err)
				}
				if err := report.JSON(&again, back); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
					t.Fatalf("another document comes back: %v", err)
				}
			case "junit":
				dec := xml.NewDecoder(&b)
				for {
					if _, err := dec.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		var b bytes.Buffer
		if err := report.Terminal(&b, d, report.Style{Width: 40, Colour: true}); err != nil {
			t.Fatal(err)
		}
	})
}
