package mitigation

import "shutout/lab"

// RequestDelisting asks those who act against the organisation's addresses to
// stop.
type RequestDelisting struct {
	Whom string `yaml:"whom,omitempty" choice:"blocklist provider" default:"blocklist" doc:"who is asked: the block list, by its form for self-service, or the provider, by telephone"`
}

func (*RequestDelisting) Name() string                 { return "request-delisting" }
func (a *RequestDelisting) Validate(c *lab.Cast) error { return check(a, c) }

var requestDelisting = Info{
	Title: "Ask for the removal of the public addresses from a block list",
	Doc: `The addresses are taken off at once, and the organisation's mail is accepted again. It ends nothing: while the cause
		stays, the list sees spam again and the address is back after dnsbl.listed_after. Find the cause first.`,
	Cmdlets:     []string{"the form for removal on the block list's web page, for each public address; the provider's help desk"},
	Sources:     []string{"004_4d27062e20911578.txt#smart-host-blocks", "XBL", "CBL", "XBL-NAT"},
	SideEffects: "None; lists refuse removal to those who ask again and again.",
	Undo:        "None is needed.",
	Purpose:     EndAbuse,
	New:         func() lab.Action { return new(RequestDelisting) },
}
