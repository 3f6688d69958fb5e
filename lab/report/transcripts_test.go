package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/report"
)

// spoken is a document with a transcript.
func spoken() *lab.Document {
	d := document()
	d.Runs[0].Transcripts = []*lab.Transcript{{
		Activity: "dana-owa", Capability: lab.Read, LastSuccess: &lab.Exchange{AtS: 60, Lines: []string{"C: GET /owa/ <&>", "S: 200 OK"}},
	}}
	return d
}

func TestTranscriptsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), report.TranscriptsFile)
	d, back := spoken(), document()
	var b bytes.Buffer
	if err := report.Transcripts(&b, d); err != nil {
		t.Fatal(err)
	}
	if found, err := report.AddTranscripts(path, back); found || err != nil {
		t.Errorf("without a file: %t, %v", found, err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := report.AddTranscripts(path, back); !found || err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Runs[0].Transcripts, d.Runs[0].Transcripts) {
		t.Errorf("came back as %+v", back.Runs[0].Transcripts)
	}
	if bytes.Contains(b.Bytes(), []byte(`\u003c`)) {
		t.Error("the file is escaped for HTML")
	}
}

func TestTranscriptsOfAnotherRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), report.TranscriptsFile)
	var b bytes.Buffer
	if err := report.Transcripts(&b, spoken()); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	name := document().Runs[0].Scenario
	for text, want := range map[string]string{
		"no JSON": "not the transcripts of a run",
		strings.Replace(whole, `"schema": 1`, `"schema": 2`, 1):  "schema 2, expected 1",
		`{"schema":1,"runs":[]}`:                                 "they are not of one run",
		strings.Replace(whole, `"`+name+`"`, `"a\u001b[2Jb"`, 1): `case 1 is "a\x1b[2Jb"`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := report.AddTranscripts(path, document()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}

func FuzzTranscripts(f *testing.F) {
	var b bytes.Buffer
	if err := report.Transcripts(&b, spoken()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":1,"runs":[{"transcripts":[null]}]}`))
	path := filepath.Join(f.TempDir(), "t.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		d := document()
		if _, err := report.AddTranscripts(path, d); err != nil {
			return
		}
		var again bytes.Buffer
		if err := report.Transcripts(&again, d); err != nil {
			t.Error(err)
		}
	})
}
