package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/tools/shutout/web"
)

// A play that was kept is a run like any other, and its command line plays the
// same again, with what was done by hand.
func TestKeep(t *testing.T) {
	t.Chdir(t.TempDir())
	sc, ok := scenarios.Find("token-cache-flushed")
	if !ok {
		t.Fatal("the case is gone")
	}
	o := &serveOptions{Runs: "runs", Seed: 1}
	p := &web.Played{Case: sc, Seed: 1}
	var err error
	p.Result, err = sim.Play(t.Context(), sc, sim.PlayOptions{Seed: 1, Drive: func(ctx context.Context, _ *sim.Organisation, l *lab.Live) error {
		if err := l.Until(ctx, 10*time.Second); err != nil {
			return err
		}
		if _, err := l.Do(ctx, &mitigation.ResetIIS{}); err != nil {
			return err
		}
		p.Steps = l.Steps()
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := o.keep(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{report.ResultFile, "report.txt", "report.html", byHandFile} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	doc, err := readWhole(folder)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := os.ReadFile(filepath.Join(folder, byHandFile))
	if err != nil || doc.Inputs == nil || doc.Inputs.SOPs["by-hand"] != string(steps) || !strings.Contains(doc.Inputs.Replay, " --sop "+lab.SOPFile("by-hand")+" ") {
		t.Errorf("the steps are not among the inputs: %+v, %v", doc.Inputs, err)
	}
	var out, faults bytes.Buffer
	if status := execute(t.Context(), append(strings.Fields(doc.Replay)[1:], "--json", "-"), &out, &faults); status == exitBad {
		t.Fatalf("%s: %s", doc.Replay, &faults)
	}
	again, err := report.Decode(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*lab.Document{doc, again} {
		d.Runs[0].WallS = 0
	}
	got, err := json.Marshal(again.Runs)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(doc.Runs)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s plays\n%s\nwant\n%s", doc.Replay, got, want)
	}
}

// A play that cannot be kept says what is in the way.
func TestKeepWhereNothingCanBeWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("runs", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sc, _ := scenarios.Find("token-cache-flushed")
	o := &serveOptions{Runs: "runs", Seed: 1}
	if _, err := o.keep(&web.Played{Case: sc, Seed: 1}); err == nil || !strings.HasPrefix(err.Error(), "the run folder: runs") || !strings.HasSuffix(err.Error(), ": runs is a file, and no folder: name another place") {
		t.Errorf("error %v", err)
	}
}

// The pages move to a free port where another program has the usual one, unless
// somebody chose it.
func TestOpenWeb(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, chosen := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		o := &serveOptions{Web: taken.Addr().String(), Runs: t.TempDir(), Seed: 1}
		if err := o.web(chosen); err != nil {
			t.Fatal(err)
		}
		stopped, err := o.openWeb(ctx, nil, nil)
		if chosen {
			if err == nil || !strings.Contains(err.Error(), "--web chooses another") {
				t.Errorf("a port that is taken: %v", err)
			}
			cancel()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.Get("http://" + o.address + "/")
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 || !bytes.Contains(page, []byte("Past runs")) {
			t.Errorf("%s, %v", answer.Status, err)
		}
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}
	none := &serveOptions{Web: "none"}
	if err := none.web(true); err != nil || none.Web != "" {
		t.Errorf("none: %q, %v", none.Web, err)
	}
}
