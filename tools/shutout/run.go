package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/scenarios"
)

// runOptions is a command line of run that has been understood: all that
// runCases needs.
type runOptions struct {
	// Cases are what is played, in this order: one for each case and profile,
	// with --sop, --within and --horizon carried out.
	Cases []*lab.Scenario
	Set   []string // name=value, after those of the case; every profile takes them
	Seed  uint64
	Sweep bool // look for what works without a session in every case
	// Advise has tried out what would keep the promises that were broken.
	Advise bool
	JSON   string // where the result document goes: a file, "-" for standard output, or empty
	Out    string // the run folder
	// Fresh says that the run folder must be a new one: nobody named it.
	Fresh bool
	// Baseline is an earlier result, whose known failures are forgiven; nil:
	// none. BaselineName is what it was called.
	Baseline     *lab.Document
	BaselineName string
	// Note says which cases nobody named are not played, and why; empty: all are.
	Note string
	// Replay is the command line that plays the same again, and Inputs are the
	// files that it names.
	Replay string
	Inputs *lab.Inputs
	// Lab is the word of --lab, and Venue the lab that it means.
	Lab   string
	Venue venue
	// Named says that somebody asked for these cases, and not for the catalogue.
	Named bool
	// Unfit are the cases of the catalogue that cannot be cut short as asked.
	Unfit []string
	// Plan has the changes told and not made.
	Plan bool

	Stdout, Stderr *terminal
}

// runFlags are the flags of run as they were given.
type runFlags struct {
	sop, steps        string
	profile, profiles string
	within, horizon   durationFlag
	set               []string
	seed              uint64
	json, out         string
	baseline          string
	sweep, advise     bool
	lab, yes          string
	lead, every       durationFlag
	parallel          int
	plan              bool
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run [ID|FILE...]",
		Short: "Play cases and report when access really ended",
		Long: `Run plays cases of the catalogue, by id, and case files of your own; without arguments the whole catalogue. It reports
for each promise when access really ended, and why it lasted that long. With --sop and without arguments it plays the
cases of the catalogue in which somebody leaves.

Of an SOP given with --sop, a step that names ${leaver} is carried out for each person of the organisation whose access has to
end in the case, in the order of the file, and the other steps once. Somebody who also has to go on working in the case does
not leave. Such an SOP promises nothing about what it is not about: outsiders such as spammers and scanners, people who have to
go on working, and programs that need no account. That is n/a, and the reason tells which of them it is. A case in which nobody
leaves is refused, unless all that the SOP does is against abuse: then ${leaver} is the mailbox that is written to. An SOP that
does not name ${leaver} is about the servers or the network, and everything in the case counts.

With --lab containers the cases are played on real servers, which it starts and takes down again, and with --lab FILE in a
lab of your own that the file describes. There an hour takes an hour, so without arguments the cases are played that are over
within minutes; the others are told. In a lab of your own everything is written to a journal before it is changed, and put
back at the end, after Ctrl-C and after a fault; after kill -9 or a power failure, shutout revert puts it back. You say which
lab it is, on the terminal or with --yes-this-is-a-lab; --plan tells every change and touches nothing.

With --sweep, it also looks, after the horizon, for what works without a session: a fresh sign-in, mail that is sent on,
others' rights, device partnerships, mail on the device and in the queues, out-of-office replies; and says what would
end it. Cases with sweep-expect have that done by themselves.

With --advise, each case in which access lasted too long is played again with one more mitigation at a time, with pairs of
which one cuts what is open and one refuses what comes next, and then with the fewest of them that keep its promises and
disturb others least: that is what to change in the SOP. Only the simulation can do that.

With --baseline, what was broken in an earlier result already does not fail the run, unless it is worse now; shutout diff
--help tells what worse means. What is fixed since then is marked.

The run folder holds the result document (result.json), and made from it a page with timelines (report.html), report.txt,
junit.xml for build servers and summary.md for a job summary. Beside them inputs.json has the case and SOP files that were
named, as they were read, and transcripts.json what was said on the wire in the attempts that decided, without secrets;
shutout evidence takes both along. If there was an earlier result in the folder of --out, it is replaced, and that is said.

The exit status is 0 when every promise was kept, 1 when one was not or a sweep found what still serves whoever left, and
2 when the input was wrong.`,
		Example: `  shutout run
  shutout run session-open-before-disable our-case.yaml
  shutout run --sop our-sop.yaml --within 15m
  shutout run reset-iis-on-one-of-two --profiles all
  shutout run session-open-before-disable --set iis.token_ttl=7m --set iis.token_ttl_mode=absolute
  shutout run session-open-before-disable --sop thorough --sweep
  shutout run session-open-before-disable --sop our-sop.yaml --advise
  shutout run --baseline runs/last-week
  shutout run exchange-2013-test --steps disable-account,move-mailbox
  shutout run only-cas-down --json -
  shutout run --lab containers
  shutout run --lab our-lab.yaml --sop our-sop.yaml --horizon 3m --lead 20s --every 1s --plan`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmpty(cmd, "sop", "steps", "profile", "profiles", "baseline", "json", "out", "lab", "yes-this-is-a-lab"); err != nil {
				return err
			}
			opts, err := f.options(args, time.Now())
			if err != nil {
				return err
			}
			if opts.Venue, err = f.venue(a); err != nil {
				return err
			}
			opts.Stdout, opts.Stderr = a.out, a.err
			until := untilInterrupted
			if f.inRealTime() {
				until = a.untilPutBack
			}
			ctx, stop := until(cmd.Context())
			defer stop()
			if opts.Plan {
				a.exit, err = planCases(ctx, opts)
				return err
			}
			a.exit, err = runCases(ctx, opts)
			return err
		},
	}
	f.register(cmd)
	return cmd
}

