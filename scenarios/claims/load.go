package claims

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios"
)

// ledgerFile is a file of the ledger as it is written.
type ledgerFile struct {
	Title         string          `yaml:"title"`
	Claims        []claimFile     `yaml:"claims"`
	Disagreements []*Disagreement `yaml:"disagreements"`
}

// claimFile is a claim as it is written.
type claimFile struct {
	ID           string                                 `yaml:"id"`
	Claim        string                                 `yaml:"claim"`
	Sources      []string                               `yaml:"sources"`
	Disagreement string                                 `yaml:"disagreement"`
	Side         string                                 `yaml:"side"`
	Case         string                                 `yaml:"case"`
	Within       *time.Duration                         `yaml:"within"`
	Horizon      *time.Duration                         `yaml:"horizon"`
	Vary         vary                                   `yaml:"vary"`
	Contrast     vary                                   `yaml:"contrast"`
	Says         map[string]map[lab.Capability]*Outcome `yaml:"says"`
	Expect       Verdict                                `yaml:"expect"`
}

// Parse reads a ledger from its files, by name. Its error is a
// [strict.Problems].
func Parse(texts map[string][]byte) (*Ledger, error) {
	r := &reader{ledger: &Ledger{}, claims: map[string]string{}, cases: map[string]*lab.Scenario{}}
	for _, sc := range catalogue() {
		r.cases[sc.ID] = sc
	}
	names := slices.Sorted(maps.Keys(texts))
	for _, name := range names {
		r.file(name, texts[name])
	}
	// A claim may be about an experiment, and about a disagreement, of another
	// file.
	for _, d := range r.docs {
		r.experiments(d)
	}
	for i, d := range r.docs {
		r.group(d, r.files[i])
	}
	var all strict.Problems
	for _, d := range r.docs {
		if problems, ok := d.Err().(strict.Problems); ok {
			all = append(all, problems...)
		}
	}
	if all != nil {
		return nil, all
	}
	return r.ledger, nil
}

// catalogue is read once; claims take copies of its cases.
var catalogue = sync.OnceValue(scenarios.Catalogue)

// reader puts a ledger together.
type reader struct {
	ledger *Ledger
	docs   []*strict.Doc
	files  []ledgerFile
	claims map[string]string // where each id stands
	cases  map[string]*lab.Scenario
}

func (r *reader) file(name string, src []byte) {
	d := strict.Parse(name, src)
	var f ledgerFile
	if d.Root == nil || d.Root.Kind != strict.Map {
		d.Problemf(d.Root, "this is no file of the ledger: it has title: and claims:")
		d.Root = &strict.Node{Kind: strict.Map, Line: 1, Col: 1}
	} else {
		d.Decode(d.Root, &f, "experiments")
		if f.Title == "" {
			d.Problemf(d.Root, "title is missing: say which text the claims come from")
		}
	}
	for i, dis := range f.Disagreements {
		n := d.Root.Find("disagreements", i)
		switch {
		case dis == nil:
		case dis.ID == "" || dis.Question == "" || dis.A == "" || dis.B == "":
			d.Problemf(n, "a disagreement has id, question, a and b")
		default:
			r.ledger.Disagreements = append(r.ledger.Disagreements, dis)
		}
	}
	r.docs, r.files = append(r.docs, d), append(r.files, f)
}

// experiments reads the cases that a file brings with it. One that is like
// another takes from it what it does not say itself.
func (r *reader) experiments(d *strict.Doc) {
	list := d.Root.Get("experiments")
	if list == nil {
		return
	}
	if list.Kind != strict.List {
		d.Problemf(list, "experiments takes a list of cases")
		return
	}
	written := map[string]*strict.Node{}
	for _, n := range list.Items {
		if n.Kind != strict.Map {
			d.Problemf(n, "an experiment is a case: a mapping with id, title, activities and controls")
			continue
		}
		if like := n.Get("like"); like != nil {
			base := written[like.Text]
			if base == nil {
				d.Problemf(like, "there is no experiment %s above%s", strict.Quote(like.Text), strict.Expected(like.Text, slices.Sorted(maps.Keys(written))))
				continue
			}
			n = inherit(n, base)
		}
		before := d.Count()
		sc := scenarios.Decode(d, n)
		if sc == nil || d.Count() > before {
			continue
		}
		if _, taken := r.cases[sc.ID]; taken {
			d.Problemf(n.Get("id"), "there is a case %s already", strict.Quote(sc.ID))
			continue
		}
		written[sc.ID] = n
		r.cases[sc.ID] = sc
		r.ledger.Experiments = append(r.ledger.Experiments, sc)
	}
}

// inherit returns what n says, and what base says beside it.
func inherit(n, base *strict.Node) *strict.Node {
	out := *n
	out.Keys = slices.DeleteFunc(slices.Clone(n.Keys), func(k strict.Key) bool { return k.Name.Text == "like" })
	for _, k := range base.Keys {
		if n.Get(k.Name.Text) == nil {
			out.Keys = append(out.Keys, k)
		}
	}
	return &out
}

