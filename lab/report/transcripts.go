package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// TranscriptsFile is what was said on the wire, in a run folder: beside the
// result document, which it would make many times as long.
const TranscriptsFile = "transcripts.json"

// transcripts is the file. Its runs are those of the document, in its order.
type transcripts struct {
	Schema int              `json:"schema"`
	Runs   []runTranscripts `json:"runs"`
}

type runTranscripts struct {
	Scenario    string            `json:"scenario"`
	Profile     string            `json:"profile"`
	Transcripts []*lab.Transcript `json:"transcripts"`
}

const transcriptsSchema = 1

// HasTranscripts tells whether it is known of any case what was said.
func HasTranscripts(d *lab.Document) bool {
	return slices.ContainsFunc(d.Runs, func(r *lab.RunResult) bool { return len(r.Transcripts) > 0 })
}

// Transcripts writes what was said in the attempts that decided.
func Transcripts(w io.Writer, d *lab.Document) error {
	t := transcripts{Schema: transcriptsSchema, Runs: []runTranscripts{}}
	for _, r := range d.Runs {
		said := r.Transcripts
		if said == nil {
			said = []*lab.Transcript{}
		}
		t.Runs = append(t.Runs, runTranscripts{r.Scenario, r.Profile, said})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(t)
}

// maxTranscripts bounds the file that is read.
const maxTranscripts = 64 << 20

// AddTranscripts reads what was said from a file into the document that it
// belongs to. It returns false where there is no such file.
func AddTranscripts(path string, d *lab.Document) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTranscripts+1))
	if err == nil && len(data) > maxTranscripts {
		err = fmt.Errorf("larger than %d MB", maxTranscripts>>20)
	}
	if err == nil {
		err = addTranscripts(data, d)
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}

func addTranscripts(data []byte, d *lab.Document) error {
	var t transcripts
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("not the transcripts of a run: %s", foreign.Text(err.Error()))
	}
	if t.Schema != transcriptsSchema {
		return fmt.Errorf("not the transcripts of a run that this version reads: schema %d, expected %d", t.Schema, transcriptsSchema)
	}
	if len(t.Runs) != len(d.Runs) {
		return fmt.Errorf("%s, but the result document has %s: they are not of one run", lab.Count(len(t.Runs), "case"), lab.Count(len(d.Runs), "case"))
	}
	for i, r := range t.Runs {
		if r.Scenario != d.Runs[i].Scenario || r.Profile != d.Runs[i].Profile {
			return fmt.Errorf("case %d is %s on %s, and in the result document %s on %s: they are not of one run", i+1,
				quoted(r.Scenario), quoted(r.Profile), quoted(d.Runs[i].Scenario), quoted(d.Runs[i].Profile))
		}
		for _, said := range r.Transcripts {
			if said == nil {
				return fmt.Errorf("case %d has a transcript that is null", i+1)
			}
		}
	}
	for i, r := range t.Runs {
		d.Runs[i].Transcripts = r.Transcripts
	}
	return nil
}
