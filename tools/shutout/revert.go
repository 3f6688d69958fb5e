package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/remote"
	"shutout/lab/remote/journal"
	"shutout/lab/report/foreign"
	"shutout/lab/strict"
)

// revertOptions is a command line of revert that has been understood.
type revertOptions struct {
	Paths  []string // of journals
	Lab    string   // the lab file, where it is another one than the journal says
	Plan   bool
	ByHand bool
	Yes    string // the name of the lab that is reverted although its canary is not there

	Stdout, Stderr *terminal
}

func (a *app) revertCommand() *cobra.Command {
	o := &revertOptions{}
	cmd := &cobra.Command{
		Use:   "revert [LAB|FILE|JOURNAL]",
		Short: "Put a real lab back as it was, after a run that was killed",
		Long: `Revert undoes what an earlier run has changed in a real lab and could not undo itself, because it was killed, the power
failed, or a server did not answer: the newest change first, as the run's journal says. It may be run again and again. It
takes the name of a lab, a lab file, or a journal; without an argument it takes every lab that a run has left unfinished.

What cannot be undone is told, with what to do by hand. After that --by-hand says that it is done.

The exit status is 0 when everything is as it was, 1 when something is not, and 2 when the input was wrong.`,
		Example: `  shutout revert
  shutout revert our-lab --plan
  shutout revert our-lab --lab /srv/labs/our-lab.yaml   # the file is not where it was
  shutout revert our-lab --by-hand`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("revert takes one lab or journal at most, found %d (shutout revert --help)", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmpty(cmd, "lab", "yes-this-is-a-lab"); err != nil {
				return err
			}
			o.Stdout, o.Stderr = a.out, a.err
			if o.Lab != "" {
				if _, err := loadLab(o.Lab); err != nil {
					return err
				}
			}
			arg := ""
			if len(args) == 1 {
				if arg = args[0]; arg == "" {
					return errors.New("the name of the lab is empty: leave it out for every lab (shutout revert --help)")
				}
			}
			var err error
			if o.Paths, err = findJournals(arg); err != nil {
				return err
			}
			ctx, stop := a.untilPutBack(cmd.Context())
			defer stop()
			a.exit, err = revertAll(ctx, o)
			return err
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&o.Plan, "plan", false, "tell what would be undone, and touch nothing")
	fs.StringVar(&o.Lab, "lab", "", "the lab `FILE`, where it is not where the journal says")
	fs.BoolVar(&o.ByHand, "by-hand", false, "take what is left as undone by hand, and forget it")
	fs.StringVar(&o.Yes, "yes-this-is-a-lab", "", "undo also where the canary of the lab `NAME` is not to be seen, as when its mail server is down")
	fs.SortFlags = false
	return cmd
}

// findJournals returns the paths of the journals that an argument means.
func findJournals(arg string) (paths []string, err error) {
	var found []journal.Found
	switch {
	case arg == "":
		found, err = journal.Unfinished()
	case filepath.Ext(arg) == journal.Suffix:
		if _, err := os.Stat(arg); err != nil {
			return nil, err
		}
		return []string{arg}, nil
	case isFile(arg):
		cfg, err := loadLab(arg)
		if err != nil {
			return nil, err
		}
		found, err = journalsOf(cfg.Name)
		if errors.Is(err, fs.ErrNotExist) { // it was never played
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	default:
		found, err = journalsOf(arg)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no run has changed a lab called %s%s (a journal's name ends in %s, a lab file's in .yaml)",
				strict.Quote(arg), strict.Expected(arg, journal.Labs()), journal.Suffix)
		}
	}
	for _, f := range found {
		paths = append(paths, f.Path)
	}
	return paths, err
}

func journalsOf(name string) ([]journal.Found, error) {
	folder, err := journal.Folder(name)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, err
	}
	return journal.UnfinishedOf(folder)
}

// revertAll reverts each journal and returns the exit code.
func revertAll(ctx context.Context, o *revertOptions) (exit int, err error) {
	if !o.Plan {
		defer func() {
			if fault := remote.RemoveSecretFiles(); fault != nil {
				exit, err = exitBad, errors.Join(err, fault)
			}
		}()
	}
	if len(o.Paths) == 0 {
		fmt.Fprintln(o.Stdout, "Nothing is to be undone.")
		return exitKept, nil
	}
	var faults []error
	for i, path := range o.Paths {
		if i > 0 {
			fmt.Fprintln(o.Stdout)
		}
		whole, err := o.revert(ctx, path)
		if err != nil {
			faults = append(faults, err)
		}
		if !whole {
			exit = exitBroken
		}
	}
	if faults != nil {
		return exitBad, errors.Join(faults...)
	}
	return exit, nil
}

