package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/results"
)

// runCases plays the cases, reports, and returns the exit code.
func runCases(ctx context.Context, o *runOptions) (exit int, err error) {
	if err := o.makeFolder(); err != nil {
		return exitBad, fmt.Errorf("the run folder: %w", unwritable(o.Out, err))
	}
	if o.JSON != "" && o.JSON != "-" {
		if err := writable(o.JSON); err != nil {
			os.Remove(o.Out) // fails, rightly, when something is in it
			return exitBad, fmt.Errorf("write the result: %w", err)
		}
	}
	doc, err := o.playHere(ctx)
	if doc == nil {
		os.Remove(o.Out)
		return exitBad, err
	}
	// A lab that could not be put back is told last, after what was seen in it.
	exit, fault := deliver(o, doc)
	if err = errors.Join(fault, err); err != nil {
		return exitBad, err
	}
	return exit, nil
}

// playHere plays the cases in the venue and leaves it as it was found.
func (o *runOptions) playHere(ctx context.Context) (doc *lab.Document, err error) {
	entries := o.Venue.choose(o.Cases, o.Named)
	cases := played(entries)
	o.leftOut(entries)
	defer func() { err = errors.Join(err, o.Venue.close()) }()
	if err := o.Venue.prepare(ctx, cases); err != nil {
		return nil, err
	}
	begun := time.Now()
	results, err := playAll(ctx, o.Venue, cases, o.Stderr)
	wall := time.Since(begun)
	if err == nil && o.Advise {
		err = o.advise(ctx, cases, results)
	}
	if _, stuck := errors.AsType[errNotPutBack](err); err != nil && (!stuck || ctx.Err() != nil) {
		return nil, err
	}
	doc = &lab.Document{
		Schema: lab.Schema, Tool: tool(), Lab: o.Venue.name(),
		Seed: o.Seed, Replay: o.Replay, Inputs: o.Inputs, Played: begun.UTC().Truncate(time.Second), WallS: lab.Seconds(wall),
	}
	for _, e := range entries {
		switch {
		case e.Absent != nil:
			doc.Runs = append(doc.Runs, e.Absent)
		case !e.TooLong:
			if results[0] != nil { // it was played
				doc.Runs = append(doc.Runs, results[0])
			}
			results = results[1:]
		}
	}
	return doc, err
}

// leftOut tells which cases are not played although nobody chose among them.
func (o *runOptions) leftOut(entries []*entry) {
	if o.Note != "" {
		fmt.Fprintln(o.Stderr, o.Note)
	}
	if line := tooLong(entries, o.Lab); line != "" {
		o.Stderr.paragraph("", line)
	}
	if line := takesLong(entries, o.Lab); line != "" {
		o.Stderr.paragraph("", line)
	}
	if o.Unfit != nil {
		o.Stderr.paragraph("", "left out, because they cannot be cut short so far: "+strings.Join(o.Unfit, ", ")+" (named, each tells why)")
	}
}

// makeFolder makes the run folder. One that nobody named is new: of two runs
// that begin in the same second each has its own.
func (o *runOptions) makeFolder() (err error) {
	if !o.Fresh {
		return os.MkdirAll(o.Out, 0o755)
	}
	o.Out, err = freshFolder(o.Out)
	return err
}

// freshFolder makes a folder of that name, or of the name and a number.
func freshFolder(name string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return name, err
	}
	dir := name
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
		dir = fmt.Sprintf("%s-%d", name, n)
	}
}

// writable tells, before hours are played, whether a file can be written. It
// leaves the file as it was.
func writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // a pipe would end when it is opened and closed
	}
	absent := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return unwritable(path, err)
	}
	if absent {
		defer os.Remove(path)
	}
	return f.Close()
}

// playAll plays every case, as many at a time as the venue takes, and returns
// the results in the order of the cases. How far it has come is shown on stderr.
// Those that were played before a fault are there, too.
func playAll(ctx context.Context, v venue, cases []*lab.Scenario, stderr *terminal) ([]*lab.RunResult, error) {
	// Played days leave much short-lived garbage and little that stays.
	debug.SetGCPercent(400)
	p := newProgress(stderr, v, cases)
	defer p.clear()
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]*lab.RunResult, len(cases))
	faults := make([]error, len(cases))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(v.workers(), len(cases)) {
		workers.Go(func() {
			for i := range next {
				if stop.Err() != nil {
					faults[i] = stop.Err()
					continue
				}
				c := cases[i]
				results[i], faults[i] = v.play(stop, c, func(at, horizon time.Duration) { p.at(i, at) })
				if faults[i] != nil {
					cancel()
				}
			}
		})
	}
	for _, i := range longestFirst(cases) {
		next <- i
	}
	close(next)
	workers.Wait()
	err := firstCause(faults)
	if err != nil && ctx.Err() != nil {
		if stuck, ok := errors.AsType[errNotPutBack](err); ok {
			return results, fmt.Errorf("interrupted; no result was written\n%w", stuck)
		}
		err = errors.New("interrupted; no result was written")
	}
	return results, err
}

