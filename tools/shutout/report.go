package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/results"
	"shutout/lab/strict"
)

// reportFlags are the flags of report as they were given.
type reportFlags struct {
	format, out string
	merge       bool
}

func (a *app) reportCommand() *cobra.Command {
	f := &reportFlags{}
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Show a result again, in another form, or several as one",
		Long: `Report reads the result document of a run, a run folder or a file, and renders it again: for the terminal, or with
--format in another form on standard output. With --out and without --format it writes a run folder with every form; name
the run's own folder to have its renderings made anew.

With --merge it joins the results of shards into one and writes a run folder for it. They must come from one version, lab
and seed; a case that several of them have must have come out the same. The times that they took add up, so each run is
named once.

The exit status is 0 when it was rendered, and 2 when the input was wrong; with --merge 1 when a promise was broken.`,
		Example: `  shutout report runs/20260304-050607
  shutout report runs/20260304-050607 --format markdown >>"$GITHUB_STEP_SUMMARY"
  shutout report result.json --format junit --out junit.xml
  shutout report runs/20260304-050607 --out runs/20260304-050607
  shutout report --merge shard-1 shard-2 shard-3 --out runs/all`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := notEmpty(cmd, "format", "out"); err != nil {
				return err
			}
			switch {
			case f.merge && len(args) < 2:
				return fmt.Errorf("--merge joins two results or more, found %s (%s --help)", lab.Count(len(args), "argument"), cmd.CommandPath())
			case !f.merge && len(args) != 1:
				return fmt.Errorf("report takes one run folder or result document, found %s; --merge takes several (%s --help)",
					lab.Count(len(args), "argument"), cmd.CommandPath())
			}
			a.exit, err = f.run(a.out, args, time.Now())
			return err
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.format, "format", "", "write one form only, `NAME`: "+strings.Join(formNames(), ", "))
	fs.StringVar(&f.out, "out", "", "write to `PATH`: a file with --format, otherwise a run folder")
	fs.BoolVar(&f.merge, "merge", false, "join the results of several runs into one")
	fs.SortFlags = false
	return cmd
}

// run reads, joins and renders. It returns the exit code.
func (f *reportFlags) run(out *terminal, names []string, now time.Time) (int, error) {
	form, err := rendering(f.format)
	if err != nil {
		return exitBad, err
	}
	read := report.Read
	if form == nil && (f.out != "" || f.merge) { // a run folder is written
		read = readWhole
	}
	var docs []*lab.Document
	for _, name := range names {
		d, err := read(name)
		if err != nil {
			return exitBad, err
		}
		docs = append(docs, d)
	}
	doc, exit := docs[0], exitKept
	if f.merge {
		if doc, err = results.Merge(docs, names); err != nil {
			return exitBad, err
		}
		if doc.Failed() {
			exit = exitBroken
		}
	}
	switch {
	case form != nil && f.out != "":
		err = writeRendering(f.out, form.Write, doc)
	case form != nil:
		err = form.Write(out, doc)
	case f.out != "" || f.merge:
		err = f.folder(out, doc, now)
	default:
		err = out.report(doc)
	}
	if err != nil {
		return exitBad, err
	}
	return exit, nil
}

// folder writes a run folder and tells what is in it.
func (f *reportFlags) folder(out *terminal, doc *lab.Document, now time.Time) error {
	dir, err := f.out, error(nil)
	if dir == "" {
		dir, err = freshFolder(filepath.Join("runs", now.Format("20060102-150405")))
	} else {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("the run folder: %w", unwritable(dir, err))
	}
	if err := writeFolder(dir, doc); err != nil {
		return err
	}
	if err := out.report(doc); err != nil {
		return err
	}
	tellFolder(out, dir)
	return nil
}

// rendering finds a form by its name; empty: none was asked for.
func rendering(name string) (*report.Rendering, error) {
	if name == "" {
		return nil, nil
	}
	for _, form := range report.Renderings {
		if form.Name == name {
			return &form, nil
		}
	}
	return nil, fmt.Errorf("--format: unknown form %s%s (shutout report --help)", strict.Quote(name), strict.Expected(name, formNames()))
}

func formNames() (names []string) {
	for _, form := range report.Renderings {
		names = append(names, form.Name)
	}
	return names
}
