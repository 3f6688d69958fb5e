//go:build unix

package remote

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// holds is the environment variable that has this program hold a secret until it
// is killed.
const holds = "SHUTOUT_TEST_HOLDS_SECRET"

// What a killed process has left of its passwords is removed at the next start,
// and what somebody still needs is not.
func TestSecretFileOfADeadProcess(t *testing.T) {
	if os.Getenv(holds) != "" {
		name, _, err := secretFile("S3cret")
		fmt.Println(name, err)
		select {}
	}
	t.Setenv("TMPDIR", t.TempDir())
	other := filepath.Join(os.TempDir(), "shutout-another", "secret")
	if err := os.Mkdir(filepath.Dir(other), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(os.Args[0], "-test.run=^TestSecretFileOfADeadProcess$")
	holder.Env = append(os.Environ(), holds+"=1")
	said, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Process.Kill()
	var name, fault string
	if _, err := fmt.Fscan(bufio.NewReader(said), &name, &fault); err != nil || fault != "<nil>" {
		t.Fatalf("%q, %q, %v", name, fault, err)
	}
	mine, remove, err := secretFile("mine")
	if err != nil {
		t.Fatal(err)
	}
	if err := RemoveSecretFiles(); err != nil {
		t.Error(err)
	}
	for _, living := range []string{name, mine} {
		if got, err := os.ReadFile(living); err != nil || len(got) == 0 {
			t.Errorf("%s is taken away from who uses it: %v", living, err)
		}
	}
	holder.Process.Kill()
	holder.Wait()
	if got, err := os.ReadFile(name); string(got) != "S3cret\n" {
		t.Fatalf("%q, %v: there is nothing to remove", got, err)
	}
	if err := RemoveSecretFiles(); err != nil {
		t.Error(err)
	}
	remove()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 1 || left[0].Name() != "shutout-another" {
		t.Errorf("%v, %v", left, err)
	}
}

// Who cleans up and who makes a file at that moment do not get into each other's
// way: the file is there, and stays.
func TestSecretFileWhileSomebodyCleansUp(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for n := range 500 {
		cleaned := make(chan error, 1)
		go func() { cleaned <- RemoveSecretFiles() }()
		name, remove, err := secretFile("mine")
		if fault := <-cleaned; fault != nil {
			t.Fatalf("%d: clean up: %v", n, fault)
		}
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if _, err := os.Stat(name); err != nil {
			t.Fatalf("%d: the file is taken away from who uses it: %v", n, err)
		}
		remove()
	}
}
