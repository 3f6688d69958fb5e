package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/remote"
	"shutout/lab/remote/journal"
)

func head(t *testing.T) journal.Head {
	return journal.Head{Lab: "our-lab", File: filepath.Join(t.TempDir(), "lab.yaml"), Tool: "test"}
}

func change(n int) *remote.Change {
	return &remote.Change{
		Mitigation: "disable-account", Executor: "fake", Target: fmt.Sprintf("object %d", n), Do: "on -> off", Undo: "off -> on",
		State: []byte(fmt.Sprintf(`{"n":%d}`, n)),
	}
}

func create(t *testing.T, folder string) *journal.File {
	t.Helper()
	j, err := journal.Create(folder, head(t))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func intend(t *testing.T, j *journal.File, c *remote.Change) int {
	t.Helper()
	id, err := j.Intend(c)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// targets lists what a journal owes.
func targets(owed []*journal.Entry) (list []string) {
	for _, e := range owed {
		list = append(list, e.Change.Target)
	}
	return list
}

func TestWhatIsOwed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "labs", "our-lab")
	j := create(t, folder)
	for n := 1; n <= 6; n++ {
		c := change(n)
		switch n {
		case 5:
			c.Undo = "" // a restart: nothing stays behind
		case 6:
			c.Undo, c.Lasting = "", "the queued mail is gone"
		}
		id := intend(t, j, c)
		if id != n {
			t.Fatalf("change %d has the number %d", n, id)
		}
	}
	for _, err := range []error{j.Done(1, "off"), j.Undone(1, "on"), j.Done(2, "off"), j.Failed(3, "no answer"), j.Stuck(2, "no answer")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Done(7, ""); err == nil {
		t.Error("a change that is not there was done")
	}
	want := []string{"object 6", "object 4", "object 3", "object 2"}
	if got := targets(j.Content().Owed()); !slices.Equal(got, want) {
		t.Errorf("owes %q", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := journal.UnfinishedOf(folder)
	if err != nil || len(found) != 1 || !slices.Equal(targets(found[0].Content.Owed()), want) || found[0].Content.Torn {
		t.Fatalf("%+v, %v", found, err)
	}
	if h := found[0].Content.Head; h.Lab != "our-lab" || h.Tool != "test" || h.Begun.IsZero() || !filepath.IsAbs(h.File) {
		t.Errorf("%+v", h)
	}
	for path, mode := range map[string]os.FileMode{found[0].Path: 0o600, folder: 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
	_, err = journal.Create(folder, head(t))
	if u, ok := errors.AsType[*journal.UnfinishedError](err); !ok || u.Path != found[0].Path || !strings.Contains(err.Error(), "shutout revert our-lab") {
		t.Errorf("another run: %v", err)
	}
}

func TestAFinishedJournalIsRemoved(t *testing.T) {
	folder := t.TempDir()
	j := create(t, folder)
	id := intend(t, j, change(1))
	if err := errors.Join(j.Undone(id, ""), j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(j.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := create(t, folder).Close(); err != nil {
		t.Error(err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	folder := t.TempDir()
	j := create(t, folder)
	intend(t, j, change(1))
	for _, open := range []func() (*journal.File, error){
		func() (*journal.File, error) { return journal.Create(folder, head(t)) },
		func() (*journal.File, error) { return journal.Open(j.Path()) },
	} {
		_, err := open()
		if _, ok := errors.AsType[*journal.BusyError](err); !ok || !strings.Contains(err.Error(), fmt.Sprintf("process %d:", os.Getpid())) {
			t.Errorf("%v", err)
		}
	}
	j.Close()
	if j, err := journal.Open(j.Path()); err != nil {
		t.Error(err)
	} else {
		j.Close()
	}
}

// A lock whose process is dead is nobody's.
func TestTheLockOfADeadProcess(t *testing.T) {
	folder := t.TempDir()
	if os.Getenv("JOURNAL_FOLDER") != "" {
		create(t, os.Getenv("JOURNAL_FOLDER"))
		fmt.Println("locked")
		time.Sleep(time.Minute) // until it is killed
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "TestTheLockOfADeadProcess")
	cmd.Env = append(os.Environ(), "JOURNAL_FOLDER="+folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 7)
	if _, err := out.Read(said); err != nil || string(said) != "locked\n" {
		t.Fatalf("%q, %v", said, err)
	}
	_, err = journal.Create(folder, head(t))
	if busy, ok := errors.AsType[*journal.BusyError](err); !ok || busy.Holder != fmt.Sprintf("process %d", cmd.Process.Pid) {
		t.Errorf("while it lives: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	j, err := journal.Create(folder, head(t))
	if err != nil {
		t.Fatalf("after its death: %v", err)
	}
	j.Close()
}

// A power failure may cut a journal off after any byte, and leave zeros where
// the last bytes were to be.
func TestTornAtEveryByte(t *testing.T) {
	folder := t.TempDir()
	j := create(t, folder)
	id := intend(t, j, change(1))
	j.Done(id, "off")
	intend(t, j, change(2))
	whole, err := os.ReadFile(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	for n := range len(whole) + 1 {
		lines := bytes.Count(whole[:n], []byte("\n"))
		tail := n - bytes.LastIndexByte(whole[:n], '\n') - 1
		for _, filled := range []int{0, 20} {
			c, err := journal.Parse(append(slices.Clone(whole[:n]), make([]byte, filled)...))
			if err != nil {
				t.Fatalf("%d bytes and %d zeros: %v", n, filled, err)
			}
			if want := max(0, min(2, lines-1)); lines != 3 && len(c.Entries) != want || c.Torn != (tail+filled > 0) {
				t.Fatalf("%d bytes and %d zeros: %d entries, torn %v", n, filled, len(c.Entries), c.Torn)
			}
		}
	}
	// What is written behind a torn line is behind the last whole one.
	if err := os.WriteFile(j.Path(), whole[:len(whole)-3], 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err = journal.Open(j.Path()); err != nil {
		t.Fatal(err)
	}
	if c := j.Content(); !c.Torn || len(c.Entries) != 1 {
		t.Errorf("%+v", c)
	}
	if err := errors.Join(j.Stuck(1, "no answer"), j.Close()); err != nil {
		t.Fatal(err)
	}
	if c, err := journal.Read(j.Path()); err != nil || c.Torn || c.Entries[0].State != journal.Stuck {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestDamagedJournals(t *testing.T) {
	const first = `{"journal":{"lab":"our-lab","file":"/lab.yaml","tool":"t","begun":"2026-01-02T03:04:05Z"},"at":"2026-01-02T03:04:05Z"}` + "\n"
	const second = `{"at":"2026-01-02T03:04:05Z","id":1,"state":"intended","change":{"executor":"ldap"}}` + "\n"
	for want, src := range map[string]string{
		"line 1: this is no line of a journal":              "kind: lab\n",
		"line 1: its end is missing":                        "kind: lab",
		"line 1: a journal begins with the name of its lab": second + second,
		"line 1: a lab cannot be called":                    strings.Replace(first, "our-lab", "../up", 1) + second,
		"line 2: a second journal begins":                   first + first + second,
		"line 2: it is about change 1, which is not there":  first + `{"at":"2026-01-02T03:04:05Z","id":1,"state":"done"}` + "\n" + second,
		"line 3: expected change 2":                         first + second + second + second,
		`line 3: "gone" is nothing that becomes`:            first + second + `{"at":"2026-01-02T03:04:05Z","id":1,"state":"gone"}` + "\n" + second,
		"line 2: this is no line of a journal: json":        first + `{"at":"2026-01-02T03:04:05Z","idd":1,"state":"done"}` + "\n" + second,
		"line 2: there is more than one record":             first + `{"at":"2026-01-02T03:04:05Z","id":1} {}` + "\n" + second,
		"line 2: it has more than":                          first + strings.Repeat("x", 1<<20+1) + "\n" + second,
	} {
		if _, err := journal.Parse([]byte(src)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.200s\n%v, want %s", src, err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "a.journal")
	os.WriteFile(path, []byte(first), 0o600)
	os.Chmod(path, 0o666)
	if _, err := journal.Read(path); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("a file that everybody may write to: %v", err)
	}
}

// What cannot be written down is not done.
func TestLimits(t *testing.T) {
	j := create(t, t.TempDir())
	defer j.Close()
	big := change(1)
	big.Do = strings.Repeat("x", 1<<20)
	if _, err := j.Intend(big); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a big change: %v", err)
	}
	id := intend(t, j, change(1))
	if err := j.Failed(id, strings.Repeat("é", 1<<20)+"\xff"); err != nil {
		t.Error(err)
	}
	if c, err := journal.Read(j.Path()); err != nil || len(c.Entries) != 1 || len(c.Entries[0].Text) > 5000 {
		t.Errorf("%v", err)
	}
	if _, err := journal.Create(t.TempDir(), journal.Head{Lab: "x", File: "lab.yaml"}); err == nil {
		t.Error("a relative path was taken")
	}
	if _, err := journal.Folder("../up"); err == nil {
		t.Error("a folder outside was taken")
	}
}

func FuzzParse(f *testing.F) {
	const first = `{"journal":{"lab":"our-lab","file":"/lab.yaml","tool":"t","begun":"2026-01-02T03:04:05Z"},"at":"2026-01-02T03:04:05Z"}` + "\n"
	f.Add([]byte(""))
	f.Add([]byte(first))
	f.Add([]byte(first + `{"at":"2026-01-02T03:04:05Z","id":1,"state":"intended","change":{"executor":"ldap","undo":"x","state":{"a":1}}}` + "\n" +
		`{"at":"2026-01-02T03:04:05Z","id":1,"state":"stuck","text":"no answer"}` + "\n" + `{"at":"`))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := journal.Parse(src)
		if err != nil {
			return
		}
		owed := c.Owed()
		// Cutting the last line off never changes what was known before it.
		if i := bytes.LastIndexByte(bytes.TrimSuffix(src, []byte("\n")), '\n'); i >= 0 {
			before, err := journal.Parse(src[:i+1])
			if err != nil || len(before.Entries) > len(c.Entries) {
				t.Fatalf("%v", err)
			}
		}
		for _, e := range owed {
			if e.Change == nil || e.ID < 1 || e.ID > len(c.Entries) {
				t.Fatalf("%+v", e)
			}
		}
	})
}
