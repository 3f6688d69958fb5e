package report_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/golden"
	"shutout/lab/report"
)

// hostile is a result whose every foreign text tries to be something else:
// markup, links, quotes, control characters, escape sequences, right-to-left
// marks, and very long.
func hostile(t testing.TB) *lab.Document {
	t.Helper()
	d, err := report.Read("testdata/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// compared is a result that was held against a baseline.
func compared() *lab.Document {
	d := document()
	d.Baseline = "runs/last-week"
	for _, r := range d.Runs {
		for _, a := range r.Activities {
			a.Baseline = lab.Held
		}
	}
	first := d.Runs[0].Activities
	for i, c := range []lab.Change{lab.StillFailing, lab.NewlyFailing, lab.Worsened, lab.Fixed, lab.StillFailing} {
		first[i].Baseline = c
	}
	return d
}

// empty is a result of a lab that has nothing of the case.
func empty() *lab.Document {
	d := document()
	r := d.Runs[0]
	for _, a := range r.Activities {
		if a.Verdict == lab.NotAvailable {
			r.Activities = []*lab.ActivityResult{a}
			break
		}
	}
	d.Runs, r.Verdict, r.Advice = []*lab.RunResult{r}, lab.NotAvailable, nil
	return d
}

func documents(t testing.TB) map[string]*lab.Document {
	return map[string]*lab.Document{"document": document(), "swept": swept(), "compared": compared(), "empty": empty(), "hostile": hostile(t)}
}

// Every form of every document is as it was, and each document comes back as
// it is from its JSON.
func TestRenderings(t *testing.T) {
	for name, d := range documents(t) {
		for _, form := range report.Renderings {
			if form.Name == "html" {
				continue // which has tests and golden files of its own
			}
			var b bytes.Buffer
			if err := form.Write(&b, d); err != nil {
				t.Fatal(err)
			}
			if name == "hostile" && form.File == report.ResultFile {
				golden.Equal(t, "hostile.json", b.Bytes())
			} else {
				golden.Equal(t, name+"."+form.File, b.Bytes())
			}
			if form.File != report.ResultFile {
				continue
			}
			back, err := report.Decode(b.Bytes())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var again bytes.Buffer
			if err := report.JSON(&again, back); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
				t.Errorf("%s comes back as something else: %v", name, err)
			}
		}
	}
}

// No rendering passes on what steers a terminal or turns text around, however
// narrow the terminal is.
func TestHostileTextIsHarmless(t *testing.T) {
	for name, d := range documents(t) {
		check := func(form string, b []byte) {
			for _, r := range string(b) {
				if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || strings.ContainsRune("\u200b\ufeff\ufffe\U000e0041", r)) {
					t.Errorf("%s as %s has %U", name, form, r)
					return
				}
			}
			if !utf8.Valid(b) {
				t.Errorf("%s as %s is no UTF-8", name, form)
			}
		}
		for _, form := range report.Renderings {
			var b bytes.Buffer
			if err := form.Write(&b, d); err != nil {
				t.Fatal(err)
			}
			check(form.Name, b.Bytes())
		}
		for width := 0; width < 120; width += 7 {
			for _, brief := range []bool{false, true} {
				var b bytes.Buffer
				if err := report.Terminal(&b, d, report.Style{Width: width, Brief: brief, Colour: width%2 == 0}); err != nil {
					t.Fatal(err)
				}
				check("text", []byte(uncoloured(b.String())))
				if width == 0 || width < 20 {
					continue // words of ours are as long as that
				}
				for line := range strings.Lines(uncoloured(b.String())) {
					if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && !toCopy(line) {
						t.Errorf("%s, width %d: %d columns: %q", name, width, n, line)
					}
				}
			}
		}
	}
}

// However narrow the terminal, every verdict can be read.
func TestNarrowKeepsVerdicts(t *testing.T) {
	for width := 20; width < 100; width++ {
		var b bytes.Buffer
		if err := report.Terminal(&b, document(), report.Style{Width: width}); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()), " ")
		for _, verdict := range []string{"open", "late", "1h58m30s", "ended", "invalid", "n/a", "unknown", "kept", "lost"} {
			if !strings.Contains(text, verdict+" ") {
				t.Errorf("width %d has no %q:\n%s", width, verdict, &b)
			}
		}
		if strings.Contains(b.String(), "…") {
			t.Errorf("width %d: something is cut:\n%s", width, &b)
		}
	}
}
