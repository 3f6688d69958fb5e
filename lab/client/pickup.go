package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shutout/lab"
)

// pickupShare is a program that sends by writing message files into the Pickup
// directory of a server, over a share. The message has been sent when the
// server has taken the file; one that it makes a .bad of is refused.
type pickupShare struct {
	line *line
	web  *webLine
	auth *webAuth
}

// pickupRoot is the share, and pickupPatience how long the program watches its
// file.
const (
	pickupRoot     = "/Pickup/"
	pickupPatience = 2 * time.Minute
)

func openPickup(l *line) func() session {
	return func() session { return &pickupShare{line: l, web: newWebLine(l)} }
}

func (s *pickupShare) leave() {}
func (s *pickupShare) drop()  { s.web.drop() }

func (s *pickupShare) signIn(ctx context.Context, password string) error {
	s.auth = newWebAuth(s.line, lab.AuthNTLM, password)
	got, err := s.ask(ctx, stageSignIn, http.MethodGet, "", nil, nil)
	if err == nil && got.StatusCode != http.StatusNoContent {
		return refused("open share", got.Status)
	}
	return err
}

func (s *pickupShare) ask(ctx context.Context, stage, method, name string, header http.Header, body []byte) (answer, error) {
	u := &url.URL{Scheme: "http", Host: s.line.env.Endpoint.Host, Path: pickupRoot + name}
	return s.auth.exchange(ctx, s.web, stage, newRequest(method, u, header, body))
}

func (s *pickupShare) do(ctx context.Context, t lab.Task) error {
	stage := string(t.Capability)
	name, _, _ := strings.Cut(t.MessageID, "@")
	got, err := s.ask(ctx, stage, http.MethodPut, name+".eml", nil, message(t, s.line.env.Now(), s.line.env.Domain))
	switch {
	case err != nil:
		return err
	case got.StatusCode != http.StatusCreated:
		return got.verdict(stage)
	}
	// From here on the message may be sent at any time.
	watch := http.Header{"Prefer": {fmt.Sprintf("wait=%d", int(patience/time.Second)-1)}}
	for began := s.line.env.Now(); ; {
		got, err = s.ask(ctx, stage, http.MethodGet, name+".eml", watch, nil)
		if err != nil {
			return &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: failure(err, stage).Text}
		}
		if got.StatusCode == http.StatusGone {
			break
		}
		if s.line.env.Now().Sub(began) >= pickupPatience {
			return &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: "the file lies in the directory"}
		}
	}
	got, err = s.ask(ctx, stage, http.MethodGet, name+".bad", nil, nil)
	switch {
	case err != nil:
		return &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: failure(err, stage).Text}
	case got.StatusCode == http.StatusNoContent:
		return refused(stage, "the server made a .bad file of the message")
	}
	return nil
}
