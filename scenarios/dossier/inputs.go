package dossier

import (
	"io"
	"maps"
	"slices"

	"shutout/lab"
	"shutout/scenarios"
)

// inputs writes the cases and SOPs that were played: the files that somebody
// named as they were read, and the others as this program has them.
func (m *maker) inputs() {
	own := m.doc.Inputs
	if own == nil {
		own = &lab.Inputs{}
	}
	cases, sops := map[string]string{}, map[string]string{}
	for _, r := range m.doc.Runs {
		if sc, ok := scenarios.Find(r.Scenario); ok {
			cases[r.Scenario] = string(sc.Written)
		}
		if sop, ok := scenarios.FindSOP(r.SOP); ok {
			sops[r.SOP] = string(sop.Source())
		}
	}
	maps.Copy(cases, own.Cases)
	maps.Copy(sops, own.SOPs)
	add := func(texts, own map[string]string, file func(id string) string, what string) {
		for _, id := range slices.Sorted(maps.Keys(texts)) {
			about := what + " as the program that made this bundle has it"
			if _, read := own[id]; read {
				about = what + " as it was read for the run"
			}
			m.write(file(fit(id)), about, func(w io.Writer) error {
				_, err := io.WriteString(w, texts[id])
				return err
			})
		}
	}
	add(cases, own.Cases, lab.CaseFile, "the case")
	add(sops, own.SOPs, lab.SOPFile, "the SOP")
}
