package wbxml

import (
	"fmt"
	"strings"
)

// A Tag is one element of one code page: the page number in the high byte, the
// token, without its content and attribute bits, in the low one.
type Tag uint16

// MakeTag joins a code page number and a token (0x05 to 0x3F).
func MakeTag(page, token byte) Tag { return Tag(page)<<8 | Tag(token&tokenMask) }

// Page is the number of the tag's code page.
func (t Tag) Page() byte { return byte(t >> 8) }

// Token is the tag's number inside its page.
func (t Tag) Token() byte { return byte(t) }

// A Page is one code page as data: the XML namespace that it stands for and
// the element name of each token. A token without a name is unknown.
type Page struct {
	Namespace string
	Names     [tokenMask + 1]string
}

// Pages is a set of code pages; the index is the page number, nil a page that
// is not known.
type Pages []*Page

// Name is the element's qualified name, for example "AirSync:Sync", or the
// empty string if the tag is not in the pages.
func (p Pages) Name(t Tag) string {
	if !p.Has(t) {
		return ""
	}
	page := p[t.Page()]
	return page.Namespace + ":" + page.Names[t.Token()]
}

// Has tells whether the tag is in the pages.
func (p Pages) Has(t Tag) bool {
	page := int(t.Page())
	return page < len(p) && p[page] != nil && t.Token() <= tokenMask && p[page].Names[t.Token()] != ""
}

// Lookup finds the tag of a qualified name, for example "AirSync:Sync".
func (p Pages) Lookup(name string) (Tag, bool) {
	namespace, local, ok := strings.Cut(name, ":")
	if !ok || local == "" {
		return 0, false
	}
	for i, page := range p {
		if page == nil || page.Namespace != namespace {
			continue
		}
		for token, n := range page.Names {
			if n == local {
				return MakeTag(byte(i), byte(token)), true
			}
		}
	}
	return 0, false
}

// MustTag is Lookup for names that stand in the program text. It panics on a
// name that is not in the pages, so call it from package variables only.
func (p Pages) MustTag(name string) Tag {
	t, ok := p.Lookup(name)
	if !ok {
		panic(fmt.Sprintf("wbxml: no element %q in the code pages", name))
	}
	return t
}
