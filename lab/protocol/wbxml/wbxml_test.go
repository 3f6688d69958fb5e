package wbxml

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var testPages = Pages{
	0: {Namespace: "AirSync", Names: [64]string{0x05: "Sync", 0x0B: "SyncKey", 0x1C: "Collections"}},
	7: {Namespace: "FolderHierarchy", Names: [64]string{0x12: "SyncKey", 0x16: "FolderSync"}},
}

var (
	tSync        = testPages.MustTag("AirSync:Sync")
	tSyncKey     = testPages.MustTag("AirSync:SyncKey")
	tCollections = testPages.MustTag("AirSync:Collections")
	tFolderSync  = testPages.MustTag("FolderHierarchy:FolderSync")
	tFolderKey   = testPages.MustTag("FolderHierarchy:SyncKey")
)

func TestEncodeVectors(t *testing.T) {
	tests := map[string]struct {
		root Node
		want string
	}{
		"folder sync with key 0": {Elem(tFolderSync, Text(tFolderKey, "0")),
			"\x03\x01\x6a\x00\x00\x07\x56\x52\x030\x00\x01\x01"},
		"empty root": {Elem(tSync), "\x03\x01\x6a\x00\x05"},
		"page switch and back": {Elem(tSync, Elem(tFolderSync), Elem(tCollections)),
			"\x03\x01\x6a\x00\x45\x00\x07\x16\x00\x00\x1c\x01"},
		"opaque": {Opaque(tSync, []byte{0, 1, 2}), "\x03\x01\x6a\x00\x45\xc3\x03\x00\x01\x02\x01"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Encode(&tt.root, testPages)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Fatalf("got % x, want % x", got, tt.want)
			}
			back, err := Decode(got, testPages, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if len(tt.root.Children) == 0 {
				tt.root.Children = nil
			}
			for i := range tt.root.Children {
				if len(tt.root.Children[i].Children) == 0 {
					tt.root.Children[i].Children = nil
				}
			}
			if !reflect.DeepEqual(*back, tt.root) {
				t.Fatalf("got %+v, want %+v", *back, tt.root)
			}
		})
	}
}

