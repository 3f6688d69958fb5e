package web

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"shutout/lab"
	"shutout/lab/report"
)

// options are those of a server with an empty folder of runs, and what it has
// kept.
func options(t *testing.T) (Options, func() []*Played) {
	t.Helper()
	var mu sync.Mutex
	var kept []*Played
	folder := t.TempDir()
	return Options{Runs: folder, Seed: 1, Keep: func(p *Played) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, p)
			dir := filepath.Join(folder, "run-"+p.Case.ID)
			return dir, write(dir, document1(p.Result))
		}}, func() []*Played {
			mu.Lock()
			defer mu.Unlock()
			return kept
		}
}

func document1(runs ...*lab.RunResult) *lab.Document {
	return &lab.Document{Schema: lab.Schema, Tool: lab.Tool{Name: "shutout", Version: "test"}, Lab: "sim", Seed: 1, Replay: "shutout run", Runs: runs}
}

// write leaves a result document in a folder.
func write(dir string, d *lab.Document) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, report.ResultFile))
	if err != nil {
		return err
	}
	defer f.Close()
	return report.JSON(f, d)
}
