// Package profile gives the numbers of the simulated organisation: one set of named, cited parameters for each range of
// Exchange versions. Two versions of one claim are two values of one parameter, so any parameter can be set for a run.
// The data stands in fixtures/profiles/parameters.yaml.
package profile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// Version says which versions of Exchange and Windows a profile stands for.
type Version struct {
	Name     string `yaml:"name"`
	Title    string `yaml:"title"`
	Versions string `yaml:"versions"`
	// Source cites what tells the versions apart; each parameter has sources of its own.
	Source []string `yaml:"source"`
}

// Parameter is one parameter of a profile, for people to read.
type Parameter struct {
	Name string
	Doc  string // one sentence
	Value
	Kind    Kind
	Choices []string // of a KindChoice
	// Takes says in words which values Set accepts.
	Takes string
	// Overridden says that Set gave the parameter another value than the profile has. Source and Confidence are then
	// those of a text that gives this value, and empty when none does.
	Overridden bool
	// Read says that servers of the profile's family read it. Where none does, its value means nothing.
	Read bool
	// Alternatives are other values that some text gives.
	Alternatives []Value
}

// Profile is one version's parameters, and what Set changed. It is not for use by several goroutines at a time.
type Profile struct {
	Version
	doc *document
	set map[string]string // what Set changed, in its usual form
}

// Versions lists the profiles, the oldest version first. It is empty when the data is faulty; Load then tells why.
func Versions() []Version {
	doc, err := embedded()
	if err != nil {
		return nil
	}
	return slices.Clone(doc.Profiles)
}

// Names lists the names of the profiles in the order of Versions.
func Names() []string {
	var names []string
	for _, v := range Versions() {
		names = append(names, v.Name)
	}
	return names
}

// Names lists the profiles of a family in the order of Versions.
func (f Family) Names() []string {
	return slices.DeleteFunc(Names(), func(name string) bool { return FamilyOf(name) != f })
}

// FamilyOf tells which family the profile of that name belongs to, "" if there is no such profile.
func FamilyOf(name string) Family {
	doc, err := embedded()
	if err != nil || doc.version(name) == nil {
		return ""
	}
	return Family(doc.byName["server.family"].in(name).Text)
}

// Load gives the profile of that name with some parameters changed, each as [Profile.Set] takes it. The error of an
// unknown name lists the known ones.
func Load(name string, set ...string) (*Profile, error) {
	doc, err := embedded()
	if err != nil {
		return nil, err
	}
	p, err := doc.load(name)
	if err != nil {
		return nil, err
	}
	for _, assignment := range set {
		if err := p.Set(assignment); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (d *document) load(name string) (*Profile, error) {
	v := d.version(name)
	if v == nil {
		var names []string
		for _, v := range d.Profiles {
			names = append(names, v.Name)
		}
		return nil, fmt.Errorf("unknown profile %s; the profiles are %s", quote(name), strings.Join(names, ", "))
	}
	return &Profile{Version: *v, doc: d, set: map[string]string{}}, nil
}

// Clone gives a copy that can be changed on its own.
func (p *Profile) Clone() *Profile {
	return &Profile{Version: p.Version, doc: p.doc, set: maps.Clone(p.set)}
}

// Set changes one parameter: "iis.token_ttl=5m". The error of an unknown parameter names the nearest ones, that of an
// impossible value says which values there are and gives an example.
func (p *Profile) Set(assignment string) error {
	name, text, found := strings.Cut(assignment, "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	if !found {
		return fmt.Errorf("%s sets nothing; write name=value, for example iis.token_ttl=15m", quote(assignment))
	}
	par := p.doc.byName[name]
	if par == nil {
		return fmt.Errorf("unknown parameter %s; %s", quote(name), p.doc.hint(name))
	}
	v, ok := par.parse(text)
	if !ok {
		return fmt.Errorf("%s takes %s, not %s; for example %s=%s", name, par.phrase(), quote(text), name, par.example())
	}
	p.set[name] = format(v)
	return nil
}

// text is the parameter's value now.
func (p *Profile) text(par *parameter) string {
	if text, ok := p.set[par.Name]; ok {
		return text
	}
	return par.in(p.Name).Text
}

// reads tells whether servers of the profile's family read a parameter.
func (p *Profile) reads(par *parameter) bool {
	return par.at == everywhere || par.at == Family(p.text(p.doc.byName["server.family"]))
}

// Params gives the values, typed. The result shares nothing with the profile.
func (p *Profile) Params() Params {
	var params Params
	root := reflect.ValueOf(&params).Elem()
	for _, par := range p.doc.Parameters {
		v, _ := par.parse(p.text(par)) // parse and Set have checked it
		field := root.FieldByIndex(par.field)
		field.Set(reflect.ValueOf(v).Convert(field.Type()))
	}
	return params
}

// Read gives the parameters that the profile's servers read, and what was set besides, sorted by name.
func (p *Profile) Read() []Parameter {
	return slices.DeleteFunc(p.List(), func(par Parameter) bool { return !par.Read && !par.Overridden })
}

// List gives every parameter, sorted by name.
func (p *Profile) List() []Parameter {
	list := make([]Parameter, 0, len(p.doc.Parameters))
	for _, par := range p.doc.Parameters {
		text := p.text(par)
		list = append(list, Parameter{
			Name:         par.Name,
			Doc:          par.Doc,
			Value:        par.cite(p.Name, text).clone(),
			Kind:         par.Kind,
			Choices:      slices.Clone(par.Choices),
			Takes:        par.phrase(),
			Overridden:   text != par.in(p.Name).Text,
			Read:         p.reads(par),
			Alternatives: cloneAll(par.Alternatives),
		})
	}
	return list
}

func (v Value) clone() Value {
	v.Source = slices.Clone(v.Source)
	return v
}

func cloneAll(values []Value) []Value {
	out := slices.Clone(values)
	for i := range out {
		out[i] = out[i].clone()
	}
	return out
}

// example is a value to show in an error: one that some text gives, rather a plain one than never.
func (p *parameter) example() string {
	for _, v := range append([]Value{p.Default}, p.Alternatives...) {
		if v.Text != "never" {
			return v.Text
		}
	}
	return p.Default.Text
}

// quote makes foreign text fit for an error message.
func quote(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
