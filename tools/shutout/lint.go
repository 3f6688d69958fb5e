package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/scenarios/claims"
)

func (a *app) lintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint [FILE...]",
		Short: "Check case files, SOP files and lab files without playing them",
		Long: `Lint reads case files, SOP files and lab files and tells everything that is wrong with them, each problem with file, line and
column. The people and servers that an SOP names are held against the default cast, with dana as the leaver. Without
files it checks what the product comes with.`,
		Example: `  shutout lint our-sop.yaml cases/*.yaml`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.lintCatalogue()
			}
			var faults []error
			var rows [][]string
			for _, path := range args {
				what, err := lint(path)
				if err != nil {
					faults = append(faults, err)
					continue
				}
				rows = append(rows, []string{path, what})
			}
			a.out.table("", rows)
			return errors.Join(faults...)
		},
	}
}

// lint checks one file and says what it is.
func lint(path string) (what string, err error) {
	if isLabFile(path) {
		cfg, err := loadLab(path)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("ok, a lab with %s, %s and %s (shutout probe --lab looks what works)", lab.Count(len(cfg.People), "account"),
			lab.Count(len(cfg.Endpoints), "path"), lab.Count(len(cfg.Executors), "mitigation")), nil
	}
	sc, sop, err := scenarios.LoadAny(path, fixtures.DefaultCast())
	if err != nil {
		return "", err
	}
	if sop == nil {
		return fmt.Sprintf("ok, a case with %s, %s and %s", lab.Count(len(sc.Activities), "threat"),
			lab.Count(len(sc.Controls), "control"), lab.Count(len(sc.SOP), "step")), nil
	}
	steps, err := sop.Steps([]string{"dana"}, fixtures.DefaultCast(), 0)
	if err != nil {
		return "", err
	}
	return "ok, an SOP with " + lab.Count(len(steps), "step"), nil
}

// isLabFile tells whether a file describes a lab.
func isLabFile(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, strict.MaxBytes))
	return err == nil && scenarios.IsLab(strict.Parse(path, src).Root)
}

// lintCatalogue counts what the product comes with, which is read strictly on
// the way, and binds each SOP to each case that it can be about.
func (a *app) lintCatalogue() error {
	cases := len(scenarios.Catalogue())
	sops := scenarios.SOPs()
	for _, sop := range sops {
		for _, sc := range scenarios.Catalogue() {
			if !sop.Suits(sc) {
				continue // it is about people, and there is nobody in the case whom it means
			}
			if sop.Length() > sc.Horizon {
				continue // the case is over before the SOP is
			}
			if err := sop.Bind(sc); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(a.out, "ok, %s, %s and %s of the catalogue\n", lab.Count(cases, "case"), lab.Count(len(sops), "SOP"), lab.Count(len(claims.Load().All()), "claim"))
	return nil
}
