// Package scenarios holds the cases that the product comes with, one YAML file
// each, and reads case files and SOP files, those of users included.
package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"shutout/fixtures"
	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/strict"
	"shutout/sim/profile"
)

// Defaults of a case file.
const (
	DefaultProfile = "ex2010"
	DefaultEvery   = 30 * time.Second
	DefaultSince   = -30 * time.Minute
	DefaultWithin  = 5 * time.Minute
	DefaultHorizon = 24 * time.Hour
	// DefaultSize is what a short mail that people write has in bytes. A size
	// limit of 1KB, the smallest that the directory can hold, must refuse it.
	DefaultSize = 2 << 10
)

// Bounds that keep a case from asking for more than a machine can hold.
const (
	minEvery   = time.Second
	longest    = strict.Longest
	maxContent = 100 << 20 // bytes that one message may have
)

// caseFile is a case as it is written.
type caseFile struct {
	ID         string                     `yaml:"id"`
	Title      string                     `yaml:"title"`
	Sources    []string                   `yaml:"sources"`
	Story      string                     `yaml:"story"`
	Profile    string                     `yaml:"profile"`
	Set        settings                   `yaml:"set"`
	Activities []activityFile             `yaml:"activities"`
	Controls   []activityFile             `yaml:"controls"`
	Within     time.Duration              `yaml:"within"`
	Horizon    time.Duration              `yaml:"horizon"`
	Expect     lab.Predictions            `yaml:"expect"`
	ExpectOn   map[string]lab.Predictions `yaml:"expect-on"`
	Scene      sceneFile                  `yaml:"scene"`

	SweepExpect lab.SweepPredictions `yaml:"sweep-expect"`
}

// settings are profile parameters, in the order of the file.
type settings []string

func (s *settings) DecodeNode(d *strict.Doc, n *strict.Node) {
	if n.Kind != strict.Map {
		d.Problemf(n, "set takes a mapping from parameters to values, such as {iis.token_ttl: 5m}")
		return
	}
	for _, k := range n.Keys {
		var value string
		if k.Value.Kind == strict.Null {
			d.Problemf(k.Name, "%s has no value", strict.Quote(k.Name.Text))
			continue
		}
		d.Decode(k.Value, &value)
		*s = append(*s, k.Name.Text+"="+value)
	}
}

// Load reads the case file at path. Its error is a [strict.Problems] with
// everything that is wrong with the file.
func Load(path string) (*lab.Scenario, error) {
	src, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, src)
}

// LoadAny reads the file at path, which is a case or an SOP: the one that it is
// not is nil. The people and servers that an SOP names are held against a cast,
// if there is one, with dana as the leaver.
func LoadAny(path string, cast *lab.Cast) (*lab.Scenario, *SOP, error) {
	src, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	if d := strict.Parse(path, src); d.Root != nil && isSOP(d.Root) {
		sop, err := parseSOP(path, src, "dana", cast)
		return nil, sop, err
	}
	sc, err := Parse(path, src)
	return sc, nil, err
}

