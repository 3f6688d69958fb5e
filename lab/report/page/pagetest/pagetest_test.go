package pagetest_test

import (
	"strings"
	"testing"

	"shutout/lab/report/page/pagetest"
)

// A page that has every fault is told so.
func TestAccessibilityFindsFaults(t *testing.T) {
	const bad = `<!doctype html><html><head><style>
:root { --card: #fff; --band: #fff; --soft: #fff; --ok: #fefefe; --out: #c00; --gone: #fff; --gone-edge: #c00; --doubt: #fff; --doubt-edge: #c00; --over: #c00; --order: #000 }
body { background: #fff } .pale { color: #bbb }</style></head><body>
<h1>One</h1><h3>Three</h3><p class="pale">hardly seen</p><a href="#x"></a><button tabindex="3"></button><input>
<svg width="10" height="10"><text fill="#ccc">faint</text></svg><table><tr><th>Head</th></tr></table><i id="a"></i><i id="a"></i></body></html>`
	ctx := pagetest.Browser(t)
	pagetest.Open(t, ctx, pagetest.File(t, []byte(bad)), pagetest.View{Width: 800, Height: 600})
	found := strings.Join(pagetest.Accessibility(t, ctx), "\n")
	for _, want := range []string{
		"language", "title", "landmarks", "heads", "no name (3)", "picture without a role", "th without a scope", "twice the same id", "focus order",
		"contrast of text (", "contrast of text in a picture", "contrast of a lane",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s, in\n%s", want, found)
		}
	}
}

// What a page asks for and complains about is noticed.
func TestWatch(t *testing.T) {
	ctx := pagetest.Browser(t)
	seen := pagetest.Watch(t, ctx)
	pagetest.Open(t, ctx, pagetest.File(t, []byte(`<img src="file:///nowhere.png"><script>console.error("no"); nothing()</script>`)), pagetest.View{Width: 800, Height: 600})
	if got := seen.Requests(); len(got) != 1 || got[0] != "file:///nowhere.png" {
		t.Errorf("requests: %q", got)
	}
	if got := strings.Join(seen.Trouble(), " "); !strings.Contains(got, "console.error") || !strings.Contains(got, "Uncaught") {
		t.Errorf("trouble: %q", got)
	}
}