func TestDecodeAccepts(t *testing.T) {
	tests := map[string]struct {
		body string
		want Node
	}{
		"content bit without content":     {"\x45\x01", Node{Tag: tSync}},
		"empty string beside text":        {"\x45\x03ab\x00\x03\x00\x01", Text(tSync, "ab")},
		"empty string beside children":    {"\x45\x03\x00\x0b\x01", Elem(tSync, Node{Tag: tSyncKey})},
		"page switch before end":          {"\x45\x00\x07\x01", Node{Tag: tSync}},
		"length of opaque not in fewest":  {"\x45\xc3\x80\x01x\x01", Opaque(tSync, []byte("x"))},
		"empty opaque is no content":      {"\x45\xc3\x00\x01", Node{Tag: tSync}},
		"text of more than one code unit": {"\x45\x03\xc3\xa9\x00\x01", Text(tSync, "é")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode([]byte(header+tt.body), testPages, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Fatalf("got %+v, want %+v", *got, tt.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct{ doc, want string }{
		"nothing":                {"", "does not begin with"},
		"other version":          {"\x02\x01\x6a\x00\x05", "does not begin with"},
		"string table":           {"\x03\x01\x6a\x01\x00\x05", "does not begin with"},
		"header only":            {header, "ends inside"},
		"end as root":            {header + "\x01", "root element should stand"},
		"string as root":         {header + "\x03a\x00", "root element should stand"},
		"second root":            {header + "\x05\x05", "1 octets follow"},
		"no end":                 {header + "\x45", "ends inside"},
		"attribute":              {header + "\x85", "attributes"},
		"string table reference": {header + "\x45\x83\x00\x01", "0x83 is not used"},
		"entity":                 {header + "\x45\x02\x20\x01", "0x02 is not used"},
		"unknown token":          {header + "\x45\x3f\x01", "code page 0, token 0x3F"},
		"unknown page":           {header + "\x00\x63\x45\x01", "code page 99, token 0x05"},
		"hole in the pages":      {header + "\x00\x03\x05", "code page 3, token 0x05"},
		"string without end":     {header + "\x45\x03abc", "without end"},
		"string not UTF-8":       {header + "\x45\x03\xff\x00\x01", "not UTF-8"},
		"opaque too long":        {header + "\x45\xc3\x05ab", "5 opaque octets announced, 2 left"},
		"opaque of 2^32-1":       {header + "\x45\xc3\x8f\xff\xff\xff\x7f", "announced"},
		"integer of 33 bits":     {header + "\x45\xc3\x90\x80\x80\x80\x00", "more than 32 bits"},
		"integer of six octets":  {header + "\x45\xc3\x80\x80\x80\x80\x80\x00", "more than 32 bits"},
		"text then element":      {header + "\x45\x03a\x00\x0b\x01", "both data and elements"},
		"element then text":      {header + "\x45\x0b\x03a\x00\x01", "beside other content"},
		"text then opaque":       {header + "\x45\x03a\x00\xc3\x01b\x01", "beside other content"},
		"two strings":            {header + "\x45\x03a\x00\x03b\x00\x01", "beside other content"},
		"two opaques":            {header + "\x45\xc3\x01a\xc3\x01b\x01", "beside other content"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(tt.doc), testPages, Limits{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestUnknownTagIsTyped(t *testing.T) {
	_, err := Decode([]byte(header+"\x00\x07\x3e"), testPages, Limits{})
	var unknown *UnknownTagError
	if !errors.As(err, &unknown) || unknown.Page != 7 || unknown.Token != 0x3E || unknown.Offset != 6 {
		t.Fatalf("got %#v", err)
	}
}

func TestLimits(t *testing.T) {
	deep := header + strings.Repeat("\x45", 3) + strings.Repeat("\x01", 3)
	tests := map[string]struct {
		doc    string
		limits Limits
		ok     bool
	}{
		"size in":      {deep, Limits{Size: len(deep)}, true},
		"size over":    {deep, Limits{Size: len(deep) - 1}, false},
		"depth in":     {deep, Limits{Depth: 3}, true},
		"depth over":   {deep, Limits{Depth: 2}, false},
		"elements in":  {header + "\x45\x0b\x0b\x01", Limits{Elements: 3}, true},
		"elements out": {header + "\x45\x0b\x0b\x01", Limits{Elements: 2}, false},
		"text in":      {header + "\x45\x03abc\x00\x01", Limits{Text: 3}, true},
		"text over":    {header + "\x45\x03abc\x00\x01", Limits{Text: 2}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(tt.doc), testPages, tt.limits)
			if tt.ok && err != nil || !tt.ok && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	tests := map[string]Node{
		"unknown tag":       Elem(MakeTag(0, 0x3F)),
		"global token":      Elem(MakeTag(0, 0x01)),
		"NUL in text":       Text(tSync, "a\x00b"),
		"text not UTF-8":    Text(tSync, "\xff"),
		"text and children": {Tag: tSync, Text: "a", Children: []Node{{Tag: tSyncKey}}},
		"text and opaque":   {Tag: tSync, Text: "a", Opaque: []byte("b")},
		"bad grandchild":    Elem(tSync, Elem(tCollections, Elem(MakeTag(9, 9)))),
	}
	for name, root := range tests {
		t.Run(name, func(t *testing.T) {
			if doc, err := Encode(&root, testPages); err == nil {
				t.Fatalf("got % x, want an error", doc)
			}
		})
	}
}

func TestMultiByte(t *testing.T) {
	for _, v := range []uint32{0, 1, 127, 128, 0x81, 16383, 16384, 1<<21 - 1, 1 << 21, 1 << 28, 1<<32 - 1} {
		b := appendMultiByte(nil, v)
		d := decoder{doc: b}
		got, err := d.multiByte()
		if err != nil || got != v || d.pos != len(b) {
			t.Errorf("%d: % x read back as %d, %v", v, b, got, err)
		}
	}
	if got := appendMultiByte(nil, 0xA0); !bytes.Equal(got, []byte{0x81, 0x20}) { // the example of WBXML 1.3
		t.Errorf("0xA0 is % x", got)
	}
}

func TestPages(t *testing.T) {
	if got := testPages.Name(tFolderKey); got != "FolderHierarchy:SyncKey" {
		t.Errorf("name %q", got)
	}
	for _, name := range []string{"", "Sync", "AirSync:", "AirSync:Nope", "Nope:Sync"} {
		if tag, ok := testPages.Lookup(name); ok {
			t.Errorf("%q is tag %v", name, tag)
		}
	}
	if tag, ok := testPages.Lookup("FolderHierarchy:FolderSync"); !ok || tag.Page() != 7 || tag.Token() != 0x16 {
		t.Errorf("FolderSync is %v, %v", tag, ok)
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"\x05", "\x45\x01", "\x00\x07\x56\x52\x030\x00\x01\x01",
		"\x45\x00\x07\x16\x00\x00\x1c\x01", "\x45\xc3\x03\x00\x01\x02\x01",
		"\x45\xc3\x8f\xff\xff\xff\x7f", "\x45\x03ab\x00\x03cd\x00\x01", "\x45\x03\x00\x0b\x01",
	} {
		f.Add([]byte(header + body))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err := Decode(doc, testPages, Limits{})
		if err != nil {
			return
		}
		again, err := Encode(first, testPages)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := Decode(again, testPages, Limits{})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v", first, second)
		}
	})
}

func BenchmarkRoundTrip(b *testing.B) {
	root := Elem(tFolderSync, Text(tFolderKey, "0"))
	b.ReportAllocs()
	for b.Loop() {
		doc, _ := Encode(&root, testPages)
		if _, err := Decode(doc, testPages, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
