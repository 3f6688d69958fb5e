package xmltree

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

var limits = Limits{Size: 1000, Depth: 5, Nodes: 20}

func TestParse(t *testing.T) {
	got, err := Parse([]byte("<?xml version='1.0'?> <!-- x --><a:r xmlns:a='urn:a' xmlns='urn:b' k='&lt;1'>\n <c a:k='2'>x<!-- y -->&#33;</c><a:d/> </a:r>\n"), limits)
	if err != nil {
		t.Fatal(err)
	}
	want := &Node{Name: xml.Name{Space: "urn:a", Local: "r"}, Attrs: []xml.Attr{{Name: xml.Name{Local: "k"}, Value: "<1"}}, Children: []Node{
		{Name: xml.Name{Space: "urn:b", Local: "c"}, Attrs: []xml.Attr{{Name: xml.Name{Space: "urn:a", Local: "k"}, Value: "2"}}, Text: "x!"},
		{Name: xml.Name{Space: "urn:a", Local: "d"}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got.Attr("k") != "<1" || got.Children[0].Attr("k") != "" || got.Child("urn:a", "d") == nil || got.Child("urn:b", "d") != nil {
		t.Error("look-ups")
	}
	b, err := got.Encode([]Prefix{{"p", "urn:a"}})
	if s := `<?xml version="1.0" encoding="utf-8"?><p:r xmlns:p="urn:a" k="&lt;1"><c xmlns="urn:b" p:k="2">x!</c><p:d/></p:r>`; err != nil || string(b) != s {
		t.Errorf("got %s, %v", b, err)
	}
}

func TestMalformed(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "text": "x", "text before": "x<a/>", "text after": "<a/>x", "two": "<a/><b/>", "open": "<a>", "crossed": "<a><b></a></b>",
		"mixed": "<a>x<b/></a>", "document type": "<!DOCTYPE a><a/>", "document type within": "<a><!DOCTYPE a></a>",
		"entity": "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "unknown entity": "<a>&e;</a>", "instruction": "<a><?php x?></a>",
		"character set": "<?xml version='1.0' encoding='latin1'?><a/>", "deep": strings.Repeat("<a>", 6) + strings.Repeat("</a>", 6),
		"many": "<a>" + strings.Repeat("<b/>", 20) + "</a>", "attributes": "<a" + strings.Repeat(" b=''", 20) + "/>", "long": "<a>" + strings.Repeat("x", 1000) + "</a>",
		"control": "<a>\x01</a>", "UTF-8": "<a>\xff</a>",
	} {
		if n, err := Parse([]byte(body), limits); !errors.Is(err, ErrXML) {
			t.Errorf("%s: got %+v, %v", name, n, err)
		}
	}
}

func TestStream(t *testing.T) {
	const doc = `<?xml version="1.0"?><a>x</a>`
	s := NewStream(iotest.OneByteReader(strings.NewReader(strings.Repeat(doc+"\r\n", 200)+"<b/><a>")), Limits{Size: 100, Depth: 2, Nodes: 2})
	for range 200 {
		if n, err := s.Next(); err != nil || n.Text != "x" {
			t.Fatalf("got %+v, %v", n, err)
		}
	}
	if n, err := s.Next(); err != nil || n.Name.Local != "b" {
		t.Fatalf("got %+v, %v", n, err)
	}
	if _, err := s.Next(); !errors.Is(err, ErrXML) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v", err)
	}

	broken := errors.New("reset by peer")
	tests := map[string]struct {
		r    io.Reader
		want error
	}{
		"end":             {strings.NewReader(" "), io.EOF},
		"reset":           {io.MultiReader(strings.NewReader("<a>"), iotest.ErrReader(broken)), broken},
		"reset between":   {iotest.ErrReader(broken), broken},
		"endless text":    {io.MultiReader(strings.NewReader("<a>"), endless{}), ErrXML},
		"endless spacing": {endless{}, ErrXML},
	}
	for name, tt := range tests {
		if _, err := NewStream(tt.r, limits).Next(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStreamDoesNotWait wants a document before anything follows it.
func TestStreamDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = io.WriteString(w, "<a>x</a>") }()
	if n, err := NewStream(r, limits).Next(); err != nil || n.Text != "x" {
		t.Errorf("got %+v, %v", n, err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestDefault follows the namespace of unprefixed names down and up again.
func TestDefault(t *testing.T) {
	name := func(space, local string) xml.Name { return xml.Name{Space: space, Local: local} }
	n := Node{Name: name("urn:a", "r"), Children: []Node{
		{Name: name("urn:b", "c"), Children: []Node{{Name: name("urn:b", "d")}, {Name: name("", "e")}, {Name: name("urn:p", "f")}}}, {Name: name("urn:a", "g")}}}
	const want = `<?xml version="1.0" encoding="utf-8"?><r xmlns:p="urn:p" xmlns="urn:a"><c xmlns="urn:b"><d/><e xmlns=""/><p:f/></c><g/></r>`
	b, err := n.Encode([]Prefix{{"p", "urn:p"}})
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
	if got, err := Parse(b, limits); err != nil || !reflect.DeepEqual(*got, n) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestUnwritable(t *testing.T) {
	for name, n := range map[string]*Node{
		"no name":   {Name: xml.Name{Space: "urn:a"}},
		"markup":    {Name: xml.Name{Space: "urn:a", Local: "a b"}},
		"attribute": {Name: xml.Name{Local: "a"}, Attrs: []xml.Attr{{Name: xml.Name{Space: "urn:x", Local: "b"}}}},
	} {
		if b, err := n.Encode([]Prefix{{"a", "urn:a"}}); err == nil {
			t.Errorf("%s: %s", name, b)
		}
	}
}
