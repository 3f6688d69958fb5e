package mapihttp

import (
	"fmt"
	"strconv"
)

// ResponseCode is the value of X-ResponseCode: what became of a request as
// such. It is an error, so that it can be handed on as it came. Success of the
// request says nothing of the ROPs in it.
type ResponseCode int

// Response codes (MS-OXCMAPIHTTP 2.2.3.3.3).
const (
	CodeSuccess              ResponseCode = 0
	CodeUnknownFailure       ResponseCode = 1
	CodeInvalidVerb          ResponseCode = 2
	CodeInvalidPath          ResponseCode = 3
	CodeInvalidHeader        ResponseCode = 4
	CodeInvalidRequestType   ResponseCode = 5
	CodeInvalidContextCookie ResponseCode = 6
	CodeMissingHeader        ResponseCode = 7
	CodeAnonymousNotAllowed  ResponseCode = 8
	CodeTooLarge             ResponseCode = 9
	CodeContextNotFound      ResponseCode = 10
	CodeNoPrivilege          ResponseCode = 11
	CodeInvalidRequestBody   ResponseCode = 12
	CodeMissingCookie        ResponseCode = 13
	CodeReserved             ResponseCode = 14
	CodeInvalidSequence      ResponseCode = 15
	CodeEndpointDisabled     ResponseCode = 16
	CodeInvalidResponse      ResponseCode = 17
	CodeEndpointShuttingDown ResponseCode = 18
)

var codeNames = [...]string{
	"Success", "Unknown Failure", "Invalid Verb", "Invalid Path", "Invalid Header", "Invalid Request Type",
	"Invalid Context Cookie", "Missing Header", "Anonymous Not Allowed", "Too Large", "Context Not Found",
	"No Privilege", "Invalid Request Body", "Missing Cookie", "Reserved", "Invalid Sequence",
	"Endpoint Disabled", "Invalid Response", "Endpoint Shutting Down",
}

// String is the number with the specification's name.
func (c ResponseCode) String() string {
	if c >= 0 && int(c) < len(codeNames) {
		return strconv.Itoa(int(c)) + " " + codeNames[c]
	}
	return strconv.Itoa(int(c))
}

func (c ResponseCode) Error() string { return "mapihttp: response code " + c.String() }

// parseCode reads a code, known or not.
func parseCode(s string) (ResponseCode, error) {
	if s == "" {
		return 0, &HeaderError{CodeInvalidResponse, HeaderResponseCode, "missing"}
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, &HeaderError{CodeInvalidResponse, HeaderResponseCode, fmt.Sprintf("%.40q is not a code", s)}
	}
	return ResponseCode(n), nil
}
