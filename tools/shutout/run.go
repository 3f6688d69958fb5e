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
	Sweep bool   // look for what works without a session in every case
	JSON  string // where the result document goes: a file, "-" for standard output, or empty
	Out   string // the run folder
	// Fresh says that the run folder must be a new one: nobody named it.
	Fresh bool
	// Note says which cases nobody named are not played, and why; empty: all are.
	Note string
	// Replay is the command line that plays the same again.
	Replay string

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
	sweep             bool
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run [ID|FILE...]",
		Short: "Play cases and report when access really ended",
		Long: `Run plays cases of the catalogue, by id, and case files of your own; without arguments the whole catalogue. It reports
for each promise when access really ended, and why it lasted that long. With --sop and without arguments it plays the
cases of the catalogue in which somebody leaves.

With --sweep, it also looks, after the horizon, for what works without a session: a fresh sign-in, mail that is sent on,
others' rights, device partnerships, mail on the device and in the queues, out-of-office replies; and says what would
end it. Cases with sweep-expect have that done by themselves.

The exit status is 0 when every promise was kept, 1 when one was not or a sweep found what still serves whoever left, and
2 when the input was wrong.`,
		Example: `  shutout run
  shutout run session-open-before-disable our-case.yaml
  shutout run --sop our-sop.yaml --within 15m
  shutout run reset-iis-on-one-of-two --profiles all
  shutout run session-open-before-disable --set iis.token_ttl=7m --set iis.token_ttl_mode=absolute
  shutout run session-open-before-disable --sop thorough --sweep
  shutout run exchange-2013-test --steps disable-account,move-mailbox
  shutout run only-cas-down --json -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmpty(cmd, "sop", "steps", "profile", "profiles", "json", "out"); err != nil {
				return err
			}
			opts, err := f.options(args, time.Now())
			if err != nil {
				return err
			}
			opts.Stdout, opts.Stderr = a.out, a.err
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
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
	f.seed = 1
	fs.Var((*numberFlag)(&f.seed), "seed", "the `NUMBER` that everything random comes from")
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
	o := &runOptions{Set: f.set, Seed: f.seed, Sweep: f.sweep, JSON: f.json, Out: f.out, Replay: f.replay(args)}
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
	if len(args) == 0 {
		cases, o.Note = f.longEnough(cases, sop)
	}
	for _, sc := range cases {
		if err := f.change(sc, sop); err != nil {
			return nil, err
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
	if err := scenarios.SetTimes(sc, f.within.or(), f.horizon.or()); err != nil {
		return err
	}
	if f.within.set || f.horizon.set || len(f.set) > 0 {
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
	sc.SOP, sc.Expect, sc.ExpectOn = steps, nil, nil
	return nil
}

// replay writes the command line that plays the same again.
func (f *runFlags) replay(args []string) string {
	line := newReplay("run", args...)
	line.flag("sop", f.sop)
	line.flag("steps", f.steps)
	line.flag("profile", f.profile)
	line.flag("profiles", f.profiles)
	line.times(f.within, f.horizon)
	if f.sweep {
		line.word("--sweep")
	}
	line.played(f.set, f.seed)
	return line.String()
}
