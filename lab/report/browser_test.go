package report_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"shutout/lab/report/page/pagetest"
)

var (
	pictures = flag.String("pictures", "", "write the pictures for the documentation into this folder")
	heatmap  = flag.String("heatmap", "", "with -pictures: the page of a matrix to take a picture of")
)

// open shows a page.
func open(t *testing.T, ctx context.Context, url string, v pagetest.View) {
	t.Helper()
	pagetest.Open(t, ctx, url, v)
}

// settled waits for what the browser does at the next frames.
const settled = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(1)))))`

func settle(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](settled, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatal(err)
	}
}

var wide = pagetest.View{Width: 1280, Height: 900}

// quick is how soon a page has to be there, on a machine that does nothing else.
const quick = 2 * time.Second

func TestPageOpens(t *testing.T) {
	ctx := pagetest.Browser(t)
	seen := pagetest.Watch(t, ctx)
	one := real(t)
	one.Runs = one.Runs[:1]
	for name, page := range map[string][]byte{"a run of 24 hours": html(t, one), "the full catalogue": html(t, catalogue(t)), "hostile names": html(t, hostileText(hostiles[1]))} {
		wall, work := pagetest.Open(t, ctx, pagetest.File(t, page), wide)
		t.Logf("%s: %d kB, there after %v, of which %v were work", name, len(page)/1000, wall.Round(time.Millisecond), work.Round(time.Millisecond))
		if work > quick { // the wall clock says how busy the machine is
			t.Errorf("%s takes %v of work to open, more than %v", name, work, quick)
		}
		settle(t, ctx)
	}
	pagetest.Eval[any](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
	settle(t, ctx)
	if got := seen.Requests(); len(got) > 0 {
		t.Errorf("requested: %q", got)
	}
	if got := seen.Trouble(); len(got) > 0 {
		t.Errorf("the browser complains: %q", got)
	}
}

// The policy in the page's head keeps it from asking the network for anything,
// should a script ever get in.
func TestPageIsShutIn(t *testing.T) {
	ctx := pagetest.Browser(t)
	open(t, ctx, pagetest.File(t, html(t, real(t))), wide)
	const try = `new Promise(done => {
		const heard = [];
		document.addEventListener("securitypolicyviolation", e => { heard.push(e.effectiveDirective); if (heard.length == 4) done(heard.sort().join(" ")) });
		setTimeout(() => done("only " + heard.join(" ")), 5000);
		const img = new Image(); img.src = "http://127.0.0.1:9/x.png";
		fetch("http://127.0.0.1:9/").catch(() => {});
		const style = document.createElement("style"); style.textContent = "body { color: red }"; document.head.append(style);
		const script = document.createElement("script"); script.textContent = "window.evil = 1"; document.head.append(script);
	})`
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](try, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if want := "connect-src img-src script-src-elem style-src-elem"; got != want {
		t.Errorf("forbidden: %s, not %s", got, want)
	}
}

func TestPageWorks(t *testing.T) {
	ctx := pagetest.Browser(t)
	seen := pagetest.Watch(t, ctx)
	open(t, ctx, pagetest.File(t, html(t, real(t))), wide)
	eval := func(js string) string { t.Helper(); return pagetest.Eval[string](t, ctx, "String("+js+")") }
	is := func(what, js, want string) {
		t.Helper()
		if got := eval(js); got != want {
			t.Errorf("%s: %q, not %q", what, got, want)
		}
	}
	const rows = `Array.from(document.querySelectorAll(".promises tbody tr")).filter(r => !r.hidden)`

	// The table is filtered by verdict, path and text.
	all := eval(rows + ".length")
	pagetest.Do(t, ctx, chromedp.Click(chromedp.CSS(`button[data-verdict=open]`)))
	is("lines that are not open", rows+`.filter(r => r.dataset.verdict != "open").length`, "0")
	if eval(rows+".length") == "0" || eval(rows+".length") == all {
		t.Error("the filter by verdict shows all or nothing")
	}
	is("pressed", `document.querySelector("button[data-verdict=open]").ariaPressed`, "true")
	pagetest.Do(t, ctx, chromedp.Click(chromedp.CSS(`button[data-verdict=open]`)), chromedp.SendKeys(chromedp.CSS(`input[name=text]`), "owa READ"))
	is("lines without the words", rows+`.filter(r => !(r.dataset.text.includes("owa") && r.dataset.text.includes("read"))).length`, "0")
	pagetest.Eval[any](t, ctx, `document.querySelector("input[name=text]").value = ""; document.querySelector("select[name=path]").value = "owa"; document.querySelector("form.filter").dispatchEvent(new Event("input"))`)
	is("paths", `Array.from(new Set(`+rows+`.map(r => r.dataset.path))).join()`, "owa")
	pagetest.Eval[any](t, ctx, `document.querySelector("select[name=path]").value = ""; document.querySelector("form.filter").dispatchEvent(new Event("input"))`)
	is("lines without a filter", rows+".length", all)

	// A link to a lane unfolds its case and shows the lane.
	is("a lane of a folded case is hidden", `document.querySelectorAll(".case:not([open])").length > 0`, "true")
	const late = `.promises tr[data-verdict=late] td.path a[href^="#case-outlook-session-open-before-disable-"]`
	href := eval("document.querySelector(`" + late + "`).getAttribute('href')")
	pagetest.Do(t, ctx, chromedp.Click(chromedp.CSS(late)))
	settle(t, ctx)
	is("the address", "location.hash", href)
	is("the case is unfolded", `document.querySelector(".lane:target").closest("details").open`, "true")
	is("the lane is in sight", `(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector(".lane:target .seg").getBoundingClientRect())`, "true")

	// Zoom: presets, buttons, keys and wheel.
	settle(t, ctx)
	const fig = `document.querySelector(".lane:target").closest("figure")`
	shown := func() string { return eval(fig + `.querySelector(".shown").textContent`) }
	click := func(selector string) {
		t.Helper()
		pagetest.Eval[any](t, ctx, fig+`.querySelector("`+selector+`").click()`)
	}
	first := shown()
	click(`[data-preset=all]`)
	is("all", fig+`.dataset.first + " " + `+fig+`.querySelector(".shown").textContent`, "-1800 T-30m to T+24h")
	for range 14 {
		click(`[data-zoom=in]`)
	}
	if got := shown(); !strings.HasSuffix(got, "s") {
		t.Errorf("zoomed in from a day: %s", got)
	}
	click(`[data-preset=limit]`)
	if got := shown(); got == first || !strings.HasPrefix(got, "T-") {
		t.Errorf("limit: %s", got)
	}
	before := shown()
	click(`[data-zoom=right]`)
	if shown() == before {
		t.Error("later shows the same")
	}
	click(`[data-preset=order]`)
	if got := shown(); got != first {
		t.Errorf("around the order: %s, not %s", got, first)
	}
	pagetest.Eval[any](t, ctx, fig+`.querySelector(".plot").dispatchEvent(new WheelEvent("wheel", {deltaY: -400, ctrlKey: true, bubbles: true, cancelable: true, clientX: 600}))`)
	if shown() == first {
		t.Error("the wheel does not zoom")
	}

	// The keyboard goes from mark to mark, and each tells what it was.
	pagetest.Eval[any](t, ctx, fig+`.querySelector("[data-preset=order]").click(); document.querySelector(".lane:target .seg").focus()`)
	is("the note at the focus", fig+`.querySelector(".tip").hidden`, "false")
	tip := eval(fig + `.querySelector(".tip").textContent`)
	if !strings.Contains(tip, "attempt") || !strings.Contains(tip, "protocol-session: ") {
		t.Errorf("the note says %q", tip)
	}
	pagetest.Do(t, ctx, chromedp.KeyEvent(kb.ArrowRight))
	settle(t, ctx)
	if got := eval(fig + `.querySelector(".tip").textContent`); got == tip || !strings.Contains(got, "refused") {
		t.Errorf("the next mark says %q", got)
	}
	was := eval(`document.activeElement.closest(".lane").id`)
	pagetest.Do(t, ctx, chromedp.KeyEvent(kb.ArrowDown))
	if got := eval(`document.activeElement.closest(".lane").id`); got == was {
		t.Error("down does not go to the next lane")
	}
	before = shown()
	pagetest.Do(t, ctx, chromedp.KeyEvent("+"))
	if shown() == before {
		t.Error("+ does not zoom")
	}
	is("marks that Tab stops at in a lane", `document.querySelectorAll(".lane:target .seg[tabindex='0']").length`, "1")

	// The pointer shows the same.
	pagetest.Eval[any](t, ctx, `document.activeElement.blur(); document.querySelector(".lane:target").scrollIntoView({block: "center"}); `+fig+`.querySelector("[data-preset=order]").click()`)
	settle(t, ctx)
	at := pagetest.Eval[[]float64](t, ctx, `((r, p) => [Math.max(r.left, p.left) + 30, r.top + r.height / 2])(document.querySelector(".lane:target .seg rect").getBoundingClientRect(), document.querySelector(".lane:target").closest(".plot").getBoundingClientRect())`)
	pagetest.Do(t, ctx, chromedp.MouseEvent("mouseMoved", at[0], at[1]))
	settle(t, ctx)
	is("the note at the pointer", fig+`.querySelector(".tip").hidden`, "false")

	if got := seen.Trouble(); len(got) > 0 {
		t.Errorf("the browser complains: %q", got)
	}
}

// Everybody can read it: names, contrast and the order of heads and focus.
func TestPageAccessibility(t *testing.T) {
	ctx := pagetest.Browser(t)
	d := real(t)
	d.Runs = append(d.Runs, document().Runs...)
	url := pagetest.File(t, html(t, d))
	for name, v := range map[string]pagetest.View{"light": wide, "dark": {Width: 1280, Height: 900, Dark: true}, "phone": {Width: 390, Height: 844}} {
		open(t, ctx, url, v)
		pagetest.Eval[any](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
		settle(t, ctx)
		for _, fault := range pagetest.Accessibility(t, ctx) {
			t.Errorf("%s: %s", name, fault)
		}
		if wider := pagetest.Eval[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`); wider > 0 {
			t.Errorf("%s: the page is %d pixels wider than the window", name, wider)
		}
	}
}

