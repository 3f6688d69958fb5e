package containers

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// recipes are the Dockerfiles of the images, each with the files that it copies.
//
//go:embed images
var recipes embed.FS

// The images. All but the first are built on it.
const (
	imageBase    = "base"
	imageSamba   = "samba"
	imageDovecot = "dovecot"
	imagePostfix = "postfix"
	imageSOGo    = "sogo"
)

// Debian's release that everything is built from, as a registry and as a mirror
// name it.
const (
	debianImage = "debian:bookworm-slim"
	debianSuite = "bookworm"
)

// pullPatience is how long a registry may take. One that is out of reach may
// swallow packets instead of refusing them.
const pullPatience = 2 * time.Minute

// tag is the name of an image. It is made from everything that the image is
// built from in this repository, so that a changed recipe is another image.
func tag(image string) string {
	h := sha256.New()
	if image != imageBase {
		io.WriteString(h, tag(imageBase))
	}
	for _, f := range files(image) {
		fmt.Fprintf(h, "%s %d\n%s", f.name, len(f.content), f.content)
	}
	return "shutout-lab/" + image + ":" + hex.EncodeToString(h.Sum(nil))[:12]
}

// files are those of an image's recipe, in the order of their names.
func files(image string) []file {
	var list []file
	root := path.Join("images", image)
	err := fs.WalkDir(recipes, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := recipes.ReadFile(p)
		list = append(list, file{name: strings.TrimPrefix(p, root+"/"), content: content, mode: 0o755})
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return list
}

// Images has all images that a lab needs built, and tells progress what it does.
// What is there already is left alone.
func Images(ctx context.Context, progress io.Writer) error {
	e, err := connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	return e.images(ctx, progress, imageSamba, imageDovecot, imagePostfix, imageSOGo)
}

// images has some images built where they are missing.
func (e *engine) images(ctx context.Context, progress io.Writer, wanted ...string) error {
	var missing []string
	for _, image := range wanted {
		if there, err := e.has(ctx, tag(image)); err != nil {
			return err
		} else if !there {
			missing = append(missing, image)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if there, err := e.has(ctx, tag(imageBase)); err != nil {
		return err
	} else if !there {
		from, err := e.debian(ctx, progress)
		if err != nil {
			return err
		}
		if err := e.build(ctx, progress, imageBase, from); err != nil {
			return err
		}
	}
	// They wait for packages more than they compute.
	errs := make([]error, len(missing))
	var wg sync.WaitGroup
	for i, image := range missing {
		wg.Go(func() { errs[i] = e.build(ctx, progress, image, tag(imageBase)) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// has tells whether an image is there.
func (e *engine) has(ctx context.Context, ref string) (bool, error) {
	_, err := e.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for the image %s: %w", ref, err)
	}
	return true, nil
}

// debian returns the name of an image of bare Debian: the official one where a
// registry can be reached, otherwise one made from Debian's packages.
func (e *engine) debian(ctx context.Context, progress io.Writer) (string, error) {
	const bootstrapped = "shutout-lab/debian:" + debianSuite
	for _, ref := range []string{debianImage, bootstrapped} {
		if there, err := e.has(ctx, ref); err != nil || there {
			return ref, err
		}
	}
	pullErr := e.pull(ctx, debianImage)
	if pullErr == nil {
		return debianImage, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	fmt.Fprintf(progress, "no registry gives %s; making it from Debian's packages\n", debianImage)
	return bootstrapped, e.bootstrap(ctx, bootstrapped, pullErr)
}

func (e *engine) pull(ctx context.Context, ref string) error {
	ctx, cancel := context.WithTimeout(ctx, pullPatience)
	defer cancel()
	r, err := e.ImagePull(ctx, ref, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Wait(ctx)
}

// bootstrap makes an image of Debian without a registry.
func (e *engine) bootstrap(ctx context.Context, ref string, pullErr error) error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return fmt.Errorf("the image %s cannot be pulled (%w), and mmdebstrap, which makes it from Debian's packages, is not installed: apt-get install mmdebstrap", debianImage, pullErr)
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates",
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*", "--aptopt=Acquire::Languages \"none\"", debianSuite, "-")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	root, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("mmdebstrap: %w", err)
	}
	// An import that is cut short must not leave half a system under the name.
	const unfinished = "shutout-lab/debian:unfinished"
	r, err := e.ImageImport(ctx, client.ImageImportSource{Source: root, SourceName: "-"}, unfinished, client.ImageImportOptions{})
	if err == nil {
		err = follow(r)
		r.Close()
	}
	io.Copy(io.Discard, root)
	if waitErr := cmd.Wait(); waitErr != nil {
		return fmt.Errorf("mmdebstrap: %w: %s", waitErr, last(complaints.String(), 5))
	}
	if err != nil {
		return fmt.Errorf("importing Debian: %w", err)
	}
	if _, err := e.ImageTag(ctx, client.ImageTagOptions{Source: unfinished, Target: ref}); err != nil {
		return fmt.Errorf("naming the image %s: %w", ref, err)
	}
	_, err = e.ImageRemove(ctx, unfinished, client.ImageRemoveOptions{})
	return err
}

// build builds one image.
func (e *engine) build(ctx context.Context, progress io.Writer, image, from string) error {
	fmt.Fprintf(progress, "building %s\n", tag(image))
	began := time.Now()
	content, err := archive(files(image))
	if err != nil {
		return err
	}
	r, err := e.ImageBuild(ctx, content, client.ImageBuildOptions{
		Tags: []string{tag(image)}, BuildArgs: map[string]*string{"BASE": &from}, Remove: true, ForceRemove: true,
	})
	if err == nil {
		err = follow(r.Body)
		r.Body.Close()
	}
	if err != nil {
		return fmt.Errorf("building the image %s: %w", image, err)
	}
	fmt.Fprintf(progress, "built %s in %.0fs\n", tag(image), time.Since(began).Seconds())
	return nil
}

// follow reads an engine's account of its work to the end, and returns what went
// wrong, with the last lines before it.
func follow(r io.Reader) error {
	var story strings.Builder
	d := json.NewDecoder(r)
	for {
		var step struct {
			Stream string `json:"stream"`
			Error  string `json:"error"`
		}
		err := d.Decode(&step)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case step.Error != "":
			return fmt.Errorf("%s\n%s", step.Error, last(story.String(), 12))
		}
		story.WriteString(step.Stream)
	}
}

// last returns the last n lines of a text.
func last(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// file is a file in a container, or one that an image is built from.
type file struct {
	name     string // the path, without a leading slash
	content  []byte
	mode     int64 // 0: 0644
	uid, gid int
	link     string    // what a symbolic link leads to
	time     time.Time // when it was changed; zero: 1970
}

// archive packs files.
func archive(files []file) (io.Reader, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Uid: f.uid, Gid: f.gid, ModTime: f.time}
		if h.ModTime.IsZero() {
			h.ModTime = time.Unix(0, 0) // an image is the same each time
		}
		switch {
		case f.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		case strings.HasSuffix(f.name, "/"):
			h.Typeflag = tar.TypeDir
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.name, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &b, nil
}
