package autodiscover

import (
	"fmt"
	"strconv"

	"shutout/lab/protocol/ews/xmltree"
)

// ErrorCode is why a request is refused (ErrorCode).
type ErrorCode int

const (
	AddressNotFound ErrorCode = 500 // "The e-mail address cannot be found."
	InvalidRequest  ErrorCode = 600 // "Invalid Request"
	NoProvider      ErrorCode = 601 // "Provider is not available": nobody speaks the schema
)

// An Error refuses a request. It is sent with status 200.
type Error struct {
	Code ErrorCode
	Text string
	Time string // the server's time of day, for its log
	ID   string // of the server, for its log
}

func (e *Error) Error() string { return fmt.Sprintf("autodiscover: %s (%d)", e.Text, e.Code) }

// Encode writes the document.
func (e *Error) Encode() ([]byte, error) {
	n := attr(attr(outer.node("Error"), "Time", e.Time), "Id", e.ID)
	n.Children = []xmltree.Node{outer.text("ErrorCode", strconv.Itoa(int(e.Code))), outer.text("Message", e.Text), outer.node("DebugData")}
	root := outer.node("Autodiscover", outer.node("Response", n))
	return root.Encode(nil)
}

func parseError(n *xmltree.Node, space string) error {
	e := &Error{Time: n.Attr("Time"), ID: n.Attr("Id")}
	var code string
	read(n, space, []field{{"ErrorCode", &code}, {"Message", &e.Text}})
	v, err := strconv.ParseUint(code, 10, 31)
	if err != nil {
		return schemaError(n, "has no ErrorCode")
	}
	e.Code = ErrorCode(v)
	return e
}
