package xmltree

import (
	"bytes"
	"reflect"
	"testing"
	"testing/iotest"
)

// FuzzParse checks that what is read survives writing and reading again, and
// that a stream reads what Parse reads, however it is cut.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`<a:r xmlns:a="urn:a" k="1"><a:c>x&amp;y</a:c><a:d/></a:r>`))
	f.Add([]byte(`<?xml version="1.0"?><r xmlns="urn:a" xml:lang="en"> </r>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := Parse(body, limits)
		if err != nil {
			return
		}
		if n, err := NewStream(iotest.OneByteReader(bytes.NewReader(body)), limits).Next(); err != nil || !reflect.DeepEqual(n, first) {
			t.Fatalf("a stream reads %+v, %v", n, err)
		}
		again, err := first.Encode([]Prefix{{"a", "urn:a"}})
		if err != nil {
			return // an attribute of another namespace, or a name that is not plain
		}
		second, err := Parse(again, Limits{Size: 100 * limits.Size, Depth: limits.Depth, Nodes: 2*limits.Nodes + 1})
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v, %v", first, second, err)
		}
	})
}
