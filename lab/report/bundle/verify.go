package bundle

import (
	"archive/zip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is how a file differs from what the manifest says.
type Kind string

const (
	Missing Kind = "missing"
	Changed Kind = "changed"
	Added   Kind = "added"
)

// Difference is one file that is not as the manifest says.
type Difference struct {
	Kind Kind
	Name string // fit to be shown
	Text string // how it differs; may be empty
}

func (d Difference) String() string {
	if d.Text == "" {
		return fmt.Sprintf("%s %s", d.Kind, d.Name)
	}
	return fmt.Sprintf("%s %s: %s", d.Kind, d.Name, d.Text)
}

// Verify compares a bundle, a folder or a zip file, with its manifest. The
// error says that it is no bundle, or cannot be read. Nothing is unpacked, and
// nothing outside of the bundle is read.
func Verify(path string) (files int, differ []Difference, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, fmt.Errorf("%s: there is no such bundle", path)
	}
	if err != nil {
		return 0, nil, err
	}
	var found *contents
	if info.IsDir() {
		root, err := os.OpenRoot(path)
		if err != nil {
			return 0, nil, err
		}
		defer root.Close()
		found, err = folderContents(root)
		if err != nil {
			return 0, nil, fmt.Errorf("%s: %w", path, err)
		}
	} else {
		f, err := os.Open(path)
		if err != nil {
			return 0, nil, err
		}
		defer f.Close()
		if !info.Mode().IsRegular() {
			return 0, nil, fmt.Errorf("%s: neither a folder nor a file", path)
		}
		found, err = zipContents(f, info.Size())
		if err != nil {
			return 0, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	m, differ, err := found.compare()
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", path, err)
	}
	return len(m), differ, nil
}

// contents is what lies in a bundle.
type contents struct {
	open map[string]func() (io.ReadCloser, error) // by name
	odd  []Difference                             // what is no file of a bundle
}

func (c *contents) add(name string, open func() (io.ReadCloser, error)) error {
	if len(c.open)+len(c.odd) > maxFiles {
		return fmt.Errorf("more than %d files: no evidence bundle has so many", maxFiles)
	}
	if !plain(name) {
		c.odd = append(c.odd, Difference{Added, show(name), "no name of a file in a bundle"})
	} else if c.open[name] != nil {
		c.odd = append(c.odd, Difference{Added, name, "a second time"})
	} else {
		c.open[name] = open
	}
	return nil
}

func folderContents(root *os.Root) (*contents, error) {
	c := &contents{open: map[string]func() (io.ReadCloser, error){}}
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case !d.Type().IsRegular(): // a link might lead anywhere
			c.odd = append(c.odd, Difference{Added, show(name), "a " + kindOf(d.Type())})
			return nil
		}
		return c.add(name, func() (io.ReadCloser, error) { return root.Open(filepath.FromSlash(name)) })
	})
	return c, err
}

func kindOf(m fs.FileMode) string {
	if m&fs.ModeSymlink != 0 {
		return "symbolic link"
	}
	return "special file"
}

// maxZip bounds the zip files that are looked at.
const maxZip = 4 << 30

func zipContents(f io.ReaderAt, size int64) (*contents, error) {
	if size > maxZip {
		return nil, fmt.Errorf("larger than %d GB: no evidence bundle is", maxZip>>30)
	}
	z, err := zip.NewReader(f, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, errors.New("neither a folder nor a zip file that can be read")
	}
	c := &contents{open: map[string]func() (io.ReadCloser, error){}}
	if z.Comment != "" {
		c.odd = append(c.odd, Difference{Added, "a comment", "of the zip file"})
	}
	for _, file := range z.File {
		if strings.HasSuffix(file.Name, "/") && file.UncompressedSize64 == 0 {
			continue // a folder, which some programs write
		}
		if !file.Mode().IsRegular() {
			c.odd = append(c.odd, Difference{Added, show(file.Name), "a " + kindOf(file.Mode())})
			continue
		}
		if err := c.add(file.Name, func() (io.ReadCloser, error) { return file.Open() }); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// compare reads the manifest and everything that it lists.
func (c *contents) compare() (manifest, []Difference, error) {
	open := c.open[ManifestFile]
	if open == nil {
		return nil, nil, fmt.Errorf("there is no %s in it, so it is no evidence bundle", ManifestFile)
	}
	r, err := open()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("larger than %d MB", maxManifest>>20)
	}
	var m manifest
	if err == nil {
		m, err = parseManifest(data)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", ManifestFile, err)
	}
	differ := c.odd
	delete(c.open, ManifestFile)
	for _, e := range m {
		open := c.open[e.name]
		delete(c.open, e.name)
		if open == nil {
			differ = append(differ, Difference{Missing, e.name, ""})
		} else if text := e.differs(open); text != "" {
			differ = append(differ, Difference{Changed, e.name, text})
		}
	}
	for name := range c.open {
		differ = append(differ, Difference{Added, name, ""})
	}
	slices.SortFunc(differ, func(a, b Difference) int { return strings.Compare(a.Name+"\x00"+a.String(), b.Name+"\x00"+b.String()) })
	return m, differ, nil
}

// differs tells how a file differs from its entry. It reads no more than the
// entry says, and one byte.
func (e entry) differs(open func() (io.ReadCloser, error)) string {
	r, err := open()
	if err != nil {
		return "it cannot be read"
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, e.size+1))
	switch {
	case n > e.size:
		return fmt.Sprintf("it is longer than %d bytes", e.size)
	case err != nil:
		return "it cannot be read"
	case n < e.size:
		return fmt.Sprintf("it has %d bytes, not %d", n, e.size)
	case [sha256.Size]byte(h.Sum(nil)) != e.sum:
		return "its sum is another one"
	}
	return ""
}
