package web

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"shutout/lab/report/page/pagetest"
)

// listening starts a server and returns its address.
func listening(t *testing.T, o Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := New(o)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// until waits for something that the page shows.
func until(t *testing.T, ctx context.Context, what, expression string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !pagetest.Eval[bool](t, ctx, expression) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it never came\n%s", what, pagetest.Eval[string](t, ctx, "document.body.innerText.slice(-2500)"))
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

// picture keeps what the browser shows, where SHUTOUT_PICTURES names a folder.
//
// Everybody must be able to read and use it.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for _, fault := range pagetest.Accessibility(t, ctx) {
		t.Errorf("%s: %s", name, fault)
	}
	folder := os.Getenv("SHUTOUT_PICTURES")
	if folder == "" {
		return
	}
	for _, dark := range []bool{false, true} {
		pagetest.Do(t, ctx, pagetest.Set(pagetest.View{Width: 1280, Height: 1400, Dark: dark}))
		file := filepath.Join(folder, fmt.Sprintf("%s-%s.png", name, map[bool]string{false: "light", true: "dark"}[dark]))
		if err := pagetest.Shot(ctx, file, ""); err != nil {
			t.Fatal(err)
		}
	}
	pagetest.Do(t, ctx, pagetest.Set(view1280))
}

var view1280 = pagetest.View{Width: 1280, Height: 1400}

// Somebody begins a case, watches it grow, pauses, carries out a mitigation, and
// plays it to its end, all with a browser.
func TestInTheBrowser(t *testing.T) {
	o, _ := options(t)
	at := listening(t, o)
	ctx := pagetest.Browser(t)
	seen := pagetest.Watch(t, ctx)
	pagetest.Do(t, ctx, pagetest.Set(view1280))
	open := func(path string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Navigate(at+path)); err != nil {
			t.Fatal(err)
		}
	}
	press := func(selector string) {
		t.Helper()
		pagetest.Eval[bool](t, ctx, fmt.Sprintf("(document.querySelector(%q).click(), true)", selector))
	}
	now := func() string { return pagetest.Eval[string](t, ctx, "document.querySelector('#clock .t').textContent") }

	open("/")
	picture(t, ctx, "start")
	open("/cases/outlook-restarted-by-its-user")
	picture(t, ctx, "case")
	pagetest.Eval[bool](t, ctx, "(document.querySelector('#sop').value = 'none', document.querySelector('#speed').value = '600', true)")
	press("form.setup button.main")
	until(t, ctx, "the play", "!!document.querySelector('#now .timeline .seg')")
	first := now()
	until(t, ctx, "time", fmt.Sprintf("document.querySelector('#clock .t').textContent !== %q", first))
	until(t, ctx, "the timeline beyond the order", "[...document.querySelectorAll('#now .seg')].some(s => Number(s.dataset.b) > 600)")

	press("#pace-pause")
	until(t, ctx, "the pause", "!!document.querySelector('#pace-go')")
	still := now()
	focused := pagetest.Eval[string](t, ctx, "(document.querySelector('#pace-go').focus(), document.activeElement.id)")
	picture(t, ctx, "paused")

	pagetest.Eval[bool](t, ctx, "(() => { const s = document.querySelector('#do'); s.value = 'disable-account'; s.dispatchEvent(new Event('change', {bubbles: true})); return true })()")
	until(t, ctx, "the form", "!!document.querySelector('#p-user')")
	if got := now(); got != still {
		t.Errorf("the clock went on from %s to %s while it was paused (focus on %s)", still, got, focused)
	}
	pagetest.Eval[bool](t, ctx, "(document.querySelector('#p-user').removeAttribute('required'), true)")
	press("#carry-out")
	until(t, ctx, "what is missing", "document.querySelector('#act').innerText.includes('user is missing')")
	picture(t, ctx, "missing")
	pagetest.Eval[bool](t, ctx, "(document.querySelector('#p-user').value = 'dana', true)")
	picture(t, ctx, "filled")
	pagetest.Eval[bool](t, ctx, "(document.querySelector('#carry-out').focus(), true)")
	pagetest.Do(t, ctx, chromedp.KeyEvent("\r")) // by keyboard
	until(t, ctx, "the step", "[...document.querySelectorAll('#more .steps li')].some(l => l.innerText.includes('disable-account') && l.innerText.includes('by hand'))")
	// The timeline comes by itself, and may be there before the answer to the form.
	until(t, ctx, "what became of it", "!!document.querySelector('.said')")
	if text := pagetest.Eval[string](t, ctx, "document.querySelector('.said').innerText"); !strings.Contains(text, "done") {
		t.Errorf("said %q", text)
	}
	until(t, ctx, "the focus on what became of it", "document.activeElement.matches('.said')")
	picture(t, ctx, "done")
	press("#pace-go")
	until(t, ctx, "going on", "!!document.querySelector('#pace-pause')")
	until(t, ctx, "a refusal", "!!document.querySelector('#now .seg.out, #now .seg.refused, #now .seg[aria-label^=refused], #now .seg[data-word=refused]')")
	picture(t, ctx, "disabled")
	press("#pace-max")
	until(t, ctx, "the end", "document.querySelector('#now').dataset.finished === 'true'")
	picture(t, ctx, "finished")
	press("#now .banner a")
	until(t, ctx, "the report", "location.pathname.startsWith('/runs/') && !!document.querySelector('.timeline')")
	picture(t, ctx, "report")
	for _, url := range seen.Requests() {
		if !strings.HasPrefix(url, at+"/") {
			t.Errorf("asked the network for %s", url)
		}
	}
	for _, text := range seen.Trouble() {
		if !strings.Contains(text, "422") { // the form that was not filled in
			t.Errorf("the browser complains: %s", text)
		}
	}
}
