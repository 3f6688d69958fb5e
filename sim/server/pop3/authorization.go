package pop3

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"shutout/lab/protocol/oauth"
	"shutout/lab/protocol/pop3"
	"shutout/sim/server/popimap"
)

// mayLogIn tells whether a password is taken on the connection as it is.
func (x *connection) mayLogIn() bool { return x.Secure() || x.Service().PlainLogin() }

// tokens tells whether access tokens are taken in the place of passwords.
func (x *connection) tokens() bool { return x.Service().World.Cloud != nil }

// mechanism is the one that AUTH takes.
func (x *connection) mechanism() string {
	if x.tokens() {
		return oauth.XOAUTH2
	}
	return sasl.Plain
}

func (x *connection) capa([]string) {
	list := []pop3.Capability{{Name: "TOP"}, {Name: "UIDL"}}
	if x.drop == nil {
		if x.mayLogIn() {
			list = append(list, pop3.Capability{Name: "SASL", Params: []string{x.mechanism()}})
			if !x.tokens() {
				list = append(list, pop3.Capability{Name: "USER"})
			}
		}
		if !x.Secure() {
			list = append(list, pop3.Capability{Name: "STLS"})
		}
	}
	x.out = pop3.AppendCapabilities(x.out, list)
}

func (x *connection) stls([]string) {
	switch {
	case x.Secure():
		x.fail("", textState)
	case x.in.Buffered() > 0:
		// Commands in the clear behind STLS must not count as said over TLS
		// (RFC 2595 section 4): whoever sends them is no client.
		x.fail("", textProtocol)
		x.quit = true
	default:
		x.ok("Begin TLS negotiation.")
		if x.quit = !x.flush() || x.StartTLS() != nil; x.quit {
			return
		}
		x.in = pop3.NewCommandReader(x.Conn)
		x.user = ""
	}
}

func (x *connection) name(args []string) {
	if !x.mayLogIn() {
		x.RefuseClear()
		x.fail("", textState)
		return
	}
	// An unknown name is refused after the password only, so that nobody can
	// try names.
	x.user = args[0]
	x.ok("")
}

func (x *connection) pass(args []string) {
	if x.user == "" {
		x.fail("", textState)
		return
	}
	user := x.user
	x.user = ""
	x.signIn(user, args[0])
}

// auth is AUTH PLAIN (RFC 5034 section 4); without an argument it lists what
// there is, as older clients ask.
func (x *connection) auth(args []string) {
	switch {
	case !x.mayLogIn():
		x.RefuseClear()
		x.fail("", textState)
	case len(args) == 0:
		x.out = pop3.AppendMessage(x.out, "", []byte(x.mechanism()+"\r\n"))
	case !strings.EqualFold(args[0], x.mechanism()):
		x.fail("", textProtocol)
	default:
		response := ""
		if len(args) == 2 {
			response = args[1]
		} else {
			x.out = append(x.out, "+ \r\n"...)
			if x.quit = !x.flush(); x.quit {
				return
			}
			line, err := x.in.ReadLine()
			var syntax *pop3.SyntaxError
			if err != nil && !errors.As(err, &syntax) && !errors.Is(err, pop3.ErrLineTooLong) {
				x.quit = true
				return
			}
			response = line
		}
		x.answer(response)
	}
}

// answer takes the client's response to AUTH, of PLAIN (RFC 4616) or XOAUTH2.
func (x *connection) answer(response string) {
	raw, err := base64.StdEncoding.DecodeString(response)
	signedIn := false
	if err == nil {
		mechanism := sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				return popimap.ErrCredentials
			}
			signedIn = true
			x.signIn(user, password)
			return nil
		})
		if x.tokens() {
			mechanism = oauth.NewXOAUTH2Server(func(user, token string) error {
				signedIn = true
				x.signedIn(x.SignInToken(user, token))
				return nil
			})
		}
		_, _, err = mechanism.Next(raw)
	}
	if !signedIn {
		x.fail("", textProtocol)
	}
}

func (x *connection) signIn(user, password string) {
	x.signedIn(x.SignIn(user, password))
}

// signedIn answers a sign-in.
func (x *connection) signedIn(err error) {
	if err != nil {
		// One text for every reason, so that nobody learns which names exist.
		x.fail("", textLogonFailed)
		return
	}
	x.Service().World.Do(func(now time.Time) { x.drop, err = x.openDrop(now) })
	if err != nil {
		x.fail("", textUnavailable)
		x.quit = true
		return
	}
	x.ok(textLoggedOn)
}

func (x *connection) bye([]string) {
	x.quit = true
	if x.drop != nil {
		if err := x.update(); err != nil {
			x.fail("", textUnavailable)
			return
		}
	}
	x.ok(textBye)
}
