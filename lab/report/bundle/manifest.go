package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// entry is what a manifest says of one file.
type entry struct {
	name, about string
	size        int64
	sum         [sha256.Size]byte
}

// manifest lists the files of a bundle in the order of their names. Its form is
// that of sha256sum, which passes over the lines that begin with #.
type manifest []entry

func newManifest(files []File) (manifest, error) {
	var m manifest
	for i, f := range files {
		switch {
		case !plain(f.Name), f.Name == ManifestFile:
			return nil, fmt.Errorf("a bundle cannot hold a file called %s", show(f.Name))
		case i > 0 && files[i-1].Name == f.Name:
			return nil, fmt.Errorf("two files of the bundle are called %s", f.Name)
		}
		m = append(m, entry{f.Name, f.About, int64(len(f.Data)), sha256.Sum256(f.Data)})
	}
	return m, nil
}

// plain tells whether a name leads to a file of the bundle and reads the same
// everywhere.
func plain(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= 200 &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") == ""
}

// show writes a name that may be foreign.
func show(name string) string {
	if plain(name) {
		return name
	}
	if len(name) > 200 {
		name = name[:200] + "…"
	}
	return strconv.QuoteToASCII(name)
}

// heading begins every manifest of this version.
const heading = "# Manifest of a Shutout evidence bundle, version 1.\n"

const preface = heading + `# Check it with: shutout evidence --verify BUNDLE, or in the unpacked folder with: sha256sum -c ` + ManifestFile + `
# A sum shows that a file was not changed by accident. Whoever changes a file on purpose can write another sum: sign this
# file if it has to be shown who vouches for it.
`

func (m manifest) encode() []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	for _, e := range m {
		fmt.Fprintf(&b, "# %d bytes: %s\n%x  %s\n", e.size, e.about, e.sum, e.name)
	}
	return b.Bytes()
}

// parseManifest reads a manifest. It takes what encode writes and nothing else.
func parseManifest(data []byte) (manifest, error) {
	rest, ok := strings.CutPrefix(string(data), preface)
	if !ok {
		if !strings.HasPrefix(string(data), heading) {
			return nil, errors.New("it does not begin as a manifest of an evidence bundle does")
		}
		return nil, errors.New("its first lines are not those of a manifest")
	}
	var m manifest
	line := strings.Count(preface, "\n")
	for rest != "" {
		line += 2
		about, after, more := strings.Cut(rest, "\n")
		sums, after, end := strings.Cut(after, "\n")
		rest = after
		e, err := parseEntry(about, sums)
		switch {
		case !more || !end:
			err = errors.New("it ends within a line")
		case err == nil && len(m) > 0 && e.name <= m[len(m)-1].name:
			err = fmt.Errorf("%s is not in the order of the names", e.name)
		case len(m) == maxFiles:
			err = fmt.Errorf("more than %d files", maxFiles)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		m = append(m, e)
	}
	return m, nil
}

func parseEntry(about, sums string) (e entry, err error) {
	size, text, ok := strings.Cut(strings.TrimPrefix(about, "# "), " bytes: ")
	e.size, err = strconv.ParseInt(size, 10, 64)
	if !ok || !strings.HasPrefix(about, "# ") || err != nil || e.size < 0 || e.size > maxFile || strconv.FormatInt(e.size, 10) != size {
		return e, errors.New("expected the size of a file and what it is: # 123 bytes: …")
	}
	sum, name, ok := strings.Cut(sums, "  ")
	raw, err := hex.DecodeString(sum)
	if !ok || err != nil || len(raw) != sha256.Size || strings.ToLower(sum) != sum {
		return e, errors.New("expected a SHA-256 sum, two blanks and a name")
	}
	if !plain(name) || name == ManifestFile {
		return e, fmt.Errorf("%s is no name of a file in a bundle", show(name))
	}
	e.about, e.name = text, name
	copy(e.sum[:], raw)
	return e, nil
}
