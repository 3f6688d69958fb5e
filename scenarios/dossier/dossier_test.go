package dossier

import (
	"bytes"
	"encoding/csv"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"shutout/lab"
	"shutout/lab/golden"
	"shutout/lab/report"
	"shutout/lab/report/bundle"
)

var tool = lab.Tool{Name: "shutout", Version: "v1", Go: "go1.26"}

// document is a small result with everything that a bundle tells about.
func document() *lab.Document {
	order := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	threat := func(path lab.Path, can lab.Capability, v lab.Verdict, cutoff *float64) *lab.ActivityResult {
		return &lab.ActivityResult{
			ID: "dana-" + string(path), Who: "dana", From: "home", Path: path, Role: lab.Threat, Capability: can, EveryS: 30, Verdict: v,
			Attempts: 40, Successes: 30, CutoffS: cutoff, LastSuccessS: cutoff, Because: []lab.Reason{}, Outages: []lab.OutageResult{},
			Spans:  []lab.SpanResult{{Outcome: "ok", FromS: -600, ToS: *cutoff, Count: 30}, {Outcome: "refused", FromS: *cutoff + 30, ToS: 3600, Count: 10}},
			Phases: []lab.PhaseResult{},
		}
	}
	return &lab.Document{
		Schema: lab.Schema, Tool: tool, Lab: "sim", Seed: 7, Replay: "shutout run ours/left.yaml --sop ours/sop.yaml --set iis.token_ttl=7m --seed 7", WallS: 1, Played: order.AddDate(0, 2, 0),
		Inputs: &lab.Inputs{
			Replay: "shutout run inputs/cases/left-open.yaml --sop inputs/sops/our-sop.yaml --set iis.token_ttl=7m --seed 7",
			Cases:  map[string]string{"left-open": "id: left-open\n"}, SOPs: map[string]string{"our-sop": "id: our-sop # ours\n"},
		},
		Runs: []*lab.RunResult{{
			Scenario: "left-open", Title: "Somebody leaves", Sources: []string{"KB3035228"}, Profile: "ex2010", Set: []string{"iis.token_ttl=7m"},
			SOP: "our-sop", LimitS: 300, HorizonS: 3600, Order: order, Verdict: lab.Late, VirtualS: 4200,
			Steps: []*lab.StepResult{
				{AtS: 0, Do: "disable-account", Params: "user: dana", Outcome: lab.Done, Detail: "userAccountControl 512 -> 514 on dc1"},
				{AtS: 60, Do: "reset-iis", Outcome: lab.Failed, Detail: "cas1 does not answer"},
			},
			Activities: []*lab.ActivityResult{
				threat(lab.OWA, lab.Read, lab.Late, new(420.0)), threat(lab.OWA, lab.Send, lab.Late, new(420.0)), threat(lab.IMAP, lab.SignIn, lab.Ended, new(0.0)),
			},
			Transcripts: []*lab.Transcript{{
				Activity: "dana-owa", Capability: lab.Read,
				LastSuccess:  &lab.Exchange{AtS: 420, Lines: []string{"C: GET /owa/, cookie", "S: 200 OK (1615 bytes)"}},
				FirstRefusal: &lab.Exchange{AtS: 450, Lines: []string{"C: GET /owa/, cookie", "S: 440 Login Timeout"}},
			}},
		}},
	}
}

func made(t testing.TB, d *lab.Document, o Options) map[string][]byte {
	t.Helper()
	files, err := Files(d, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := bundle.Write(filepath.Join(t.TempDir(), "e.zip"), files); err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		all[f.Name] = f.Data
	}
	return all
}

func TestPages(t *testing.T) {
	got := made(t, document(), Options{Organisation: "Example Ltd", Limit: 15 * time.Minute, Tool: tool})
	again := made(t, document(), Options{Organisation: "Example Ltd", Limit: 15 * time.Minute, Tool: tool})
	for name, data := range got {
		if !bytes.Equal(data, again[name]) {
			t.Errorf("%s is another one the second time", name)
		}
	}
	for _, name := range []string{"README.txt", "controls.txt", "sop.txt", "versions.txt", "replay.txt", "transcripts/left-open.ex2010.txt"} {
		golden.Equal(t, filepath.Base(name), got[name])
	}
	for _, name := range []string{"README.html", "controls.html"} {
		golden.Equal(t, name, main(got[name]))
	}
	d, err := report.Decode(got["result.json"])
	if err != nil || d.Runs[0].Steps[0].Params != "user: dana" {
		t.Errorf("the result document: %v", err)
	}
}

