package profile

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"shutout/fixtures/profiles"
	"shutout/fixtures/sources"
)

// Confidence says how sure a value is.
type Confidence string

const (
	Documented Confidence = "D" // by the vendor or a standard
	Reported   Confidence = "A" // by administrators
	Inferred   Confidence = "I" // from documented parts
	General    Confidence = "G" // general knowledge, no source found
)

// document is the data file.
type document struct {
	Profiles   []Version    `yaml:"profiles"`
	Parameters []*parameter `yaml:"parameters"`

	byName map[string]*parameter
}

// parameter is one entry of the data file.
type parameter struct {
	Name         string     `yaml:"name"`
	Doc          string     `yaml:"doc"`
	Kind         Kind       `yaml:"kind"`
	Choices      []string   `yaml:"choices"`
	Min          string     `yaml:"min"`
	Max          string     `yaml:"max"`
	Never        string     `yaml:"never"`
	Default      Value      `yaml:"default"`
	Overrides    []override `yaml:"overrides"`
	Alternatives []Value    `yaml:"alternatives"`

	min, max any    // parsed; nil without a bound
	field    []int  // the way to the field of Params
	at       Family // whose servers read it
}

// Value is a value of a parameter and where it comes from.
type Value struct {
	Text       string     `yaml:"value"`
	Source     []string   `yaml:"source"` // citations, see fixtures/sources
	Confidence Confidence `yaml:"confidence"`
	Note       string     `yaml:"note"`
}

// override is a default of the profiles that it names.
type override struct {
	For   []string `yaml:"for"`
	Value `yaml:",inline"`
}

// embedded reads the data that the program carries, once.
var embedded = sync.OnceValues(func() (*document, error) {
	return parse(profiles.Parameters, reflect.TypeFor[Params]())
})

// parse reads a data file and checks it, also against the struct type that holds the values. The error lists every fault.
func parse(data []byte, params reflect.Type) (*document, error) {
	var doc document
	if err := yaml.UnmarshalWithOptions(data, &doc, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("profile parameters: %w", err)
	}
	faults := slices.Concat(doc.index(), doc.checkProfiles(), doc.checkParameters(), doc.bind(params))
	if len(faults) > 0 {
		return nil, fmt.Errorf("profile parameters: %w", errors.Join(faults...))
	}
	return &doc, nil
}

// index fills byName and sorts the parameters by name.
func (d *document) index() (faults []error) {
	d.Parameters = slices.DeleteFunc(d.Parameters, func(p *parameter) bool { return p == nil })
	slices.SortStableFunc(d.Parameters, func(a, b *parameter) int { return strings.Compare(a.Name, b.Name) })
	d.byName = make(map[string]*parameter, len(d.Parameters))
	for _, p := range d.Parameters {
		if d.byName[p.Name] != nil {
			faults = append(faults, fmt.Errorf("%s stands there twice", p.Name))
		}
		d.byName[p.Name] = p
	}
	return faults
}

// checkProfiles looks for profiles without a name, a title, versions or a source, and for names given twice.
func (d *document) checkProfiles() (faults []error) {
	seen := map[string]bool{}
	for i := range d.Profiles {
		v := &d.Profiles[i]
		cite(v.Source, func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("profile %q: %s", v.Name, fmt.Sprintf(format, args...)))
		})
		if v.Name == "" || v.Title == "" || v.Versions == "" || len(v.Source) == 0 {
			faults = append(faults, fmt.Errorf("profile %q needs a name, a title, versions and a source", v.Name))
		}
		if seen[v.Name] {
			faults = append(faults, fmt.Errorf("profile %q stands there twice", v.Name))
		}
		seen[v.Name] = true
	}
	return faults
}

// checkParameters checks each parameter by itself and brings its values into the form that List gives.
func (d *document) checkParameters() (faults []error) {
	for _, p := range d.Parameters {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("%s: %s", p.Name, fmt.Sprintf(format, args...)))
		}
		if p.Name == "" || p.Doc == "" {
			fault("needs a name and a doc")
		}
		if !p.wellFormed() {
			fault("has the kind %q, or choices, bounds or a never that this kind cannot have", p.Kind)
			continue
		}
		p.min, p.max = d.bound(p, p.Min, fault), d.bound(p, p.Max, fault)
		d.checkValue(p, &p.Default, fault)
		for i := range p.Alternatives {
			d.checkValue(p, &p.Alternatives[i], fault)
		}
		named := map[string]bool{}
		for i := range p.Overrides {
			o := &p.Overrides[i]
			d.checkValue(p, &o.Value, fault)
			if len(o.For) == 0 {
				fault("the override %q names no profile", o.Text)
			}
			for _, name := range o.For {
				if d.version(name) == nil {
					fault("there is no profile %q", name)
				}
				if named[name] {
					fault("two overrides name %s", name)
				}
				named[name] = true
			}
		}
	}
	return faults
}

