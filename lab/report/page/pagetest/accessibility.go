package pagetest

import (
	"context"
	_ "embed"
	"testing"
)

//go:embed accessibility.js
var accessibility string

// Accessibility looks for what keeps people from reading or using the page that
// is open: controls and pictures without a name, text and lanes with too little
// contrast, heads that skip a level, a focus order that is not that of the page.
func Accessibility(t testing.TB, ctx context.Context) []string {
	t.Helper()
	return Eval[[]string](t, ctx, accessibility)
}
