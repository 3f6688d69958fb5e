package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A program reads a secret from a file that nobody else can read, and that is
// removed when the program has ended. Who is killed removes nothing; so the file
// is locked for as long as its process lives, and one that nobody has locked is
// removed when Shutout is started again, see [RemoveSecretFiles].

const (
	secretFolder = "shutout-secret-"
	secretName   = "secret"
)

// secretFile makes a file that holds a secret. Somebody who cleans up may take
// one that is not locked yet for what was left; a second one is not on their list.
func secretFile(secret string) (name string, remove func(), err error) {
	name, remove, err = newSecretFile(secret)
	if errors.Is(err, errClaimed) || errors.Is(err, fs.ErrNotExist) {
		name, remove, err = newSecretFile(secret)
	}
	return name, remove, err
}

func newSecretFile(secret string) (name string, remove func(), err error) {
	dir, err := os.MkdirTemp("", secretFolder)
	if err != nil {
		return "", nil, err
	}
	name = filepath.Join(dir, secretName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = claim(f)
	}
	if err == nil {
		_, err = f.WriteString(secret + "\n")
	}
	remove = func() { removeClaimed(f, dir) }
	if err == nil {
		// Somebody who cleans up may have come before the lock.
		_, err = os.Stat(name)
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return name, remove, nil
}

// RemoveSecretFiles removes what killed processes have left of files with secrets.
func RemoveSecretFiles() error {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), secretFolder+"*", secretName))
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range left {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			continue // somebody else's, or gone meanwhile
		}
		if err == nil {
			if err = claim(f); err == nil {
				err = removeClaimed(f, filepath.Dir(name))
			} else {
				f.Close()
			}
		}
		if err != nil && !errors.Is(err, errClaimed) {
			faults = append(faults, fmt.Errorf("a file with a password is left from a run that was killed: %w", err))
		}
	}
	return errors.Join(faults...)
}
