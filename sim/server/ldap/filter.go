package ldap

import (
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"

	"shutout/sim/directory"
)

// A filter tells whether an entry matches, in the three values of RFC 4511,
// section 4.5.1.7.
type filter func(values func(attr string) []string) truth

type truth int

const (
	no truth = iota
	undefined
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// Filter choices: context tags.
const (
	filterAnd        = 0
	filterOr         = 1
	filterNot        = 2
	filterEqual      = 3
	filterSubstrings = 4
	filterGreater    = 5
	filterLess       = 6
	filterPresent    = 7
	filterApprox     = 8
	filterExtensible = 9
)

// Matching rules of Active Directory on numbers (MS-ADTS 3.1.1.3.4.4).
const (
	ruleBitAnd = "1.2.840.113556.1.4.803"
	ruleBitOr  = "1.2.840.113556.1.4.804"
)

// parseFilter reads a Filter. Its depth is bounded by that of the message.
func parseFilter(p *ber.Packet) (filter, bool) {
	if p.ClassType != ber.ClassContext {
		return nil, false
	}
	switch p.Tag {
	case filterAnd, filterOr:
		parts := make([]filter, 0, len(p.Children))
		for _, c := range p.Children {
			f, ok := parseFilter(c)
			if !ok {
				return nil, false
			}
			parts = append(parts, f)
		}
		if p.TagType != ber.TypeConstructed {
			return nil, false
		}
		return combine(parts, p.Tag == filterAnd), true
	case filterNot:
		if len(p.Children) != 1 {
			return nil, false
		}
		f, ok := parseFilter(p.Children[0])
		return func(v func(string) []string) truth { return yes - f(v) }, ok
	case filterEqual, filterGreater, filterLess, filterApprox:
		if len(p.Children) != 2 {
			return nil, false
		}
		attr, ok1 := str(p.Children[0])
		value, ok2 := str(p.Children[1])
		return assertion(attr, int(p.Tag), value), ok1 && ok2
	case filterPresent:
		attr := raw(p)
		return func(v func(string) []string) truth { return truthOf(len(v(attr)) > 0) }, p.TagType == ber.TypePrimitive
	case filterSubstrings:
		return parseSubstrings(p)
	case filterExtensible:
		return parseExtensible(p)
	}
	return nil, false
}

// combine is "and" or "or": the least or the greatest of the parts.
func combine(parts []filter, and bool) filter {
	return func(v func(string) []string) truth {
		all := no
		if and {
			all = yes
		}
		for _, f := range parts {
			if t := f(v); and && t < all || !and && t > all {
				all = t
			}
		}
		return all
	}
}

// anyValue tests each value of an attribute that the schema knows.
func anyValue(attr string, test func(a directory.Attribute, have string) bool) filter {
	a, known := directory.Schema(attr)
	if !known || a.Secret {
		return func(func(string) []string) truth { return undefined }
	}
	return func(v func(string) []string) truth {
		for _, have := range v(a.Name) {
			if test(a, have) {
				return yes
			}
		}
		return no
	}
}

func assertion(attr string, how int, value string) filter {
	return anyValue(attr, func(a directory.Attribute, have string) bool {
		switch how {
		case filterGreater:
			return compare(a, have, value) >= 0
		case filterLess:
			return compare(a, have, value) <= 0
		}
		return equal(a, have, value)
	})
}

// equal is the equality rule of the attribute's syntax.
func equal(a directory.Attribute, have, value string) bool {
	switch a.Syntax {
	case directory.Integer:
		x, err1 := strconv.ParseInt(have, 10, 64)
		y, err2 := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		return err1 == nil && err2 == nil && x == y
	case directory.Name:
		// (objectCategory=person) stands for the category's whole name
		// (MS-ADTS 3.1.1.3.1.3.5).
		if a.Name == "objectCategory" && !strings.Contains(value, "=") {
			first, _, _ := strings.Cut(have, ",")
			return strings.EqualFold(first, "CN="+value)
		}
		x, err1 := normaliseDN(have)
		y, err2 := normaliseDN(value)
		return err1 == nil && err2 == nil && x == y
	}
	return a.Equal(have, value)
}

func compare(a directory.Attribute, have, value string) int {
	if a.Syntax == directory.Integer {
		x, err1 := strconv.ParseInt(have, 10, 64)
		y, err2 := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err1 == nil && err2 == nil {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	return strings.Compare(strings.ToLower(have), strings.ToLower(value))
}

// parseSubstrings reads SubstringFilter: the attribute, then what the value
// starts with, has in it in this order, and ends with.
func parseSubstrings(p *ber.Packet) (filter, bool) {
	if len(p.Children) != 2 || len(p.Children[1].Children) == 0 {
		return nil, false
	}
	attr, ok := str(p.Children[0])
	if !ok {
		return nil, false
	}
	var initial, final string
	var middle []string
	parts := p.Children[1].Children
	for i, c := range parts {
		s := strings.ToLower(raw(c))
		switch {
		case c.ClassType != ber.ClassContext || c.TagType != ber.TypePrimitive:
			return nil, false
		case c.Tag == 0 && i == 0:
			initial = s
		case c.Tag == 1:
			middle = append(middle, s)
		case c.Tag == 2 && i == len(parts)-1:
			final = s
		default:
			return nil, false
		}
	}
	return anyValue(attr, func(_ directory.Attribute, have string) bool {
		have = strings.ToLower(have)
		rest, ok := strings.CutPrefix(have, initial)
		if !ok {
			return false
		}
		for _, m := range middle {
			if _, rest, ok = strings.Cut(rest, m); !ok {
				return false
			}
		}
		return strings.HasSuffix(rest, final)
	}), true
}

// parseExtensible reads MatchingRuleAssertion.
func parseExtensible(p *ber.Packet) (filter, bool) {
	var rule, attr, value string
	for _, c := range p.Children {
		if c.ClassType != ber.ClassContext || c.TagType != ber.TypePrimitive {
			return nil, false
		}
		switch c.Tag {
		case 1:
			rule = raw(c)
		case 2:
			attr = raw(c)
		case 3:
			value = raw(c)
		case 4: // dnAttributes: Active Directory ignores it
		default:
			return nil, false
		}
	}
	if attr == "" {
		return nil, false
	}
	switch rule {
	case "":
		return assertion(attr, filterEqual, value), true
	case ruleBitAnd, ruleBitOr:
		mask, err := strconv.ParseInt(value, 10, 64)
		return anyValue(attr, func(_ directory.Attribute, have string) bool {
			n, bad := strconv.ParseInt(have, 10, 64)
			if err != nil || bad != nil {
				return false
			}
			return rule == ruleBitAnd && n&mask == mask || rule == ruleBitOr && n&mask != 0
		}), true
	}
	return func(func(string) []string) truth { return undefined }, true // a rule that is not known here
}
