package dossier

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/bundle"
	"shutout/scenarios/controls"
	"shutout/sim/profile"
)

func span(s float64) string   { return lab.Duration(time.Duration(s * float64(time.Second))) }
func moment(s float64) string { return lab.Moment(time.Duration(s * float64(time.Second))) }

// where tells on what everything was played.
func (m *maker) where() string {
	if model := report.Model(m.doc.Lab); model != "" {
		return model
	}
	return fmt.Sprintf("It was played on the lab %q.", m.doc.Lab)
}

// readme is where everybody begins.
func (m *maker) readme() page {
	p := page{Title: "Evidence of how long mail access lasts"}
	if m.Organisation != "" {
		p.Title += ": " + m.Organisation
	}
	what := fmt.Sprintf("This folder shows what became of somebody's access to mail after the order to end it, in %s. %s",
		lab.Count(len(m.doc.Runs), "case"), m.where())
	if !m.doc.RealTime() {
		what += " The parameters of the model are listed with their sources."
	}
	p.add(section{Text: []string{what}})
	plain := report.PlainWords(m.doc)
	if m.Limit >= 0 {
		plain = append(plain, fmt.Sprintf("The limit in these words is that of the case. The controls below are held against the organisation's own, %s.", lab.Duration(m.Limit)))
	}
	p.add(section{Title: "In plain words", Text: plain})
	if len(m.doc.Runs) > 1 && len(m.doc.Runs) <= 10 {
		for _, r := range m.doc.Runs {
			p.add(section{Title: "Case " + name(r), Text: report.TitledStory(r)})
		}
	}
	var rows [][]string
	for _, a := range m.assessments {
		rows = append(rows, []string{a.Standard + " " + a.Number, a.Title, string(a.Outcome)})
	}
	p.add(section{
		Title: "Controls", Outcomes: true, Text: []string{"What the run shows about the controls that ask for it. The page controls.html says why, and what it says nothing about. Whether a control is met is for an auditor to say."},
		Head: []string{"control", "about", "outcome"}, Rows: rows,
	})
	rows = nil
	for _, f := range m.files {
		rows = append(rows, []string{f.Name, f.About})
	}
	rows = append(rows, []string{bundle.ManifestFile, "the SHA-256 sum and the size of every other file"})
	p.add(section{Title: "The files", Files: true, Head: []string{"file", "what it is"}, Rows: rows})
	p.add(section{
		Title: "What the manifest proves",
		Text: []string{
			bundle.ManifestFile + " has the sum of every file. If they match, nothing was changed or lost by accident since the bundle was made. That is all: whoever changes a file on purpose can write another manifest, and no sum tells who made the bundle, or when.",
			"To show who vouches for it, sign the manifest and keep the signature beside the bundle, not in it. Any program that signs files will do, for example:",
		},
		Lines: []string{
			"ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n shutout-evidence " + bundle.ManifestFile,
			"gpg --armor --detach-sign " + bundle.ManifestFile,
		},
	})
	p.add(section{
		Title: "How to check it",
		Lines: []string{"shutout evidence --verify BUNDLE", "sha256sum -c " + bundle.ManifestFile + "    (in the unpacked folder; does not see files that were added)"},
	})
	return p
}

// sop is what was done.
func (m *maker) sop() page {
	p := page{Title: "The SOP as it was carried out"}
	p.add(section{Text: []string{m.where()}})
	for _, r := range m.doc.Runs {
		s := section{Title: name(r), Head: []string{"", "parameters", "outcome", ""}}
		s.Text = []string{fmt.Sprintf("Order given %s on the lab's clock; access had to end within %s and was watched for %s.",
			r.Order.UTC().Format("2006-01-02 15:04:05 UTC"), span(r.LimitS), span(r.HorizonS))}
		if !m.doc.Played.IsZero() {
			s.Text = append(s.Text, "Played "+m.doc.Played.UTC().Format("2006-01-02 15:04:05 UTC")+" on the clock of the machine that played it.")
		}
		if r.SOP != "" {
			s.Text = append(s.Text, "SOP: "+r.SOP+".")
		}
		if len(r.Steps) == 0 {
			s.Text = append(s.Text, "No step was taken.")
		}
		for _, step := range r.Steps {
			s.Rows = append(s.Rows, []string{moment(step.AtS) + " " + step.Do, step.Params, string(step.Outcome), step.Detail})
		}
		p.add(s)
	}
	return p
}

