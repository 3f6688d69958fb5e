package remote

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"shutout/lab"
)

// Doveadm asks Dovecot over its HTTP interface: flush-auth-cache and
// kick-sessions.
type Doveadm struct {
	URL  string // http://HOST:PORT, without a path
	Key  Secret // doveadm_api_key
	TLS  *tls.Config
	User string // how Dovecot calls somebody, with placeholders; empty: {user}
	// Dial, if set, makes the connections.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// DoveadmMitigations are those that the executor has.
var DoveadmMitigations = []string{"flush-auth-cache", "kick-sessions"}

// doveadmPath is where Dovecot answers (doc.dovecot.org, "Doveadm HTTP API").
const doveadmPath = "/doveadm/v1"

// noSession is the exit code of kick when the user has no session (EX_NOHOST).
const noSession = 68

// maxDoveadm bounds an answer, in bytes.
const maxDoveadm = 1 << 20

// doveadmState is the call that a change makes.
type doveadmState struct {
	Command string         `json:"command"`
	Args    map[string]any `json:"args"`
}

// Plan makes the call. Nothing can be read beforehand: a cache and sessions come
// back by themselves.
func (e *Doveadm) Plan(_ context.Context, o Order) (*Change, error) {
	user, target := "", "everybody"
	if o.Person != nil {
		user = template(cmp.Or(e.User, "{user}")).expand(personValues(o.Person))
		target = user
	}
	st := doveadmState{Args: map[string]any{}}
	c := &Change{Executor: "doveadm", Target: target + " at " + e.URL}
	switch o.Action.Name() {
	case "flush-auth-cache":
		// An empty list means everybody. Without the list the process of Dovecot 2.3
		// dies ("Missing user parameter") and gives no answer.
		users := []string{}
		if user != "" {
			users = append(users, user)
		}
		st.Command, st.Args["user"] = "authCacheFlush", users
		c.Do = "doveadm auth cache flush " + user
	case "kick-sessions":
		if user == "" {
			return nil, errors.New("it is not about anybody, so nobody can be kicked")
		}
		st.Command, st.Args["mask"] = "kick", []string{user}
		c.Do = "doveadm kick " + user
	default:
		return nil, fmt.Errorf("%w: doveadm cannot carry out %s; it can %s",
			lab.ErrNotAvailable, o.Action.Name(), strings.Join(DoveadmMitigations, ", "))
	}
	c.Do = strings.TrimSpace(c.Do)
	var err error
	c.State, err = json.Marshal(st)
	return c, err
}

// Do makes the call.
func (e *Doveadm) Do(ctx context.Context, c *Change) (string, error) {
	var st doveadmState
	if err := json.Unmarshal(c.State, &st); err != nil || st.Command == "" {
		return "", fmt.Errorf("the journal's record of %s cannot be read: it names no command", c.Mitigation)
	}
	result, exit, err := e.call(ctx, st.Command, st.Args)
	switch {
	case err != nil:
		return "", err
	case exit == noSession && st.Command == "kick":
		return "no session was open", nil
	case exit != 0:
		return "", fmt.Errorf("doveadm %s: exit code %d", st.Command, exit)
	}
	return st.Command + ": " + brief(string(result)), nil
}

// Undo has nothing to do: nothing stayed behind.
func (*Doveadm) Undo(context.Context, *Change) (string, error) { return "nothing stayed behind", nil }

// Check asks for the list of commands that Dovecot has.
func (e *Doveadm) Check(ctx context.Context) error {
	_, err := e.ask(ctx, http.MethodGet, nil)
	return err
}

// call has Dovecot carry out one command.
func (e *Doveadm) call(ctx context.Context, command string, args map[string]any) (result json.RawMessage, exit int, err error) {
	body, err := json.Marshal([]any{[]any{command, args, "1"}})
	if err != nil {
		return nil, 0, err
	}
	answer, err := e.ask(ctx, http.MethodPost, body)
	if err != nil {
		return nil, 0, err
	}
	return parseDoveadm(answer)
}

// parseDoveadm reads an answer: [["doveadmResponse",[…],"1"]], or
// [["error",{"type":"exitCode","exitCode":68},"1"]].
func parseDoveadm(answer []byte) (result json.RawMessage, exit int, err error) {
	unexpected := fmt.Errorf("doveadm answers %s: expected a list with one answer", brief(string(answer)))
	var list [][]json.RawMessage
	if json.Unmarshal(answer, &list) != nil || len(list) != 1 || len(list[0]) < 2 {
		return nil, 0, unexpected
	}
	var word string
	if json.Unmarshal(list[0][0], &word) != nil {
		return nil, 0, unexpected
	}
	switch word {
	case "doveadmResponse":
		return list[0][1], 0, nil
	case "error":
		var fault struct {
			Type     string `json:"type"`
			ExitCode int    `json:"exitCode"`
		}
		if json.Unmarshal(list[0][1], &fault) != nil {
			return nil, 0, unexpected
		}
		if fault.Type == "exitCode" && fault.ExitCode != 0 {
			return nil, fault.ExitCode, nil
		}
		return nil, 0, fmt.Errorf("doveadm refuses: %s", brief(fault.Type))
	}
	return nil, 0, unexpected
}

func (e *Doveadm) ask(ctx context.Context, method string, body []byte) ([]byte, error) {
	key, err := e.Key.Read()
	if err != nil {
		return nil, fmt.Errorf("doveadm's key: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(e.URL, "/")+doveadmPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "X-Dovecot-API "+base64.StdEncoding.EncodeToString([]byte(key)))
	req.Header.Set("Content-Type", "application/json")
	// A connection of its own, past any proxy: the server may have been started
	// again since the last one.
	way := &http.Transport{TLSClientConfig: e.TLS, DisableKeepAlives: true}
	if e.Dial != nil {
		way.DialContext = func(ctx context.Context, _, addr string) (net.Conn, error) { return e.Dial(ctx, addr) }
	}
	c := &http.Client{
		Transport:     way,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, fmt.Errorf("doveadm cannot be reached: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxDoveadm))
	switch {
	case err != nil:
		return nil, fmt.Errorf("doveadm at %s: %w", e.URL, err)
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("doveadm at %s does not take the key kept in %s", e.URL, e.Key)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("doveadm at %s answers %s", e.URL, res.Status)
	}
	return answer, nil
}
