package claims

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"shutout/lab/report"
)

// Style says how a rendering for people may look.
type Style struct {
	Colour bool // of the terminal
	Width  int  // columns; 0 means 120
	// Brief shows of each claim no more than its verdict and what decides.
	Brief bool
	// Detail shows each observation with its reason.
	Detail bool
}

// Terminal writes a ledger for people: the claims by the text that they come
// from, and the questions about which the texts disagree.
func Terminal(w io.Writer, d *Document, st Style) error {
	t := &terminal{st: st}
	if t.st.Width == 0 {
		t.st.Width = 120
	}
	head := "claims · " + d.Lab
	for _, s := range d.Set {
		head += " · " + s
	}
	t.line(t.code("1", head))
	for _, g := range d.Groups {
		t.line("")
		t.text("", "  ", g.Title, "1")
		for _, c := range g.Claims {
			if st.Brief {
				t.brief(c)
			} else {
				t.claim(c)
			}
		}
	}
	if len(d.Disagreements) > 0 {
		t.line("")
		t.line(t.code("1", "where the texts disagree"))
		for _, dis := range d.Disagreements {
			if st.Brief {
				t.text("  "+dis.ID+"  ", "      ", dis.Question+" "+dis.decided(), "")
			} else {
				t.disagreement(dis, d)
			}
		}
	}
	t.line("")
	if text := report.Model(d.Lab); text != "" {
		t.text("", "", text, "")
	}
	t.text("", "", fmt.Sprintf("%s of mail traffic in %.1fs, %d plays · seed %d · replay: %s", seconds(d.VirtualS), d.WallS, d.Plays, d.Seed, d.Replay), "")
	t.line(d.totals())
	if st.Brief {
		t.text("", "  ", "what was seen of each: shutout claims --source TEXT, --disagreement ID or a claim's id", "")
	}
	if strings.Contains(t.b.String(), defaultMark) {
		t.text("", "  ", legend, "")
	}
	if drift := d.Drift(); len(drift) > 0 {
		t.text("", "  ", "not as predicted: "+strings.Join(drift, ", "), "35")
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type terminal struct {
	st Style
	b  strings.Builder
}

var colours = map[Verdict]string{Confirmed: "32", Refuted: "31", Depends: "33", Unseen: "35"}

// brief writes a claim as its sentence, with its id and what decides behind.
func (t *terminal) brief(c *ClaimResult) {
	behind := c.ID
	if on := c.condition(); on != "" {
		behind += "; depends " + on
	}
	if c.Drift {
		behind += fmt.Sprintf("; %s, predicted %s", c.Verdict, c.Predicted)
	}
	t.text("  "+marks[c.Verdict]+" ", "    ", c.Claim+" ("+behind+")", colours[c.Verdict])
}

func (t *terminal) claim(c *ClaimResult) {
	colour := colours[c.Verdict]
	id := c.ID
	if c.Disagreement != "" {
		id += " (" + c.Disagreement + c.Side + ")"
	}
	head := t.code(colour, marks[c.Verdict]+" "+string(c.Verdict)) + "  " + t.code("1", id)
	if cites := short(c.Sources); utf8.RuneCountInString(string(c.Verdict)+id+cites)+10 <= t.st.Width {
		head += t.code("2", "  "+cites)
	}
	t.line("  " + head)
	t.text("      ", "      ", "“"+c.Claim+"”", "")
	finding := c.finding()
	if c.Drift {
		finding = fmt.Sprintf("[predicted %s] %s", c.Predicted, finding)
	}
	t.text("      ", "        ", finding, colour)
	if t.st.Detail {
		t.detail(c)
	}
}

// detail shows each observation.
func (t *terminal) detail(c *ClaimResult) {
	last := ""
	for _, o := range c.Observations {
		var values []string
		for _, trait := range o.Traits {
			values = append(values, trait.String())
		}
		if o.Replay != last { // a command stays on one line, so that it can be copied
			if len(values) > 0 {
				t.text("      - ", "        ", strings.Join(values, " · "), "2")
				t.line("        " + t.code("2", o.Replay))
			} else {
				t.line("      - " + t.code("2", o.Replay))
			}
			last = o.Replay
		}
		mark := "✗"
		switch {
		case o.LeftOut != "":
			t.text("        - ", "          ", fmt.Sprintf("%s %s: left out, %s", o.Activity, o.Capability, o.LeftOut), "")
			continue
		case o.Held:
			mark = "✓"
		}
		why := o.KeptBy
		if o.EndedBy != "" {
			why = strings.TrimPrefix(why+"; then "+o.EndedBy, "; then ")
		}
		text := fmt.Sprintf("%s %s: %s (said: %s)", o.Activity, o.Capability, o.Seen, o.Says)
		if o.Contrast {
			mark, text = "·", fmt.Sprintf("for contrast, %s %s: %s", o.Activity, o.Capability, o.Seen)
		}
		if why != "" {
			text += ": " + why
		}
		t.text("        "+mark+" ", "          ", text, "")
	}
}

func (t *terminal) disagreement(dis *DisagreementResult, d *Document) {
	t.text("  "+dis.ID+"  ", "      ", dis.Question, "1")
	for _, side := range []struct {
		name, text string
		ids        []string
	}{{"A", dis.A, dis.ClaimsA}, {"B", dis.B, dis.ClaimsB}} {
		text := side.text
		var verdicts []string
		for _, c := range d.claims() {
			for _, id := range side.ids {
				if c.ID == id {
					verdicts = append(verdicts, marks[c.Verdict]+" "+id)
				}
			}
		}
		if verdicts != nil {
			text += " (" + strings.Join(verdicts, ", ") + ")"
		}
		t.text("      "+side.name+"  ", "         ", text, "")
	}
	t.text("      =  ", "         ", dis.decided(), "36")
}

func (t *terminal) line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// text writes running text, wrapped, with one indent for the first line and
// another for the following ones.
func (t *terminal) text(first, rest, text, colour string) {
	indent, line := first, ""
	flush := func() { t.line(indent + t.code(colour, line)) }
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(indent)+utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > t.st.Width {
			flush()
			indent, line = rest, ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	flush()
}

func (t *terminal) code(code, s string) string {
	if !t.st.Colour || s == "" || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
