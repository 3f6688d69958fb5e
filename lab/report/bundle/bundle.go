// Package bundle writes files into a folder or a zip file together with a
// manifest of their SHA-256 sums, and checks later whether they are still the
// same. A manifest shows that nothing was changed by accident; who wrote it, it
// does not show: for that it has to be signed.
package bundle

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is one file of a bundle.
type File struct {
	Name  string // with slashes: "transcripts/only-cas-down.txt"
	About string // what it is, in one line
	Data  []byte
}

// ManifestFile is the manifest's name in a bundle.
const ManifestFile = "MANIFEST.sha256"

// Bounds of what is written and read.
const (
	maxFiles    = 10_000
	maxFile     = 1 << 30
	maxManifest = 8 << 20
)

// zipTime is when every file of a zip was changed: the earliest that the format
// knows, so that one run gives the same bytes twice.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// isZip tells whether a bundle of that name is a zip file.
func isZip(path string) bool { return strings.EqualFold(filepath.Ext(path), ".zip") }

// Write writes a bundle to path: a zip file if it ends in .zip, else a folder.
// Neither may be there yet, but for an empty folder.
func Write(path string, files []File) error {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	m, err := newManifest(files)
	if err != nil {
		return err
	}
	files = append(files, File{Name: ManifestFile, Data: m.encode()})
	if isZip(path) {
		return writeZip(path, files)
	}
	return writeFolder(path, files)
}

func writeZip(path string, files []File) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: evidence is never overwritten, so name another file", path)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(path)
		}
	}()
	return encodeZip(f, files)
}

func encodeZip(to io.Writer, files []File) error {
	z := zip.NewWriter(to)
	for _, file := range files {
		h := &zip.FileHeader{Name: file.Name, Method: zip.Deflate, Modified: zipTime}
		h.SetMode(0o644)
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := w.Write(file.Data); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeFolder(path string, files []File) error {
	made := true
	err := os.Mkdir(path, 0o755)
	if errors.Is(err, fs.ErrExist) {
		made = false
		err = empty(path)
	}
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	for i, file := range files {
		dir := filepath.Dir(filepath.FromSlash(file.Name))
		err := root.MkdirAll(dir, 0o755)
		if err == nil {
			err = root.WriteFile(filepath.FromSlash(file.Name), file.Data, 0o644)
		}
		if err == nil {
			continue
		}
		for _, written := range files[:i+1] { // half a bundle is none
			root.Remove(filepath.FromSlash(written.Name))
		}
		if made {
			os.Remove(path)
		}
		return err
	}
	return nil
}

// empty tells whether a folder is there and empty.
func empty(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s is there already, and no folder: name another one", path)
	case len(entries) > 0:
		return fmt.Errorf("%s is there already and not empty: evidence is never overwritten, so name another folder", path)
	}
	return nil
}
