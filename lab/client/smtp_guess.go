package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"time"

	"shutout/lab"
)

// wordlist is somebody who does not know the password and tries one word after
// the other; the last of the list is the password. In each attempt he makes
// one connection and uses it up to the server's hanging up or the time of the
// next attempt. What brakes him is the server's business.
type wordlist struct {
	line  *line
	size  int
	tried int
	found bool
}

// newWordlist is nil for somebody who knows the password.
func newWordlist(l *line) *wordlist {
	if n := l.env.Activity.Client.Wordlist; n > 0 {
		return &wordlist{line: l, size: n}
	}
	return nil
}

// guess goes on with the list. It returns nil when the password is known.
func (w *wordlist) guess(ctx context.Context, password string) error {
	if w == nil || w.found {
		return nil
	}
	conn, err := w.line.dial(ctx)
	if err != nil {
		return err
	}
	name, began := localName(conn), w.line.env.Now()
	if w.line.env.Endpoint.Security == lab.StartTLS {
		if conn, err = w.line.startTLS(conn, smtpStartTLS(name), "220 secured\r\n"); err != nil {
			return err
		}
	}
	defer conn.Close()
	text := textproto.NewConn(w.line.overheard(conn, speaksSMTP))
	ask := func(want int, format string, args ...any) (string, error) {
		extend(conn, submissionPatience) // he has time
		if format != "" {
			if err := text.PrintfLine(format, args...); err != nil {
				return "", err
			}
		}
		_, answer, err := text.ReadResponse(want)
		return answer, err
	}
	if _, err := ask(220, ""); err != nil {
		return w.gave(stageGreeting, err)
	}
	if _, err := ask(250, "EHLO %s", name); err != nil {
		return w.gave(stageGreeting, err)
	}
	last := error(refused(stageSignIn, "no word of the list was tried"))
	for w.tried < w.size && w.line.env.Now().Sub(began) < w.line.env.Activity.Every {
		word := fmt.Sprintf("no-password-%d", w.tried+1)
		if w.tried == w.size-1 {
			word = password
		}
		_, err := ask(334, "AUTH LOGIN")
		if err == nil {
			_, err = ask(334, "%s", encoded(w.line.env.Login.User))
		}
		if err == nil {
			_, err = ask(235, "%s", encoded(word))
		}
		var said *textproto.Error
		switch {
		case err == nil:
			w.found = true
			return nil
		case !errors.As(err, &said) && w.tried == 0:
			return w.gave(stageSignIn, err)
		case !errors.As(err, &said): // the server has hung up; so much for this connection
			return last
		case said.Code == 421:
			return last
		}
		if last = w.gave(stageSignIn, err); failure(last, stageSignIn).Kind != lab.Refused {
			return last // nobody has looked at the word
		}
		w.tried++
	}
	if w.tried >= w.size {
		return refused(stageSignIn, "every word of the list was refused")
	}
	return last
}

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// gave is what the server's answer to a guess amounts to.
func (w *wordlist) gave(stage string, err error) error {
	var said *textproto.Error
	if errors.As(err, &said) {
		return smtpRefusal(stage, fmt.Sprintf("%d %s", said.Code, said.Msg))
	}
	return unreachable(stage, err)
}

// harvest asks for made-up addresses and then for one that exists. It worked
// when the server told them apart, and before the next attempt is due.
func (s *smtpSession) harvest(t lab.Task) error {
	stage, env := string(t.Capability), s.line.env
	began := env.Now()
	if err := s.client.Mail(t.From, nil); err != nil {
		return s.broken(stage, err, false)
	}
	_, domain, _ := strings.Cut(t.To, "@")
	for i := range env.Activity.Client.Guesses {
		err := s.client.Rcpt(fmt.Sprintf("guess-%d@%s", i+1, domain), nil)
		if err == nil {
			return refused(stage, "an address that does not exist is accepted like any other: nothing is learnt")
		}
		f := failure(s.broken(stage, err, false), stage)
		if f.Kind != lab.Refused {
			return &lost{Failure: f}
		}
		// A harvester who has to wait longer than this goes elsewhere.
		if took := env.Now().Sub(began); took >= env.Activity.Every {
			return refused(stage, fmt.Sprintf("too slow: %d of %d addresses asked for in %s", i+1, env.Activity.Client.Guesses, lab.Duration(took.Round(time.Second))))
		}
	}
	if err := s.client.Rcpt(t.To, nil); err != nil {
		return s.broken(stage, err, false)
	}
	return nil
}
