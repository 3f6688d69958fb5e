package scenarios

import (
	"maps"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/strict"
)

// sceneFile is what people have set up before the case begins, as it is written.
type sceneFile struct {
	Forwards  map[string]string   `yaml:"forwards"`
	Rules     map[string]string   `yaml:"rules"`
	Delegates map[string][]string `yaml:"delegates"`
}

// scene checks who has set up what.
func (l *loader) scene(f sceneFile) {
	l.sc.Scene = lab.Scene{Forwards: f.Forwards, Rules: f.Rules, Delegates: f.Delegates}
	inside := l.accounts()
	person := func(where []any, id string) bool {
		if slices.Contains(inside, id) {
			return true
		}
		l.bad(where, "%s is nobody with a mailbox here%s", strict.Quote(id), strict.Expected(id, inside))
		return false
	}
	for _, key := range []string{"forwards", "rules"} {
		targets := f.Forwards
		if key == "rules" {
			targets = f.Rules
		}
		for _, id := range slices.Sorted(maps.Keys(targets)) {
			where := at("scene", key, id)
			if !person(where, id) {
				continue
			}
			switch to := targets[id]; {
			case !isAddress(to):
				l.bad(where, "%s is no mail address: expected one such as %s@private.example", strict.Quote(to), id)
			case strings.EqualFold(to, l.sc.Cast.People[id].Mail):
				l.bad(where, "the mailbox of %s would send its mail on to itself", id)
			}
		}
	}
	for _, of := range slices.Sorted(maps.Keys(f.Delegates)) {
		if !person(at("scene", "delegates", of), of) {
			continue
		}
		for i, to := range f.Delegates[of] {
			if where := at("scene", "delegates", of, i); person(where, to) && to == of {
				l.bad(where, "%s needs no right of others on the own mailbox", of)
			}
		}
	}
}

// accounts lists the people with a mailbox.
func (l *loader) accounts() []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(l.sc.Cast.People)) {
		if !l.sc.Cast.People[id].Outsider() {
			ids = append(ids, id)
		}
	}
	return ids
}

// sweep checks what is predicted of the sweep. A case that predicts something of
// it has it done.
func (l *loader) sweep(predictions lab.SweepPredictions) {
	if l.d.Root.Get("sweep-expect") == nil {
		return
	}
	l.sc.Sweep, l.sc.SweepExpect = true, predictions
	for _, kind := range slices.Sorted(maps.Keys(predictions)) {
		if !slices.Contains(lab.SweepKinds, kind) {
			l.bad(at("sweep-expect", string(kind)), "a sweep looks for no %s%s", strict.Quote(string(kind)), strict.Expected(string(kind), words(lab.SweepKinds)))
		}
		if w := predictions[kind]; !slices.Contains(lab.WorksWords, w) {
			l.bad(at("sweep-expect", string(kind)), "%s is no answer of a sweep%s", strict.Quote(string(w)), strict.Expected(string(w), words(lab.WorksWords)))
		}
	}
}