func (m *maker) replay() page {
	p := page{Title: "How to play the same again"}
	same := fmt.Sprintf("With the same version, the same seed (%d) and the same files the result is the same, but for when it was played and the seconds that it took.", m.doc.Seed)
	if m.doc.RealTime() {
		same = "Real servers take their own time, so no two results are quite the same. The file of a lab of your own is not in this folder."
	}
	if m.doc.Inputs == nil {
		p.add(section{
			Text:  []string{same, "No " + report.InputsFile + " came with the result, or it was merged from several results: files that the command names, such as an SOP or a case of your own, are not in this folder. Keep them with it."},
			Lines: []string{m.doc.Replay},
		})
		return p
	}
	p.add(section{
		Text:  []string{same, "Go into this folder, unpacked, and have it played from there. The files that the command names are below inputs; what the program comes with it takes from itself. The result is written beside this folder, which stays as it is."},
		Lines: []string{m.doc.Inputs.Replay + " --out ../replayed"},
	})
	p.add(section{Text: []string{"It was played with this command:"}, Lines: []string{m.doc.Replay}})
	return p
}

func (m *maker) versions() page {
	p := page{Title: "Versions"}
	known := func(s string) string {
		if s == "" {
			return "not written down"
		}
		return s
	}
	rows := [][]string{
		{"run with", m.doc.Tool.Name + " " + known(m.doc.Tool.Version)},
		{"built with", known(m.doc.Tool.Go)},
		{"result document", "schema " + strconv.Itoa(m.doc.Schema)},
		{"lab", m.doc.Lab, m.where()},
		{"bundle made with", m.Tool.Name + " " + known(m.Tool.Version) + ", " + known(m.Tool.Go)},
	}
	for _, name := range profilesOf(m.doc) {
		title := "a profile that this version does not have"
		if v, err := profile.Load(name); err == nil {
			title = v.Title + ": " + v.Versions
		}
		rows = append(rows, []string{"profile " + name, title})
	}
	p.add(section{Rows: rows})
	return p
}

// controls tells what the run shows about each control.
func (m *maker) controls() page {
	p := page{Title: "Controls"}
	if m.Organisation != "" {
		p.Title += ": " + m.Organisation
	}
	limit := "Each case is held against its own limit."
	if m.Limit >= 0 {
		limit = fmt.Sprintf("Everything is held against the organisation's own limit of %s.", lab.Duration(m.Limit))
	}
	p.add(section{Text: []string{
		m.where(),
		"What each control asks for is said in our own words, not in those of the standard: its text decides. The outcome says what this run shows, and not whether the organisation meets the control.",
		fmt.Sprintf("%s: all that the run shows about it was as it is asked for. %s: something was not. %s: the run tried nothing that bears on it, or without a clear result.",
			chipOf(controls.Kept), chipOf(controls.Broken), chipOf(controls.NotShown)),
		limit,
	}})
	for _, a := range m.assessments {
		s := section{
			Title: fmt.Sprintf("%s %s, %s", a.Standard, a.Number, a.Title), Outcome: a.Outcome,
			Text: []string{"Asks: " + a.Asks},
		}
		if a.Limit != "" {
			s.Text = append(s.Text, "Held against the limit of "+a.Limit+" after the order.")
		}
		for _, t := range a.Shown {
			s.Items = append(s.Items, "Shown: "+t)
		}
		for _, t := range a.Silent {
			s.Items = append(s.Items, "Not shown: "+t)
		}
		s.Text = append(s.Text, "Source: "+strings.Join(cited(a.Source), "; ")+".")
		p.add(s)
	}
	return p
}
