package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Root is the folder that holds a folder for each lab:
// $XDG_STATE_HOME/shutout/labs, where XDG_STATE_HOME is ~/.local/state if it is
// not set (XDG Base Directory Specification).
func Root() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification has relative ones ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("there is no place for the journal: %w (set XDG_STATE_HOME)", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "shutout", "labs"), nil
}

// Folder is where the journals of a lab are.
func Folder(lab string) (string, error) {
	if err := checkName(lab); err != nil {
		return "", err
	}
	root, err := Root()
	return filepath.Join(root, lab), err
}

// name is what a lab may be called: something that is one folder's name
// everywhere.
var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func checkName(lab string) error {
	if !name.MatchString(lab) || strings.HasSuffix(lab, ".") {
		return fmt.Errorf("a lab cannot be called %q: expected up to 63 letters, digits, dots, dashes and underscores, such as our-lab", lab)
	}
	return nil
}

// Found is a journal that is on disk.
type Found struct {
	Path    string
	Content *Content // nil where Err is not
	Err     error
}

// Unfinished lists the journals of every lab that owe something, or that cannot
// be read.
func Unfinished() ([]Found, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	labs, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Found
	for _, l := range labs {
		if !l.IsDir() || checkName(l.Name()) != nil {
			continue
		}
		found, fault := UnfinishedOf(filepath.Join(root, l.Name()))
		all, err = append(all, found...), errors.Join(err, fault)
	}
	return all, err
}

// UnfinishedOf lists those in the folder of one lab.
func UnfinishedOf(folder string) ([]Found, error) {
	found, err := list(folder)
	return slices.DeleteFunc(found, func(f Found) bool { return f.Err == nil && len(f.Content.Owed()) == 0 }), err
}

// list reads the journals in a folder, the newest first.
func list(folder string) ([]Found, error) {
	names, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var found []Found
	for _, n := range slices.Backward(names) {
		if filepath.Ext(n.Name()) != Suffix {
			continue
		}
		f := Found{Path: filepath.Join(folder, n.Name())}
		f.Content, f.Err = Read(f.Path)
		if errors.Is(f.Err, fs.ErrNotExist) {
			continue // finished in between
		}
		found = append(found, f)
	}
	return found, err
}

// makeFolder makes a folder and sees that it outlives a power failure. What
// changes somebody made to which accounts is nobody else's business.
func makeFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	parent := filepath.Dir(folder)
	if parent != folder {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// syncFolder sees that the names in a folder are safe on disk.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // which has no such call, and keeps names in its own log
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// UnfinishedError says that an earlier run has left something behind.
type UnfinishedError struct{ Lab, Path string }

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("an earlier run has left changes in the lab %s: take them back with shutout revert %s (--plan shows them)", e.Lab, e.Lab)
}

// Labs lists the labs that have been played here.
func Labs() (names []string) {
	root, err := Root()
	if err != nil {
		return nil
	}
	labs, _ := os.ReadDir(root)
	for _, l := range labs {
		if l.IsDir() && checkName(l.Name()) == nil {
			names = append(names, l.Name())
		}
	}
	return names
}
