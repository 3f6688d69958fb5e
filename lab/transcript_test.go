package lab

import (
	"context"
	"strings"
	"testing"
	"time"
)

// talker is a client that says what it is told to say.
type talker struct{ said string }

func (*talker) Do(context.Context, Task) error     { return nil }
func (*talker) Close()                             {}
func (c *talker) AppendTranscript(b []byte) []byte { return append(b, c.said...) }

func TestWhichAttemptsAreKept(t *testing.T) {
	refused, away := &Failure{Kind: Refused}, &Failure{Kind: Unreachable}
	type attempt struct {
		said string
		f    *Failure
	}
	for name, c := range map[string]struct {
		attempts []attempt
		want     string // the last success and the first refusal, with their minutes
	}{
		"nothing was said":                  {[]attempt{{"", nil}, {"", refused}}, ""},
		"the last success":                  {[]attempt{{"a", nil}, {"b", nil}}, "1b"},
		"and the first refusal":             {[]attempt{{"a", nil}, {"b", refused}, {"c", refused}}, "0a 1b"},
		"a refusal before a success is not": {[]attempt{{"a", refused}, {"b", nil}, {"c", refused}}, "1b 2c"},
		"a server that is away":             {[]attempt{{"a", nil}, {"b", away}, {"c", away}}, "0a 1b"},
		"a refusal says more":               {[]attempt{{"a", nil}, {"b", away}, {"c", refused}, {"d", away}, {"e", refused}}, "0a 2c"},
		"never let in":                      {[]attempt{{"a", refused}}, " 0a"},
		"a long one before a short one":     {[]attempt{{"aaaaaaaaaa", nil}, {"b", nil}}, "1b"},
	} {
		var d dialogue
		for i, a := range c.attempts {
			said := a.said
			if said != "" {
				said += "\n"
			}
			d.keep(&talker{said}, time.Duration(i)*time.Minute, a.f)
		}
		got := ""
		if r := d.transcript(&Track{Activity: &Activity{ID: "x"}, Capability: Read}); r != nil {
			for i, e := range []*Exchange{r.LastSuccess, r.FirstRefusal} {
				if e == nil {
					continue
				}
				if i > 0 {
					got += " "
				}
				got += string('0'+rune(e.AtS/60)) + strings.Join(e.Lines, "|")
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
