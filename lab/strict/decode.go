package strict

import (
	"encoding"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Decoder reads itself from a node, for types whose form in a file is not
// that of a struct, list or word. It reports problems to d.
type Decoder interface {
	DecodeNode(d *Doc, n *Node)
}

// Decode reads n into what into points to. A struct takes a mapping with the
// keys of its yaml tags; a field without a tag, or with the tag "-", is left
// alone. What into holds already stays unless the file says otherwise, also
// inside maps. Each thing that does not fit is a problem and is passed over.
// Also are keys of n that into does not have and that are in also, which
// somebody else reads.
func (d *Doc) Decode(n *Node, into any, also ...string) {
	if n == nil {
		return
	}
	d.value(n, reflect.ValueOf(into).Elem(), also)
}

func (d *Doc) value(n *Node, v reflect.Value, also []string) {
	if n.Kind == Faulty {
		return
	}
	if v.Kind() == reflect.Pointer {
		d.pointer(n, v, also)
		return
	}
	switch into := v.Addr().Interface().(type) {
	case Decoder:
		into.DecodeNode(d, n)
		return
	case *time.Duration:
		if text, ok := d.scalar(n, "a duration such as 15m"); ok {
			t, err := ParseDuration(text)
			switch {
			case errors.Is(err, errTooLong):
				d.Problemf(n, "%s is %v", Quote(text), err)
			case err != nil:
				d.Problemf(n, "%s is no duration: %v", Quote(text), err)
			default:
				*into = t
			}
		}
		return
	case *netip.Addr:
		const expected = "an address such as 203.0.113.9"
		if text, ok := d.scalar(n, expected); ok {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				d.Problemf(n, "found %s, expected %s", Quote(text), expected)
				return
			}
			*into = addr
		}
		return
	case encoding.TextUnmarshaler:
		if text, ok := d.scalar(n, "a value"); ok {
			fresh := reflect.New(v.Type()) // so that a faulty text changes nothing
			if err := fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
				d.Problemf(n, "%s cannot be read: %v", Quote(text), err)
				return
			}
			v.Set(fresh.Elem())
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, also)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.String:
		if text, ok := d.scalar(n, "a word or text"); ok {
			v.SetString(text)
		}
	case reflect.Bool:
		if text, ok := d.scalar(n, "true or false"); ok {
			if text != "true" && text != "false" {
				d.Problemf(n, "found %s, expected true or false", Quote(text))
				return
			}
			v.SetBool(text == "true")
		}
	case reflect.Int:
		if text, ok := d.scalar(n, "a whole number"); ok {
			i, err := strconv.Atoi(text)
			if err != nil {
				d.Problemf(n, "found %s, expected a whole number", Quote(text))
				return
			}
			v.SetInt(int64(i))
		}
	default:
		panic("strict: cannot decode into " + v.Type().String()) // a mistake of the caller, not of the file
	}
}

// pointer reads n into what v points to. A pointer to a single value stays nil
// if the value cannot be read, as if it were not there.
func (d *Doc) pointer(n *Node, v reflect.Value, also []string) {
	into := v
	if v.IsNil() {
		into = reflect.New(v.Type().Elem())
	}
	before := d.Count()
	d.value(n, into.Elem(), also)
	if d.Count() == before || into.Elem().Kind() == reflect.Struct {
		v.Set(into)
	}
}

func (d *Doc) scalar(n *Node, expected string) (string, bool) {
	if n.Kind != Scalar {
		d.Problemf(n, "found %s, expected %s", n.what(), expected)
	}
	return n.Text, n.Kind == Scalar
}

func (d *Doc) structure(n *Node, v reflect.Value, also []string) {
	fields := map[string]reflect.Value{}
	known := slices.Clone(also)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name] = v.Field(i)
			known = append(known, name)
		}
	}
	if n.Kind != Map {
		d.Problemf(n, "found %s, expected a mapping with keys such as %s", n.what(), strings.Join(known[:min(3, len(known))], ", "))
		return
	}
	for _, k := range n.Keys {
		f, ok := fields[k.Name.Text]
		switch {
		case ok && k.Value.Kind == Null:
			d.Problemf(k.Name, "%s has no value: write one, or leave the key out", k.Name.Text)
		case ok:
			d.value(k.Value, f, nil)
		case !slices.Contains(also, k.Name.Text):
			d.Problemf(k.Name, "unknown key %s%s", Quote(k.Name.Text), Expected(k.Name.Text, known))
		}
	}
}

func (d *Doc) mapping(n *Node, v reflect.Value) {
	if n.Kind != Map {
		d.Problemf(n, "found %s, expected a mapping", n.what())
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, k := range n.Keys {
		if k.Value.Kind == Null {
			d.Problemf(k.Name, "%s has no value: write one, or leave the key out", Quote(k.Name.Text))
			continue
		}
		key := reflect.ValueOf(k.Name.Text).Convert(v.Type().Key())
		e := reflect.New(v.Type().Elem()).Elem()
		if old := v.MapIndex(key); old.IsValid() {
			e.Set(old)
		}
		d.value(k.Value, e, nil)
		v.SetMapIndex(key, e)
	}
}

func (d *Doc) list(n *Node, v reflect.Value) {
	if n.Kind != List {
		d.Problemf(n, "found %s, expected a list such as [a, b]", n.what())
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		if item.Kind == Null {
			d.Problemf(item, "an entry of the list is empty")
			continue
		}
		d.value(item, s.Index(i), nil)
	}
	v.Set(s)
}
