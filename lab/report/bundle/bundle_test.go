package bundle

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func files() []File {
	return []File{
		{"transcripts/b.txt", "what was said", []byte("S: 200 OK\n")},
		{"README.html", "begin here", []byte("<p>hello")},
		{"result.json", "the result document", []byte("{}")},
		{"empty.txt", "nothing", nil},
	}
}

// written makes a bundle in each form.
func written(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	paths := map[string]string{"folder": filepath.Join(dir, "evidence"), "zip": filepath.Join(dir, "evidence.zip")}
	for _, p := range paths {
		if err := Write(p, files()); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func verified(t *testing.T, path string) string {
	t.Helper()
	n, differ, err := Verify(path)
	if err != nil {
		t.Fatal(err)
	}
	if n != 4 {
		t.Errorf("%d files", n)
	}
	var all []string
	for _, d := range differ {
		all = append(all, d.String())
	}
	return strings.Join(all, "\n")
}

func TestWhatIsWrittenVerifies(t *testing.T) {
	for form, path := range written(t) {
		if got := verified(t, path); got != "" {
			t.Errorf("%s: %s", form, got)
		}
		if err := Write(path, files()); err == nil || !strings.Contains(err.Error(), "never overwritten") {
			t.Errorf("%s: a second time: %v", form, err)
		}
	}
}

func TestSameBytesTwice(t *testing.T) {
	var a, b bytes.Buffer
	for _, to := range []*bytes.Buffer{&a, &b} {
		if err := encodeZip(to, files()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two zip files of the same files differ")
	}
}

func TestSha256sumReadsTheManifest(t *testing.T) {
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("sha256sum is not there: install coreutils")
	}
	dir := written(t)["folder"]
	check := func() (string, error) {
		cmd := exec.Command(tool, "--strict", "-c", ManifestFile)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := check()
	if err != nil || strings.Count(out, ": OK\n") != 4 {
		t.Errorf("%v:\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "result.json"), []byte("[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := check(); err == nil || !strings.Contains(out, "result.json: FAILED") {
		t.Errorf("a changed file: %v:\n%s", err, out)
	}
}

func TestDifferencesInAFolder(t *testing.T) {
	dir := written(t)["folder"]
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(dir, "README.html"), []byte("<p>hellO"), 0o644))
	must(os.WriteFile(filepath.Join(dir, "result.json"), []byte("{}more"), 0o644))
	must(os.WriteFile(filepath.Join(dir, "empty.txt"), []byte("x"), 0o644))
	must(os.Remove(filepath.Join(dir, "transcripts/b.txt")))
	must(os.Symlink("/etc/passwd", filepath.Join(dir, "transcripts/b.txt")))
	must(os.WriteFile(filepath.Join(dir, "new.txt"), nil, 0o644))
	must(os.WriteFile(filepath.Join(dir, "new\x1b[2J\u202e.txt"), nil, 0o644))
	want := `added "new\x1b[2J\u202e.txt": no name of a file in a bundle
changed README.html: its sum is another one
changed empty.txt: it is longer than 0 bytes
added new.txt
changed result.json: it is longer than 2 bytes
added transcripts/b.txt: a symbolic link
missing transcripts/b.txt`
	if got := verified(t, dir); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// repack copies a zip and lets f change it on the way.
func repack(t *testing.T, from string, f func(z *zip.Writer, name string, data []byte) bool) string {
	t.Helper()
	r, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, file := range r.File {
		src, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(src)
		src.Close()
		if !f(z, file.Name, data) {
			w, _ := z.Create(file.Name)
			w.Write(data)
		}
	}
	f(z, "", nil)
	z.Close()
	path := filepath.Join(t.TempDir(), "other.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDifferencesInAZip(t *testing.T) {
	path := repack(t, written(t)["zip"], func(z *zip.Writer, name string, data []byte) bool {
		switch name {
		case "README.html": // a bomb where eight bytes should be
			w, _ := z.Create(name)
			io.CopyN(w, zeros{}, 200<<20)
			return true
		case "transcripts/b.txt":
			return true
		case "":
			for _, bad := range []string{"../../etc/passwd", "/etc/passwd", `c:\x`, "result.json"} {
				w, _ := z.Create(bad)
				w.Write([]byte("x"))
			}
			h := &zip.FileHeader{Name: "link"}
			h.SetMode(os.ModeSymlink | 0o777)
			w, _ := z.CreateHeader(h)
			w.Write([]byte("/etc/passwd"))
			z.SetComment("more")
		}
		return false
	})
	want := `added "../../etc/passwd": no name of a file in a bundle
added "/etc/passwd": no name of a file in a bundle
added "c:\\x": no name of a file in a bundle
changed README.html: it is longer than 8 bytes
added a comment: of the zip file
added link: a symbolic link
added result.json: a second time
missing transcripts/b.txt`
	if got := verified(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestWhatIsNoBundle(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(p), 0o755)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	sum := strings.Repeat("0", 64)
	for path, want := range map[string]string{
		filepath.Join(dir, "nothing"):                                                   "there is no such bundle",
		write("a.zip", "no zip"):                                                        "neither a folder nor a zip file that can be read",
		filepath.Dir(write("b/x", "")):                                                  "there is no MANIFEST.sha256 in it",
		filepath.Dir(write("c/"+ManifestFile, "abc")):                                   "does not begin as a manifest",
		filepath.Dir(write("d/"+ManifestFile, heading)):                                 "its first lines are not those of a manifest",
		filepath.Dir(write("e/"+ManifestFile, preface+"# 1 bytes: x\n"+sum+"  ../x\n")): `line 6: "../x" is no name of a file in a bundle`,
		filepath.Dir(write("f/"+ManifestFile, preface+"# 1 bytes: x\n"+sum+"  x\n# 1 bytes: x\n"+sum+"  x\n")): "line 8: x is not in the order of the names",
		filepath.Dir(write("g/"+ManifestFile, preface+"# 1 bytes: x\n"+sum[1:]+"  x\n")):                       "line 6: expected a SHA-256 sum",
		filepath.Dir(write("h/"+ManifestFile, preface+"# -1 bytes: x\n"+sum+"  x\n")):                          "line 6: expected the size of a file",
		filepath.Dir(write("i/"+ManifestFile, preface+"# 1 bytes: x\n"+sum+"  x")):                             "line 6: it ends within a line",
		filepath.Dir(write("j/"+ManifestFile, strings.Repeat("#", maxManifest+1))):                             "MANIFEST.sha256: larger than 8 MB",
	} {
		if _, _, err := Verify(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

func TestNamesThatNoBundleHas(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../x", "/x", "a//b", "a b", "ü", "a\\b", ManifestFile, "a\nb"} {
		if err := Write(filepath.Join(t.TempDir(), "x"), []File{{Name: name}}); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if err := Write(filepath.Join(t.TempDir(), "x"), []File{{Name: "a"}, {Name: "a"}}); err == nil {
		t.Error("two files of one name are taken")
	}
}

func FuzzManifest(f *testing.F) {
	m, err := newManifest([]File{{"a/b.txt", "x", []byte("y")}, {"c", "z", nil}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.encode())
	f.Add([]byte(preface))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		if got := m.encode(); !bytes.Equal(got, data) {
			t.Errorf("%q is read, and written as %q", data, got)
		}
	})
}

func FuzzZip(f *testing.F) {
	var b bytes.Buffer
	all := files()
	m, err := newManifest([]File{all[1]})
	if err != nil {
		f.Fatal(err)
	}
	if err := encodeZip(&b, []File{all[1], {Name: ManifestFile, Data: m.encode()}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := zipContents(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		_, differ, err := c.compare()
		for _, d := range differ {
			if s := fmt.Sprint(d); strings.ContainsAny(s, "\x1b\n\x00") || err != nil {
				t.Errorf("%q", s)
			}
		}
	})
}
