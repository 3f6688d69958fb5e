package ews

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"shutout/lab/protocol/ews"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// caller is a program that speaks to cas1 as dana.
type caller struct {
	t        testing.TB
	w        *webtest.World
	client   *http.Client
	version  string
	password string
}

func newWorld(t testing.TB, profile string, set ...string) *webtest.World {
	w := webtest.New(t, profile, set...)
	w.Serve(New(w.World.World, "cas1"))
	return w
}

func newCaller(t testing.TB, w *webtest.World) *caller {
	return &caller{t: t, w: w, client: w.Client("dana-ews"), version: ews.Exchange2010SP1, password: webtest.Password}
}

func (c *caller) request(method, contentType string, body []byte) *http.Response {
	c.t.Helper()
	r, err := http.NewRequest(method, "http://cas1/ews/exchange.asmx", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.password != "" {
		r.SetBasicAuth(webtest.Dana, c.password)
	}
	r.Header.Set("Content-Type", contentType)
	c.client.CloseIdleConnections() // the server may have let go of them meanwhile
	resp, err := c.client.Do(r)
	if err != nil {
		return nil
	}
	return resp
}

// ask sends an operation and returns the messages of the answer, or why there
// are none: a *ews.Fault, or the HTTP status.
func (c *caller) ask(op ews.Operation) ([]ews.Message, error) {
	c.t.Helper()
	body, err := ews.Request{Version: c.version, Op: op}.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	resp := c.request(http.MethodPost, ews.ContentType, body)
	if resp == nil {
		return nil, errors.New("no answer")
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != ews.StatusFault {
		return nil, errors.New(resp.Status)
	}
	r, err := ews.ParseResponse(out)
	if fault := new(ews.Fault); errors.As(err, &fault) != (resp.StatusCode == ews.StatusFault) {
		c.t.Errorf("%s with %v", resp.Status, err)
	}
	return r.Messages, err
}

// one sends an operation about one thing.
func (c *caller) one(op ews.Operation) ews.Message {
	c.t.Helper()
	m, err := c.ask(op)
	if err != nil || len(m) != 1 {
		c.t.Fatalf("%s: %+v, %v", op.Name(), m, err)
	}
	return m[0]
}

// good is one that must succeed.
func (c *caller) good(op ews.Operation) ews.Message {
	c.t.Helper()
	m := c.one(op)
	if err := m.Err(); err != nil {
		c.t.Fatalf("%s: %v", op.Name(), err)
	}
	return m
}

// wantCode fails the test unless the answer, or the fault, has the code.
func (c *caller) wantCode(op ews.Operation, want ews.ResponseCode) {
	c.t.Helper()
	m, err := c.ask(op)
	var fault *ews.Fault
	switch {
	case errors.As(err, &fault):
		if fault.Code != want {
			c.t.Errorf("%s: fault %s, want %s", op.Name(), fault.Code, want)
		}
	case err != nil || len(m) != 1 || m[0].Code != want:
		c.t.Errorf("%s: %+v, %v, want %s", op.Name(), m, err, want)
	}
}

var (
	idsOnly  = ews.Shape{Base: ews.IDOnly}
	subjects = ews.Shape{Base: ews.IDOnly, Extra: []ews.Field{ews.FieldSubject, ews.FieldIsRead}}
	inbox    = []ews.FolderRef{ews.Distinguished(ews.Inbox)}
)

// list returns what is in a folder, the oldest first.
func (c *caller) list(folder string) []ews.Item {
	c.t.Helper()
	m := c.good(ews.FindItem{
		Traversal: ews.Shallow, Shape: subjects, Parents: []ews.FolderRef{ews.Distinguished(folder)},
		Sort: []ews.Sort{{Field: ews.FieldReceived}, {Field: ews.Field{Tag: "0xe23", Type: "Integer"}}},
	})
	return m.Page.Items
}

// titles are the items' subjects.
func titles(items []ews.Item) (list []string) {
	for _, i := range items {
		list = append(list, i.Subject)
	}
	return list
}

// with runs f on dana's mailbox past the server.
func (c *caller) with(f func(s *store.Session)) {
	c.t.Helper()
	c.w.Lock()
	defer c.w.Unlock()
	now := c.w.Now()
	s, d := c.w.Store.Logon(now, store.Request{User: "dana", Protocol: "mapi"})
	if !d.Allowed {
		c.t.Fatal(d.Reason)
	}
	defer s.Close(now)
	f(s)
}

// post calls a handler without a network.
func post(h http.Handler, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, ews.URLPath, bytes.NewReader(body))
	r.SetBasicAuth(webtest.Dana, webtest.Password)
	r.Header.Set("Content-Type", ews.ContentType)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}
