package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"shutout/lab"
	"shutout/lab/report"
)

// writeFolder writes a run folder: every rendering of the document, and beside
// them what the run was given and what was said on the wire, where that is known.
// Of an earlier run in that folder nothing is left.
func writeFolder(dir string, doc *lab.Document) error {
	for _, form := range report.Renderings {
		if err := writeRendering(filepath.Join(dir, form.File), form.Write, doc); err != nil {
			return err
		}
	}
	for _, beside := range []struct {
		file  string
		known bool
		write func(io.Writer, *lab.Document) error
	}{
		{report.InputsFile, doc.Inputs != nil, report.Inputs},
		{report.TranscriptsFile, report.HasTranscripts(doc), report.Transcripts},
	} {
		path := filepath.Join(dir, beside.file)
		if beside.known {
			if err := writeRendering(path, beside.write, doc); err != nil {
				return err
			}
		} else if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
}

func writeRendering(path string, write func(io.Writer, *lab.Document) error, doc *lab.Document) error {
	var b bytes.Buffer
	if err := write(&b, doc); err != nil {
		return err
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the result: %w", unwritable(path, err))
	}
	return nil
}

// unwritable says what stands in the way of a file or folder that could not be
// written, and what to do; other faults stay as they are.
func unwritable(path string, err error) error {
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, syscall.EISDIR) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrExist) {
		return err
	}
	missing := ""
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		info, fault := os.Stat(at)
		switch {
		case fault == nil && !info.IsDir() && (at != filepath.Clean(path) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrExist)):
			return fmt.Errorf("%s: %s is a file, and no folder: name another place", path, at)
		case errors.Is(err, fs.ErrPermission):
			return fmt.Errorf("%s: you may not write there: name another place", path)
		case fault == nil && info.IsDir() && at == filepath.Clean(path) && errors.Is(err, syscall.EISDIR):
			return fmt.Errorf("%s is a folder: name a file", path)
		case fault == nil && missing != "":
			return fmt.Errorf("%s: there is no folder %s: make it, or name another place", path, missing)
		case fault == nil || at == filepath.Dir(at):
			return err
		case at != filepath.Clean(path):
			missing = at
		}
	}
}

// readWhole reads the result document of a run folder, with what the run was
// given and what was said on the wire, if that lies beside it. A document of
// another name is not a run folder's, and has nothing beside it.
func readWhole(name string) (*lab.Document, error) {
	doc, err := report.Read(name)
	if err != nil {
		return nil, err
	}
	folder := name
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		if filepath.Base(name) != report.ResultFile {
			return doc, nil
		}
		folder = filepath.Dir(name)
	}
	if err := report.AddInputs(filepath.Join(folder, report.InputsFile), doc); err != nil {
		return doc, err
	}
	_, err = report.AddTranscripts(filepath.Join(folder, report.TranscriptsFile), doc)
	return doc, err
}

// tellFolder says where a run folder's pages for people are.
func tellFolder(w io.Writer, dir string) {
	fmt.Fprintf(w, "report %s\nreport %s\n", filepath.Join(dir, "report.txt"), filepath.Join(dir, "report.html"))
}
