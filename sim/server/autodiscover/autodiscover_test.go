package autodiscover

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/autodiscover"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

// endpoints tells of each path in has where it is.
func endpoints(has ...lab.Path) func(*lab.Person, lab.Path) (lab.Endpoint, error) {
	return func(who *lab.Person, path lab.Path) (lab.Endpoint, error) {
		for _, p := range has {
			if p == path {
				return lab.Endpoint{Host: who.CAS + ".corp.example", Server: "mbx1.corp.example"}, nil
			}
		}
		return lab.Endpoint{}, fmt.Errorf("%w: %s", lab.ErrNotAvailable, path)
	}
}

type caller struct {
	t        *testing.T
	w        *webtest.World
	client   *http.Client
	password string
	mapi     bool
}

func newCaller(t *testing.T, profile string, has ...lab.Path) *caller {
	w := webtest.New(t, profile)
	w.Serve(New(w.World.World, "cas1", endpoints(has...)))
	return &caller{t: t, w: w, client: w.Client("dana"), password: webtest.Password}
}

func (c *caller) post(body []byte) (int, []byte) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://cas1/Autodiscover/Autodiscover.xml", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(webtest.Dana, c.password)
	if c.mapi {
		r.Header.Set(autodiscover.HeaderMapiHTTP, "1")
	}
	resp, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, out
}

func (c *caller) ask(q autodiscover.Request) (autodiscover.Response, error) {
	c.t.Helper()
	body, err := q.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	status, out := c.post(body)
	if status != http.StatusOK {
		c.t.Fatalf("%d %s", status, out)
	}
	return autodiscover.ParseResponse(out)
}

var dana = autodiscover.Request{Email: webtest.Dana, Schema: autodiscover.OutlookSchema}

const danaDN = "/o=CORP/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=dana"

func TestSettings(t *testing.T) {
	const at = "https://cas1.corp.example"
	c := newCaller(t, "ex2010", lab.OutlookRPC, lab.OutlookAnywhere, lab.EWS, lab.OWA)
	for _, q := range []autodiscover.Request{dana, {LegacyDN: danaDN, Schema: autodiscover.OutlookSchema}} {
		r, err := c.ask(q)
		if err != nil || r.User.LegacyDN != danaDN || r.User.SMTPAddress != webtest.Dana || r.User.DisplayName != "Dana Reyes" {
			t.Fatalf("%+v, %v", r, err)
		}
		exch, _ := r.Find(autodiscover.EXCH)
		expr, _ := r.Find(autodiscover.EXPR)
		web, ok := r.Find(autodiscover.WEB)
		if exch.Server != "cas1.corp.example" || exch.EwsURL != at+"/EWS/Exchange.asmx" || exch.ServerVersion != "7383807B" ||
			expr.Server != "cas1.corp.example" || expr.SSL != "On" || !ok || web.Internal.OWA[0].URL != at+"/owa/" {
			t.Errorf("%+v", r.Protocols)
		}
		if _, ok := r.Find(autodiscover.MAPIHTTP); ok || len(r.Protocols) != 3 {
			t.Errorf("more than there is: %+v", r.Protocols)
		}
	}

	c = newCaller(t, "ex2016", lab.OutlookAnywhere, lab.MAPIHTTP)
	r, err := c.ask(dana)
	if err != nil {
		t.Fatal(err)
	}
	exch, _ := r.Find(autodiscover.EXCH)
	if _, ok := r.Find(autodiscover.EXHTTP); !ok || exch.Server != "mbx1.corp.example" || exch.EwsURL != "" {
		t.Errorf("%+v", r.Protocols)
	}
	if _, ok := r.Find(autodiscover.MAPIHTTP); ok {
		t.Error("MAPI over HTTP for a client that does not speak it")
	}
	c.mapi = true
	if r, err = c.ask(dana); err != nil {
		t.Fatal(err)
	}
	if m, ok := r.Find(autodiscover.MAPIHTTP); !ok || m.MailStore.InternalURL != at+"/mapi/emsmdb/?MailboxId="+webtest.Dana {
		t.Errorf("%+v", r.Protocols)
	}
}

func TestRefusals(t *testing.T) {
	c := newCaller(t, "ex2010", lab.EWS)
	for want, q := range map[autodiscover.ErrorCode]autodiscover.Request{
		autodiscover.AddressNotFound: {Email: "nobody@corp.example", Schema: autodiscover.OutlookSchema},
		autodiscover.NoProvider:      {Email: webtest.Dana, Schema: "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"},
	} {
		_, err := c.ask(q)
		var no *autodiscover.Error
		if !errors.As(err, &no) || no.Code != want {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if status, out := c.post([]byte("<x/>")); status != 200 || !strings.Contains(string(out), "<ErrorCode>600</ErrorCode>") {
		t.Errorf("%d %s", status, out)
	}
	c.w.Do(func(now time.Time) { c.w.Store.Disconnect(now, "dana") })
	if _, err := c.ask(dana); err == nil {
		t.Error("a mailbox that is disconnected is found")
	}
	c.password = "wrong"
	if status, _ := c.post(nil); status != 401 {
		t.Errorf("wrong password: %d", status)
	}
}

// A token that Autodiscover has left behind must not open Exchange Web Services.
func TestTokensStayHere(t *testing.T) {
	c := newCaller(t, "ex2010", lab.EWS)
	if _, err := c.ask(dana); err != nil {
		t.Fatal(err)
	}
	c.w.Do(func(now time.Time) {
		for _, pool := range clientaccess.Pools {
			want := 0
			if pool == clientaccess.PoolAutodiscover {
				want = 1
			}
			if n := c.w.CAS.Server("cas1").Tokens(now, pool); n != want {
				t.Errorf("%s has %d tokens, want %d", pool, n, want)
			}
		}
	})
}

// FuzzPost asks for anything.
func FuzzPost(f *testing.F) {
	for _, q := range []autodiscover.Request{dana, {LegacyDN: danaDN, Schema: "x"}, {Email: "x", LegacyDN: "y", Schema: autodiscover.OutlookSchema}} {
		body, err := q.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	w := webtest.New(f, "ex2016")
	h := New(w.World.World, "cas1", endpoints(lab.EWS, lab.OWA, lab.OutlookAnywhere, lab.MAPIHTTP))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, autodiscover.URLPath, bytes.NewReader(body))
		r.SetBasicAuth(webtest.Dana, webtest.Password)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var no *autodiscover.Error
		if _, err := autodiscover.ParseResponse(rec.Body.Bytes()); rec.Code != http.StatusOK || err != nil && !errors.As(err, &no) {
			t.Errorf("%d %v %s", rec.Code, err, rec.Body)
		}
	})
}