func (f *runFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.sop, "sop", "", "play every case with the SOP `FILE` (or one of: shutout list sops) in the place of its own")
	fs.StringVar(&f.steps, "steps", "", "carry out only those steps of the SOP that `LIST` names, with commas between them; none: no step")
	fs.StringVar(&f.profile, "profile", "", "play with the profile `NAME` in the place of the case's own")
	fs.StringVar(&f.profiles, "profiles", "", "play once with each profile of `LIST`: all, or names with commas between them")
	fs.Var(&f.within, "within", "the limit, such as 15m, in the place of the case's own")
	fs.Var(&f.horizon, "horizon", "how long to watch, such as 2d, in the place of the case's own")
	fs.StringArrayVar(&f.set, "set", nil, "set a profile's parameter, `NAME=VALUE`; may be given several times")
	fs.BoolVar(&f.sweep, "sweep", false, "after the horizon, look for what still works without a session")
	fs.BoolVar(&f.advise, "advise", false, "try out what would keep the promises that were broken")
	fs.StringVar(&f.baseline, "baseline", "", "forgive what was broken in the result `RUN` already, a run folder or a result document")
	f.seed = 1
	fs.Var((*numberFlag)(&f.seed), "seed", "the `NUMBER` that everything random comes from")
	fs.StringVar(&f.lab, "lab", simLab, "the lab to play in: sim, containers, or the `FILE` that describes one")
	fs.Var(&f.lead, "lead", "let no activity begin longer before the order than `DURATION`")
	fs.Var(&f.every, "every", "let no activity wait longer between two attempts than `DURATION`")
	fs.IntVar(&f.parallel, "parallel", 0, "play `N` cases at a time in containers, each in a lab of its own (default: what this machine bears)")
	fs.BoolVar(&f.plan, "plan", false, "tell what would be changed in the lab of a file and how it is undone, and touch nothing")
	fs.StringVar(&f.yes, "yes-this-is-a-lab", "", "in scripts: the `NAME` of the lab of a file, whose accounts may be changed")
	fs.StringVar(&f.json, "json", "", "write the result document to `FILE`, or with - to standard output and nothing else there")
	fs.StringVar(&f.out, "out", "", "write the run folder to `DIR` (default runs/ and the time)")
	fs.SortFlags = false
}

// longEnough leaves out those cases of the whole catalogue that are over before
// the limit or the last step of an SOP, unless it is said how long to watch.
// Some last a minute, so that real servers can play them.
func (f *runFlags) longEnough(cases []*lab.Scenario, sop *scenarios.SOP) (long []*lab.Scenario, note string) {
	var need time.Duration
	if f.within.set {
		need = f.within.value
	}
	if sop != nil {
		need = max(need, sop.Length())
	}
	for _, sc := range cases {
		if f.horizon.set || sc.Horizon >= need {
			long = append(long, sc)
		}
	}
	if n := len(cases) - len(long); n > 0 && len(long) > 0 {
		return long, fmt.Sprintf("%s shorter than %s not played (--horizon 1h plays all)", lab.Count(n, "case"), lab.Duration(need))
	}
	return cases, ""
}

