package ews

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"

	"shutout/lab/protocol/ews/xmltree"
)

func soap(local string, children ...xmltree.Node) xmltree.Node {
	return xmltree.Node{Name: xml.Name{Space: nsSOAP, Local: local}, Children: children}
}

// envelope writes a SOAP message.
func envelope(header list, body xmltree.Node) ([]byte, error) {
	var parts list
	if len(header) > 0 {
		parts.add(soap("Header", header...))
	}
	parts.add(soap("Body", body))
	n := soap("Envelope", parts...)
	return n.Encode(prefixes)
}

// open returns a SOAP message's header, nil if there is none, and the one
// element in its body.
func open(n *xmltree.Node) (header, body *xmltree.Node, err error) {
	if in(n, nsSOAP) != "Envelope" {
		return nil, nil, schemaError(n, "is not a SOAP 1.1 envelope")
	}
	for i := range n.Children {
		switch c := &n.Children[i]; in(c, nsSOAP) {
		case "Header":
			header = c
		case "Body":
			if len(c.Children) != 1 {
				return nil, nil, schemaError(c, "does not hold one element")
			}
			body = &c.Children[0]
		}
	}
	if body == nil {
		return nil, nil, missing(n, "Body")
	}
	return header, body, nil
}

// ServerVersion is what a server says of itself (ServerVersionInfo).
type ServerVersion struct {
	Major, Minor, MajorBuild, MinorBuild int
	Schema                               string // for example Exchange2010SP2; "" below 2010
}

func (v ServerVersion) node() xmltree.Node {
	n := typ("ServerVersionInfo")
	for _, a := range []struct {
		name  string
		value int
	}{{"MajorVersion", v.Major}, {"MinorVersion", v.Minor}, {"MajorBuildNumber", v.MajorBuild}, {"MinorBuildNumber", v.MinorBuild}} {
		n = with(n, a.name, strconv.Itoa(a.value))
	}
	return with(n, "Version", v.Schema)
}

func parseServerVersion(n *xmltree.Node) (ServerVersion, error) {
	v := ServerVersion{Schema: n.Attr("Version")}
	for _, a := range []struct {
		name  string
		value *int
	}{{"MajorVersion", &v.Major}, {"MinorVersion", &v.Minor}, {"MajorBuildNumber", &v.MajorBuild}, {"MinorBuildNumber", &v.MinorBuild}} {
		if s := n.Attr(a.name); s != "" {
			var err error
			if *a.value, err = number(n, s, 0, math.MaxInt32); err != nil {
				return ServerVersion{}, err
			}
		}
	}
	return v, nil
}

// A Fault refuses a request as a whole (SOAP 1.1 section 4.4, with the detail
// of Exchange). It is sent with StatusFault.
type Fault struct {
	Code    ResponseCode // "" in a fault that is not Exchange's
	Text    string
	BackOff time.Duration // ErrorServerBusy: when to come back, to the millisecond
}

func (f *Fault) Error() string {
	if f.Code == "" {
		return "ews: " + f.Text
	}
	return "ews: " + string(f.Code) + ": " + f.Text
}

// Encode writes the envelope.
func (f *Fault) Encode() ([]byte, error) {
	code := "s:Server"
	if f.Code != "" {
		code = "t:" + string(f.Code)
	}
	text := withText(xmltree.Node{Name: xml.Name{Local: "faultstring"}}, f.Text)
	text.Attrs = []xml.Attr{{Name: xml.Name{Space: nsXML, Local: "lang"}, Value: "en-US"}}
	parts := list{withText(xmltree.Node{Name: xml.Name{Local: "faultcode"}}, code), text}
	if f.Code != "" {
		detail := xmltree.Node{Name: xml.Name{Local: "detail"}, Children: list{
			withText(xmltree.Node{Name: xml.Name{Space: nsErrors, Local: "ResponseCode"}}, string(f.Code)),
			withText(xmltree.Node{Name: xml.Name{Space: nsErrors, Local: "Message"}}, f.Text),
		}}
		if f.BackOff > 0 {
			detail.Children = append(detail.Children, typ("MessageXml", backOff(f.BackOff)))
		}
		parts.add(detail)
	}
	n := soap("Envelope", soap("Body", soap("Fault", parts...)))
	return n.Encode(append(prefixes[:len(prefixes):len(prefixes)], xmltree.Prefix{Prefix: "e", Space: nsErrors}))
}

func parseFault(n *xmltree.Node) (*Fault, error) {
	f := &Fault{}
	return f, each(n, func(c *xmltree.Node) (err error) {
		if c.Name.Space != "" {
			return nil
		}
		switch c.Name.Local {
		case "faultstring":
			f.Text = c.Text
		case "detail":
			err = each(c, func(d *xmltree.Node) (err error) {
				switch {
				case in(d, nsErrors) == "ResponseCode":
					f.Code, err = parseCode(d)
				case inTypes(d) == "MessageXml":
					f.BackOff, err = parseBackOff(d)
				}
				return err
			})
		}
		return err
	})
}

// parseCode takes any code: each server version has more of them.
func parseCode(n *xmltree.Node) (ResponseCode, error) {
	c := strings.TrimSpace(n.Text)
	if c == "" || strings.ContainsFunc(c, func(r rune) bool { return r < '0' || r > 'z' }) {
		return "", schemaError(n, "is not a response code: %.40q", c)
	}
	return ResponseCode(c), nil
}

const backOffName = "BackOffMilliseconds"

func backOff(d time.Duration) xmltree.Node {
	return with(withText(typ("Value"), strconv.FormatInt(d.Milliseconds(), 10)), "Name", backOffName)
}

// parseBackOff reads the one value of MessageXml that this package models.
func parseBackOff(n *xmltree.Node) (d time.Duration, err error) {
	return d, each(n, func(c *xmltree.Node) error {
		if inTypes(c) != "Value" || c.Attr("Name") != backOffName {
			return nil
		}
		ms, err := number(c, c.Text, 0, math.MaxInt32)
		d = time.Duration(ms) * time.Millisecond
		return err
	})
}
