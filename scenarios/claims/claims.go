// Package claims holds the ledger of what the documents and the vendor's texts
// say and what an experiment can test: each sentence in our own words, with its
// source, as a case in which what it says is seen or not. A claim is played in
// several variations, and whether it holds in all, in none or in some of them is
// found by playing; which parameter decides is found, too.
package claims

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"shutout/fixtures/sources"
	"shutout/lab"
)

//go:embed *.yaml
var files embed.FS

// A Ledger is all claims, by the document that they come from.
type Ledger struct {
	Groups        []*Group
	Disagreements []*Disagreement
	// Experiments are the cases that are not in the catalogue because they tell
	// nothing but whether a claim is true.
	Experiments []*lab.Scenario
}

// A Group is the claims of one file.
type Group struct {
	ID     string // the file's name without its ending
	Title  string
	Claims []*Claim
}

// A Disagreement is a question to which the texts give two answers.
type Disagreement struct {
	ID       string `yaml:"id"` // "X1", "V1"
	Question string `yaml:"question"`
	A        string `yaml:"a"`
	B        string `yaml:"b"`
}

// A Claim is one sentence that can be tested.
type Claim struct {
	ID      string
	Text    string
	Sources []string
	// Disagreement is the question that it answers, if the texts disagree
	// about it, and Side which of the two answers it gives.
	Disagreement, Side string
	// Case is the experiment, with the claim's own limit and horizon.
	Case *lab.Scenario
	Says []Saying
	Vary []Dimension
	// Contrast names values of Vary that the sentence is not about: they are
	// played to show what is so without the thing that it speaks of.
	Contrast []Dimension
	// Expect is what we predict. The verdict itself is never written down.
	Expect Verdict
	File   string
	Line   int

	within, horizon bool // whether the limit and the horizon are its own
}

// Verdict is what was found about a claim.
type Verdict string

const (
	// Confirmed: what the claim says was seen in every variation.
	Confirmed Verdict = "confirmed"
	// Refuted: it was seen in none.
	Refuted Verdict = "refuted"
	// Depends: it was seen in some of them.
	Depends Verdict = "depends"
	// Unseen: no variation showed anything.
	Unseen Verdict = "unseen"
)

var verdicts = []Verdict{Confirmed, Refuted, Depends}

// A Saying is what a claim says will be seen of one capability of an activity.
type Saying struct {
	Activity   string
	Capability lab.Capability
	Outcome    Outcome
}

// Load returns the ledger that the product comes with. It is read once, so
// nobody may change it. A faulty file is a fault of the program that the
// package's tests meet, hence the panic.
var Load = sync.OnceValue(func() *Ledger {
	names, err := fs.Glob(files, "*.yaml")
	texts := map[string][]byte{}
	for _, name := range names {
		src, readErr := fs.ReadFile(files, name)
		err = cmp.Or(err, readErr)
		texts["scenarios/claims/"+name] = src
	}
	l, parseErr := Parse(texts)
	if err = cmp.Or(err, parseErr); err != nil {
		panic(fmt.Sprintf("the claims ledger is faulty:\n%v", err))
	}
	return l
})

// All lists the claims in the order of the ledger.
func (l *Ledger) All() []*Claim {
	var all []*Claim
	for _, g := range l.Groups {
		all = append(all, g.Claims...)
	}
	return all
}

// Find returns the claim that has this id.
func (l *Ledger) Find(id string) (*Claim, bool) {
	return find(l.All(), func(c *Claim) bool { return c.ID == id })
}

// Experiment returns a copy of the experiment that has this id.
func (l *Ledger) Experiment(id string) (*lab.Scenario, bool) {
	sc, ok := find(l.Experiments, func(sc *lab.Scenario) bool { return sc.ID == id })
	if !ok {
		return nil, false
	}
	own := *sc
	return &own, true
}

// Disagreement returns the disagreement that has this id.
func (l *Ledger) Disagreement(id string) (*Disagreement, bool) {
	return find(l.Disagreements, func(d *Disagreement) bool { return strings.EqualFold(d.ID, id) })
}

func find[T any](list []*T, ok func(*T) bool) (*T, bool) {
	if i := slices.IndexFunc(list, ok); i >= 0 {
		return list[i], true
	}
	return nil, false
}

// From tells whether the claim comes from a source, or from something that it
// says.
func (c *Claim) From(asked sources.Citation) bool {
	return slices.ContainsFunc(c.Sources, func(text string) bool {
		cited, err := sources.Parse(text)
		return err == nil && cited.Covers(asked)
	})
}
