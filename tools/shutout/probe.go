package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/remote"
	"shutout/lab/remote/journal"
	"shutout/lab/strict"
	"shutout/scenarios"
)

func (a *app) probeCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "probe --lab FILE",
		Short: "Look what works in a real lab, and change nothing",
		Long: `Probe reads the file of a lab, looks for the lab's canary, and signs in over each access path as each person, once.
It looks, too, whether what carries mitigations out can be reached. It tells what works. It changes nothing.

The exit status is 0 when everything works, 1 when something does not, and 2 when the file is wrong.`,
		Example: `  shutout probe --lab our-lab.yaml`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "lab"); err != nil {
				return err
			}
			if _, err := os.Stat(file); file != "" && !isFile(file) {
				if errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("%s: there is no such file (a lab file's name ends in .yaml)", file)
				}
				return fmt.Errorf("%s is no lab file: its name has to end in .yaml", file)
			}
			if file == "" {
				return errors.New("say which lab: shutout probe --lab FILE, where the name of the file ends in .yaml")
			}
			cfg, err := loadLab(file)
			if err != nil {
				return err
			}
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			a.exit, err = probeLab(ctx, cfg, a.out)
			return err
		},
	}
	cmd.Flags().StringVar(&file, "lab", "", "the `FILE` that describes the lab")
	return cmd
}

// probeLab tells what works and returns the exit code.
func probeLab(ctx context.Context, cfg *remote.Config, t *terminal) (exit int, err error) {
	l, err := remote.Open(ctx, cfg, remote.Options{})
	if err != nil {
		return exitBad, err
	}
	defer l.Close()
	rows := [][]string{{"what", "over", "at", ""}}
	works := 0
	tell := func(what, over, at string, err error) {
		said := "works"
		if err != nil {
			said = strict.OneLine(err.Error())
		} else {
			works++
		}
		rows = append(rows, []string{what, over, at, said})
	}
	tell("canary", "", "", l.Canary(ctx))
	for _, id := range slices.Sorted(maps.Keys(cfg.People)) {
		for _, path := range lab.Paths {
			ep, offered := cfg.Endpoints[path]
			if info, _ := scenarios.LookupPath(path); offered && info.Account {
				tell(id+" "+cfg.People[id].Mail, string(path), ep.Addr, l.SignIn(ctx, id, path))
			}
		}
	}
	for _, path := range lab.Paths {
		ep, offered := cfg.Endpoints[path]
		if info, _ := scenarios.LookupPath(path); offered && !info.Account {
			tell("anybody", string(path), ep.Addr, l.Greeted(ctx, path))
		}
	}
	if len(cfg.Executors) > 0 {
		tell("mitigations", "", "", l.Executors(ctx))
	}
	if ctx.Err() != nil {
		return exitBad, errors.New("interrupted")
	}
	t.heading("%s", cfg.Name)
	t.table("  ", rows)
	fmt.Fprintf(t, "%d of %s. Nothing was changed.\n", works, lab.Count(len(rows)-1, "thing"))
	changed, err := changedBy(cfg.Name) // which may be why something does not work
	if err != nil {
		return exitBad, err
	}
	if changed != "" {
		t.paragraph("", changed)
	}
	if works < len(rows)-1 || changed != "" {
		return exitBroken, nil
	}
	return exitKept, nil
}

// changedBy tells in one line that a run has changed a lab and not put it back;
// empty: none has.
func changedBy(name string) (string, error) {
	folder, err := journal.Folder(name)
	if err != nil {
		return "", err
	}
	found, err := journal.UnfinishedOf(folder)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return fmt.Sprintf("A run has changed this lab and not put it back: wait for it, or, if it was killed, shutout revert %s takes the changes back.", name), nil
}