// revert reverts one journal. It tells whether everything is as it was.
func (o *revertOptions) revert(ctx context.Context, path string) (whole bool, err error) {
	if o.Plan {
		c, err := journal.Read(path)
		if err != nil {
			return false, err
		}
		o.head(path, c)
		for _, e := range c.Owed() {
			fmt.Fprintf(o.Stdout, "  %d  %s (%s)\n", e.ID, foreign.Text(e.Change.Mitigation+"  "+e.Change.Target), e.State)
			tellChange(o.Stdout, e.Change)
		}
		fmt.Fprintf(o.Stdout, "%s to undo. Nothing was touched.\n", lab.Count(len(c.Owed()), "change"))
		return true, nil
	}
	j, err := journal.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	c := j.Content()
	o.head(path, c)
	owed := c.Owed()
	if o.ByHand {
		for _, e := range owed {
			if err := j.Left(e.ID, "undone by hand"); err != nil {
				return false, err
			}
			fmt.Fprintf(o.Stdout, "  %d  %s: taken as undone by hand\n", e.ID, foreign.Text(e.Change.Mitigation+"  "+e.Change.Target))
		}
		return true, nil
	}
	if len(owed) == 0 {
		fmt.Fprintln(o.Stdout, "Nothing is to be undone.")
		return true, nil
	}
	cfg, err := o.labOf(ctx, c)
	if err != nil {
		return false, err
	}
	undone, stuck, left := 0, 0, 0
	err = j.Revert(ctx, func(ch *remote.Change) (remote.Executor, error) {
		if ex := cfg.Executors[ch.Mitigation]; ex != nil {
			return ex, nil
		}
		return nil, cfg.Performs(ch.Mitigation)
	}, func(r journal.Reversal) {
		_, unwritten := errors.AsType[*remote.UnwrittenError](r.Err)
		switch o.tell(r); {
		case unwritten:
			undone++
		case r.Err != nil:
			stuck++
		case r.Entry.Change.Undo == "":
			left++
		default:
			undone++
		}
	})
	fmt.Fprintf(o.Stdout, "%s undone", lab.Count(undone, "change"))
	if left > 0 {
		fmt.Fprintf(o.Stdout, ", %d cannot be undone", left)
	}
	if stuck > 0 {
		fmt.Fprintf(o.Stdout, ", %d not undone: try again with shutout revert %s; when it is done by hand, add --by-hand", stuck, c.Head.Lab)
	}
	fmt.Fprintln(o.Stdout)
	if fault := j.Fault(); fault != nil {
		err = fmt.Errorf("%w\nSo it does not tell what has been undone: try again with shutout revert %s, which does no harm", fault, c.Head.Lab)
	}
	return stuck+left == 0, err
}

// head tells which journal it is.
func (o *revertOptions) head(path string, c *journal.Content) {
	o.Stdout.heading("%s, changed by a run of %s (%s)", c.Head.Lab, c.Head.Begun.Format("2006-01-02 15:04:05 MST"), path)
	if c.Torn {
		o.Stdout.paragraph("  ", "The last line of the journal was cut off. Nothing was done because of it.")
	}
}

// labOf reads the lab file of a journal, and looks whether it is still about
// that lab.
func (o *revertOptions) labOf(ctx context.Context, c *journal.Content) (*remote.Config, error) {
	path := c.Head.File
	if o.Lab != "" {
		path = o.Lab
	}
	cfg, err := loadLab(path)
	if err != nil {
		if _, gone := os.Stat(path); errors.Is(gone, fs.ErrNotExist) {
			err = fmt.Errorf("%w (--lab FILE says where the lab file is now)", err)
		}
		return nil, err
	}
	if cfg.Name != c.Head.Lab {
		return nil, fmt.Errorf("%s describes the lab %s, and the journal is about %s (--lab FILE says which file is about that)", path, cfg.Name, c.Head.Lab)
	}
	if o.Yes == cfg.Name {
		return cfg, nil
	}
	l, err := remote.Open(ctx, cfg, remote.Options{})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if err := l.Canary(ctx); err != nil {
		return nil, fmt.Errorf("the canary of the lab %s is not to be seen, so nothing was touched: %w (if it is that lab, --yes-this-is-a-lab %s)", cfg.Name, err, cfg.Name)
	}
	return cfg, nil
}

// tell says what became of one change.
func (o *revertOptions) tell(r journal.Reversal) {
	c, t := r.Entry.Change, o.Stdout
	head := fmt.Sprintf("%d  %s  %s", r.Entry.ID, c.Mitigation, c.Target)
	switch {
	case r.Err != nil:
		t.hanging("  ✗ ", "    ", head+": "+strict.OneLine(r.Err.Error()))
		if _, unwritten := errors.AsType[*remote.UnwrittenError](r.Err); !unwritten {
			t.hanging("      by hand: ", "               ", c.Undo)
		}
	case c.Undo == "":
		t.hanging("  ✗ ", "    ", head+" cannot be undone: "+c.Lasting)
		return
	default:
		t.hanging("  ✓ ", "    ", head+": "+strict.OneLine(r.Detail))
	}
	if c.Lasting != "" {
		t.hanging("      stays: ", "             ", c.Lasting)
	}
}
