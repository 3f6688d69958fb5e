package profile

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Kind is the form of a parameter's values.
type Kind string

const (
	KindDuration     Kind = "duration"
	KindInt          Kind = "int"
	KindBool         Kind = "bool"
	KindSize         Kind = "size"
	KindChoice       Kind = "choice"
	KindDurationList Kind = "duration-list"
)

// wellFormed says whether the kind is known, and has choices, bounds and a never only where they mean something.
func (p *parameter) wellFormed() bool {
	bounded, choosing, unending := p.Min+p.Max != "", len(p.Choices) > 0, p.Never != ""
	switch p.Kind {
	case KindDuration:
		return !choosing
	case KindInt, KindSize, KindDurationList:
		return !choosing && !unending
	case KindBool:
		return !choosing && !bounded && !unending
	case KindChoice:
		return choosing && !bounded && !unending
	}
	return false
}

// parse reads a value of the parameter's kind and range: a time.Duration, int, bool, Size, string or []time.Duration.
func (p *parameter) parse(text string) (any, bool) {
	v, ok := p.parseKind(text)
	return v, ok && p.inRange(v)
}

// parseKind is parse without the range.
func (p *parameter) parseKind(text string) (any, bool) {
	switch p.Kind {
	case KindDuration:
		if text == "never" {
			return Never, p.Never != ""
		}
		return pair(parseDuration(text))
	case KindInt:
		return pair(parseInt(text))
	case KindBool:
		return text == "true", text == "true" || text == "false"
	case KindSize:
		return pair(parseSize(text))
	case KindChoice:
		return text, slices.Contains(p.Choices, text)
	case KindDurationList:
		return pair(parseDurations(text))
	}
	return nil, false
}

// pair makes a typed result an untyped one.
func pair[T any](v T, ok bool) (any, bool) { return v, ok }

// inRange says whether v lies between min and max. Each entry of a list must; Never always does.
func (p *parameter) inRange(v any) bool {
	switch v := v.(type) {
	case time.Duration:
		return v == Never || within(v, p.min, p.max)
	case int:
		return within(v, p.min, p.max)
	case Size:
		return within(v, p.min, p.max)
	case []time.Duration:
		return !slices.ContainsFunc(v, func(d time.Duration) bool { return !within(d, p.min, p.max) })
	}
	return true
}

// within compares v with bounds that are nil or of v's type.
func within[T cmp.Ordered](v T, low, high any) bool {
	if low, ok := low.(T); ok && v < low {
		return false
	}
	if high, ok := high.(T); ok && v > high {
		return false
	}
	return true
}

// phrase says in words which values the parameter takes.
func (p *parameter) phrase() string {
	text := map[Kind]string{
		KindDuration:     "a duration in s, m, h or d",
		KindInt:          "a whole number",
		KindBool:         "true or false",
		KindSize:         "a size in B, KB, MB or GB",
		KindChoice:       "one of " + strings.Join(p.Choices, ", "),
		KindDurationList: "a list of durations, each with an optional count",
	}[p.Kind]
	switch {
	case p.Min != "" && p.Max != "":
		text += ", from " + p.Min + " to " + p.Max
	case p.Min != "":
		text += ", at least " + p.Min
	case p.Max != "":
		text += ", at most " + p.Max
	}
	if p.Never != "" {
		text += ", or never (" + p.Never + ")"
	}
	return text
}

// fits says whether a struct field of type t can hold the parameter's values.
func (p *parameter) fits(t reflect.Type) bool {
	switch p.Kind {
	case KindDuration:
		return t == reflect.TypeFor[time.Duration]()
	case KindInt:
		return t == reflect.TypeFor[int]()
	case KindBool:
		return t == reflect.TypeFor[bool]()
	case KindSize:
		return t == reflect.TypeFor[Size]()
	case KindDurationList:
		return t == reflect.TypeFor[[]time.Duration]()
	case KindChoice:
		c, ok := reflect.Zero(t).Interface().(choice)
		return ok && t.Kind() == reflect.String && slices.Equal(c.choices(), p.Choices)
	}
	return false
}
