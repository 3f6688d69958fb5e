package signin_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	ntlmssp "github.com/Azure/go-ntlmssp"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/server/signin"
	"shutout/sim/server/webtest"
)

const owner = "dana-mail"

// serve runs a handler that answers whom it has admitted, and how much it was
// sent.
func serve(t *testing.T, settings ...string) *webtest.World {
	t.Helper()
	w := webtest.New(t, "ex2010", settings...)
	web := signin.NewWeb(w.World.World, "cas1", clientaccess.PoolEWS)
	w.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		id, ok := web.Admit(rw, r)
		if !ok {
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(rw, "%s sent %d", id.User.SAM(), n)
	}))
	return w
}

// transport is HTTP over one connection of owner, if keep says so.
func transport(w *webtest.World) http.RoundTripper { return w.Client(owner).Transport }

// NTLM lives as long as the connection: a disabled user goes on with the old
// one, and does not come in on a new one.
func TestNTLMBelongsToTheConnection(t *testing.T) {
	w := serve(t)
	inner := transport(w)
	c := &http.Client{Transport: ntlmssp.Negotiator{RoundTripper: inner}}
	get := func(want int) {
		t.Helper()
		req, _ := http.NewRequest(http.MethodGet, "http://cas1/", nil)
		req.SetBasicAuth(webtest.Dana, webtest.Password)
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Fatalf("%s %s, want %d", resp.Status, body, want)
		}
	}
	get(200)
	w.WantReason(owner, "directory: password accepted")
	w.DisableAccount()
	w.Pass(90 * time.Second)
	get(200)
	got := w.Decisions(owner)
	if i := slices.IndexFunc(got, func(d lab.Decision) bool { return d.Layer == lab.LayerConnection }); i < 0 || !got[i].Allowed {
		t.Errorf("%+v", got)
	}
	inner.(*http.Transport).CloseIdleConnections()
	get(401)
	w.WantReason(owner, "no directory: account disabled")
}