// options reads the cases and applies the flags. The error tells everything
// that is wrong with what was named.
func (f *runFlags) options(args []string, now time.Time) (*runOptions, error) {
	profiles, err := profileNames(f.profile, f.profiles)
	if err != nil {
		return nil, err
	}
	if err := f.fitTogether(); err != nil {
		return nil, err
	}
	o := &runOptions{Lab: f.lab, Named: len(args) > 0, Plan: f.plan, Set: f.set, Seed: f.seed, Sweep: f.sweep, Advise: f.advise, JSON: f.json, Out: f.out, Replay: f.replay(args)}
	if f.baseline != "" {
		o.BaselineName = f.baseline
		if o.Baseline, err = report.Read(f.baseline); err != nil {
			return nil, fmt.Errorf("--baseline: %w", err)
		}
	}
	cases, err := loadCases(args)
	if err != nil {
		return nil, err
	}
	var sop *scenarios.SOP
	if f.sop != "" {
		if sop, err = loadSOP(f.sop); err != nil {
			return nil, err
		}
		if len(args) == 0 {
			cases = slices.DeleteFunc(cases, func(sc *lab.Scenario) bool { return !scenarios.HasLeaver(sc) })
		}
	}
	o.Inputs = f.inputs(args, cases, sop)
	if len(args) == 0 {
		cases, o.Note = f.longEnough(cases, sop)
	}
	for _, sc := range cases {
		if err := f.change(sc, sop); err != nil {
			if f.inRealTime() && !o.Named {
				o.Unfit = append(o.Unfit, sc.ID) // some case always has a step that comes later
				continue
			}
			return nil, err
		}
		if f.inRealTime() { // a real lab is of the version that it is
			o.Cases = append(o.Cases, sc)
			continue
		}
		names := profiles
		if names == nil {
			names = []string{sc.Profile}
		}
		for _, name := range names {
			if _, err := loadProfile(name, slices.Concat(sc.Set, f.set)); err != nil {
				return nil, err
			}
			o.Cases = append(o.Cases, sc.WithProfile(name))
		}
	}
	if o.Out == "" {
		o.Fresh = true
		o.Out = filepath.Join("runs", now.Format("20060102-150405"))
		if len(cases) == 1 {
			o.Out += "-" + cases[0].ID
		}
	}
	return o, nil
}

func loadCases(args []string) ([]*lab.Scenario, error) {
	if len(args) == 0 {
		return scenarios.Catalogue(), nil
	}
	var cases []*lab.Scenario
	var faults []error
	named := map[string]string{}
	for _, arg := range args {
		sc, err := loadCase(arg)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if other, twice := named[sc.ID]; twice {
			faults = append(faults, fmt.Errorf("%s and %s are both called %s: name it once, or give one another id", other, arg, sc.ID))
		}
		named[sc.ID] = arg
		cases = append(cases, sc)
	}
	return cases, errors.Join(faults...)
}

// change carries out what the flags say about one case. What the sources
// predict is about the case as it was written, so the changed one predicts
// nothing.
func (f *runFlags) change(sc *lab.Scenario, sop *scenarios.SOP) error {
	if sop != nil {
		// The case's own steps are replaced, so they may lie where they like.
		sc.SOP = nil
	}
	within := f.within.or()
	if f.inRealTime() && !f.within.set && f.horizon.set { // cut short, a case has a limit that is cut short with it
		within = min(sc.Within, f.horizon.value)
	}
	scenarios.Hasten(sc, f.lead.or(), f.every.or())
	if err := scenarios.SetTimes(sc, within, f.horizon.or()); err != nil {
		return err
	}
	if f.within.set || f.horizon.set || f.lead.set || f.every.set || len(f.set) > 0 {
		sc.Forget()
	}
	if sop != nil {
		if err := sop.Bind(sc); err != nil {
			return err
		}
	}
	if f.steps == "" {
		return nil
	}
	var names []string
	if f.steps != "none" {
		names = strings.Split(f.steps, ",")
	}
	steps, err := scenarios.ChooseSteps(sc, names)
	if err != nil {
		return fmt.Errorf("--steps: %w", err)
	}
	sc.SOP = steps
	sc.Forget()
	return nil
}

// inputs are the files that the command line names, as they were read, and the
// command that plays the same again with them. An earlier result that it is
// compared with changes no verdict.
func (f *runFlags) inputs(args []string, cases []*lab.Scenario, sop *scenarios.SOP) *lab.Inputs {
	in := &lab.Inputs{Cases: map[string]string{}, SOPs: map[string]string{}}
	kept := *f
	kept.baseline = ""
	args = slices.Clone(args)
	for i, arg := range args {
		if isFile(arg) {
			args[i] = lab.CaseFile(cases[i].ID)
			in.Cases[cases[i].ID] = string(cases[i].Written)
		}
	}
	if sop != nil && isFile(f.sop) {
		kept.sop = lab.SOPFile(sop.ID)
		in.SOPs[sop.ID] = string(sop.Source())
	}
	in.Replay = kept.replay(args)
	return in
}

// replay writes the command line that plays the same again.
func (f *runFlags) replay(args []string) string {
	line := newReplay("run", args...)
	line.flag("sop", f.sop)
	line.flag("steps", f.steps)
	line.flag("profile", f.profile)
	line.flag("profiles", f.profiles)
	line.times(f.within, f.horizon)
	if f.lead.set {
		line.flag("lead", lab.Duration(f.lead.value))
	}
	if f.every.set {
		line.flag("every", lab.Duration(f.every.value))
	}
	if f.sweep {
		line.word("--sweep")
	}
	if f.advise {
		line.word("--advise")
	}
	if f.inRealTime() {
		line.flag("lab", f.lab)
		return line.String() // there is no seed to play it again by
	}
	line.flag("baseline", f.baseline)
	line.played(f.set, f.seed)
	return line.String()
}