// bound reads a min or max; an empty one is nil.
func (d *document) bound(p *parameter, text string, fault func(string, ...any)) any {
	if text == "" {
		return nil
	}
	kind := p.Kind
	if kind == KindDurationList { // the bounds hold for its entries
		kind = KindDuration
	}
	v, ok := (&parameter{Kind: kind}).parseKind(text)
	if !ok {
		fault("the bound %q is no %s", text, kind)
		return nil
	}
	return v
}

// checkValue checks a value and its citation, and writes the value in its usual form.
func (d *document) checkValue(p *parameter, v *Value, fault func(string, ...any)) {
	parsed, ok := p.parse(v.Text)
	if ok {
		v.Text = format(parsed)
	} else {
		fault("the value %q is not %s", v.Text, p.phrase())
	}
	if len(v.Source) == 0 {
		fault("the value %q has no source", v.Text)
	}
	cite(v.Source, fault)
	if !slices.Contains([]Confidence{Documented, Reported, Inferred, General}, v.Confidence) {
		fault("the value %q has the confidence %q, not D, A, I or G", v.Text, v.Confidence)
	}
}

// cite checks citations and writes them in their usual form.
func cite(list []string, fault func(string, ...any)) {
	for i, text := range list {
		c, err := sources.Parse(text)
		if err != nil {
			fault("%v", err)
			continue
		}
		list[i] = c.String()
	}
}

// bind finds the field of each parameter, and looks for parameters without a field and fields without a parameter.
func (d *document) bind(params reflect.Type) (faults []error) {
	for _, f := range reflect.VisibleFields(params) {
		if f.Type.Kind() != reflect.Struct {
			faults = append(faults, fmt.Errorf("the field %s is outside the groups", f.Name))
			continue
		}
		for _, leaf := range reflect.VisibleFields(f.Type) {
			name := leaf.Tag.Get("param")
			p := d.byName[name]
			switch {
			case p == nil:
				faults = append(faults, fmt.Errorf("the field %s.%s has no parameter %q", f.Name, leaf.Name, name))
			case p.field != nil:
				faults = append(faults, fmt.Errorf("%s has two fields", name))
			case !p.fits(leaf.Type):
				faults = append(faults, fmt.Errorf("%s: the field %s.%s of type %s does not hold %s", name, f.Name, leaf.Name, leaf.Type, p.phrase()))
				p.field = slices.Concat(f.Index, leaf.Index)
			default:
				p.field = slices.Concat(f.Index, leaf.Index)
				p.at = Family(cmp.Or(leaf.Tag.Get("at"), f.Tag.Get("at"), string(everywhere)))
				if p.at != everywhere && !slices.Contains(p.at.choices(), string(p.at)) {
					faults = append(faults, fmt.Errorf("the field %s.%s is for servers of no family: %q", f.Name, leaf.Name, p.at))
				}
			}
		}
	}
	for _, p := range d.Parameters {
		if p.field == nil {
			faults = append(faults, fmt.Errorf("%s has no field", p.Name))
		}
	}
	return faults
}

// version finds a profile by its name; nil when there is none.
func (d *document) version(name string) *Version {
	i := slices.IndexFunc(d.Profiles, func(v Version) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Profiles[i]
}

// in gives the parameter's value in a profile.
func (p *parameter) in(profile string) Value {
	for _, o := range p.Overrides {
		if slices.Contains(o.For, profile) {
			return o.Value
		}
	}
	return p.Default
}

// cite finds the text that gives a value, the profile's own first; without one the value stands alone.
func (p *parameter) cite(profile, text string) Value {
	known := append([]Value{p.in(profile), p.Default}, p.Alternatives...)
	for _, o := range p.Overrides {
		known = append(known, o.Value)
	}
	for _, v := range known {
		if v.Text == text {
			return v
		}
	}
	return Value{Text: text}
}
