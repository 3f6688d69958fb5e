package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/sim/profile"
)

// lists are what list can show, in the order in which it shows all.
var lists = []struct {
	kind  string
	rows  func() [][]string
	brief func() [][]string // for the list of everything
}{
	{"scenarios", scenarioRows, scenarioRows},
	{"mitigations", mitigationRows, mitigationRows},
	{"sops", sopRows, sopRows},
	{"paths", pathRows, pathRows},
	{"profiles", profileRows, profileRows},
	{"claims", claimRows, groupRows},
	{"sources", sourceRows, documentRows},
}

func (a *app) listCommand() *cobra.Command {
	kinds := make([]string, len(lists))
	for i, l := range lists {
		kinds[i] = l.kind
	}
	var source string
	cmd := &cobra.Command{
		Use:   "list [" + strings.Join(kinds, "|") + "]",
		Short: "List scenarios, mitigations, SOPs, access paths, profiles, claims and sources",
		Long: `List names everything that the product comes with. With --source it goes the other way: what a document says,
statement by statement, and what in the catalogue covers it. A document's file name may be shortened to its number.`,
		Example: `  shutout list
  shutout list mitigations
  shutout list --source 000_aa5026bcf9d1a159.txt
  shutout list --source 000#reset-prompts
  shutout list --source KB3035228`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("list takes one kind at most, found %d (shutout list --help)", len(args))
			}
			return nil
		},
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("source") {
				if len(args) > 0 {
					return fmt.Errorf("--source lists of every kind what cites it: leave %s out", strict.Quote(args[0]))
				}
				return listSource(a.out, source)
			}
			if len(args) == 1 {
				for _, l := range lists {
					if l.kind == args[0] {
						a.out.table("", l.rows())
						return nil
					}
				}
				return fmt.Errorf("there is no list %s%s", strict.Quote(args[0]), strict.Expected(args[0], kinds))
			}
			for i, l := range lists {
				if i > 0 {
					fmt.Fprintln(a.out)
				}
				a.out.heading("%s", l.kind)
				a.out.table("  ", l.brief())
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&source, "source", "", "list what covers `SOURCE`: a document (FILE), one of its statements (FILE#STATEMENT) or a text (CODE)")
	return cmd
}

func scenarioRows() (rows [][]string) {
	for _, sc := range scenarios.Catalogue() {
		rows = append(rows, []string{sc.ID, sc.Profile, "limit " + lab.Duration(sc.Within), sc.Title})
	}
	return rows
}

func mitigationRows() (rows [][]string) {
	for _, info := range mitigation.All() {
		var params []string
		for _, p := range info.Params {
			if p.Required {
				params = append(params, p.Name)
			} else {
				params = append(params, "["+p.Name+"]")
			}
		}
		rows = append(rows, []string{info.Name, info.Title, strings.Join(params, " ")})
	}
	return rows
}

func sopRows() (rows [][]string) {
	for _, s := range scenarios.SOPs() {
		steps, err := s.Steps([]string{"leaver"}, nil, 0)
		if err != nil {
			steps = nil // the catalogue's tests meet it
		}
		rows = append(rows, []string{s.ID, lab.Count(len(steps), "step"), s.Title})
	}
	return rows
}

func pathRows() (rows [][]string) {
	for _, info := range scenarios.PathInfos() {
		rows = append(rows, []string{string(info.Path), info.Title, strings.Join(words(info.Do), " ")})
	}
	return rows
}

func profileRows() (rows [][]string) {
	for _, v := range profile.Versions() {
		rows = append(rows, []string{v.Name, v.Title, v.Versions})
	}
	return rows
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
