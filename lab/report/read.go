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
	"reflect"
	"strings"

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

// Decode reads a result document. What it returns does not contradict itself and
// has no holes: no case or promise is missing its name, every word is one that
// this version knows, and every time is one that can be written.
func Decode(data []byte) (*lab.Document, error) {
	var head struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, notADocument(data, err)
	}
	switch {
	case head.Schema == nil || *head.Schema < 1:
		return nil, fmt.Errorf(`not a result document: it has no "schema" number (shutout run writes one, %s in the run folder)`, ResultFile)
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
	if err := d.Contradiction(); err != nil {
		return nil, fmt.Errorf("%w: it is not as shutout wrote it, so play it again", err)
	}
	return d, nil
}

// cut tells whether a document stops before its end.
func cut(data []byte, err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	e, ok := errors.AsType[*json.SyntaxError](err)
	return ok && int(e.Offset) >= len(data) && e.Error() == "unexpected end of JSON input"
}

// withArticle makes a word of encoding/json fit a sentence: "an array", "a
// number 5".
func withArticle(kind string) string {
	if kind != "" && strings.ContainsRune("aeiou", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}

// kindOf says what JSON has for a type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Pointer:
		return kindOf(t.Elem())
	}
	return "a number"
}

// notADocument tells in which line decoding failed.
func notADocument(data []byte, err error) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("not a result document: the file is empty")
	}
	line := func(offset int64) int { return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n")) }
	if cut(data, err) {
		return errors.New("the file is cut short: copy it again, or play it again")
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not a result document: line %d: %s", line(e.Offset), foreign.Text(e.Error()))
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return fmt.Errorf("not a result document: it begins with %s, expected { (shutout run writes one, %s in the run folder)", withArticle(e.Value), ResultFile)
		}
		return fmt.Errorf("not a result document: line %d: %s is %s, expected %s", line(e.Offset), quoted(e.Field), withArticle(e.Value), kindOf(e.Type))
	}
	return fmt.Errorf("not a result document: %s", foreign.Text(err.Error()))
}
