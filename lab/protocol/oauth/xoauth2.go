package oauth

import (
	"bytes"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
)

// XOAUTH2 is the SASL mechanism's name. It carries the user's name and a
// bearer token ("Authenticate an IMAP, POP or SMTP connection using OAuth",
// Exchange documentation).
const XOAUTH2 = "XOAUTH2"

// NewXOAUTH2Client returns the client's side.
func NewXOAUTH2Client(user, token string) sasl.Client { return &xoauth2Client{user, token} }

type xoauth2Client struct{ user, token string }

func (c *xoauth2Client) Start() (mechanism string, response []byte, err error) {
	return XOAUTH2, []byte("user=" + c.user + "\x01auth=" + Header(c.token) + "\x01\x01"), nil
}

// Next answers the server's report of an error, which an empty line has to
// follow before the refusal itself comes.
func (c *xoauth2Client) Next([]byte) ([]byte, error) { return []byte{}, nil }

var errXOAUTH2 = errors.New("oauth: not a response of XOAUTH2")

// ParseXOAUTH2 takes a client's response apart.
func ParseXOAUTH2(response []byte) (user, token string, err error) {
	if len(response) > maxToken+1<<10 {
		return "", "", errXOAUTH2
	}
	body, ok := bytes.CutSuffix(response, []byte("\x01\x01"))
	if !ok {
		return "", "", errXOAUTH2
	}
	for _, pair := range strings.Split(string(body), "\x01") {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "user":
			user = value
		case "auth":
			token, _ = ParseHeader(value)
		}
	}
	if user == "" || token == "" {
		return "", "", errXOAUTH2
	}
	return user, token, nil
}

// NewXOAUTH2Server returns the server's side. SignIn is called once.
func NewXOAUTH2Server(signIn func(user, token string) error) sasl.Server {
	return &xoauth2Server{signIn: signIn}
}

type xoauth2Server struct {
	signIn func(user, token string) error
	done   bool
}

func (s *xoauth2Server) Next(response []byte) (challenge []byte, done bool, err error) {
	if s.done {
		return nil, false, sasl.ErrUnexpectedClientResponse
	}
	if response == nil {
		return nil, false, nil // the response did not come with the command
	}
	s.done = true
	user, token, err := ParseXOAUTH2(response)
	if err != nil {
		return nil, false, err
	}
	return nil, true, s.signIn(user, token)
}
