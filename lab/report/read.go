package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// ResultFile is the result document in a run folder.
const ResultFile = "result.json"

// maxDocument bounds what is read: a hundred times the whole catalogue.
const maxDocument = 256 << 20

// Read reads a result document: a file, or the folder of a run.
func Read(path string) (*lab.Document, error) {
	if path == "" {
		return nil, fmt.Errorf("expected the name of a run folder or of the %s in it, found an empty one", ResultFile)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file: name a run folder or the %s in it", path, ResultFile)
	}
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		path = filepath.Join(path, ResultFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: the folder has no %s, so it is not the folder of a run that was finished", filepath.Dir(path), ResultFile)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := ReadFrom(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// ReadFrom reads a result document, and no more of what is there than one can be
// long.
func ReadFrom(r io.Reader) (*lab.Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("larger than %d MB, so it is not a result document", maxDocument>>20)
	}
	return Decode(data)
}

// Decode reads a result document. What it returns has no holes: no case or
// promise is missing its name, every word is one that this version knows, and
// every time is one that can be written.
func Decode(data []byte) (*lab.Document, error) {
	var head struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, notADocument(data, err)
	}
	switch {
	case head.Schema == nil || *head.Schema < 1:
		return nil, errors.New(`not a result document: it has no "schema" number`)
	case *head.Schema > lab.Schema:
		return nil, fmt.Errorf("the result document has schema %d, and this version reads up to %d: use the shutout that made it, or a newer one",
			*head.Schema, lab.Schema)
	}
	d := &lab.Document{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, notADocument(data, err)
	}
	if err := whole(d); err != nil {
		return nil, fmt.Errorf("not a result document: %w", err)
	}
	return d, nil
}

// notADocument tells in which line decoding failed.
func notADocument(data []byte, err error) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("not a result document: the file is empty")
	}
	line := func(offset int64) int { return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n")) }
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		if errors.Is(json.NewDecoder(bytes.NewReader(data)).Decode(new(json.RawMessage)), io.ErrUnexpectedEOF) {
			return fmt.Errorf("not a result document: line %d: it ends in the middle: the file was cut off, or is still being written", line(e.Offset))
		}
		return fmt.Errorf("not a result document: line %d: %s", line(e.Offset), foreign.Text(e.Error()))
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("not a result document: line %d: %s is a %s", line(e.Offset), quoted(e.Field), e.Value)
	}
	return fmt.Errorf("not a result document: %s", foreign.Text(err.Error()))
}
