package pagetest_test

import (
	"testing"

	"shutout/lab/report/page/pagetest"
)

// What is there without scripts is told from what cannot be seen, however it is
// hidden.
func TestLayout(t *testing.T) {
	const text = `<!doctype html><html><head><style>
.gone { display: none } .unseen { visibility: hidden } .clear { opacity: 0 } .cut { clip-path: inset(50%) } summary { list-style: none }</style></head><body>
<p class="there">One <b>two</b></p><p class="gone">no</p><p class="unseen">no</p><p class="clear"><b>no</b></p><p class="cut">no</p>
<svg width="90" height="40"><g class="gone"><rect width="9" height="9"/></g><g class="drawn"><rect x="10" width="20" height="9" fill="red"/></g></svg>
<details><summary>more</summary><p class="folded">no</p></details><p class="scripted"></p>
<script>document.querySelector(".scripted").textContent = "no"</script></body></html>`
	ctx := pagetest.Browser(t)
	pagetest.Open(t, ctx, pagetest.File(t, []byte(text)), pagetest.View{Width: 800, Height: 600, NoScript: true})
	all := pagetest.Layout(t, ctx)
	if body := all.Find("body")[0]; body.Text != "One two more" {
		t.Errorf("there is %q", body.Text)
	}
	for _, class := range []string{"gone", "unseen", "clear", "cut", "folded", "scripted"} {
		found := all.Find("." + class)
		if len(found) == 0 {
			t.Errorf("no element of class %s", class)
		}
		for _, e := range append(found, all.In(found[0])...) {
			if e.Box != nil {
				t.Errorf("%s of %s is there, %+v", e.Tag, class, *e.Box)
			}
		}
	}
	rects := all.In(all.Find("g.drawn")[0]).Find("rect").Drawn()
	if len(rects) != 1 || rects[0].Box.Width != 20 || rects[0].Fill != "rgb(255, 0, 0)" {
		t.Errorf("drawn: %+v", rects)
	}
}
