package dossier

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/report/foreign"
	"shutout/sim/profile"
)

// profilesOf lists the profiles that a document was played on.
func profilesOf(d *lab.Document) (names []string) {
	for _, r := range d.Runs {
		if !slices.Contains(names, r.Profile) {
			names = append(names, r.Profile)
		}
	}
	return names
}

// cited writes citations with the titles of their texts.
func cited(codes []string) (list []string) {
	for _, code := range codes {
		text := code
		if c, err := sources.Parse(code); err == nil {
			text += ", " + c.Source.Title
			if c.Source.Address != "" {
				text += ", " + c.Source.Address
			}
		}
		list = append(list, text)
	}
	return list
}

// confidences says in words what the codes of the data mean.
var confidences = map[profile.Confidence]string{
	profile.Documented: "documented", profile.Reported: "reported by administrators", profile.Inferred: "inferred",
	profile.General: "general knowledge, no source found",
}

// parameters writes the parameters of each profile that was played, as they
// were set, and the texts that their values come from.
func (m *maker) parameters() {
	used := map[string]bool{}
	names := fileNames(m.doc)
	written := map[string]bool{}
	for i, r := range m.doc.Runs {
		key := r.Profile + "\x00" + strings.Join(r.Set, "\x00")
		if written[key] {
			continue
		}
		written[key] = true
		file, of := "parameters/"+fit(r.Profile)+".csv", "of the profile "+fit(r.Profile)
		if len(r.Set) > 0 {
			file, of = "parameters/"+names[i]+".csv", "of the profile "+fit(r.Profile)+" with what was set for "+fit(r.Scenario)
		}
		p, err := profile.Load(r.Profile, r.Set...)
		if err != nil {
			file = strings.TrimSuffix(file, ".csv") + ".txt"
			m.text(file, "why the parameters "+of+" are missing", page{Title: "Parameters", Sections: []section{{
				Text: []string{"This version of the program cannot tell them: " + err.Error() + "."},
			}}})
			continue
		}
		rows := [][]string{{"parameter", "value", "set for this run", "confidence", "sources", "note", "meaning"}}
		for _, par := range p.Read() {
			set := ""
			if par.Overridden {
				set = "yes"
			}
			rows = append(rows, []string{par.Name, par.Text, set, confidences[par.Confidence], strings.Join(par.Source, " "), par.Note, par.Doc})
			for _, code := range par.Source {
				used[code] = true
			}
		}
		m.table(file, "every parameter "+of+", with the texts that its value comes from", rows)
	}
	for _, r := range m.doc.Runs {
		for _, code := range r.Sources {
			used[code] = true
		}
	}
	rows := [][]string{{"source", "title", "address"}}
	for _, code := range slices.Sorted(maps.Keys(used)) {
		row := []string{code, "", ""}
		if c, err := sources.Parse(code); err == nil {
			row[1], row[2] = c.Source.Title, c.Source.Address
			if c.Statement != nil {
				row[1] += ": " + c.Statement.Says
			}
		}
		rows = append(rows, row)
	}
	m.table("sources.csv", "the texts that the cases and parameters cite", rows)
}

// table writes a CSV file. A cell that a spreadsheet would carry out begins
// with an apostrophe.
func (m *maker) table(name, about string, rows [][]string) {
	m.write(name, about, func(w io.Writer) error {
		c := csv.NewWriter(w)
		for _, row := range rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				if cells[i] = foreign.Text(cell); strings.IndexAny(cell, "=+-@") == 0 {
					cells[i] = "'" + cells[i]
				}
			}
			c.Write(cells)
		}
		c.Flush()
		return c.Error()
	})
}

// transcripts writes what was said, case by case.
func (m *maker) transcripts() {
	names := fileNames(m.doc)
	for i, r := range m.doc.Runs {
		if len(r.Transcripts) == 0 {
			continue
		}
		p := page{Title: "What was said on the wire: " + name(r)}
		p.add(section{Text: []string{
			"Of each capability the last attempt that worked, and the first after it that was refused, or that failed where none was refused. C: is the client and S: the server; an answer at the beginning was waited for since the attempt before.",
			"Only names of commands and operations, statuses, sizes and common words of answers were written down. *** and … stand for what was not. No password, token, cookie or message was.",
		}})
		for _, t := range r.Transcripts {
			title := t.Activity + ", " + string(t.Capability)
			if t.LastSuccess != nil {
				p.add(section{Title: title + ": last worked at " + moment(t.LastSuccess.AtS), Lines: t.LastSuccess.Lines})
			}
			if t.FirstRefusal != nil {
				p.add(section{Title: title + ": refused at " + moment(t.FirstRefusal.AtS), Lines: t.FirstRefusal.Lines})
			}
		}
		m.text(fmt.Sprintf("transcripts/%s.txt", names[i]), "what was said on the wire in the attempts that decided, without secrets", p)
	}
}