func (r *reader) group(d *strict.Doc, f ledgerFile) {
	g := &Group{ID: strings.TrimSuffix(path.Base(d.File), path.Ext(d.File)), Title: strict.OneLine(f.Title)}
	for i := range f.Claims {
		n := d.Root.Find("claims", i)
		if n.Kind != strict.Map {
			continue // it has been complained about
		}
		if c := r.claim(d, n, &f.Claims[i]); c != nil {
			g.Claims = append(g.Claims, c)
		}
	}
	if g.Claims != nil {
		r.ledger.Groups = append(r.ledger.Groups, g)
	}
}

// claim checks one claim, which stands at n.
func (r *reader) claim(d *strict.Doc, n *strict.Node, f *claimFile) *Claim {
	before := d.Count()
	bad := func(key, format string, args ...any) { d.Problemf(n.Find(key), format, args...) }
	c := &Claim{
		ID: f.ID, Text: strict.OneLine(f.Claim), Disagreement: f.Disagreement, Side: f.Side,
		Vary: f.Vary, Contrast: f.Contrast, Expect: f.Expect, File: d.File, Line: n.Line,
	}
	switch where := r.claims[c.ID]; {
	case !strict.IsID(c.ID):
		bad("id", "%s is no id: expected small letters, digits and hyphens", strict.Quote(c.ID))
	case where != "":
		bad("id", "there is a claim %s already, at %s", strict.Quote(c.ID), where)
	}
	r.claims[c.ID] = fmt.Sprintf("%s:%d", d.File, n.Line)
	if c.Text == "" {
		bad("claim", "claim is missing: say in one sentence what the source says")
	}
	if !slices.Contains(verdicts, c.Expect) {
		bad("expect", "expect is %s: expected one of confirmed, refuted, depends", strict.Quote(string(c.Expect)))
	}
	r.origin(d, n, c, bad)
	base, known := r.cases[f.Case]
	if !known {
		bad("case", "there is no case %s%s (shutout list scenarios, and experiments: of the ledger)",
			strict.Quote(f.Case), strict.Expected(f.Case, slices.Sorted(maps.Keys(r.cases))))
		return nil
	}
	own := *base
	c.Case, c.within, c.horizon = &own, f.Within != nil, f.Horizon != nil
	if err := scenarios.SetTimes(c.Case, or(f.Within), or(f.Horizon)); err != nil {
		bad("horizon", "%v", err)
	}
	r.says(d, n, c, f.Says)
	if d.Count() > before {
		return nil
	}
	if err := c.contrast(); err != nil {
		bad("contrast", "%v", err)
	}
	if _, err := c.Variations(nil); err != nil {
		bad("vary", "%v", err)
	}
	return c
}

func or(t *time.Duration) time.Duration {
	if t == nil {
		return -1
	}
	return *t
}

// origin checks where the claim comes from, and what it answers.
func (r *reader) origin(d *strict.Doc, n *strict.Node, c *Claim, bad func(key, format string, args ...any)) {
	c.Sources = sources.Check(d, n.Get("sources"))
	if len(c.Sources) == 0 {
		bad("sources", "sources is missing: cite the statement of a document, or the code of a text (shutout list sources)")
	}
	if c.Disagreement == "" && c.Side == "" {
		return
	}
	if _, ok := r.ledger.Disagreement(c.Disagreement); !ok {
		bad("disagreement", "there is no disagreement %s", strict.Quote(c.Disagreement))
	}
	if c.Side != "A" && c.Side != "B" {
		bad("side", "side is %s: expected A or B, the answer that the claim gives", strict.Quote(c.Side))
	}
}

// says checks what is to be seen, and puts it into the order of the case.
func (r *reader) says(d *strict.Doc, n *strict.Node, c *Claim, says map[string]map[lab.Capability]*Outcome) {
	if len(says) == 0 {
		d.Problemf(n.Find("says"), "says is missing: tell what will be seen, such as {dana-owa: {send: within 15m}}")
	}
	var ids []string
	for _, a := range slices.Concat(c.Case.Activities, c.Case.Controls) {
		ids = append(ids, a.ID)
		words := threatWords
		if a.Role == lab.Control {
			words = controlWords
		}
		for _, capability := range a.Do {
			o := says[a.ID][capability]
			switch {
			case o == nil || o.Word == "":
			case !slices.Contains(words, o.Word):
				d.Problemf(n.Find("says", a.ID, string(capability)), "%s is not said of a %s: expected one of %s", o, a.Role, strings.Join(words, ", "))
			case o.longest() > c.Case.Horizon:
				d.Problemf(n.Find("says", a.ID, string(capability)), "%s is longer than the horizon of %s", o, lab.Duration(c.Case.Horizon))
			default:
				c.Says = append(c.Says, Saying{a.ID, capability, *o})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(says)) {
		i := slices.Index(ids, id)
		if i < 0 {
			d.Problemf(n.Find("says", id), "the case %s has no activity %s%s", c.Case.ID, strict.Quote(id), strict.Expected(id, ids))
			continue
		}
		a := slices.Concat(c.Case.Activities, c.Case.Controls)[i]
		for capability := range says[id] {
			if !slices.Contains(a.Do, capability) {
				d.Problemf(n.Find("says", id, string(capability)), "%s does not do %s", id, strict.Quote(string(capability)))
			}
		}
	}
}
