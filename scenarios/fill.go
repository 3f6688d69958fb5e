package scenarios

import (
	"fmt"
	"strings"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
)

// Fill makes an action of what somebody has filled in for each parameter. It
// holds the values to the same rules as a file, and tells for each parameter
// what is wrong with it; what has no parameter stands under the empty name. A
// single value for a list may name several, with commas between them.
func Fill(info mitigation.Info, values map[string][]string, cast *lab.Cast) (lab.Action, map[string]string) {
	d := strict.Parse(info.Name, nil)
	// Each parameter has a line of its own, by which its problems are known.
	step := &strict.Node{Kind: strict.Map, Line: 1}
	add := func(line int, name string, value *strict.Node) {
		step.Keys = append(step.Keys, strict.Key{Name: d.Word(line, name), Value: value})
	}
	add(1, "do", d.Word(1, info.Name))
	wrong := map[string]string{}
	for i, p := range info.Params {
		var given []string
		for _, v := range values[p.Name] {
			split := []string{v}
			if p.List {
				split = strings.Split(v, ",")
			}
			for _, v := range split {
				if v = strings.TrimSpace(v); v != "" {
					given = append(given, v)
				}
			}
		}
		line := i + 2
		switch {
		case given == nil && p.Required && !p.List: // an empty list may be meant
			wrong[p.Name] = fmt.Sprintf("is missing: expected a %s", p.Type)
		case given == nil && !p.Required:
		case p.List:
			list := &strict.Node{Kind: strict.List, Line: line}
			for _, v := range given {
				list.Items = append(list.Items, d.Word(line, v))
			}
			add(line, p.Name, list)
		case len(given) > 1:
			wrong[p.Name] = "has several values, and takes one"
		default:
			add(line, p.Name, d.Word(line, given[0]))
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	var decoded lab.Step
	if d.Err() == nil {
		decoded, _ = decodeStep(d, step, cast)
	}
	problems, _ := d.Err().(strict.Problems)
	for _, problem := range problems {
		name := ""
		if i := problem.Line - 2; i >= 0 && i < len(info.Params) {
			name = info.Params[i].Name
		}
		if wrong[name] != "" {
			wrong[name] += "; "
		}
		wrong[name] += strings.TrimPrefix(problem.Text, info.Name+": "+name+" ")
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return decoded.Action, nil
}

// WriteSOP writes steps as the SOP that [ParseSOP] reads.
func WriteSOP(id, title string, steps []lab.Step) []byte {
	b := fmt.Appendf(nil, "id: %s\ntitle: %s\nsop:\n", id, title)
	for _, s := range steps {
		b = fmt.Appendf(b, "  - {at: %s, %s}\n", lab.Duration(s.At), mitigation.Entry(s.Action))
	}
	return b
}
