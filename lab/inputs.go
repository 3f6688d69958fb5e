package lab

// Inputs are what a run was given beside the program itself, as it was read:
// with them the same can be played again.
type Inputs struct {
	// Replay is the command that plays the same again where the files of the
	// cases and SOPs are called as [CaseFile] and [SOPFile] say.
	Replay string `json:"replay"`
	// Cases and SOPs are the files that somebody named, by the id of what is in
	// them. What the program comes with is not there.
	Cases map[string]string `json:"cases,omitempty"`
	SOPs  map[string]string `json:"sops,omitempty"`
}

// CaseFile is how the file of a case is called where its run is kept.
func CaseFile(id string) string { return "inputs/cases/" + id + ".yaml" }

// SOPFile is how the file of an SOP is called there.
func SOPFile(id string) string { return "inputs/sops/" + id + ".yaml" }
