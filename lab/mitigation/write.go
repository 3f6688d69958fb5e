package mitigation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"shutout/lab"
)

// Describe writes an action's parameters as a file says them, without those
// that are left out: "user: dana, times: 2".
func Describe(a lab.Action) string {
	var parts []string
	eachParam(a, func(v reflect.Value, f field) {
		if !f.leftOut(v) {
			parts = append(parts, f.param.Name+": "+text(v))
		}
	})
	return strings.Join(parts, ", ")
}

// Values are an action's parameters as a file says them, without those that are
// left out.
func Values(a lab.Action) map[string]string {
	values := map[string]string{}
	eachParam(a, func(v reflect.Value, f field) {
		if !v.IsZero() {
			values[f.param.Name] = text(v)
		}
	})
	return values
}

// Accounts lists the people whose accounts an action's parameters name.
func Accounts(a lab.Action) (ids []string) {
	eachParam(a, func(v reflect.Value, f field) {
		switch {
		case f.kind != "account" || v.IsZero():
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				ids = append(ids, v.Index(i).String())
			}
		default:
			ids = append(ids, v.String())
		}
	})
	return ids
}

// Entry writes what a step says behind its time, so that it can be read again:
// "do: reset-password, user: dana, times: 2".
func Entry(a lab.Action) string {
	entry := "do: " + a.Name()
	eachParam(a, func(v reflect.Value, f field) {
		if f.param.Required || !f.leftOut(v) {
			entry += ", " + f.param.Name + ": " + spell(v, quoted)
		}
	})
	return entry
}

// plain is a word that YAML reads as it stands.
var plain = regexp.MustCompile(`^[A-Za-z0-9<][A-Za-z0-9._@/<>+-]*$`)

// quoted writes a word so that YAML reads it as one.
func quoted(word string) string {
	if plain.MatchString(word) && !slices.Contains([]string{"null", "Null", "NULL"}, word) {
		return word
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b) // a string of JSON is one of YAML
	e.SetEscapeHTML(false)
	_ = e.Encode(word) // strings can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// leftOut tells whether a file need not say a value.
func (f field) leftOut(v reflect.Value) bool {
	return v.IsZero() || f.param.Default != "" && text(v) == f.param.Default
}

// text writes a value as a file says it.
func text(v reflect.Value) string { return spell(v, func(word string) string { return word }) }

// spell is text in which each word is written in a way.
func spell(v reflect.Value, write func(string) string) string {
	if d, ok := v.Interface().(time.Duration); ok {
		return write(lab.Duration(d))
	}
	if v.Kind() != reflect.Slice {
		return write(fmt.Sprint(v.Interface()))
	}
	var items []string
	for i := range v.Len() {
		items = append(items, spell(v.Index(i), write))
	}
	return "[" + strings.Join(items, ", ") + "]"
}
