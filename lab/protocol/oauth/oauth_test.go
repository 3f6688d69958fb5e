package oauth

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	want := Tokens{Access: "abc-123", Refresh: "r", Lifetime: time.Hour}
	got, err := ParseTokens(want.Encode())
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{
		"", "{}", `{"token_type":"mac","access_token":"a","expires_in":1}`, `{"token_type":"Bearer","access_token":"a b","expires_in":1}`,
		`{"token_type":"Bearer","access_token":"a","expires_in":-1}`, `{"token_type":"Bearer","access_token":"a","expires_in":99999999999}`,
	} {
		if got, err := ParseTokens([]byte(bad)); err == nil {
			t.Errorf("%s reads as %+v", bad, got)
		}
	}
}

func TestError(t *testing.T) {
	e := ParseError((&Error{InvalidGrant, "AADSTS50173: revoked"}).Encode())
	if e == nil || e.Error() != "invalid_grant: AADSTS50173: revoked" {
		t.Errorf("%v", e)
	}
	if e := ParseError([]byte(`{"access_token":"a"}`)); e != nil {
		t.Errorf("%v is no error", e)
	}
}

func TestHeader(t *testing.T) {
	for field, want := range map[string]string{
		Header("abc"): "abc", "bearer  a.b~c==": "a.b~c==", "Bearer": "", "Bearer a b": "", "Bearer =": "", "Bearer " + strings.Repeat("a", maxToken+1): "",
	} {
		if got, ok := ParseHeader(field); !ok || got != want {
			t.Errorf("%.40q: %q, %v", field, got, ok)
		}
	}
	if _, ok := ParseHeader("Basic abc"); ok {
		t.Error("Basic is not Bearer")
	}
	if got, want := (Challenge{"https://login/a", InsufficientClaims, "{}"}).Header(),
		`Bearer realm="", authorization_uri="https://login/a", error="insufficient_claims", claims="e30="`; got != want {
		t.Errorf("%s", got)
	}
}

func TestFollowsCAE(t *testing.T) {
	for claims, want := range map[string]bool{CapabilityCAE: true, "": false, "{}": false, `{"access_token":{"xms_cc":{"values":["cp2"]}}}`: false} {
		if FollowsCAE(claims) != want {
			t.Errorf("%q: %v", claims, !want)
		}
	}
}

func TestXOAUTH2(t *testing.T) {
	c := NewXOAUTH2Client("dana@corp.example", "abc")
	name, response, err := c.Start()
	if name != XOAUTH2 || err != nil {
		t.Fatal(name, err)
	}
	var user, token string
	s := NewXOAUTH2Server(func(u, k string) error { user, token = u, k; return nil })
	if challenge, done, err := s.Next(nil); challenge != nil || done || err != nil {
		t.Errorf("an empty challenge: %q %v %v", challenge, done, err)
	}
	if _, done, err := s.Next(response); !done || err != nil || user != "dana@corp.example" || token != "abc" {
		t.Errorf("%v %v %q %q", done, err, user, token)
	}
	if _, _, err := s.Next(response); err == nil {
		t.Error("a second response is taken")
	}
	no := errors.New("no")
	if _, _, err := NewXOAUTH2Server(func(string, string) error { return no }).Next(response); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "user=a\x01auth=Bearer b", "user=a\x01\x01", "auth=Bearer b\x01\x01", "user=a\x01auth=Basic b\x01\x01"} {
		if _, _, err := ParseXOAUTH2([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzXOAUTH2(f *testing.F) {
	f.Add([]byte("user=dana@corp.example\x01auth=Bearer abc\x01\x01"))
	f.Add([]byte("\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		user, token, err := ParseXOAUTH2(b)
		if err != nil {
			return
		}
		_, again, _ := NewXOAUTH2Client(user, token).Start()
		if u, k, err := ParseXOAUTH2(again); err != nil || u != user || k != token {
			t.Errorf("%q %q: %q %q %v", user, token, u, k, err)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add(Tokens{"a", "b", time.Hour}.Encode())
	f.Add((&Error{InvalidGrant, "x"}).Encode())
	f.Add([]byte(CapabilityCAE))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseTokens(b); err == nil {
			if again, err := ParseTokens(got.Encode()); err != nil || again != got {
				t.Errorf("%+v: %+v %v", got, again, err)
			}
		}
		if e := ParseError(b); e != nil && e.Code == "" {
			t.Error("an error without a code")
		}
		FollowsCAE(string(b))
		ParseHeader(string(b))
	})
}