// What somebody named is there as it was read, also where the catalogue has
// something of that name; the rest is the catalogue's.
func TestInputs(t *testing.T) {
	d := document()
	d.Runs = append(d.Runs, &lab.RunResult{Scenario: "only-cas-down", SOP: "naive"}, &lab.RunResult{Scenario: "spam-to-ooo-user"}, &lab.RunResult{Scenario: "nobody-knows"})
	d.Inputs.Cases["spam-to-ooo-user"] = "id: spam-to-ooo-user # ours\n"
	got := made(t, d, Options{Limit: -1, Tool: tool})
	for name, begins := range map[string]string{
		"inputs/cases/left-open.yaml": "id: left-open\n", "inputs/sops/our-sop.yaml": "id: our-sop # ours\n", "inputs/cases/only-cas-down.yaml": "id: only-cas-down\n",
		"inputs/sops/naive.yaml": "id: naive\n", "inputs/cases/spam-to-ooo-user.yaml": "id: spam-to-ooo-user # ours\n",
	} {
		if !strings.HasPrefix(string(got[name]), begins) {
			t.Errorf("%s begins %.40q", name, got[name])
		}
	}
	if got["inputs/cases/nobody-knows.yaml"] != nil {
		t.Error("a case that nobody knows is there")
	}
	if text := string(got["README.txt"]); !strings.Contains(text, "as it was read for the run") || !strings.Contains(text, "as the program that made this bundle has it") {
		t.Errorf("the README does not tell the two apart:\n%s", text)
	}
	d.Inputs = nil
	if text := string(made(t, d, Options{Limit: -1, Tool: tool})["replay.txt"]); !strings.Contains(text, "No inputs.json came with the result, or it was merged from several results") || strings.Contains(text, "../replayed") {
		t.Errorf("without inputs:\n%s", text)
	}
}

// main is what a page says, without what all pages share.
func main(page []byte) []byte {
	_, rest, _ := bytes.Cut(page, []byte("<main"))
	body, _, _ := bytes.Cut(rest, []byte("</main>"))
	return append(append([]byte("<main"), body...), "</main>\n"...)
}

func TestParameters(t *testing.T) {
	got := made(t, document(), Options{Limit: -1, Tool: tool})
	rows, err := csv.NewReader(bytes.NewReader(got["parameters/left-open.ex2010.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, row := range rows[1:] {
		if row[0] == "iis.token_ttl" {
			found = row[1] == "7m" && row[2] == "yes"
		} else if row[2] != "" {
			t.Errorf("%s was not set", row[0])
		}
		if row[1] == "" || row[6] == "" {
			t.Errorf("half a row: %q", row)
		}
	}
	if !found {
		t.Error("the parameter that was set is not told")
	}
	rows, err = csv.NewReader(bytes.NewReader(got["sources.csv"])).ReadAll()
	if err != nil || len(rows) < 10 {
		t.Errorf("%d sources, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		if row[1] == "" {
			t.Errorf("%s has no title", row[0])
		}
	}
}

// evil is what a case, a server's answer or a name may bring along.
const evil = "x<script>alert(1)</script>\"'&\x1b[2J\u202e\u2066\u200b\x00\r\n=cmd|' /C calc'!A0 ../../etc/passwd " // and much of it

func TestHostileTextIsHarmless(t *testing.T) {
	d, err := report.Read("../../lab/report/testdata/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	long := evil + strings.Repeat("long", 500)
	r := d.Runs[0]
	r.Steps[0].Params, d.Tool.Go = evil, evil
	r.Transcripts = []*lab.Transcript{{Activity: evil, Capability: lab.Capability(evil), LastSuccess: &lab.Exchange{Lines: []string{evil, long}}}}
	d.Runs = append(d.Runs, &lab.RunResult{Scenario: long, Profile: evil, Set: []string{evil}, Transcripts: r.Transcripts})
	files := made(t, d, Options{Organisation: long[:200], Limit: -1, Tool: tool})
	name := regexp.MustCompile(`^[A-Za-z0-9._/-]{1,160}$`)
	for file, data := range files {
		if !name.MatchString(file) || strings.Contains(file, "..") && !strings.HasSuffix(file, ".txt") {
			t.Errorf("a file called %q", file)
		}
		if file == report.ResultFile {
			continue // which has tests of its own
		}
		for _, c := range string(data) {
			if c != '\n' && c != '\u200c' && c != '\u200d' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp)) {
				t.Errorf("%s has %U", file, c)
				break
			}
		}
		switch filepath.Ext(file) {
		case ".html":
			elements(t, file, data)
		case ".csv":
			rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if strings.IndexAny(cell, "=+-@") == 0 {
						t.Errorf("%s: a spreadsheet carries out %q", file, cell)
					}
				}
			}
		}
	}
}

// elements fails for what no page of ours has.
func elements(t *testing.T, file string, data []byte) {
	t.Helper()
	scripts := 0
	z := html.NewTokenizer(bytes.NewReader(data))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if scripts > 2 {
				t.Errorf("%s has %d scripts", file, scripts)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if tok.Data == "script" {
				scripts++
			}
			if tok.Data == "img" || tok.Data == "iframe" || tok.Data == "object" {
				t.Errorf("%s has <%s>", file, tok.Data)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s has %s=%q", file, a.Key, a.Val)
				}
			}
		}
	}
}
