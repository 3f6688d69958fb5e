package ews

import (
	"io"

	"shutout/lab/protocol/ews/xmltree"
)

// A Stream reads the responses that follow each other in the body of a
// GetStreamingEvents response, each as soon as it has arrived. The body is
// chunked, but where a chunk ends says nothing.
type Stream struct{ s *xmltree.Stream }

// NewStream reads from the body of a response. Limits bound each response.
func NewStream(body io.Reader) *Stream { return &Stream{xmltree.NewStream(body, Limits)} }

// Next waits for the next response. It returns io.EOF after the last one, the
// reader's error as it is, and else what ParseResponse does. After an error
// there is nothing more to be had.
func (s *Stream) Next() (Response, error) {
	n, err := s.s.Next()
	if err != nil {
		return Response{}, err
	}
	return parseResponse(n)
}
