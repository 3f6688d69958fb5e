package sim_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"shutout/lab"
	"shutout/scenarios"
	"shutout/sim"
)

// shortCases are cases of the catalogue that together use every access path and
// every way to sign in, of several each time the one with the fewest attempts,
// and the first minutes of each.
func shortCases() []*lab.Scenario {
	attempts := func(s *lab.Scenario) (n int) {
		for _, a := range slices.Concat(s.Activities, s.Controls) {
			n += int((s.Horizon-a.Since)/a.Every) * len(a.Do)
		}
		return n
	}
	all := scenarios.Catalogue()
	slices.SortStableFunc(all, func(a, b *lab.Scenario) int { return attempts(a) - attempts(b) })
	met := map[string]bool{}
	var chosen []*lab.Scenario
	for _, s := range all {
		fresh := false
		s.Horizon, s.Sweep = min(s.Horizon, 20*time.Minute), false
		for _, a := range s.Activities {
			for _, what := range []string{string(a.Path), string(a.Client.Auth)} {
				fresh = fresh || !met[what]
				met[what] = true
			}
		}
		if fresh {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// blob is what no transcript has: something that may be a token.
var blob = regexp.MustCompile(`[A-Za-z0-9+/=_-]{33,}`)

func TestTranscripts(t *testing.T) {
	paths := map[lab.Path]bool{}
	for _, s := range shortCases() {
		var first []byte
		for again := range 2 {
			r, err := sim.Play(context.Background(), s, sim.PlayOptions{Seed: 1, Transcribe: true})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(r.Transcripts, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			if again > 0 {
				if string(text) != string(first) {
					t.Errorf("%s: the same run had two transcripts:\n%s\n%s", s.ID, first, text)
				}
				break
			}
			first = text
			for _, id := range r.Transcripts {
				for _, a := range r.Activities {
					if a.ID == id.Activity {
						paths[a.Path] = true
					}
				}
			}
		}
		for _, secret := range secretsOf(s.Cast) {
			if strings.Contains(string(first), secret) {
				t.Errorf("%s: %q stands in %s", s.ID, secret, first)
			}
		}
		if found := blob.Find(first); found != nil {
			t.Errorf("%s: %q may be a token", s.ID, found)
		}
	}
	for _, p := range lab.Paths {
		if !paths[p] {
			t.Errorf("no transcript of %s", p)
		}
	}
}

// secretsOf lists the cast's passwords in the forms that protocols have.
func secretsOf(c *lab.Cast) (all []string) {
	for _, p := range c.People {
		for _, password := range []string{p.Password, p.NewPassword} {
			if password == "" {
				continue
			}
			all = append(all, password, url.QueryEscape(password), hex.EncodeToString([]byte(password)))
			wide := make([]byte, 0, 2*len(password))
			for _, u := range utf16.Encode([]rune(password)) {
				wide = append(wide, byte(u), byte(u>>8))
			}
			for shift := range 3 {
				for _, form := range [][]byte{[]byte(password), wide} {
					coded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), form...))
					all = append(all, coded[4:len(coded)-4])
				}
			}
		}
	}
	return all
}
