package report

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"shutout/lab"
)

// vocabulary lists the words of the document's types.
var vocabulary = map[reflect.Type][]string{
	reflect.TypeFor[lab.Verdict]():       words(append(lab.Verdicts[:len(lab.Verdicts):len(lab.Verdicts)], lab.Kept, lab.Lost)),
	reflect.TypeFor[lab.Role]():          words([]lab.Role{lab.Threat, lab.Control}),
	reflect.TypeFor[lab.Path]():          words(lab.Paths),
	reflect.TypeFor[lab.Capability]():    words(lab.Capabilities),
	reflect.TypeFor[lab.Layer]():         words(lab.ByMemory),
	reflect.TypeFor[lab.OutcomeResult](): words([]lab.OutcomeResult{lab.Done, lab.Failed, lab.NotApplicable}),
	reflect.TypeFor[lab.SweepKind]():     words(lab.SweepKinds),
	reflect.TypeFor[lab.Works]():         words(lab.WorksWords),
	reflect.TypeFor[lab.Shown]():         words([]lab.Shown{lab.ShownWire, lab.ShownListed}),
	reflect.TypeFor[lab.Change]():        words(lab.Changes),
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// mostSeconds bounds the times of a document, far beyond any run and within
// what a duration holds.
const mostSeconds = 1e9

// whole tells what a decoded document lacks.
func whole(d *lab.Document) error {
	if len(d.Runs) == 0 {
		return fmt.Errorf("it has no runs")
	}
	if err := wholeValue("", reflect.ValueOf(d).Elem(), false); err != nil {
		return err
	}
	for i, r := range d.Runs {
		if r.Scenario == "" {
			return fmt.Errorf("runs[%d] has no scenario", i)
		}
		for j, a := range r.Activities {
			if a.ID == "" {
				return fmt.Errorf("runs[%d].activities[%d] has no id", i, j)
			}
		}
	}
	return nil
}

// wholeValue checks one value and what is in it; optional says that the key may
// be left out.
func wholeValue(at string, v reflect.Value, optional bool) error {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name, options, tagged := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name == "" && !tagged || name == "-" { // a moment's own fields, and what is not in the document
				continue
			}
			if err := wholeValue(strings.TrimPrefix(at+"."+name, "."), v.Field(i), strings.Contains(options, "omit")); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := wholeValue(fmt.Sprintf("%s[%d]", at, i), v.Index(i), false); err != nil {
				return err
			}
		}
	case reflect.Pointer:
		switch {
		case !v.IsNil():
			return wholeValue(at, v.Elem(), optional)
		case !optional && v.Type().Elem().Kind() == reflect.Struct:
			return fmt.Errorf("%s is null", at)
		}
	case reflect.Float64:
		if math.Abs(v.Float()) > mostSeconds {
			return fmt.Errorf("%s is %g seconds", at, v.Float())
		}
	case reflect.String:
		known, closed := vocabulary[v.Type()]
		if !closed || optional && v.String() == "" {
			return nil
		}
		for _, w := range known {
			if w == v.String() {
				return nil
			}
		}
		return fmt.Errorf("%s is %s, which is none of %s", at, quoted(v.String()), strings.Join(known, ", "))
	}
	return nil
}
