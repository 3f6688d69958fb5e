package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios/claims"
	"shutout/sim"
	"shutout/sim/profile"
)

// claimsFlags are the flags of claims as they were given.
type claimsFlags struct {
	source, disagreement string
	details              bool
	set                  []string
	seed                 uint64
	json                 string
	markdown             bool
}

// claimsOptions is a command line of claims that has been understood.
type claimsOptions struct {
	Plan     *claims.Plan
	Seed     uint64
	JSON     string // as in runOptions
	Markdown bool
	Brief    bool
	Details  bool
	Replay   string

	Stdout, Stderr *terminal
}

func (a *app) claimsCommand() *cobra.Command {
	f := &claimsFlags{}
	cmd := &cobra.Command{
		Use:   "claims [ID...]",
		Short: "Test what documents and vendor texts say",
		Long: `Claims plays the ledger: sentences of documents and of vendor texts, each as an experiment with several variations, such
as other versions, other parameters, other clients, or single steps of an SOP. A claim is confirmed if what it says is
seen in every variation, refuted if in none, and depends if in some: then it is told what decides, as found by playing.
Below stand the questions about which the texts disagree.

Without a choice each claim is told in a line or two; with --source or --disagreement also what was seen of it; and with ids
each observation, with its reason and the command that plays it again, which --details shows of all. What is predicted of a claim
holds for the parameters as they are, so with --set nothing is.

All claims together are some 400 plays, which take about a minute of processor time: half a minute where two cores have
nothing else to do.

The exit status is 0 when every claim came out as predicted, 1 when one did not, and 2 when the input was wrong.`,
		Example: `  shutout claims
  shutout claims reset-makes-outlook-ask reset-and-disable-do-nothing
  shutout claims --disagreement X1
  shutout claims --source 001 --details
  shutout claims --source KB3035228 --set iis.token_ttl_mode=absolute
  shutout claims --markdown
  shutout claims --json -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmpty(cmd, "source", "disagreement", "json"); err != nil {
				return err
			}
			opts, err := f.options(args)
			if err != nil {
				return err
			}
			opts.Stdout, opts.Stderr = a.out, a.err
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			a.exit, err = runClaims(ctx, opts)
			return err
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.source, "source", "", "only what comes from the document or text `NAME`, or from a statement: KB3035228, 000, 000#reset-prompts")
	fs.StringVar(&f.disagreement, "disagreement", "", "only what answers the question `ID`, such as X1")
	fs.BoolVar(&f.details, "details", false, "show each observation")
	fs.StringArrayVar(&f.set, "set", nil, "set a parameter in every profile, `NAME=VALUE`; may be given several times")
	f.seed = 1
	fs.Var((*numberFlag)(&f.seed), "seed", "the `NUMBER` that everything random comes from")
	fs.BoolVar(&f.markdown, "markdown", false, "write Markdown")
	fs.StringVar(&f.json, "json", "", "write the document to `FILE`, or with - to standard output and nothing else there")
	fs.SortFlags = false
	return cmd
}

// noClaim tells that nothing is called id, and what may have been meant.
func noClaim(ledger *claims.Ledger, id string) error {
	if d, ok := ledger.Disagreement(id); ok {
		return fmt.Errorf("%s is a question that several claims answer: shutout claims --disagreement %s", d.ID, d.ID)
	}
	var known []string
	for _, c := range ledger.All() {
		known = append(known, c.ID)
	}
	hint := ""
	if near := strict.Nearest(id, known); len(near) > 0 {
		hint = ": did you mean " + near[0] + "?"
	}
	return fmt.Errorf("there is no claim %s%s (shutout list claims)", strict.Quote(id), hint)
}

// options chooses the claims and plans their plays.
func (f *claimsFlags) options(ids []string) (*claimsOptions, error) {
	if f.markdown && f.json == "-" {
		return nil, errors.New("--markdown and --json - both write to standard output: say one of the two, or give --json a file")
	}
	ledger := claims.Load()
	chosen, err := f.choose(ledger, ids)
	if err != nil {
		return nil, err
	}
	for _, name := range profile.Names() {
		if _, err := loadProfile(name, f.set); err != nil {
			return nil, err
		}
	}
	plan, err := claims.NewPlan(ledger, chosen, f.set)
	if err != nil {
		return nil, err
	}
	return &claimsOptions{
		Plan: plan, Seed: f.seed, JSON: f.json, Markdown: f.markdown, Replay: f.replay(ids),
		Brief:   len(ids) == 0 && f.source == "" && f.disagreement == "" && !f.details,
		Details: f.details || len(ids) > 0,
	}, nil
}

func (f *claimsFlags) choose(ledger *claims.Ledger, ids []string) ([]*claims.Claim, error) {
	all := ledger.All()
	for i, id := range ids {
		if _, ok := ledger.Find(id); !ok {
			return nil, noClaim(ledger, id)
		}
		if slices.Contains(ids[:i], id) {
			return nil, fmt.Errorf("%s is named twice", id)
		}
	}
	if _, ok := ledger.Disagreement(f.disagreement); f.disagreement != "" && !ok {
		var known []string
		for _, d := range ledger.Disagreements {
			known = append(known, d.ID)
		}
		return nil, fmt.Errorf("there is no disagreement %s: expected one of %s", strict.Quote(f.disagreement), strings.Join(known, ", "))
	}
	var source sources.Citation
	if f.source != "" {
		var err error
		if source, err = sources.Parse(f.source); err != nil {
			return nil, err
		}
	}
	chosen := slices.DeleteFunc(all, func(c *claims.Claim) bool {
		return len(ids) > 0 && !slices.Contains(ids, c.ID) ||
			f.disagreement != "" && !strings.EqualFold(f.disagreement, c.Disagreement) ||
			f.source != "" && !c.From(source)
	})
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case f.source != "" && len(ids) == 0 && f.disagreement == "":
		return nil, fmt.Errorf("no claim comes from %s (shutout list claims)", source)
	}
	return nil, errors.New("no claim is all of that at once (shutout list claims)")
}

func (f *claimsFlags) replay(ids []string) string {
	line := newReplay("claims", ids...)
	line.flag("source", f.source)
	line.flag("disagreement", f.disagreement)
	if f.details {
		*line = append(*line, "--details")
	}
	line.played(f.set, f.seed)
	return line.String()
}

// manyPlays is how many take so long that somebody wonders what goes on.
const manyPlays = 50

// runClaims plays the plan, writes what was found and returns the exit code.
func runClaims(ctx context.Context, o *claimsOptions) (exit int, err error) {
	if o.JSON != "" && o.JSON != "-" {
		if err := writable(o.JSON); err != nil {
			return exitBad, fmt.Errorf("write the document: %w", err)
		}
	}
	cases := o.Plan.Scenarios()
	if len(cases) >= manyPlays {
		o.Stderr.paragraph("", fmt.Sprintf("%d plays, where 400 take about a minute of processor time", len(cases)))
	}
	begun := time.Now()
	results, err := playAll(ctx, &simVenue{sim.PlayOptions{Seed: o.Seed}}, cases, o.Stderr)
	if err != nil {
		return exitBad, err
	}
	doc := o.Plan.Document(results, commandLine(o.Seed))
	doc.Tool, doc.Lab = tool(), simLab
	doc.Seed, doc.Replay, doc.WallS = o.Seed, o.Replay, lab.Seconds(time.Since(begun))
	var text bytes.Buffer
	if err := claims.JSON(&text, doc); err != nil {
		return exitBad, err
	}
	if o.JSON != "" && o.JSON != "-" {
		if err := os.WriteFile(o.JSON, text.Bytes(), 0o644); err != nil {
			return exitBad, fmt.Errorf("write the document: %w", unwritable(o.JSON, err))
		}
	}
	switch {
	case o.JSON == "-":
		_, err = text.WriteTo(o.Stdout)
	case o.Markdown:
		err = claims.Markdown(o.Stdout, doc)
	default:
		err = claims.Terminal(o.Stdout, doc, claims.Style{Colour: o.Stdout.Colour, Width: o.Stdout.Width, Brief: o.Brief, Detail: o.Details})
	}
	if err != nil {
		return exitBad, err
	}
	if len(doc.Drift()) > 0 {
		return exitBroken, nil
	}
	return exitKept, nil
}

// commandLine writes the words of a command as somebody would type them, with
// the seed.
func commandLine(seed uint64) func(words []string) string {
	return func(words []string) string {
		line := newReplay(words[1], words[2:]...)
		line.flag("seed", fmt.Sprint(seed))
		return line.String()
	}
}

func claimRows() (rows [][]string) {
	for _, c := range claims.Load().All() {
		rows = append(rows, []string{c.ID, c.Disagreement + c.Side, c.Text})
	}
	return rows
}

// groupRows lists the texts that claims come from.
func groupRows() (rows [][]string) {
	for _, g := range claims.Load().Groups {
		rows = append(rows, []string{g.ID, lab.Count(len(g.Claims), "claim"), g.Title})
	}
	return append(rows, []string{"all of them: shutout list claims"})
}

// showClaim tells where a claim comes from and how it is tested.
func showClaim(t *terminal, ledger *claims.Ledger, c *claims.Claim) {
	title(t, "claim", c.ID, "“"+c.Text+"”")
	blank(t)
	kind := "experiment/"
	if _, own := ledger.Experiment(c.Case.ID); !own {
		kind = "scenario/"
	}
	fields(t,
		"experiment", c.Case.Title+" (shutout show "+kind+c.Case.ID+")",
		"limit", lab.Duration(c.Case.Within)+", watched for "+lab.Duration(c.Case.Horizon),
		"predicted", string(c.Expect),
		"file", fmt.Sprintf("%s:%d", c.File, c.Line),
		"test it", "shutout claims "+c.ID,
	)
	if d, ok := ledger.Disagreement(c.Disagreement); ok {
		blank(t)
		t.heading("the texts disagree: %s (%s)", d.Question, d.ID)
		for _, side := range [][2]string{{"A", d.A}, {"B", d.B}} {
			mine := ""
			if side[0] == c.Side {
				mine = " — this claim"
			}
			t.hanging("  "+side[0]+"  ", "     ", side[1]+mine)
		}
	}
	blank(t)
	t.heading("what it says will be seen")
	var rows [][]string
	for _, s := range c.Says {
		rows = append(rows, []string{s.Activity, string(s.Capability), s.Outcome.String()})
	}
	t.table("  ", rows)
	blank(t)
	t.heading("SOP")
	if len(c.Case.SOP) == 0 {
		fmt.Fprintln(t, "  none: this is what the organisation does by itself")
	}
	showSteps(t, c.Case.SOP)
	blank(t)
	t.heading("variations")
	variations, err := c.Variations(nil)
	if err == nil { // the ledger was read with them
		command := commandLine(1)
		for _, v := range variations {
			fmt.Fprintln(t, "  "+command(v.Command(c)))
		}
	}
	showSources(t, c.Sources)
}
