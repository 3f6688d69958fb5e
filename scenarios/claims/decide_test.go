package claims

import (
	"slices"
	"strings"
	"testing"
)

// points writes observations as "a=1 b=x: yes".
func points(t *testing.T, lines ...string) []point {
	var all []point
	for _, line := range lines {
		traits, held, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatal(line)
		}
		p := point{held: held == "yes"}
		for _, field := range strings.Fields(traits) {
			name, value, _ := strings.Cut(field, "=")
			p.traits = append(p.traits, trait(name, value))
		}
		all = append(all, p)
	}
	return all
}

func TestDecide(t *testing.T) {
	terms := func(list [][]Trait) string {
		var all []string
		for _, term := range list {
			var parts []string
			for _, tr := range term {
				parts = append(parts, tr.Name+"="+tr.Value)
			}
			all = append(all, strings.Join(parts, "+"))
		}
		return strings.Join(all, " | ")
	}
	for _, tt := range []struct {
		name                   string
		points                 []point
		on, also, holds, fails string
	}{
		{"one trait", points(t, "a=1 b=x: yes", "a=1 b=y: yes", "a=2 b=x: no", "a=2 b=y: no"), "a", "", "a=1", "a=2"},
		{"the other one", points(t, "a=1 b=x: yes", "a=1 b=y: no", "a=2 b=x: yes", "a=2 b=y: no"), "b", "", "b=x", "b=y"},
		{"the other one, no first", points(t, "a=1 b=x: no", "a=1 b=y: yes", "a=2 b=x: no", "a=2 b=y: yes"), "b", "", "b=y", "b=x"},
		{"two that vary together", points(t, "a=1 b=x: yes", "a=2 b=y: no"), "a", "b", "a=1", "a=2"},
		{"both", points(t, "a=1 b=x: yes", "a=1 b=y: no", "a=2 b=x: no", "a=2 b=y: no"), "a b", "", "a=1+b=x", "b=y | a=2"},
		{"either", points(t, "a=1 b=x: yes", "a=1 b=y: yes", "a=2 b=x: yes", "a=2 b=y: no"), "a b", "", "b=x | a=1", "a=2+b=y"},
		{"three values", points(t, "a=1: yes", "a=2: no", "a=3: yes"), "a", "", "a=1 | a=3", "a=2"},
		{"a name only if nothing else decides", points(t, "activity=p a=1 b=x: yes", "activity=q a=1 b=y: no", "activity=r a=2 b=x: no"), "a b", "", "a=1+b=x", "b=y | a=2"},
		{"a name", points(t, "activity=p a=1: yes", "activity=q a=1: no"), "activity", "", "activity=p", "activity=q"},
	} {
		r := decide(tt.points)
		if r == nil {
			t.Errorf("%s: nothing decides", tt.name)
			continue
		}
		got := []string{strings.Join(r.On, " "), strings.Join(r.Also, " "), terms(r.Holds), terms(r.Fails)}
		// Which of several equally short terms comes first does not matter.
		for i, want := range []string{tt.on, tt.also, tt.holds, tt.fails} {
			a, b := strings.Split(got[i], " | "), strings.Split(want, " | ")
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) {
				t.Errorf("%s: %q, want %q", tt.name, got[i], want)
			}
		}
	}
	if r := decide(points(t, "a=1: yes", "a=1: no")); r != nil {
		t.Errorf("what is alike cannot be told apart: %+v", r)
	}
}