// On a phone each promise, and each step that was tried, is a card: what has no
// column head has a label, and nothing is beside anything else.
func TestPageOnPhone(t *testing.T) {
	ctx := pagetest.Browser(t)
	open(t, ctx, pagetest.File(t, html(t, document())), pagetest.View{Width: 390, Height: 844})
	pagetest.Eval[any](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
	settle(t, ctx)
	for _, table := range []string{".promises", ".tried"} {
		const faults = `Array.from(document.querySelectorAll("TABLE tbody tr")).flatMap(tr => {
			const cells = Array.from(tr.children).filter(c => c.getBoundingClientRect().height > 0);
			return cells.flatMap((c, i) => {
				const label = getComputedStyle(c, "::before").content, out = [];
				if (c.dataset.label ? label !== JSON.stringify(c.dataset.label) : i > 0 && c.textContent.trim()) out.push("without a label: " + c.textContent);
				if (i > 0 && c.getBoundingClientRect().top < cells[i-1].getBoundingClientRect().bottom) out.push("beside another: " + c.textContent);
				return out;
			});
		})`
		for _, fault := range pagetest.Eval[[]string](t, ctx, strings.Replace(faults, "TABLE", table, 1)) {
			t.Errorf("%s: %s", table, fault)
		}
		if n := pagetest.Eval[int](t, ctx, `document.querySelectorAll("`+table+` tbody td[data-label]").length`); n == 0 {
			t.Errorf("%s has no cells", table)
		}
	}
}

// paper is what A4 is wide and Letter is high, within the margins, in pixels.
var paper = pagetest.View{Width: 717, Height: 979, Print: true}

// On paper everything is there, and nothing that is of no use there. A case
// begins with a page, and its timeline, which cannot be broken, ends on it.
func TestPageOnPaper(t *testing.T) {
	ctx := pagetest.Browser(t)
	d := real(t)
	open(t, ctx, pagetest.File(t, html(t, d)), paper)
	for what, js := range map[string]string{
		"tools":        `getComputedStyle(document.querySelector(".tools")).display`,
		"filter":       `getComputedStyle(document.querySelector(".filter")).display`,
		"ways on":      `getComputedStyle(document.querySelector("nav")).display`,
		"skip link":    `getComputedStyle(document.querySelector(".skip")).display`,
		"folded cases": `(dispatchEvent(new Event("beforeprint")), document.querySelector("details:not([open])") === null ? "none" : "some")`,
	} {
		if got := pagetest.Eval[string](t, ctx, js); got != "none" {
			t.Errorf("on paper, %s: %s", what, got)
		}
	}
	settle(t, ctx)
	// What cannot be zoomed shows the whole watch below what is framed, once.
	pagetest.Eval[any](t, ctx, `dispatchEvent(new Event("beforeprint"))`)
	for _, fault := range pagetest.Eval[[]string](t, ctx, `Array.from(document.querySelectorAll(".timeline")).flatMap(f => {
		const whole = f.querySelectorAll(".whole"), part = f.dataset.from !== f.dataset.first || f.dataset.to !== f.dataset.last;
		if (whole.length !== (part ? 1 : 0)) return [f.id + " has " + whole.length + " charts of the whole watch"];
		return Array.from(whole).flatMap(w => {
			const order = w.querySelector("line.order").parentElement.getAttribute("x"), want = -100 * f.dataset.first / (f.dataset.last - f.dataset.first);
			return Math.abs(parseFloat(order) - want) > 0.01 ? [f.id + " has the order at " + order + ", not " + want] : [];
		});
	})`) {
		t.Error(fault)
	}
	type printed struct {
		ID, Before string
		Bottom     float64
	}
	cases := pagetest.Eval[[]printed](t, ctx, `Array.from(document.querySelectorAll(".case")).map((c, i) => {
		const first = i ? c : document.querySelector("#cases"), chart = c.querySelector(".chart");
		return { ID: c.id, Before: getComputedStyle(first).breakBefore, Bottom: chart.getBoundingClientRect().bottom - first.getBoundingClientRect().top };
	})`)
	if len(cases) != len(d.Runs) {
		t.Errorf("%d cases, not %d", len(cases), len(d.Runs))
	}
	for _, c := range cases {
		if c.Before != "page" {
			t.Errorf("%s does not begin with a page: %q", c.ID, c.Before)
		}
		if c.Bottom <= 0 || c.Bottom > float64(paper.Height) {
			t.Errorf("the timeline of %s ends %v pixels after its case begins, and a page has %d", c.ID, c.Bottom, paper.Height)
		}
	}
	pagetest.Eval[any](t, ctx, `dispatchEvent(new Event("afterprint"))`)
	if n := pagetest.Eval[int](t, ctx, `document.querySelectorAll(".whole, details[data-folded]").length`); n > 0 {
		t.Errorf("%d things of the paper stay on the screen", n)
	}
}

// TestPictures writes the pictures that the documentation shows.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("only with -pictures DIR")
	}
	ctx := pagetest.Browser(t)
	if err := os.MkdirAll(*pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	one := real(t)
	one.Runs = one.Runs[:1]
	open(t, ctx, pagetest.File(t, html(t, one)), pagetest.View{Width: 1180, Height: 1390})
	settle(t, ctx)
	for _, shot := range [][2]string{{"report.png", ""}, {"timeline.png", "figure.timeline"}} { // the start of the page first
		if err := pagetest.Shot(ctx, filepath.Join(*pictures, shot[0]), shot[1]); err != nil {
			t.Error(err)
		}
	}
	if *heatmap == "" {
		return
	}
	open(t, ctx, "file://"+*heatmap, pagetest.View{Width: 1180, Height: 860})
	settle(t, ctx)
	if err := pagetest.Shot(ctx, filepath.Join(*pictures, "heatmap.png"), "#table-2"); err != nil {
		t.Error(err)
	}
}
