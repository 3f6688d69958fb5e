package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"

	"shutout/lab"
	"shutout/lab/protocol/autodiscover"
)

// portHTTPS is where a host's Autodiscover service is (RFC 9110 section 4.2.2).
const portHTTPS = "443"

// settings is what Autodiscover tells of an account.
type settings struct {
	legacyDN  string // of the mailbox
	rpcServer string // that holds Outlook's session; "" where none was told
}

// discover asks for the account's settings, once for each activity: clients keep
// what they were told.
func (l *line) discover(ctx context.Context, password string) (settings, error) {
	if l.settings != nil {
		return *l.settings, nil
	}
	body, err := autodiscover.Request{Email: l.env.Login.Address, Schema: autodiscover.OutlookSchema}.Encode()
	if err != nil {
		return settings{}, err
	}
	host, _, err := net.SplitHostPort(l.env.Endpoint.Addr)
	if err != nil {
		return settings{}, err
	}
	name := l.env.Endpoint.Host
	if other := l.env.Endpoint.Autodiscover; other != "" {
		host, name = other, other
	}
	web := newWebLine(l)
	web.at = &place{net.JoinHostPort(host, portHTTPS), name, lab.Implicit}
	defer web.drop()
	req := newRequest(http.MethodPost, &url.URL{Scheme: "https", Host: name, Path: autodiscover.URLPath}, http.Header{
		"Content-Type": {autodiscover.ContentType},
		"User-Agent":   {"Shutout-Autodiscover/1.0"},
	}, body)
	auth := newWebAuth(l, l.authOf(lab.AuthBasic), password)
	auth.host = name
	a, err := auth.exchange(ctx, web, stageSignIn, req)
	if err != nil {
		return settings{}, err
	}
	if a.StatusCode != http.StatusOK {
		return settings{}, judge(a, stageSignIn)
	}
	found, err := readSettings(a.body)
	if err != nil {
		return settings{}, err
	}
	l.settings = &found
	return found, nil
}

// readSettings takes an answer apart. Where it sends the client elsewhere, to
// another address or forest, this client does not follow.
func readSettings(body []byte) (settings, error) {
	r, err := autodiscover.ParseResponse(body)
	var no *autodiscover.Error
	switch {
	case errors.As(err, &no):
		return settings{}, refused(stageMailbox, no.Error())
	case err != nil:
		return settings{}, unexpected(stageMailbox, "%v", err)
	case r.Action != autodiscover.Settings:
		return settings{}, refused(stageMailbox, "Autodiscover says "+string(r.Action)+" "+r.Redirect)
	case r.User.LegacyDN == "":
		return settings{}, unexpected(stageMailbox, "Autodiscover without a LegacyDN")
	}
	s := settings{legacyDN: r.User.LegacyDN}
	if p, ok := r.Find(autodiscover.EXCH); ok {
		s.rpcServer = p.Server
	}
	return s, nil
}
