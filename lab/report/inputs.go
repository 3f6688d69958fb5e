package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// InputsFile is what a run was given, in a run folder.
const InputsFile = "inputs.json"

// inputs is the file.
type inputs struct {
	Schema int `json:"schema"`
	*lab.Inputs
}

const (
	inputsSchema = 1
	maxInputs    = 64 << 20
)

// Inputs writes what a run was given.
func Inputs(w io.Writer, d *lab.Document) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(inputs{inputsSchema, d.Inputs})
}

// AddInputs reads what a run was given from a file into its document. Without
// such a file nothing is known of it.
func AddInputs(path string, d *lab.Document) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInputs+1))
	if err != nil {
		return err
	}
	var in inputs
	switch err := json.Unmarshal(data, &in); {
	case len(data) > maxInputs:
		return fmt.Errorf("%s: larger than %d MB", path, maxInputs>>20)
	case err != nil:
		return fmt.Errorf("%s: not what a run was given: %s", path, foreign.Text(err.Error()))
	case in.Schema != inputsSchema || in.Inputs == nil:
		return fmt.Errorf("%s: not what a run was given that this version reads: schema %d, expected %d", path, in.Schema, inputsSchema)
	}
	d.Inputs = in.Inputs
	return nil
}
