package report

import (
	"slices"

	"shutout/fixtures/sources"
	"shutout/lab/report/foreign"
)

// htmlSource is a text that is cited: by its title, with the code that the
// registry has it under behind it.
type htmlSource struct {
	Title, Code string
	Says        []string // what is cited of it, where it is read statement by statement
}

// cited are the texts behind citations, each once. What the registry does not
// have, a text of the user's own, stands there as it is cited.
func cited(citations []string, statements bool) (out []htmlSource) {
	for _, text := range citations {
		c, err := sources.Parse(text)
		if err != nil {
			out = append(out, htmlSource{Title: foreign.Text(text)})
			continue
		}
		i := slices.IndexFunc(out, func(s htmlSource) bool { return s.Code == c.Source.Code })
		if i < 0 {
			i = len(out)
			out = append(out, htmlSource{Title: c.Source.Title, Code: c.Source.Code})
		}
		if statements && c.Statement != nil {
			out[i].Says = append(out[i].Says, c.Statement.Says)
		}
	}
	return out
}
