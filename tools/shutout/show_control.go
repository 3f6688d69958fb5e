package main

import "shutout/scenarios/controls"

func showControl(t *terminal, c *controls.Control) {
	title(t, "control", c.ID, c.Standard+" "+c.Number+", "+c.Title)
	blank(t)
	t.paragraph("", c.Asks)
	blank(t)
	t.items("what it asks for as well and no run shows", c.Silent)
	blank(t)
	t.paragraph("", "What a run shows about it: shutout evidence RUN")
	showSources(t, c.Source)
}
