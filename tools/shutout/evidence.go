package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/bundle"
	"shutout/scenarios/controls"
	"shutout/scenarios/dossier"
)

// evidenceFlags are the flags of evidence as they were given.
type evidenceFlags struct {
	out, organisation string
	limit             durationFlag
	verify            bool
}

// maxOrganisation bounds the name that stands on every page, in characters.
const maxOrganisation = 200

func (a *app) evidenceCommand() *cobra.Command {
	f := &evidenceFlags{}
	cmd := &cobra.Command{
		Use:   "evidence RUN",
		Short: "Bundle a run for HR, legal or an auditor, and check such a bundle",
		Long: `Evidence makes a folder or a zip file of a run, a run folder or a result document: the result in plain words, the
result document and its page, the SOP as it was carried out, versions, profile parameters with their sources, the case and SOP
files with the seed and the command that plays the same again from within the bundle, what was said on the wire without
secrets, and what the run shows about controls of NIST SP 800-53, ISO/IEC 27001 and CIS, and about which it shows nothing. A
manifest has the SHA-256 sum of every file.

With --verify it compares a bundle with its manifest and names every file that is missing, changed or added. That guards
against accident; for more, sign the manifest as the bundle's README tells.

The exit status is 0 when the bundle was made or is as its manifest says, 1 when --verify finds a difference, and 2 when
the input was wrong.`,
		Example: `  shutout evidence runs/20260304-050607
  shutout evidence runs/20260304-050607 --out evidence.zip --limit 15m --organisation "Example Ltd"
  shutout evidence --verify evidence.zip`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := notEmpty(cmd, "out", "organisation"); err != nil {
				return err
			}
			if len(args) != 1 {
				return fmt.Errorf("evidence takes one run folder or result document, or with --verify one bundle, found %s (%s --help)",
					lab.Count(len(args), "argument"), cmd.CommandPath())
			}
			if f.verify {
				if f.out != "" || f.organisation != "" || f.limit.set {
					return fmt.Errorf("--verify goes with no other flag (%s --help)", cmd.CommandPath())
				}
				a.exit, err = verifyEvidence(a.out, args[0])
				return err
			}
			return f.make(a.out, args[0])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.out, "out", "", "write to `PATH`: a zip file if it ends in .zip, otherwise a folder (default RUN-evidence.zip)")
	fs.Var(&f.limit, "limit", "the time that the organisation's own rules allow, such as 15m, in the place of each case's limit")
	fs.StringVar(&f.organisation, "organisation", "", "whose evidence it is: the `NAME` stands on its pages")
	fs.BoolVar(&f.verify, "verify", false, "compare a bundle with its manifest")
	fs.SortFlags = false
	return cmd
}

// make makes the bundle of a run.
func (f *evidenceFlags) make(out *terminal, run string) error {
	if utf8.RuneCountInString(f.organisation) > maxOrganisation || !utf8.ValidString(f.organisation) {
		return fmt.Errorf("--organisation: expected a name of at most %d characters", maxOrganisation)
	}
	doc, err := readWhole(run)
	if err != nil {
		return err
	}
	limit := f.limit.or()
	files, err := dossier.Files(doc, dossier.Options{Organisation: f.organisation, Limit: limit, Tool: tool()})
	if err != nil {
		return err
	}
	path := f.out
	if path == "" {
		base := filepath.Clean(run)
		if base == "." || base == ".." || base == string(filepath.Separator) {
			return errors.New("the run has no name of its own: say with --out where the bundle goes")
		}
		path = strings.TrimSuffix(base, ".json") + "-evidence.zip"
	}
	if err := bundle.Write(path, files); err != nil {
		return unwritable(path, err)
	}
	var rows [][]string
	for _, a := range controls.Assess(doc, limit) {
		rows = append(rows, []string{a.Outcome.Mark() + " " + string(a.Outcome), a.Standard + " " + a.Number, a.Title})
	}
	out.table("  ", rows)
	if !report.HasTranscripts(doc) {
		out.paragraph("", fmt.Sprintf("There is no %s beside the result, so the bundle has no transcripts.", report.TranscriptsFile))
	}
	fmt.Fprintf(out, "%s, %s and %s\n", path, lab.Count(len(files), "file"), bundle.ManifestFile)
	return nil
}

// verifyEvidence compares a bundle with its manifest and returns the exit code.
func verifyEvidence(out *terminal, path string) (int, error) {
	n, differ, err := bundle.Verify(path)
	if err != nil {
		return exitBad, err
	}
	if differ == nil {
		fmt.Fprintf(out, "%s: all %s are as the manifest says\n", path, lab.Count(n, "file"))
		return exitKept, nil
	}
	for _, d := range differ {
		fmt.Fprintln(out, d)
	}
	fmt.Fprintf(out, "%s: %s from the manifest\n", path, lab.Count(len(differ), "difference"))
	return exitBroken, nil
}
