package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/scenarios/matrix"
	"shutout/sim"
)

// matrixOptions is a command line of matrix that has been understood.
type matrixOptions struct {
	Grid     *matrix.Grid
	Seed     uint64
	JSON     string // as in runOptions
	HTML     string // where the page goes; empty: nowhere
	Markdown bool
	// All says that lines that nobody noticed are shown, too: somebody asked
	// for these rows.
	All    bool
	Replay string

	Stdout, Stderr *terminal
}

// matrixFlags are the flags of matrix as they were given.
type matrixFlags struct {
	profile, profiles string
	rows, sops, paths string
	alone             bool
	with              string
	within, horizon   durationFlag
	set               []string
	seed              uint64
	json, html        string
	markdown          bool
}

func (a *app) matrixCommand() *cobra.Command {
	f := &matrixFlags{}
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Compare mitigations, or SOPs, over all access paths",
		Long: `Matrix plays each mitigation that can be turned against a leaver, and tells for each access path how long access
lasted and what a bystander felt: once by itself, which shows what is but a blip, and once after disable-account, which
shows what severs. A mitigation that needs more than the leaver's account is given the value of its example, and the
output says which. With --sops the rows are SOPs.

Each cell is a case of its own, with a session that has been open for 26 minutes (no round number, so that no short memory
happens to lapse at the order) and an attempt every minute; POP3 and IMAP4 run as well, which Exchange leaves to the
administrator. Of the default rows those that nobody noticed are only named.

The exit status is 0 when everything was played, and 2 when the input was wrong.`,
		Example: `  shutout matrix
  shutout matrix --profiles ex2003,ex2010 --paths owa,activesync
  shutout matrix --rows reset-iis,restart-store,move-mailbox --with reset-password
  shutout matrix --sops all --within 15m
  shutout matrix --sops our-sop.yaml,thorough --horizon 24h
  shutout matrix --paths owa --set iis.token_ttl_mode=absolute --markdown
  shutout matrix --html heatmap.html
  shutout matrix --json -`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "profile", "profiles", "rows", "sops", "paths", "with", "json", "html"); err != nil {
				return err
			}
			opts, err := f.options()
			if err != nil {
				return err
			}
			opts.Stdout, opts.Stderr = a.out, a.err
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return runMatrix(ctx, opts)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *matrixFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.profile, "profile", "", "play with the profile `NAME` (default "+scenarios.DefaultProfile+")")
	fs.StringVar(&f.profiles, "profiles", "", "play with each profile of `LIST`: all, or names with commas between them")
	fs.StringVar(&f.rows, "rows", "", "the mitigations of `LIST`, with commas between them, instead of all against a leaver")
	fs.StringVar(&f.sops, "sops", "", "the SOPs of `LIST` in the place of mitigations: all, or names and files with commas between them")
	fs.StringVar(&f.paths, "paths", "", "the access paths of `LIST`, with commas between them, instead of all that need an account")
	fs.BoolVar(&f.alone, "alone", false, "only what each does by itself; with --with, both")
	fs.StringVar(&f.with, "with", "", "only what each does after the mitigation `NAME`, a minute later")
	fs.Var(&f.within, "within", "the limit (default "+lab.Duration(scenarios.DefaultWithin)+")")
	fs.Var(&f.horizon, "horizon", "how long to watch (default "+lab.Duration(matrix.DefaultHorizon)+")")
	fs.StringArrayVar(&f.set, "set", nil, "set a profile's parameter, `NAME=VALUE`; may be given several times")
	f.seed = 1
	fs.Var((*numberFlag)(&f.seed), "seed", "the `NUMBER` that everything random comes from")
	fs.BoolVar(&f.markdown, "markdown", false, "write Markdown")
	fs.StringVar(&f.html, "html", "", "write a page with a heat map to `FILE`")
	fs.StringVar(&f.json, "json", "", "write the document to `FILE`, or with - to standard output and nothing else there")
	fs.SortFlags = false
}

// options reads what was named and lays out the grid.
func (f *matrixFlags) options() (*matrixOptions, error) {
	if f.markdown && f.json == "-" {
		return nil, errors.New("--markdown and --json - both write to standard output: say one of the two, or give --json a file")
	}
	grid := matrix.Options{Set: f.set, Within: scenarios.DefaultWithin, Horizon: matrix.DefaultHorizon}
	if f.within.set {
		grid.Within = f.within.value
	}
	if f.horizon.set {
		grid.Horizon = f.horizon.value
	}
	var err error
	if grid.Profiles, err = profileNames(f.profile, f.profiles); err != nil {
		return nil, err
	}
	if grid.Profiles == nil {
		grid.Profiles = []string{scenarios.DefaultProfile}
	}
	for _, name := range grid.Profiles {
		if _, err := loadProfile(name, slices.Concat(matrix.Settings(f.set), f.set)); err != nil {
			return nil, err
		}
	}
	if grid.Paths, err = f.pathNames(); err != nil {
		return nil, err
	}
	if err := f.compare(&grid); err != nil {
		return nil, err
	}
	o := &matrixOptions{
		Seed: f.seed, JSON: f.json, HTML: f.html, Markdown: f.markdown, All: f.rows != "" || f.sops != "", Replay: f.replay(),
	}
	o.Grid, err = matrix.New(grid)
	return o, err
}

