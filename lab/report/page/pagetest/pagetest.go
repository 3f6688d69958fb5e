// Package pagetest looks at pages with a browser: what they ask the network for,
// what they complain about, whether everybody can read and use them.
package pagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// names are what the browser's program is called.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"}

// patience is how long one test may look at pages.
const patience = 90 * time.Second

// Browser starts a browser for one test. Where there is none the test is
// skipped, unless it runs on a build server, which has to have one.
func Browser(t testing.TB) context.Context {
	t.Helper()
	var program string
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		const text = "no browser: apt-get install chromium (make deps), or put one of " + "chromium, google-chrome into the PATH"
		if os.Getenv("CI") == "true" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // the sandbox does not work for root
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	ctx, done := context.WithTimeout(ctx, patience)
	t.Cleanup(done)
	return ctx
}

// View is how a page is looked at.
type View struct {
	Width, Height int
	Dark, Print   bool
	NoScript      bool
}

// Seen is what a page did while it was looked at.
type Seen struct {
	mu       sync.Mutex
	requests []string
	trouble  []string
}

// Requests lists what the page asked for, but for itself and what is in it.
func (s *Seen) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Trouble lists what the browser had to complain about.
func (s *Seen) Trouble() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.trouble)
}

// Watch listens to what the browser does from now on.
func Watch(t testing.TB, ctx context.Context) *Seen {
	t.Helper()
	s := &Seen{}
	err := chromedp.Listen(ctx, func(e any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch e := e.(type) {
		case *network.EventRequestWillBeSent:
			if url := e.Request.URL; e.Type != network.ResourceTypeDocument && !strings.HasPrefix(url, "data:") {
				s.requests = append(s.requests, url)
			}
		case *runtime.EventConsoleAPICalled:
			s.trouble = append(s.trouble, fmt.Sprintf("console.%s", e.Type))
		case *runtime.EventExceptionThrown:
			s.trouble = append(s.trouble, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			s.trouble = append(s.trouble, e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Set has the browser look in this way from now on.
func Set(v View) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: "light"}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}
		if v.Dark {
			media.Features[0].Value = "dark"
		}
		if v.Print {
			media.Media = "print"
		}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		for _, call := range []func() error{
			func() error { _, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{}); return err },
			func() error {
				_, err := cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
				return err
			},
			func() error { _, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{}); return err },
			func() error {
				_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.NoScript})
				return err
			},
		} {
			if err == nil {
				err = call()
			}
		}
		if err != nil {
			return err
		}
		_, err = chromedp.EmulateViewport(int64(v.Width), int64(v.Height))(ctx, t)
		return err
	})
}

// File writes a page into the test's folder and returns its address.
func File(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

// Shot takes a picture of the first element that matches a selector, or of the
// window.
func Shot(ctx context.Context, file, selector string) error {
	shot := chromedp.CaptureScreenshot()
	if selector != "" {
		// What is wired up when it comes into sight has to have been there.
		const look = `new Promise(done => { document.querySelector(%q).scrollIntoView(); requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(1)))) })`
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](fmt.Sprintf(look, selector), chromedp.EvalAwaitPromise)); err != nil {
			return fmt.Errorf("picture of %q: %w", selector, err)
		}
		shot = chromedp.Screenshot(chromedp.CSS(selector))
	}
	data, err := chromedp.Run(ctx, shot)
	if err != nil {
		return fmt.Errorf("picture of %q: %w", selector, err)
	}
	return os.WriteFile(file, data, 0o644)
}

// Eval asks the page.
func Eval[T any](t testing.TB, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Open shows a page, and tells how long it took until it was laid out: on the
// wall clock, and in the time that the page's own thread was at work, which
// says the same on a busy machine.
func Open(t testing.TB, ctx context.Context, url string, v View) (wall, work time.Duration) {
	t.Helper()
	Do(t, ctx, Set(v), chromedp.Navigate("about:blank"))
	before := threadTime(t, ctx)
	begun := time.Now()
	Do(t, ctx, chromedp.Navigate(url))
	if !v.NoScript {
		Eval[bool](t, ctx, `document.documentElement.offsetHeight > 0`)
	}
	wall = time.Since(begun)
	return wall, threadTime(t, ctx) - before
}

func threadTime(t testing.TB, ctx context.Context) time.Duration {
	t.Helper()
	metrics, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (time.Duration, error) {
		if _, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{}); err != nil {
			return 0, err
		}
		r, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, m := range r.Metrics {
			if m.Name == "ThreadTime" {
				return time.Duration(m.Value * float64(time.Second)), err
			}
		}
		return 0, cmp.Or(err, errors.New("the browser does not measure its work"))
	})
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// Do carries actions out.
func Do(t testing.TB, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}
