package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/scenarios/claims"
	"shutout/scenarios/controls"
	"shutout/sim/profile"
)

// A topic is something that show can tell everything about.
type topic struct {
	kind, name string
	show       func(*terminal)
}

func (t topic) String() string { return t.kind + "/" + t.name }

// topics lists everything that has a name.
func topics() []topic {
	var all []topic
	add := func(kind, name string, show func(*terminal)) { all = append(all, topic{kind, name, show}) }
	for _, sc := range scenarios.Catalogue() {
		add("scenario", sc.ID, func(t *terminal) { showScenario(t, sc) })
	}
	for _, info := range mitigation.All() {
		add("mitigation", info.Name, func(t *terminal) { showMitigation(t, info) })
	}
	for _, s := range scenarios.SOPs() {
		add("sop", s.ID, func(t *terminal) { showSOP(t, s) })
	}
	for _, info := range scenarios.PathInfos() {
		add("path", string(info.Path), func(t *terminal) { showPath(t, info) })
	}
	for _, name := range profile.Names() {
		add("profile", name, func(t *terminal) { showProfile(t, name) })
	}
	for _, name := range parameterNames() {
		add("parameter", name, func(t *terminal) { showParameter(t, name) })
	}
	ledger := claims.Load()
	for _, sc := range ledger.Experiments {
		add("experiment", sc.ID, func(t *terminal) { showScenario(t, sc) })
	}
	for _, c := range ledger.All() {
		add("claim", c.ID, func(t *terminal) { showClaim(t, ledger, c) })
	}
	for _, c := range controls.All() {
		add("control", c.ID, func(t *terminal) { showControl(t, c) })
	}
	return all
}

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Show all about a scenario, mitigation, SOP, access path, profile, parameter, claim or control",
		Long: `Show tells everything that is known about a name. Where two things have one name, put the kind before it:
scenario/NAME, experiment/NAME, claim/NAME, control/NAME, mitigation/NAME, sop/NAME, path/NAME, profile/NAME or
parameter/NAME. NAME may also be the path of a case file or an SOP file.`,
		Example: `  shutout show session-open-before-disable
  shutout show reset-iis
  shutout show iis.token_ttl
  shutout show path/imap
  shutout show ps-4-a
  shutout show our-sop.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("show takes one name, found %d (shutout list, shutout show --help)", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if isFile(args[0]) {
				return showFile(a.out, args[0])
			}
			t, err := findTopic(topics(), args[0])
			if err == nil {
				t.show(a.out)
			}
			return err
		},
	}
}

// findTopic returns the one of all that a name means.
func findTopic(all []topic, name string) (topic, error) {
	var found []topic
	var names []string
	for _, t := range all {
		if t.name == name || t.String() == name {
			found = append(found, t)
		}
		names = append(names, t.name)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		hint := strict.Expected(name, names)
		if len(strict.Nearest(name, names)) == 0 {
			hint = ""
		}
		if d, ok := claims.Load().Disagreement(name); ok {
			return topic{}, fmt.Errorf("%s is a question that several claims answer: shutout claims --disagreement %s", d.ID, d.ID)
		}
		if c, err := sources.Parse(name); err == nil {
			return topic{}, fmt.Errorf("%s is a source: shutout list --source %s", strict.Quote(name), c)
		}
		return topic{}, fmt.Errorf("nothing is called %s%s (shutout list)", strict.Quote(name), hint)
	}
	var choices []string
	for _, t := range found {
		choices = append(choices, "shutout show "+t.String())
	}
	return topic{}, fmt.Errorf("%s is the name of several things: %s", strict.Quote(name), strings.Join(choices, ", "))
}

func showFile(t *terminal, path string) error {
	sc, sop, err := scenarios.LoadAny(path, nil)
	switch {
	case err != nil:
		return err
	case sop != nil:
		showSOP(t, sop)
	default:
		showScenario(t, sc)
	}
	return nil
}

// title writes the first lines of everything that is shown.
func title(t *terminal, kind, name, text string) {
	t.heading("%s (%s)", name, kind)
	t.paragraph("", text)
}

// fields writes names and what belongs to them, aligned; empty ones are left
// out. On a terminal a long one is wrapped, for nothing of it may be lost.
func fields(t *terminal, pairs ...string) {
	var rows [][]string
	widest := 0
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			rows = append(rows, []string{pairs[i], pairs[i+1]})
			widest = max(widest, utf8.RuneCountInString(pairs[i]))
		}
	}
	if t.Width == 0 {
		t.table("", rows)
		return
	}
	for _, row := range rows {
		gap := strings.Repeat(" ", widest-utf8.RuneCountInString(row[0])+2)
		t.hanging(row[0]+gap, strings.Repeat(" ", widest+2), row[1])
	}
}

func blank(t *terminal) { fmt.Fprintln(t) }

func showScenario(t *terminal, sc *lab.Scenario) {
	kind := "scenario"
	if _, ok := claims.Load().Experiment(sc.ID); ok {
		kind = "experiment"
	}
	title(t, kind, sc.ID, sc.Title)
	if sc.Story != "" {
		blank(t)
		t.paragraph("", sc.Story)
	}
	blank(t)
	fields(t,
		"profile", sc.Profile,
		"set", strings.Join(sc.Set, ", "),
		"limit", lab.Duration(sc.Within)+", watched for "+lab.Duration(sc.Horizon),
		"file", sc.File,
		"run", "shutout run "+runName(sc),
	)
	blank(t)
	showScene(t, sc)
	t.heading("activities that must end")
	showActivities(t, sc, sc.Activities)
	blank(t)
	t.heading("controls that must go on")
	showActivities(t, sc, sc.Controls)
	showManner(t, sc)
	blank(t)
	t.heading("SOP")
	showSteps(t, sc.SOP)
	showSweep(t, sc)
	showElsewhere(t, sc)
	showSources(t, sc.Sources)
}

// showElsewhere tells what a case predicts otherwise on other profiles.
func showElsewhere(t *terminal, sc *lab.Scenario) {
	var rows [][]string
	for _, profile := range slices.Sorted(maps.Keys(sc.ExpectOn)) {
		for _, list := range [][]*lab.Activity{sc.Activities, sc.Controls} {
			for _, a := range list {
				if predicted := sc.ExpectOn[profile][a.ID]; len(predicted) > 0 {
					rows = append(rows, []string{profile, a.ID, "expected: " + predictions(a, predicted)})
				}
			}
		}
	}
	if rows != nil {
		blank(t)
		t.heading("on other profiles the same, but for")
		t.table("  ", rows)
	}
}

// predictions lists what is predicted of an activity, in the order of what it
// does.
func predictions(a *lab.Activity, of map[lab.Capability]lab.Verdict) string {
	var all []string
	for _, c := range a.Do {
		if v := of[c]; v != "" {
			all = append(all, string(c)+" "+string(v))
		}
	}
	return strings.Join(all, ", ")
}

// runName is what run takes for a case: its id, or the file of the user's own.
func runName(sc *lab.Scenario) string {
	if own, ok := scenarios.Find(sc.ID); ok && own.File == sc.File {
		return sc.ID
	}
	if own, ok := claims.Load().Experiment(sc.ID); ok && own.File == sc.File {
		return sc.ID
	}
	return sc.File
}

func showActivities(t *terminal, sc *lab.Scenario, list []*lab.Activity) {
	var rows [][]string
	for _, a := range list {
		does := strings.Join(words(a.Do), ", ")
		if predicted := sc.Expect[a.ID]; len(predicted) > 0 {
			does = "expected: " + predictions(a, predicted)
		}
		host := sc.Cast.Hosts[a.From]
		rows = append(rows, []string{
			a.ID, a.Who, "from " + a.From + " (" + string(host.Zone) + ")", string(a.Path), "every " + lab.Duration(a.Every), does,
		})
	}
	t.table("  ", rows)
}

func showSteps(t *terminal, steps []lab.Step) {
	var rows [][]string
	for _, s := range steps {
		rows = append(rows, []string{"+" + lab.Duration(s.At), s.Action.Name(), mitigation.Describe(s.Action)})
	}
	t.table("  ", rows)
}

func showMitigation(t *terminal, info mitigation.Info) {
	title(t, "mitigation", info.Name, info.Title)
	blank(t)
	t.paragraph("", info.Doc)
	blank(t)
	fields(t, "in an SOP", "- "+info.Example, "only with", info.Where.String(), "side effects", info.SideEffects, "undo", info.Undo)
	if len(info.Params) > 0 {
		blank(t)
		t.heading("parameters")
		for _, p := range info.Params {
			need := "needed"
			switch {
			case p.Default != "":
				need = "default: " + p.Default
			case !p.Required:
				need = "left out: " + p.Omitted
			}
			t.hanging("  ", "      ", fmt.Sprintf("%s: %s (%s; %s)", p.Name, p.Doc, p.Type, need))
		}
	}
	blank(t)
	t.heading("in a real organisation")
	for _, line := range info.Cmdlets {
		fmt.Fprintln(t, "  "+line)
	}
	open := info.At(mitigation.OpenSite)
	showOpen(t, info, open)
	var cases []string
	for _, sc := range scenarios.Catalogue() {
		if slices.ContainsFunc(sc.SOP, func(s lab.Step) bool { return s.Action.Name() == info.Name }) {
			cases = append(cases, sc.ID)
		}
	}
	cites := slices.Concat(info.Sources, open.Sources)
	slices.Sort(cites)
	showSources(t, slices.Compact(cites))
	if cases != nil {
		blank(t)
		t.items("scenarios that use it", cases)
	}
}

// showOpen tells what is otherwise at a site with other servers.
func showOpen(t *terminal, info, open mitigation.Info) {
	if info.Open == nil {
		return
	}
	otherwise := func(here, elsewhere string) string {
		if here == elsewhere {
			return ""
		}
		return here
	}
	blank(t)
	t.heading("with %s", mitigation.OpenSite)
	if text := otherwise(open.Doc, info.Doc); text != "" {
		t.paragraph("  ", text)
	}
	for _, field := range [][2]string{
		{"side effects: ", otherwise(open.SideEffects, info.SideEffects)}, {"undo: ", otherwise(open.Undo, info.Undo)},
	} {
		if field[1] != "" {
			t.hanging("  "+field[0], "      ", field[1])
		}
	}
	for _, line := range info.Open.Cmdlets {
		fmt.Fprintln(t, "  "+line)
	}
}

func showSOP(t *terminal, s *scenarios.SOP) {
	title(t, "SOP", s.ID, s.Title)
	if s.Story != "" {
		blank(t)
		t.paragraph("", s.Story)
	}
	blank(t)
	name := s.ID
	if own, ok := scenarios.FindSOP(s.ID); !ok || own.File != s.File {
		name = s.File
	}
	fields(t, "file", s.File, "run", "shutout run --sop "+name)
	blank(t)
	t.heading("SOP, for a leaver called dana")
	steps, err := s.Steps([]string{"dana"}, nil, 0)
	if err == nil { // ParseSOP has read the same steps
		showSteps(t, steps)
	}
	showSources(t, s.Sources)
}

func showPath(t *terminal, info scenarios.PathInfo) {
	title(t, "path", string(info.Path), info.Title)
	blank(t)
	t.paragraph("", info.Doc)
	account := "none needed"
	if info.Account {
		account = "needed"
	}
	blank(t)
	fields(t, "can", strings.Join(words(info.Do), ", "), "account", account, "client: {auth: …}", strings.Join(words(info.Auth), ", "))
	var cases []string
	for _, sc := range scenarios.Catalogue() {
		if slices.ContainsFunc(sc.Activities, func(a *lab.Activity) bool { return a.Path == info.Path }) {
			cases = append(cases, sc.ID)
		}
	}
	showSources(t, info.Sources)
	if cases != nil {
		blank(t)
		t.items("scenarios that use it", cases)
	}
}
