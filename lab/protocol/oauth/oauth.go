// Package oauth is as much of OAuth 2.0 as a mail client and its servers speak:
// the token endpoint's answers (RFC 6749 section 5), bearer tokens in HTTP (RFC
// 6750) and in SASL (the mechanism XOAUTH2).
package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Paths of Entra ID's endpoints for accounts of any organisation.
const (
	AuthorizePath = "/common/oauth2/v2.0/authorize"
	TokenPath     = "/common/oauth2/v2.0/token"
	LoginPath     = "/common/login"
)

// Grant types (RFC 6749 sections 4.1.3 and 6).
const (
	AuthorizationCode = "authorization_code"
	RefreshToken      = "refresh_token"
)

// Error codes (RFC 6749 section 5.2).
const (
	InvalidGrant         = "invalid_grant"
	UnsupportedGrantType = "unsupported_grant_type"
	// InvalidToken is the error of a server that does not take the access token
	// (RFC 6750 section 3.1).
	InvalidToken = "invalid_token"
	// InsufficientClaims is the error of a challenge by continuous access
	// evaluation.
	InsufficientClaims = "insufficient_claims"
)

// CapabilityCAE is what a client claims that follows continuous access
// evaluation, as the value of the parameter claims.
const CapabilityCAE = `{"access_token":{"xms_cc":{"values":["cp1"]}}}`

// FollowsCAE tells whether the parameter claims has that capability.
func FollowsCAE(claims string) bool {
	var c struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if len(claims) > maxClaims || json.Unmarshal([]byte(claims), &c) != nil {
		return false
	}
	for _, v := range c.AccessToken.Capabilities.Values {
		if v == "cp1" {
			return true
		}
	}
	return false
}

// Bounds on what the far end may send.
const (
	maxClaims = 4 << 10
	maxAnswer = 64 << 10
	maxToken  = 8 << 10
)

// Tokens is the answer of the token endpoint.
type Tokens struct {
	Access   string
	Refresh  string // "": none
	Lifetime time.Duration
}

type tokensJSON struct {
	Type    string `json:"token_type"`
	Seconds int64  `json:"expires_in"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token,omitempty"`
}

// Encode writes the answer.
func (t Tokens) Encode() []byte {
	b, _ := json.Marshal(tokensJSON{"Bearer", int64(t.Lifetime / time.Second), t.Access, t.Refresh}) // strings and a number
	return b
}

var errTokens = errors.New("oauth: not an answer with a bearer token")

// ParseTokens reads the answer.
func ParseTokens(body []byte) (Tokens, error) {
	var j tokensJSON
	if len(body) > maxAnswer || json.Unmarshal(body, &j) != nil || !strings.EqualFold(j.Type, "Bearer") ||
		!isToken(j.Access) || len(j.Refresh) > maxToken || j.Seconds < 0 || j.Seconds > int64(maxLifetime/time.Second) {
		return Tokens{}, errTokens
	}
	return Tokens{j.Access, j.Refresh, time.Duration(j.Seconds) * time.Second}, nil
}

// maxLifetime bounds what expires_in may say.
const maxLifetime = 366 * 24 * time.Hour

// Error is the token endpoint's refusal.
type Error struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *Error) Error() string {
	if e.Description == "" {
		return e.Code
	}
	return e.Code + ": " + e.Description
}

// Encode writes the refusal.
func (e *Error) Encode() []byte {
	b, _ := json.Marshal(e) // two strings
	return b
}

// ParseError reads a refusal; nil when it is none.
func ParseError(body []byte) *Error {
	e := new(Error)
	if len(body) > maxAnswer || json.Unmarshal(body, e) != nil || e.Code == "" {
		return nil
	}
	return e
}

// isToken tells whether s is a b64token (RFC 6750 section 2.1).
func isToken(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	body := strings.TrimRight(s, "=")
	return body != "" && strings.IndexFunc(body, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
	}) < 0
}

// scheme is that of the Authorization field.
const scheme = "Bearer"

// Header is the Authorization field that shows a token.
func Header(token string) string { return scheme + " " + token }

// ParseHeader reads an Authorization field. Ok says that its scheme is Bearer;
// a token that is none reads as "".
func ParseHeader(field string) (token string, ok bool) {
	name, rest, _ := strings.Cut(field, " ")
	if !strings.EqualFold(name, scheme) {
		return "", false
	}
	if rest = strings.TrimSpace(rest); !isToken(rest) {
		return "", true
	}
	return rest, true
}

// Challenge is what a server wants in the place of the token that it was shown.
type Challenge struct {
	SignIn string // the address of the authorisation endpoint
	Error  string // "", [InvalidToken] or [InsufficientClaims]
	Claims string // that the next token must have, as JSON
}

// Header is the WWW-Authenticate field.
func (c Challenge) Header() string {
	text := scheme + ` realm="", authorization_uri="` + c.SignIn + `"`
	if c.Error != "" {
		text += `, error="` + c.Error + `"`
	}
	if c.Claims != "" {
		text += `, claims="` + base64.StdEncoding.EncodeToString([]byte(c.Claims)) + `"`
	}
	return text
}
