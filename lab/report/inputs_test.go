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

func TestInputsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), report.InputsFile)
	d, back := document(), document()
	d.Inputs = &lab.Inputs{
		Replay: "shutout run " + lab.CaseFile("ours") + " --sop " + lab.SOPFile("sop"),
		Cases:  map[string]string{"ours": "id: ours # <&>\n"}, SOPs: map[string]string{"sop": "id: sop\r\n"},
	}
	var b bytes.Buffer
	if err := report.Inputs(&b, d); err != nil {
		t.Fatal(err)
	}
	if err := report.AddInputs(path, back); err != nil || back.Inputs != nil {
		t.Errorf("without a file: %+v, %v", back.Inputs, err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := report.AddInputs(path, back); err != nil || !reflect.DeepEqual(back.Inputs, d.Inputs) {
		t.Errorf("came back as %+v, %v", back.Inputs, err)
	}
	for text, want := range map[string]string{
		"no JSON":       "not what a run was given: ",
		`{"schema": 1}`: "not what a run was given that this version reads",
		strings.Replace(b.String(), `"schema": 1`, `"schema": 2`, 1): "schema 2, expected 1",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		back.Inputs = nil
		if err := report.AddInputs(path, back); err == nil || !strings.Contains(err.Error(), want) || back.Inputs != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