// compare chooses the rows and the tables.
func (f *matrixFlags) compare(grid *matrix.Options) error {
	if f.sops != "" {
		if f.rows != "" || f.with != "" {
			return errors.New("--sops compares whole SOPs: leave out --rows and --with")
		}
		grid.Alone = true
		return f.sopRows(grid)
	}
	grid.Rows = matrix.AccessRows()
	if f.rows != "" {
		grid.Rows = nil
		for name := range strings.SplitSeq(f.rows, ",") {
			row, err := mitigationRow("--rows", name)
			if err != nil {
				return err
			}
			if err := addRow(grid, "--rows", row); err != nil {
				return err
			}
		}
	}
	grid.Alone = f.alone || f.with == ""
	if f.with == "" && f.alone {
		return nil
	}
	name := f.with
	if name == "" {
		name = "disable-account"
	}
	after, err := mitigationRow("--with", name)
	grid.After = &after
	return err
}

func (f *matrixFlags) sopRows(grid *matrix.Options) error {
	if f.sops == "all" {
		for _, s := range scenarios.SOPs() {
			if s.ForLeaver() { // the grid is about access that somebody has
				grid.Rows = append(grid.Rows, matrix.SOPRow(s))
			}
		}
		return nil
	}
	for name := range strings.SplitSeq(f.sops, ",") {
		s, err := loadSOP(name)
		if err != nil {
			return err
		}
		if err := addRow(grid, "--sops", matrix.SOPRow(s)); err != nil {
			return err
		}
	}
	return nil
}

func addRow(grid *matrix.Options, flag string, row matrix.Row) error {
	if slices.ContainsFunc(grid.Rows, func(r matrix.Row) bool { return r.Name == row.Name }) {
		return fmt.Errorf("%s names %s twice", flag, row.Name)
	}
	grid.Rows = append(grid.Rows, row)
	return nil
}

func mitigationRow(flag, name string) (matrix.Row, error) {
	row, ok := matrix.MitigationRow(name)
	if !ok {
		return row, fmt.Errorf("%s: there is no mitigation %s%s (shutout list mitigations)", flag, strict.Quote(name), strict.Expected(name, mitigation.Names()))
	}
	return row, nil
}

// pathNames lists the columns: those that --paths names, or those that need an
// account and are there without anybody setting them up.
func (f *matrixFlags) pathNames() ([]lab.Path, error) {
	var paths []lab.Path
	if f.paths == "" {
		for _, info := range scenarios.PathInfos() {
			if info.Account && info.Path != lab.Pickup {
				paths = append(paths, info.Path)
			}
		}
		return paths, nil
	}
	for name := range strings.SplitSeq(f.paths, ",") {
		path := lab.Path(name)
		if _, ok := scenarios.LookupPath(path); !ok {
			return nil, fmt.Errorf("--paths: unknown access path %s%s (shutout list paths)", strict.Quote(name), strict.Expected(name, words(lab.Paths)))
		}
		if slices.Contains(paths, path) {
			return nil, fmt.Errorf("--paths names %s twice", name)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (f *matrixFlags) replay() string {
	line := newReplay("matrix")
	line.flag("profile", f.profile)
	line.flag("profiles", f.profiles)
	line.flag("rows", f.rows)
	line.flag("sops", f.sops)
	line.flag("paths", f.paths)
	if f.alone {
		*line = append(*line, "--alone")
	}
	line.flag("with", f.with)
	line.times(f.within, f.horizon)
	line.played(f.set, f.seed)
	return line.String()
}

// runMatrix plays the grid and writes what it shows.
func runMatrix(ctx context.Context, o *matrixOptions) error {
	for _, file := range []string{o.JSON, o.HTML} {
		if file == "" || file == "-" {
			continue
		}
		if err := writable(file); err != nil {
			return fmt.Errorf("write the document: %w", err)
		}
	}
	begun := time.Now()
	results, err := playAll(ctx, &simVenue{sim.PlayOptions{Seed: o.Seed}}, o.Grid.Scenarios(), o.Stderr)
	if err != nil {
		return err
	}
	doc := o.Grid.Document(results)
	doc.Tool, doc.Lab = tool(), simLab
	doc.Seed, doc.Replay, doc.WallS = o.Seed, o.Replay, lab.Seconds(time.Since(begun))
	style := matrix.Style{Colour: o.Stdout.Colour, Width: o.Stdout.Width, All: o.All}
	if err := writeFile(o.HTML, func(w io.Writer) error { return matrix.HTML(w, doc, style) }); err != nil {
		return err
	}
	if o.JSON == "-" {
		return matrix.JSON(o.Stdout, doc)
	}
	if err := writeFile(o.JSON, func(w io.Writer) error { return matrix.JSON(w, doc) }); err != nil {
		return err
	}
	if o.Markdown {
		return matrix.Markdown(o.Stdout, doc, style)
	}
	return matrix.Terminal(o.Stdout, doc, style)
}

// writeFile writes a rendering whole, where it was asked for.
func writeFile(name string, render func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the document: %w", unwritable(name, err))
	}
	return nil
}