// cores is how many cases are played at a time where they only need this
// machine.
func cores() int { return runtime.GOMAXPROCS(0) }

// longestFirst orders cases by how many attempts they need, so that no core is
// left with a long one at the end.
func longestFirst(cases []*lab.Scenario) []int {
	attempts := make([]int, len(cases))
	order := make([]int, len(cases))
	for i, c := range cases {
		order[i] = i
		for _, a := range slices.Concat(c.Activities, c.Controls) {
			attempts[i] += int((c.Horizon-a.Since)/max(a.Every, time.Second)) * len(a.Do)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return attempts[j] - attempts[i] })
	return order
}

// firstCause returns the fault that stopped the play, not those of the cases
// that were stopped by it.
func firstCause(faults []error) error {
	var stopped error
	for _, err := range faults {
		switch {
		case err == nil:
		case errors.Is(err, context.Canceled):
			stopped = err
		default:
			return err
		}
	}
	return stopped
}

// deliver writes every rendering of the document and returns the exit code.
func deliver(o *runOptions, doc *lab.Document) (int, error) {
	if o.Baseline != nil {
		results.Baseline(doc, o.Baseline, o.BaselineName)
	}
	_, absent := os.Stat(filepath.Join(o.Out, report.ResultFile))
	if err := writeFolder(o.Out, doc); err != nil {
		return exitBad, err
	}
	if absent == nil {
		fmt.Fprintf(o.Stderr, "%s: the earlier result that was there is replaced\n", o.Out)
	}
	if o.JSON != "" && o.JSON != "-" {
		if err := writeRendering(o.JSON, report.JSON, doc); err != nil {
			return exitBad, err
		}
	}
	var err error
	if o.JSON == "-" {
		err = report.JSON(o.Stdout, doc)
	} else {
		err = o.Stdout.report(doc)
		tellFolder(o.Stdout, o.Out)
	}
	if err != nil {
		return exitBad, err
	}
	if doc.Failed() {
		return exitBroken, nil
	}
	return exitKept, nil
}

// report writes a document for people; of several cases the promises only.
func (t *terminal) report(doc *lab.Document) error {
	return report.Terminal(t, doc, report.Style{Colour: t.Colour, Width: t.Width, Brief: len(doc.Runs) > 1})
}

// progress shows on a terminal how far the cases have come.
type progress struct {
	w     io.Writer
	width int
	cases []*lab.Scenario
	// workers is how many are played at a time; 0: not in real time, so nobody
	// knows how long it takes.
	workers int

	mu      sync.Mutex
	done    int
	left    []time.Duration // of each case
	shownAt time.Time
}

func newProgress(t *terminal, v venue, cases []*lab.Scenario) *progress {
	p := &progress{w: t, width: t.Width, cases: cases}
	if _, fast := v.(*simVenue); !fast {
		p.workers = v.workers()
	}
	for _, c := range cases {
		p.left = append(p.left, c.Lead()+c.Horizon)
	}
	return p
}

// at tells that case i has come to a moment of its play.
func (p *progress) at(i int, at time.Duration) {
	if p.width == 0 {
		return // not a terminal
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.cases[i]
	p.left[i] = c.Horizon - at
	if at >= c.Horizon {
		p.done++
	}
	if time.Since(p.shownAt) < 100*time.Millisecond {
		return
	}
	p.shownAt = time.Now()
	line := fmt.Sprintf("%d of %d played · %s · %s of %s", p.done, len(p.cases), c.ID, lab.Duration(max(0, at).Truncate(time.Second)), lab.Duration(c.Horizon))
	if p.workers > 0 {
		line += " · about " + lab.Duration(p.remaining()) + " left"
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", cut(line, p.width-1))
}

// remaining is how long the rest takes in real time: no shorter than its longest
// case, and no shorter than all of it side by side.
func (p *progress) remaining() time.Duration {
	var all time.Duration
	for _, left := range p.left {
		all += left
	}
	return max(all/time.Duration(p.workers), slices.Max(p.left)).Round(time.Second)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