// readFile reads a file that somebody named, but not more than a case may have.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: there is no such file", path)
		}
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: this is a folder: name the files in it", path)
	}
	src, err := io.ReadAll(io.LimitReader(f, strict.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return src, nil
}

// Parse reads a case from src. File names it in errors.
func Parse(file string, src []byte) (*lab.Scenario, error) {
	d := strict.Parse(file, src)
	if d.Root == nil || d.Root.Kind == strict.Null {
		if d.Err() == nil {
			d.Problemf(nil, "the file is empty: a case begins with id: and title: (see shutout show session-open-before-disable)")
		}
		return nil, d.Err()
	}
	switch {
	case isResult(d.Root):
		d.Problemf(d.Root, "this is a result document, not a case: shutout report shows it")
		return nil, d.Err()
	case IsLab(d.Root):
		d.Problemf(d.Root, labText)
		return nil, d.Err()
	case isSOP(d.Root):
		d.Problemf(d.Root, "this is an SOP, not a case: give it to --sop")
		return nil, d.Err()
	}
	sc := Decode(d, d.Root)
	if n := d.Root.Get("sop"); sc != nil && (n == nil || n.Kind == strict.List && len(n.Items) == 0) {
		d.Problemf(d.Root.Find("sop"), "there is no sop: add at least one step, such as - {at: 0s, do: disable-account, user: dana}")
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	sc.Written = slices.Clone(src)
	return sc, nil
}

// isResult tells whether a file is what a run leaves, in which every key would
// be an unknown one.
func isResult(root *strict.Node) bool { return root.Get("schema") != nil && root.Get("runs") != nil }

// Decode reads a case that stands at n in a file. What is wrong with it becomes
// a problem of d; the case is nil if there is nothing to make one of. A case in
// which nothing is done about anybody may leave the SOP out.
func Decode(d *strict.Doc, n *strict.Node) *lab.Scenario {
	cf := caseFile{Profile: DefaultProfile, Within: DefaultWithin, Horizon: DefaultHorizon}
	d.Decode(n, &cf, "cast", "sop")
	if n.Kind != strict.Map {
		return nil
	}
	sc := &lab.Scenario{
		ID:      cf.ID,
		Title:   strict.OneLine(cf.Title),
		Sources: sources.Check(d, n.Get("sources")),
		Story:   strings.TrimSpace(cf.Story),
		Profile: cf.Profile,
		Set:     cf.Set,
		Cast:    fixtures.DefaultCast(),
		Within:  cf.Within,
		Horizon: cf.Horizon,
		Expect:  cf.Expect, ExpectOn: cf.ExpectOn,
		File: d.File,
	}
	if c := n.Get("cast"); c != nil && c.Kind != strict.Null {
		fixtures.Overlay(d, c, sc.Cast)
	}
	l := &loader{d: d, root: n, sc: sc, ids: map[string]bool{}}
	l.head()
	l.profile()
	l.times()
	sc.Activities = l.activities("activities", lab.Threat, cf.Activities)
	sc.Controls = l.activities("controls", lab.Control, cf.Controls)
	l.sop()
	l.scene(cf.Scene)
	l.sweep(cf.SweepExpect)
	l.expect(l.sc.Expect, "expect")
	for name, predictions := range l.sc.ExpectOn {
		switch {
		case !slices.Contains(profile.Names(), name):
			l.bad(at("expect-on", name), "unknown profile %s%s (shutout list profiles)", strict.Quote(name), strict.Expected(name, profile.Names()))
		case name == l.sc.Profile:
			l.bad(at("expect-on", name), "%s is the case's own profile: what is expected on it stands under expect", name)
		}
		l.expect(predictions, "expect-on", name)
	}
	return sc
}

// isSOP tells whether a file has steps but nothing that only a case has.
func isSOP(n *strict.Node) bool {
	return n.Get("sop") != nil && !hasActors(n) && n.Get("within") == nil && n.Get("horizon") == nil
}

// actors are the keys under which a case says who does what.
var actors = []string{"activities", "controls"}

// hasActors tells whether a file says who does what, however it spells that.
func hasActors(n *strict.Node) bool {
	return slices.ContainsFunc(actors, func(key string) bool { return n.Get(key) != nil || misspelt(n, key) })
}

// misspelt tells whether a file has a key that may have been meant for another
// one, which it does not have.
func misspelt(n *strict.Node, key string) bool {
	return n.Get(key) == nil && slices.ContainsFunc(n.Keys, func(k strict.Key) bool {
		return strict.Nearest(k.Name.Text, []string{key}) != nil
	})
}

// IsLab tells whether a file describes a lab: it says so, or has what only a
// lab has and nothing of a case or an SOP.
func IsLab(n *strict.Node) bool {
	has := func(key string) bool { return n.Get(key) != nil }
	if has("kind") {
		return true
	}
	return slices.ContainsFunc([]string{"allow", "people", "endpoints", "canary", "mitigations"}, has) &&
		!slices.ContainsFunc([]string{"id", "sop", "activities", "controls"}, has)
}

// labText is told where a lab is given in the place of a case or an SOP.
const labText = "this describes a lab, and no case or SOP: give it to --lab (shutout lint tells whether it is right)"

// loader checks what was decoded and makes the scenario of it.
type loader struct {
	d    *strict.Doc
	root *strict.Node // where the case stands
	sc   *lab.Scenario
	ids  map[string]bool // of activities
}

// bad notes a problem at path, or at the nearest part of it that the file has.
func (l *loader) bad(path []any, format string, args ...any) {
	l.d.Problemf(l.root.Find(path...), format, args...)
}

func at(path ...any) []any { return path }

func (l *loader) head() {
	head(l.d, l.root, l.sc.ID, l.sc.Title)
	for _, key := range actors {
		if misspelt(l.root, key) {
			continue // told as an unknown key
		}
		if n := l.root.Get(key); n == nil || n.Kind == strict.List && len(n.Items) == 0 {
			l.bad(at(key), "%s", map[string]string{
				"activities": "there are no activities: say who uses which path, such as - {who: dana, from: home, path: owa, do: [read, send]}",
				"controls":   "there are no controls: without a bystander nobody can tell 'access ended' from 'the lab is down'",
			}[key])
		}
	}
}

// head checks what cases and SOPs have in common.
func head(d *strict.Doc, root *strict.Node, id, title string) {
	n := root.Get("id")
	switch {
	case n == nil:
		d.Problemf(root, "id is missing: give it a short name such as phone-keeps-syncing")
	case n.Kind == strict.Scalar && !strict.IsID(id):
		d.Problemf(n, "%s is no id: expected small letters, digits and hyphens", strict.Quote(id))
	}
	if n := root.Get("title"); n == nil || n.Kind == strict.Scalar && strings.TrimSpace(title) == "" {
		d.Problemf(root.Find("title"), "title is missing: say in one sentence what it shows")
	}
}

func (l *loader) profile() {
	p, err := profile.Load(l.sc.Profile)
	if err != nil {
		l.bad(at("profile"), "unknown profile %s%s (shutout list profiles)",
			strict.Quote(l.sc.Profile), strict.Expected(l.sc.Profile, profile.Names()))
		return
	}
	for _, assignment := range l.sc.Set {
		if err := p.Set(assignment); err != nil {
			name, _, _ := strings.Cut(assignment, "=")
			l.bad(at("set", name), "%v (shutout show %s)", err, l.sc.Profile)
		}
	}
}

func (l *loader) times() {
	sc := l.sc
	if sc.Within < 0 {
		l.bad(at("within"), "within is negative: expected a duration such as 15m")
	}
	if sc.Horizon <= 0 || sc.Horizon > longest {
		l.bad(at("horizon"), "horizon is %s: expected more than 0s and at most %s", lab.Duration(sc.Horizon), lab.Duration(longest))
	} else if sc.Within > sc.Horizon {
		l.bad(at("within"), "%s", withinText(sc.Within, sc.Horizon))
	}
}

func withinText(within, horizon time.Duration) string {
	return fmt.Sprintf("within (%s) is longer than the horizon (%s), so nothing could be late", lab.Duration(within), lab.Duration(horizon))
}

func (l *loader) sop() {
	n := l.root.Get("sop")
	if n == nil {
		return
	}
	leavers := Leavers(l.sc)
	if leavers == nil && n.Names(leaverVariable) {
		l.d.Problemf(n, "a step names ${leaver}, and nobody leaves in this case: name the person")
	}
	l.sc.SOP = decodeSteps(l.d, n, leavers, l.sc.Cast, l.sc.Horizon)
}

// expect checks the predictions that stand under the keys.
func (l *loader) expect(predictions lab.Predictions, keys ...any) {
	at := func(more ...any) []any { return append(slices.Clone(keys), more...) }
	for id, capabilities := range predictions {
		a := activity(l.sc, id)
		if a == nil {
			if !l.ids[id] && !misspelt(l.root, "activities") && !misspelt(l.root, "controls") { // otherwise it has been complained about
				l.bad(at(id), "there is no activity %s%s", strict.Quote(id), strict.Expected(id, activityIDs(l.sc)))
			}
			continue
		}
		known := []string{string(lab.Kept), string(lab.Lost), string(lab.NotAvailable)}
		if a.Role == lab.Threat {
			known = nil
			for _, v := range lab.Verdicts {
				known = append(known, string(v))
			}
		}
		for c, verdict := range capabilities {
			if !slices.Contains(a.Do, c) {
				l.bad(at(id, string(c)), "%s does not do %s%s", id, strict.Quote(string(c)), strict.Expected(string(c), words(a.Do)))
			}
			if !slices.Contains(known, string(verdict)) {
				l.bad(at(id, string(c)), "%s is no verdict of a %s%s", strict.Quote(string(verdict)), a.Role, strict.Expected(string(verdict), known))
			}
		}
	}
}

// everybody lists the activities and then the controls.
func everybody(sc *lab.Scenario) []*lab.Activity {
	return slices.Concat(sc.Activities, sc.Controls)
}

func activity(sc *lab.Scenario, id string) *lab.Activity {
	for _, a := range everybody(sc) {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func activityIDs(sc *lab.Scenario) []string {
	var ids []string
	for _, a := range everybody(sc) {
		ids = append(ids, a.ID)
	}
	return ids
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
