package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/diagnosis"
	"shutout/lab/diagnosis/logfile"
	"shutout/lab/mitigation"
)

// showDiagnosis writes a diagnosis for people: the verdict first.
func showDiagnosis(t *terminal, doc *diagnosed) {
	t.heading("%s · %s", verdict(doc), whence(doc))
	if doc.Mixed {
		t.paragraph("  ", "The evidence is mixed: several causes are at work at once. Each is told by itself.")
	}
	for i := range doc.Findings {
		blank(t)
		showFinding(t, doc, &doc.Findings[i])
	}
	if len(doc.Findings) == 0 {
		t.paragraph("  ", nothing(doc))
	}
	blank(t)
	if w := doc.Waiting; w != nil {
		line := fmt.Sprintf("  queues: %s in %s to other domains", lab.Count(w.Messages, "message"), lab.Count(w.Queues, "queue"))
		switch {
		case w.Messages == 0:
			line = "  queues: nothing waits for other domains"
		case w.Queues == 0: // only the messages were listed
			line = fmt.Sprintf("  queues: %s for other domains", lab.Count(w.Messages, "message"))
		}
		if w.Suspended > 0 {
			line += fmt.Sprintf(", %d held by an administrator", w.Suspended)
		}
		fmt.Fprintln(t, line)
	}
	if len(doc.Domains) > 0 {
		fmt.Fprintln(t, "  taken for yours: "+strings.Join(doc.Domains, ", "))
	}
	showRead(t, doc)
	for _, note := range doc.Notes {
		t.hanging("  note: ", "    ", note)
	}
}

func verdict(doc *diagnosed) string {
	if len(doc.Findings) == 0 {
		return "nothing found"
	}
	var parts []string
	for _, f := range doc.Findings {
		part := diagnosis.AdviceFor(f.Class).Title
		if len(f.Who) > 0 {
			part += " (" + strings.Join(f.Who[:min(len(f.Who), 3)], ", ") + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " and ")
}

// whence tells what was looked at.
func whence(doc *diagnosed) string {
	if c := doc.Case; c != nil {
		at := "right before the order"
		if c.AtS != nil {
			at = "at " + lab.Moment(time.Duration(*c.AtS*float64(time.Second)))
		}
		return fmt.Sprintf("%s · sim · %s · %s", c.Scenario, c.Profile, at)
	}
	records := 0
	for _, f := range doc.Files {
		records += f.Records
	}
	return fmt.Sprintf("%s, %s", lab.Count(len(doc.Files), "file"), lab.Count(records, "record"))
}

func nothing(doc *diagnosed) string {
	w := doc.Waiting
	if w != nil && w.Messages > w.Suspended {
		return "What waits in the queues and stands in the logs looks like ordinary mail."
	}
	if slices.ContainsFunc(doc.Files, func(f logfile.Stats) bool { return f.Firewall() && f.Records > 0 }) {
		return "The logs look ordinary, and in the firewall's log no computer stands out that sends past the mail server."
	}
	return "The logs look like ordinary mail. A workstation that sends past the mail server shows in a firewall's log only: close port 25 " +
		"to the internet for all but the mail servers, wait, and diagnose the log; or tell with --listed that your public address is on a block list."
}

func showFinding(t *terminal, doc *diagnosed, f *diagnosis.Finding) {
	a := diagnosis.AdviceFor(f.Class)
	t.heading("%s, %s", a.Title, f.Confidence)
	t.paragraph("  ", a.Means)
	for _, e := range f.Evidence {
		text := e.Text
		if !e.First.IsZero() && !e.Last.IsZero() {
			text += ", from " + clock(e.First) + " to " + clock(e.Last)
		}
		t.hanging("  "+string(e.Kind)+": ", "    ", text)
		for _, l := range e.Lines {
			t.line("    " + l.Where.String() + "  " + l.Text)
		}
		if more := e.Count - len(e.Lines); more > 0 && len(e.Lines) > 0 {
			fmt.Fprintf(t, "    and %d more\n", more)
		}
	}
	if f.Over {
		t.paragraph("  ", "It seems to be over: the logs go on until "+clock(doc.End)+" without a sign of it.")
	}
	fmt.Fprintln(t, "  what to do")
	var rows [][]string
	for _, name := range a.Mitigations {
		info, _ := mitigation.Lookup(name)
		rows = append(rows, []string{name, info.Title})
	}
	t.table("    ", rows)
	for _, text := range a.Beyond {
		t.hanging("    ", "    ", text)
	}
	fmt.Fprintln(t, "  replay: shutout run "+strings.Join(a.Cases, " "))
	t.hanging("  sources: ", "    ", strings.Join(a.Sources, ", "))
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }

// showRead tells what was read, by kind of file, and what could not be.
func showRead(t *terminal, doc *diagnosed) {
	var order []string
	files, records := map[string]int{}, map[string]int{}
	for _, f := range doc.Files {
		if files[f.Format] == 0 {
			order = append(order, f.Format)
		}
		files[f.Format]++
		records[f.Format] += f.Records
	}
	for _, name := range order {
		fmt.Fprintf(t, "  read: %s, %s in %s\n", name, lab.Count(records[name], "record"), lab.Count(files[name], "file"))
	}
	for _, f := range doc.Files {
		if f.Broken == 0 {
			continue
		}
		fmt.Fprintf(t, "  %s: %s could not be read\n", f.File, lab.Count(f.Broken, "line"))
		for _, p := range f.Problems {
			t.line("    " + p.String())
		}
	}
}
